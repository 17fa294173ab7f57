//! Links that are cut on the way, and heal or do not.

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits};
use quorate_checker::spec::{Action, Cut, CutState, Fairness, Spec};
use stateright::{Model, Path};

use super::toy::Do::{Count, Send, Set};
use super::toy::{Step, Toy, after, deliver, elections, fire, next, spec, timing};

const TICK: Step = Action::Tick;
const CUT: Step = Action::Cut(0);
const HEAL: Step = Action::Heal(0);

/// Three, of which the first sends to both others on each tick.
fn three(cut: Cut) -> Spec<Toy> {
    let first = Toy::starts([Set('h')]).fires('h', [Set('h'), Send(1, 1), Send(2, 1)]);
    let other = || Toy::default().receives(1, [Count]);
    spec(timing(), [first, other(), other()]).cut(cut)
}

#[test]
fn what_is_in_flight_over_a_cut_is_lost_and_what_is_sent_too() {
    let spec = three(Cut::one_way([0], [1]));
    let path = [TICK, fire(0, 'h'), CUT];
    assert_eq!(next(&spec, &path), [deliver(0, 2, 1)], "the other link is up");
    let path = [CUT, TICK, fire(0, 'h')];
    assert_eq!(next(&spec, &path), [deliver(0, 2, 1)]);
}

#[test]
fn a_cut_for_good_is_nothing_to_wait_for_and_comes_once() {
    let spec = three(Cut::between([0], [1, 2]));
    assert_eq!(after(&spec, &[TICK, CUT, fire(0, 'h'), TICK]).cuts, [CutState::Down(0)]);
    assert_eq!(next(&spec, &[CUT]), [TICK]);
    assert_eq!(next(&spec, &[CUT, TICK]), [fire(0, 'h')]);
}

#[test]
fn a_cut_heals_within_its_range_and_is_not_cut_again() {
    let spec = spec(timing(), [Toy::default(), Toy::default()]);
    let spec = spec.cut(Cut::one_way([0], [1]).healing(1..=2));
    assert_eq!(next(&spec, &[]), [CUT], "nobody has a timer");
    assert_eq!(next(&spec, &[CUT]), [TICK], "the healing is something to wait for");
    assert_eq!(next(&spec, &[CUT, TICK]), [HEAL, TICK]);
    assert_eq!(next(&spec, &[CUT, TICK, TICK]), [HEAL], "time waits for it");
    assert_eq!(next(&spec, &[CUT, TICK, HEAL]), []);
}

#[test]
fn a_cut_and_its_healing_end_the_calm() {
    let toy = Toy::starts([Set('e')]).fires('e', [Set('e')]);
    let timely = quorate_checker::spec::Timely { restless: elections(9), ..timing() };
    let spec = spec(timely, [toy, Toy::default()]).cut(Cut::one_way([0], [1]).healing(0..=1));
    let calm = [TICK, TICK, fire(0, 'e')];
    assert_eq!(after(&spec, &calm).calm, 1);
    assert_eq!(after(&spec, &[&calm[..], &[CUT]].concat()).calm, 0);
    let path = [CUT, TICK, TICK];
    assert!(!next(&spec, &[CUT, TICK]).contains(&TICK), "{path:?}");
    let path = [TICK, CUT, TICK, fire(0, 'e')];
    assert_eq!(after(&spec, &path).calm, 1);
    assert_eq!(after(&spec, &[&path[..], &[HEAL]].concat()).calm, 0);
}

#[test]
fn a_cut_is_a_fault_and_a_healing_is_owed() {
    let spec = three(Cut::one_way([0], [1]).healing(0..=0));
    assert!(CUT.is_fault() && !HEAL.is_fault());
    assert_eq!(spec.fairness_of(&CUT), Fairness::None);
    assert_eq!(spec.fairness_of(&HEAL), Fairness::Weak);
}

#[test]
fn a_cut_is_shown() {
    let spec = three(Cut::between([0], [1]).healing(1..=2));
    let bounds = spec.bounds();
    assert!(bounds.contains(&"1 cut that heals after 1 to 2 ticks: S1 ↔ S2".to_owned()));
    let steps = [TICK, fire(0, 'h'), CUT, deliver(0, 2, 1), TICK, HEAL];
    let path = Path::from_actions(&spec, spec.init_states().remove(0), &steps).expect("a path");
    let trace = spec.trace("toys", path);
    let text = trace.text(false);
    for line in ["   3  cut: S1 ↔ S2", "   6  healed: S1 ↔ S2"] {
        assert!(text.lines().any(|other| other == line), "{line:?} is missing in\n{text}");
    }
    let diagram = trace.diagram();
    for part in ["cut: S1 ↔ S2", "healed: S1 ↔ S2", "sent in step 2, lost in step 3"] {
        assert!(diagram.contains(part), "{part}");
    }
    assert_eq!(trace.itf()["states"][3]["action"], "cut: S1 ↔ S2");
    assert_eq!(spec.format_action(&CUT), "cut: S1 ↔ S2");

    let down = after(&spec, &steps[..5]);
    assert!(format!("{down:?}").contains("\ncut: S1 ↔ S2, 1 tick ago\n"), "{down:?}");
    let view = spec.state_view(&down);
    assert_eq!(view.cuts, ["S1 ↔ S2, 1 tick ago"]);
    let budget = view.budgets.iter().find(|budget| budget.name == "cuts").expect("a budget");
    assert_eq!((budget.spent, budget.of), (1, 1));
    assert!(spec.state_view(&after(&spec, &steps)).cuts.is_empty());
}

#[test]
fn what_is_never_cut_and_never_heals_is_told() {
    let spec = three(Cut::one_way([0], [1]).healing(1..=2)).cut(Cut::one_way([2], [0]));
    let spec = spec.directed("no cut", |_, _, action| *action != CUT);
    let report = Box::new(spec).check(Engine::Quorate, &Limits::default(), &mut |_| {});
    let actions = &report.details.expect("of our engine").actions;
    let counts: Vec<_> = actions.iter().filter(|(name, _)| name.contains('→')).collect();
    assert_eq!(counts.len(), 3, "{counts:?}");
    assert_eq!((actions["cut S1 → S2"], actions["heal S1 → S2"]), (0, 0));
    assert!(actions["cut S3 → S1"] > 0);
}
