//! Every spec of owners on a ring, explored to its end on one thread. The numbers change only with
//! a reason.

use quorate_checker::report::{Engine, Report};

use crate::support::specs::{explore, holds};

holds! {
    moves: "quorum-store/ring-moves" has depth 24;
    crash: "quorum-store/ring-crash" has depth 22;
    twice: "quorum-store/ring-moves-twice" has depth 27;
    back: "quorum-store/ring-moves-back" has depth 19;
    crash_live: "quorum-store/ring-crash-live" has depth 22;
    lossy_live: "quorum-store/ring-lossy-live" has depth 24;
}

/// A server is told of the ring within 2 ticks of 50 ms, and who copies asks again after one.
#[test]
fn what_must_happen_does_within_its_time() {
    for (name, ticks, delays) in
        [("quorum-store/ring-crash-live", 4, 5), ("quorum-store/ring-lossy-live", 2, 4)]
    {
        let worst = explore(name, Engine::Quorate).worst_case.expect("it is asked for");
        let calm = worst.calm.expect("the goal is not met from the start");
        assert_eq!((calm.ticks, calm.message_delays), (Some(ticks), delays), "{name}");
    }
}

/// Stateright's search, on one thread, is the oracle of ours. It decides nothing about runs.
#[test]
fn stateright_finds_the_same() {
    let counts = |report: Report| (report.states, report.transitions, report.depth);
    let told = |report: &Report| {
        let of_states = report.properties.iter().filter(|property| !property.kind.is_temporal());
        of_states.map(|property| (property.name, property.verdict)).collect::<Vec<_>>()
    };
    for name in ["quorum-store/ring-crash", "quorum-store/ring-lossy-live"] {
        let [ours, theirs] =
            [Engine::Quorate, Engine::Stateright].map(|engine| explore(name, engine));
        assert_eq!(told(&ours), told(&theirs), "{name}");
        assert_eq!(counts(ours), counts(theirs), "{name}");
    }
}
