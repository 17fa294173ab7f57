//! What comes late or too soon: slow ticks, and timers that are never early.

use quorate_checker::spec::{Action, Clock, Fairness, Punctual, Spec, Timely};
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
