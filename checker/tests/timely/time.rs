//! When timers fire and time passes, one sentence of the definition after the other.

use quorate_checker::spec::{Action, Clock, Timely};
use stateright::Model;

use super::toy::Do::{Cancel, Choose, Count, Send, Set};
use super::toy::{
    Step, Toy, after, choose, crash, deliver, early, fire, next, one_crash, spec, timing,
};

const TICK: Step = Action::Tick;

fn timely(toys: impl IntoIterator<Item = Toy>) -> quorate_checker::spec::Spec<Toy> {
    spec(timing(), toys)
}

fn with_early(count: u8) -> Timely<char> {
    Timely { early: count, ..timing() }
}

#[test]
fn a_timer_fires_when_its_age_is_in_its_range() {
    let spec = timely([Toy::starts([Set('e')])]);
    assert_eq!(next(&spec, &[]), [TICK]);
    assert_eq!(next(&spec, &[TICK]), [TICK]);
    assert_eq!(next(&spec, &[TICK, TICK]), [fire(0, 'e'), TICK]);
    assert_eq!(next(&spec, &[TICK, TICK, TICK]), [fire(0, 'e')], "time waits at the end");
    assert_eq!(next(&spec, &[TICK, TICK, fire(0, 'e')]), [], "no timer is set");
}

#[test]
fn a_timer_at_the_end_of_its_range_holds_up_time_for_all() {
    let spec = timely([Toy::starts([Set('h')]), Toy::starts([Set('e')])]);
    assert_eq!(next(&spec, &[TICK]), [fire(0, 'h')]);
    assert_eq!(next(&spec, &[TICK, fire(0, 'h')]), [TICK]);
}

#[test]
fn firing_is_a_step_even_if_nothing_else_changes() {
    let spec = timely([Toy::starts([Set('h')]).fires('h', [Set('h')])]);
    assert_ne!(after(&spec, &[TICK]), after(&spec, &[]));
    assert_eq!(after(&spec, &[TICK, fire(0, 'h')]), after(&spec, &[]), "renewed, of age 0");
    let asynchronous = quorate_checker::spec::Spec { timely: None, ..spec };
    assert!(asynchronous.next_states(&asynchronous.init_states()[0]).is_empty());
}

#[test]
fn a_timer_set_again_is_of_age_0() {
    let spec = timely([
        Toy::starts([Set('e')]).receives(1, [Set('e')]),
        Toy::starts([Set('h')]).fires('h', [Send(0, 1)]),
    ]);
    let path = [TICK, fire(1, 'h'), deliver(1, 0, 1)];
    assert_eq!(after(&spec, &path).clocks[0], Clock::Up([('e', 0)].into()));
}

#[test]
fn a_cancelled_timer_has_no_age() {
    let spec = timely([
        Toy::starts([Set('e')]).receives(1, [Cancel('e')]),
        Toy::starts([Set('h')]).fires('h', [Send(0, 1)]),
    ]);
    let state = after(&spec, &[TICK, fire(1, 'h'), deliver(1, 0, 1)]);
    assert_eq!(state.clocks, [Clock::default(), Clock::default()]);
    assert_eq!(state.system.timers_set[0].iter().count(), 0);
}

#[test]
fn what_is_in_flight_comes_before_timers_and_time() {
    let spec = timely([
        Toy::starts([Set('h'), Set('e')]).fires('h', [Set('h'), Send(1, 1)]),
        Toy::starts([Set('h')]).receives(1, [Count]),
    ]);
    assert_eq!(next(&spec, &[TICK]), [fire(0, 'h'), fire(1, 'h')]);
    assert_eq!(next(&spec, &[TICK, fire(0, 'h')]), [deliver(0, 1, 1)]);
    assert_eq!(next(&spec, &[TICK, fire(0, 'h'), deliver(0, 1, 1)]), [fire(1, 'h')]);
}

#[test]
fn a_random_choice_takes_no_time_and_comes_before_timers() {
    let toys = || {
        let chooses = Toy::starts([Set('h'), Set('e')]).fires('h', [Choose]);
        [chooses, Toy::starts([Set('h'), Send(1, 1)])]
    };
    let slow = Timely { slow: 2, ..timing() };
    let spec = || spec(slow.clone(), toys());
    let asked = [deliver(1, 1, 1), TICK, fire(0, 'h')];
    assert_eq!(
        next(&spec(), &asked),
        [choose(0)],
        "nobody else's timer fires, and no tick is slow"
    );
    let chosen = [&asked[..], &[choose(0)]].concat();
    assert_eq!(next(&spec(), &chosen), [fire(1, 'h')]);
    let crashed = [&asked[..], &[crash(0)]].concat();
    let crashed = next(&spec().faults(one_crash()), &crashed);
    assert_eq!(crashed, [fire(1, 'h')], "who is down chooses nothing");
}

#[test]
fn a_delivered_message_is_gone_even_if_it_was_ignored() {
    let spec = timely([Toy::starts([Send(1, 9)]), Toy::default()]);
    let state = after(&spec, &[deliver(0, 1, 9)]);
    assert_eq!(state.system.network.len(), 0);
}

#[test]
fn what_an_actor_sends_to_itself_on_a_message_is_a_new_message() {
    let spec = timely([Toy::starts([Send(0, 1)]).receives(1, [Count, Send(0, 1)])]);
    assert_eq!(next(&spec, &[deliver(0, 0, 1)]), [deliver(0, 0, 1)]);
}

#[test]
fn firing_sooner_is_early() {
    let spec = spec(with_early(1), [Toy::starts([Set('e')]).fires('e', [Set('e')])]);
    assert_eq!(next(&spec, &[]), [TICK], "nothing changes");
    assert_eq!(next(&spec, &[TICK]), [early(0, 'e'), TICK]);
    assert_eq!(next(&spec, &[TICK, TICK]), [fire(0, 'e'), TICK], "what is due is not early");
    let state = after(&spec, &[TICK, early(0, 'e')]);
    assert_eq!((state.spent.early, &state.clocks[0]), (1, &Clock::Up([('e', 0)].into())));
    assert_eq!(next(&spec, &[TICK, early(0, 'e'), TICK]), [TICK], "it is spent");
}

#[test]
fn firing_while_messages_are_in_flight_is_early() {
    let toys = [Toy::starts([Set('h'), Set('e')]).fires('h', [Send(1, 1)]), Toy::default()];
    let spec = spec(with_early(1), toys);
    let path = [TICK, TICK, fire(0, 'h')];
    assert!(next(&spec, &path[..1]).contains(&fire(0, 'h')));
    let path = [TICK, fire(0, 'h')];
    assert_eq!(next(&spec, &path), [deliver(0, 1, 1), early(0, 'e')]);
}

#[test]
fn without_a_clock_that_runs_no_time_passes() {
    let spec = timely([Toy::default()]);
    assert_eq!(next(&spec, &[]), []);
}

#[test]
fn over_a_link_that_is_down_nothing_is_deliverable() {
    let toys = || [Toy::starts([Set('h'), Send(1, 1)]), Toy::default()];
    assert_eq!(next(&timely(toys()), &[]), [deliver(0, 1, 1)]);
    assert_eq!(next(&timely(toys()).without_link(0, 1), &[]), [TICK]);
    assert_eq!(next(&timely(toys()).without_link(1, 0), &[]), [deliver(0, 1, 1)]);
}
