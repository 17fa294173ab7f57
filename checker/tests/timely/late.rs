//! What comes late or too soon: slow ticks, and timers that are never early.

use quorate_checker::spec::{Action, Clock, Fairness, Pauses, Punctual, Spec, Timely};
use stateright::{Model, Path};

use super::toy::Do::{Count, Send, Set};
use super::toy::{Step, Toy, after, deliver, early, fire, next, spec, timing};

const TICK: Step = Action::Tick;
const SLOW: Step = Action::SlowTick;

/// A question of the first is answered at once; all the while a timer of the first runs.
fn question(slow: u8) -> Spec<Toy> {
    let asks = Toy::starts([Set('r'), Send(1, 1)]).receives(2, [Count]);
    let answers = Toy::default().receives(1, [Send(0, 2)]);
    spec(Timely { slow, ..timing() }, [asks, answers])
}

#[test]
fn a_slow_tick_passes_although_a_message_is_in_flight() {
    assert_eq!(next(&question(0), &[]), [deliver(0, 1, 1)]);
    let spec = question(1);
    assert_eq!(next(&spec, &[]), [deliver(0, 1, 1), SLOW]);
    assert_eq!(next(&spec, &[SLOW]), [deliver(0, 1, 1)], "the budget is spent");
    let state = after(&spec, &[deliver(0, 1, 1), SLOW]);
    assert_eq!((state.spent.slow, &state.clocks[0]), (1, &Clock::Up([('r', 1)].into())));
    let quiet = [deliver(0, 1, 1), deliver(1, 0, 2)];
    assert_eq!(next(&spec, &quiet), [TICK], "a tick is not slow if nothing is in flight");
}

#[test]
fn a_slow_tick_waits_for_timers_at_the_end_of_their_range() {
    let spec = question(9);
    assert_eq!(next(&spec, &[SLOW; 4]), [deliver(0, 1, 1)]);
}

#[test]
fn a_slow_tick_is_a_fault_and_is_shown() {
    let toy = Toy::starts([Set('e'), Send(1, 1)]).fires('e', [Set('e'), Send(1, 1)]);
    let spec = spec(Timely { slow: 1, ..timing() }, [toy, Toy::default()]);
    let calm = [deliver(0, 1, 1), TICK, TICK, fire(0, 'e')];
    assert_eq!(after(&spec, &calm).calm, 1);
    assert_eq!(after(&spec, &[&calm[..], &[SLOW]].concat()).calm, 0);
    assert!(SLOW.is_fault());
    assert_eq!(spec.fairness_of(&SLOW), Fairness::None);
    assert!(spec.bounds().contains(&"1 slow tick".to_owned()));
    let path = Path::from_actions(&spec, spec.init_states().remove(0), &[SLOW]).expect("a path");
    let trace = spec.trace("toys", path);
    let words = "time passes before what is in flight has arrived";
    assert!(trace.text(false).contains(words));
    assert_eq!(spec.format_action(&SLOW), words);
    assert!(trace.diagram().contains("slow tick"));
    let budgets = spec.state_view(&after(&spec, &[SLOW])).budgets;
    let slow = budgets.iter().find(|budget| budget.name == "slow ticks").expect("a budget");
    assert_eq!((slow.spent, slow.of), (1, 1));
}

#[test]
fn a_punctual_timer_fires_early_only_while_messages_are_in_flight() {
    let leases = Punctual { name: "leases", timers: |timer| *timer == 'h' };
    let toy = Toy::starts([Set('h'), Set('e')]).fires('e', [Send(1, 1)]);
    let timely = Timely { early: 2, punctual: Some(leases), ..timing() };
    let spec = spec(timely, [toy, Toy::default()]);
    assert_eq!(next(&spec, &[]), [early(0, 'e'), TICK], "its time has not come");
    let path = [TICK, early(0, 'e')];
    assert_eq!(next(&spec, &path), [deliver(0, 1, 1), early(0, 'h')], "its time has come");
    assert!(spec.bounds().contains(&"leases never fire before their time".to_owned()));
}

const PAUSE: fn(usize) -> Step = |actor| Action::Pause(actor.into());
const RESUME: fn(usize) -> Step = |actor| Action::Resume(actor.into());

