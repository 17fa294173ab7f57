//! Functions of a spec that do not return: the check ends all the same, and says which it is.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_checker::spec::Spec;
use stateright::Expectation::Always;
use stateright::actor::{Actor, ActorModel, Id, Out};

/// Counts the messages that it sends to itself, up to `last`, and may be stuck at one of them.
#[derive(Clone)]
struct Counter {
    last: u8,
    stuck_at: Option<u8>,
}

/// Does not return, and takes no time from other tests.
fn stuck<T>() -> T {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

impl Actor for Counter {
    type Msg = u8;
    type Timer = u8;
    type State = u8;
    type Storage = u8;
    type Random = u8;

    fn on_start(&self, id: Id, _: &Option<u8>, out: &mut Out<Self>) -> u8 {
        out.send(id, 0);
        0
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, u8>, _: Id, msg: u8, out: &mut Out<Self>) {
        if self.stuck_at == Some(msg) {
            stuck()
        }
        if msg < self.last {
            *state.to_mut() = msg + 1;
            out.send(id, msg + 1);
        }
    }
}

fn spec(stuck_at: Option<u8>) -> Spec<Counter> {
    let counters = [Counter { last: 3, stuck_at }, Counter { last: 200, stuck_at: None }];
    Spec::new("counters", ActorModel::new((), ()).actors(counters), 2).may_end()
}

/// Why a check ended that may take 0.1 s. It must end soon after that.
fn end_of(spec: Spec<Counter>, engine: Engine, threads: usize) -> String {
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
    let ghost = spec(None).ghost(|(), (), step| if *step.after == 3 { stuck() } else { None });
    let obsolete = spec(None).obsolete(|state, _, _| if *state == 3 { stuck() } else { false });
    let directed = spec(None).directed("none", |(), state, _| {
        if *state.system.actor_states[0] == 3 { stuck() } else { true }
    });
    let mut claim = spec(None).system;
    claim =
        claim.property(
            Always,
            "small",
            |_, state| {
                if *state.actor_states[0] == 3 { stuck() } else { true }
            },
        );
    let claim = Spec::new("claim", claim, 2).may_end();
    for (spec, expected) in [
        (ghost, "the ghost () does not return when it sees the handler of S1 on 2 from S1"),
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
