//! Every spec of owners on a ring, explored to its end on one thread. The numbers change only with
//! a reason.

use crate::support::specs::{assert_stateright_finds_the_same, assert_worst, holds};

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
        assert_worst(name, ticks, delays);
    }
}

#[test]
fn stateright_finds_the_same() {
    for name in ["quorum-store/ring-crash", "quorum-store/ring-lossy-live"] {
        assert_stateright_finds_the_same(name);
    }
}