/// The first asks the second on each tick; one server may pause for 2 or 3 ticks.
fn pausing() -> Spec<Toy> {
    let asks = Toy::starts([Set('h')]).fires('h', [Set('h'), Send(1, 1)]);
    let counts = Toy::starts([Set('e')]).receives(1, [Count]).fires('e', [Count]);
    let pauses = Some(Pauses { count: 1, ticks: 2..=3 });
    spec(Timely { pauses, ..timing() }, [asks, counts])
}

#[test]
fn who_is_paused_takes_no_step_and_holds_up_nothing_until_its_time() {
    let spec = pausing();
    assert_eq!(next(&spec, &[]), [PAUSE(0), PAUSE(1), TICK]);
    assert_eq!(next(&spec, &[PAUSE(1)]), [TICK], "the budget is spent");
    let path = [PAUSE(1), TICK, fire(0, 'h')];
    assert_eq!(next(&spec, &path), [TICK], "what is in flight to it waits");
    let path = [&path[..], &[TICK, fire(0, 'h')]].concat();
    assert_eq!(next(&spec, &path), [RESUME(1), TICK], "its timer is at its time, and waits");
    let path = [&path[..], &[TICK, fire(0, 'h')]].concat();
    assert_eq!(next(&spec, &path), [RESUME(1)], "time waits for the end of the pause");
}

#[test]
fn timers_are_late_after_a_pause() {
    let spec = spec(
        Timely { pauses: Some(Pauses { count: 1, ticks: 4..=5 }), ..timing() },
        [Toy::starts([Set('e')]).fires('e', [Count])],
    );
    let path = [TICK, PAUSE(0), TICK, TICK, TICK, TICK, RESUME(0)];
    assert_eq!(after(&spec, &path).clocks[0], Clock::Up([('e', 5)].into()));
    assert_eq!(next(&spec, &path), [fire(0, 'e')], "it was due at 3");
}

#[test]
fn a_pause_is_a_fault_and_its_end_is_owed() {
    let spec = pausing();
    assert!(PAUSE(0).is_fault() && !RESUME(0).is_fault());
    assert_eq!(spec.fairness_of(&PAUSE(0)), Fairness::None);
    assert_eq!(spec.fairness_of(&RESUME(0)), Fairness::Weak);
    let toy = || Toy::starts([Set('e')]).fires('e', [Set('e')]);
    let pauses = Some(Pauses { count: 1, ticks: 0..=0 });
    let spec = self::spec(Timely { pauses, ..timing() }, [toy(), Toy::default()]);
    let calm = [TICK, TICK, fire(0, 'e')];
    assert_eq!(after(&spec, &calm).calm, 1);
    let path = [&calm[..], &[PAUSE(1)]].concat();
    assert_eq!(after(&spec, &path).calm, 0);
    assert_eq!(after(&spec, &[&path[..], &[RESUME(1)]].concat()).calm, 0);
}

#[test]
fn a_pause_is_shown() {
    let spec = pausing();
    assert!(spec.bounds().contains(&"1 pause of 2 to 3 ticks".to_owned()));
    let steps = [PAUSE(1), TICK, fire(0, 'h'), TICK, RESUME(1)];
    let path = Path::from_actions(&spec, spec.init_states().remove(0), &steps).expect("a path");
    let trace = spec.trace("toys", path);
    let (text, diagram) = (trace.text(false), trace.diagram());
    for line in ["   1  S2 pauses", "   5  S2 goes on"] {
        assert!(text.lines().any(|other| other == line), "{line:?} is missing in\n{text}");
    }
    assert!(diagram.contains("pauses") && diagram.contains("goes on"));
    assert!(diagram.contains("stroke-dasharray='3 4'"), "its lifeline is dashed");
    assert_eq!(trace.itf()["states"][1]["action"], "S2 pauses");
    let paused = after(&spec, &steps[..2]);
    let text = format!("{paused:?}");
    assert!(text.contains("S2 (paused since 1 tick): 0\n    timer set: 'e', 1 tick ago"), "{text}");
    let view = spec.state_view(&paused);
    assert_eq!(view.actors[1].down.as_deref(), Some("paused since 1 tick"));
    let budget = view.budgets.iter().find(|budget| budget.name == "pauses").expect("a budget");
    assert_eq!((budget.spent, budget.of), (1, 1));
    assert_eq!(spec.format_action(&PAUSE(1)), "S2 pauses");
}
