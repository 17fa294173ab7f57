//! Crashes, recoveries and the count of elections under timely timing.

use quorate_checker::spec::{Action, Clock, Faults, Spec, Timely};

use super::toy::Do::{Count, Send, Set};
use super::toy::{
    Step, Toy, after, crash, deliver, early, elections, fire, next, one_crash, recover, spec,
    steps, timing,
};

const TICK: Step = Action::Tick;

fn for_good() -> Timely<char> {
    Timely { recovery: None, ..timing() }
}

/// Three servers of which one may crash; the first has something to do.
fn three(timely: Timely<char>, first: Toy) -> Spec<Toy> {
    let counting = || Toy::default().receives(1, [Count]);
    spec(timely, [first, counting(), counting()]).faults(one_crash())
}

#[test]
fn a_server_recovers_within_its_range() {
    let spec = three(timing(), Toy::starts([Set('r')]));
    assert_eq!(next(&spec, &[crash(0)]), [TICK], "its recovery is something to wait for");
    assert_eq!(next(&spec, &[crash(0), TICK]), [recover(0), TICK]);
    assert_eq!(next(&spec, &[crash(0), TICK, TICK]), [recover(0)], "time waits for it");
    assert_eq!(after(&spec, &[crash(0), TICK]).clocks[0], Clock::Down(1));
}

#[test]
fn a_recovered_servers_timers_are_of_age_0() {
    let spec = three(timing(), Toy::starts([Set('r')]));
    let state = after(&spec, &[TICK, TICK, crash(0), TICK, recover(0)]);
    assert_eq!(state.clocks[0], Clock::Up([('r', 0)].into()));
}

#[test]
fn a_recovery_does_not_wait_for_what_is_in_flight() {
    let spec = three(timing(), Toy::starts([Set('h')]).fires('h', [Send(2, 1)]));
    let path = [crash(1), TICK, fire(0, 'h')];
    assert_eq!(next(&spec, &path), [deliver(0, 2, 1), recover(1)]);
}

#[test]
fn what_is_in_flight_to_a_server_that_is_down_stays_and_does_not_hold_up_time() {
    let spec = three(timing(), Toy::starts([Set('r'), Send(1, 1)]));
    assert_eq!(next(&spec, &[crash(1)]), [TICK]);
    assert_eq!(next(&spec, &[crash(1), TICK, recover(1)]), [deliver(0, 1, 1)]);
}

#[test]
fn what_is_sent_to_a_server_that_is_down_stays() {
    let spec = three(timing(), Toy::starts([Set('h')]).fires('h', [Send(1, 1)]));
    let path = [crash(1), TICK, fire(0, 'h'), recover(1)];
    assert_eq!(next(&spec, &path), [deliver(0, 1, 1)]);
}

#[test]
fn what_is_in_flight_to_a_server_that_goes_for_good_is_lost() {
    let spec = three(for_good(), Toy::starts([Set('h'), Send(1, 1), Send(2, 1)]));
    let state = after(&spec, &[crash(1)]);
    assert_eq!(state.clocks[1], Clock::Gone);
    assert_eq!(steps(&spec, &state), [deliver(0, 2, 1)]);
    assert_eq!(state.system.network.len(), 1);
}

#[test]
fn what_is_sent_to_a_server_that_is_gone_is_lost() {
    let spec = three(for_good(), Toy::starts([Set('h')]).fires('h', [Send(1, 1), Set('h')]));
    let path = [crash(1), TICK, fire(0, 'h')];
    assert_eq!(next(&spec, &path), [TICK]);
    assert_eq!(after(&spec, &path).system.network.len(), 0);
    assert!(!next(&spec, &path).contains(&recover(1)));
}

/// Who must be up for anything to happen is the protocol's to say.
#[test]
fn half_of_the_servers_may_be_down() {
    let two = spec(timing(), [Toy::default(), Toy::default()]).faults(one_crash());
    assert!(after(&two, &[crash(1)]).system.crashed[1]);
}

#[test]
fn elections_on_time_are_counted_up_to_the_bound() {
    let timely = Timely { restless: elections(2), ..timing() };
    let toy = Toy::starts([Set('e'), Set('h')]).fires('e', [Set('e')]);
    let spec = spec(timely, [toy]);
    let election = [TICK, TICK, fire(0, 'e')];
    let mut path = vec![TICK, fire(0, 'h'), TICK, fire(0, 'e')];
    assert_eq!(after(&spec, &path).calm, 1, "a heartbeat is not an election");
    assert!(!spec.is_unbounded(&after(&spec, &path)));
    path.extend(election);
    assert!(spec.is_unbounded(&after(&spec, &path)));
    assert_eq!(next(&spec, &path), [], "there a run ends");
}

#[test]
fn every_fault_begins_the_count_anew() {
    let timely = Timely { early: 1, ..timing() };
    let toy = Toy::starts([Set('e')]).fires('e', [Set('e'), Send(1, 1)]).receives(2, [Count]);
    let other = Toy::default().receives(1, [Count]);
    let faults = Faults { drops: 1, duplicates: 1, ..one_crash() };
    let spec = spec(timely, [toy, other, Toy::default()]).faults(faults);
    let elected = [TICK, TICK, fire(0, 'e')];
    let calm = |steps: &[Step]| after(&spec, &[&elected[..], steps].concat()).calm;
    let (src, dst, msg) = (0.into(), 1.into(), 1);
    assert_eq!(calm(&[]), 1);
    assert_eq!(calm(&[deliver(0, 1, 1), TICK]), 1);
    assert_eq!(calm(&[Action::Drop { src, dst, msg }]), 0);
    assert_eq!(calm(&[Action::Duplicate { src, dst, msg }]), 0);
    assert_eq!(calm(&[deliver(0, 1, 1), TICK, early(0, 'e')]), 0);
    let down = [deliver(0, 1, 1), crash(2)];
    assert_eq!(calm(&down), 0);
    let again = [&down[..], &[TICK, TICK, fire(0, 'e')]].concat();
    assert_eq!(calm(&again), 1);
    assert_eq!(calm(&[&again[..], &[recover(2)]].concat()), 0);
}

#[test]
fn a_duplicate_that_changes_nothing_is_no_step() {
    let toys = [Toy::starts([Set('h'), Send(1, 9)]), Toy::default()];
    let spec = spec(timing(), toys).faults(Faults { duplicates: 1, ..Faults::default() });
    assert_eq!(next(&spec, &[]), [deliver(0, 1, 9)]);
}
