//! What a spec claims and assumes of runs, and how it shows time.

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_checker::spec::{
    Action, Fairness, Form, Kind, Sees, Spec, TIME_PASSES, Timely, WITHOUT_PANIC,
};
use stateright::actor::ActorModelState;
use stateright::{Model, Path};

use super::toy::Do::{Count, Send, Set};
use super::toy::{
    Step, Toy, after, crash, deliver, early, elections, fire, one_crash, recover, spec, timing,
};

type Now = ActorModelState<Toy>;

fn counted(state: &Now) -> bool {
    state.actor_states.iter().any(|count| **count > 0)
}

fn ticking() -> Spec<Toy> {
    let toy = || Toy::starts([Set('e')]).fires('e', [Count, Set('e')]).receives(1, [Count]);
    spec(Timely { early: 1, restless: elections(3), ..timing() }, [toy(), toy(), toy()])
        .faults(one_crash())
}

fn with_claims() -> Spec<Toy> {
    ticking()
        .eventually("counts", Sees::ACTORS, |_, state| counted(state))
        .leads_to(
            "counts again",
            Sees::ACTORS,
            |_, state| counted(state),
            |_, state| !counted(state),
        )
        .eventually_always("stays", Sees::ACTORS, |_, state| counted(state))
        .always_eventually("recurs", Sees::ACTORS, |_, state| counted(state))
}

#[test]
fn what_lies_with_the_protocol_and_the_network_is_weakly_fair_and_faults_are_not() {
    let spec = ticking();
    let (src, dst, msg) = (0.into(), 1.into(), 1);
    let choice = Action::SelectRandom { actor: src, key: String::new(), random: () };
    for fair in [deliver(0, 1, 1), fire(0, 'e'), recover(0), Action::Tick, choice] {
        assert_eq!(spec.fairness_of(&fair), Fairness::Weak, "{fair:?}");
    }
    let (drop, duplicate) = (Action::Drop { src, dst, msg }, Action::Duplicate { src, dst, msg });
    for fault in [crash(0), early(0, 'e'), drop, duplicate] {
        assert_eq!(spec.fairness_of(&fault), Fairness::None, "{fault:?}");
    }
}

#[test]
fn strong_fairness_is_for_a_spec_to_ask_and_never_for_faults() {
    let spec = ticking().strongly_fair(|action| !matches!(action, Action::Tick));
    assert_eq!(spec.fairness_of(&deliver(0, 1, 1)), Fairness::Strong);
    assert_eq!(spec.fairness_of(&Action::Tick), Fairness::Weak);
    assert_eq!(spec.fairness_of(&crash(0)), Fairness::None);
}

#[test]
fn what_is_charged_to_a_budget_is_not_fair() {
    let spec = Spec { timely: None, ..ticking() }.timeouts("elections", |t| *t == 'e', 1);
    assert_eq!(spec.fairness_of(&fire(0, 'e')), Fairness::None);
    assert_eq!(spec.fairness_of(&fire(0, 'h')), Fairness::Weak);
}

#[test]
fn temporal_properties_are_listed_and_hidden_from_stateright() {
    let spec = with_claims();
    let listed: Vec<_> = AnySpec::properties(&spec).into_iter().map(|p| (p.name, p.kind)).collect();
    assert_eq!(
        listed[2..],
        [
            (TIME_PASSES, Kind::AlwaysEventually),
            ("counts", Kind::Eventually),
            ("counts again", Kind::LeadsTo),
            ("stays", Kind::EventuallyAlways),
            ("recurs", Kind::AlwaysEventually),
        ]
    );
    assert_eq!(Model::properties(&spec).len(), 2);
    let kinds: Vec<_> =
        listed.iter().map(|(_, kind)| serde_json::to_value(kind).unwrap()).collect();
    let names = ["eventually", "leads-to", "eventually-always", "always-eventually"];
    assert_eq!(kinds[3..], names);
}

