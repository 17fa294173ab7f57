//! Functions of a spec that do not return: the check ends all the same, and says which it is.

use std::time::{Duration, Instant};

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_checker::spec::Spec;
use stateright::Expectation::Always;
use stateright::actor::ActorModel;

use super::toy::{Answer, Cause, Order, Toy, hang};

type ToySpec = Spec<Toy, (), u8>;

/// Counts the messages that it sends to itself, up to `last`, and may be stuck at one of them.
fn counter(own: usize, last: u8, stuck_at: Option<u8>) -> Toy {
    let toy = Toy::default().starting(&[Order::Send(own, 0)]);
    let mut toy = (0..last).fold(toy, |toy, number| {
        let next = number + 1;
        toy.on(number, Cause::Message(number), next, &[Order::Send(own, next)])
    });
    if let Some(number) = stuck_at {
        let answer = Answer { hangs: true, ..Answer::default() };
        toy.answers.insert((number, Cause::Message(number)), answer);
    }
    toy
}

fn spec(stuck_at: Option<u8>) -> ToySpec {
    let counters = [counter(0, 3, stuck_at), counter(1, 200, None)];
    Spec::new("counters", ActorModel::new((), 0).actors(counters), 2).may_end()
}

/// Why a check ended that may take 0.1 s. It must end soon after that.
fn end_of(spec: ToySpec, engine: Engine, threads: usize) -> String {
    let max_time = Some(Duration::from_millis(100));
    let limits = Limits { threads, max_time, ..Limits::default() };
    let start = Instant::now();
    let report = Box::new(spec).check(engine, &limits, &mut |_| {});
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert_eq!(report.verdict, Verdict::Incomplete);
    assert!(report.properties.iter().all(|property| property.verdict == Verdict::Incomplete));
    report.cut_short.expect("it is incomplete")
}

#[test]
fn a_handler_that_does_not_return_is_named() {
    for threads in [1, 2] {
        assert_eq!(
            end_of(spec(Some(2)), Engine::Quorate, threads),
            "the handler of S1 on 2 from S1 does not return; it is in 2"
        );
    }
}

#[test]
fn stateright_does_not_wait_for_ever_either() {
    for threads in [1, 2] {
        let words = end_of(spec(Some(2)), Engine::Stateright, threads);
        assert!(words.ends_with("something does not return; the default engine tells what"));
    }
}

#[test]
fn whatever_does_not_return_is_named() {
    let ghost = spec(None).ghost(|(), _, step| if *step.after == 3 { hang() } else { None });
    let obsolete = spec(None).obsolete(|state, _, _| if *state == 3 { hang() } else { false });
    let directed =
        spec(None).directed(
            "none",
            |(), state, _| {
                if *state.system.actor_states[0] == 3 { hang() } else { true }
            },
        );
    let mut claim = spec(None).system;
    claim =
        claim.property(
            Always,
            "small",
            |_, state| {
                if *state.actor_states[0] == 3 { hang() } else { true }
            },
        );
    let claim = Spec::new("claim", claim, 2).may_end();
    for (spec, expected) in [
        (ghost, "the ghost 0 does not return when it sees the handler of S1 on 2 from S1"),
        (
            obsolete,
            "whether Envelope { src: S1, dst: S1, msg: 2 } is obsolete in 3 is not answered",
        ),
        (directed, "the direction does not return where S1 is in 3, S2 is in 0"),
        (claim, "the condition of \"small\" does not return where S1 is in 3, S2 is in 0"),
    ] {
        assert_eq!(end_of(spec, Engine::Quorate, 2), expected);
    }
}