#[test]
fn one_property_can_be_looked_at_alone() {
    let spec = with_claims().only("stays");
    let names: Vec<_> = AnySpec::properties(&spec).into_iter().map(|p| p.name).collect();
    assert_eq!(names, ["stays"]);
    let spec = with_claims().only(WITHOUT_PANIC);
    assert_eq!(spec.temporal_properties().count(), 0);
}

#[test]
fn a_form_says_what_its_conditions_are() {
    let spec = with_claims();
    let initial = spec.init_states().remove(0);
    let later = after(&spec, &[Action::Tick, Action::Tick, fire(0, 'e')]);
    let claims: Vec<_> = spec.temporal_properties().collect();
    let truth = |state| claims[1].form.map(|condition| spec.is_true(condition, state));
    assert_eq!(truth(&initial), Form::LeadsTo(false, true));
    assert_eq!(truth(&later), Form::LeadsTo(true, false));
}

#[test]
fn what_no_search_has_decided_is_incomplete() {
    let small = Box::new(with_claims().faults(Default::default()));
    let by_stateright = small.check(Engine::Stateright, &Limits::default(), &mut |_| {});
    assert_eq!(by_stateright.verdict, Verdict::Incomplete);
    assert_eq!(by_stateright.property(WITHOUT_PANIC).verdict, Verdict::Holds);
    assert_eq!(by_stateright.property("stays").verdict, Verdict::Incomplete);
}

/// A path with every kind of step that time brings.
fn path() -> (Spec<Toy>, Vec<Step>) {
    let first = Toy::starts([Set('e'), Set('h')]).fires('h', [Set('h'), Send(1, 1), Send(2, 1)]);
    let other = || Toy::default().receives(1, [Count]);
    let timely = Timely { early: 1, recovery: None, restless: elections(1), ..timing() };
    let spec = spec(timely, [first, other(), other()]).faults(one_crash());
    let path = vec![
        early(0, 'h'),
        crash(2),
        deliver(0, 1, 1),
        Action::Tick,
        fire(0, 'h'),
        deliver(0, 1, 1),
        Action::Tick,
        fire(0, 'e'),
    ];
    (spec, path)
}

#[test]
fn time_is_shown() {
    let (spec, steps) = path();
    let path = Path::from_actions(&spec, spec.init_states().remove(0), &steps).expect("a path");
    let trace = spec.trace("toys", path);
    let text = trace.text(false);
    for line in [
        "   1  S1 times out early: 'h'",
        "        S3  stays down for good; what is in flight to it is lost",
        "   4  time passes",
        "   5  S1 times out: 'h'",
        "        S1 → S3  1 (lost: it can never arrive)",
        "        S1  1 elections on time without a fault in between",
    ] {
        assert!(text.lines().any(|other| other == line), "{line:?} is missing in\n{text}");
    }
    for label in ["early timeout: 'h'", "time passes"] {
        let escaped = label.replace('\'', "&#39;");
        assert!(trace.diagram().contains(&escaped), "{label}");
    }
    let itf = trace.itf();
    assert_eq!(itf["states"][1]["action"], "S1 times out early: 'h'");
    assert_eq!(itf["states"][4]["action"], "time passes");
}

#[test]
fn the_explorer_names_steps_and_shows_ages() {
    let (spec, steps) = path();
    assert_eq!(spec.format_action(&Action::Tick), "time passes");
    assert_eq!(spec.format_action(&early(0, 'h')), "S1 times out early: 'h'");
    let state = format!("{:?}", after(&spec, &steps[..4]));
    for line in [
        "    timer set: 'e', 1 tick ago",
        "S3 (down for good): 0",
        "restless firings since the last fault: 0",
    ] {
        assert!(state.lines().any(|other| other == line), "{line:?} is missing in\n{state}");
    }
    assert!(spec.bounds().contains(&"1 crash for good".to_owned()), "{:?}", spec.bounds());
}
