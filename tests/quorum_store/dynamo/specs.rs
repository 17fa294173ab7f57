//! Every spec of Dynamo's store, explored to its end on one thread. The numbers change only with a
//! reason.

use crate::support::specs::{assert_stateright_finds_the_same, assert_worst, holds};

holds! {
    quick: "quorum-store/dynamo-1-1" has depth 19;
    written_by_all: "quorum-store/dynamo-1-3" has depth 25;
    quorums: "quorum-store/dynamo-2-2" has depth 25;
    read_of_all: "quorum-store/dynamo-3-1" has depth 25;
    sloppy: "quorum-store/dynamo-sloppy" has depth 22;
    last_write: "quorum-store/dynamo-last-write" has depth 25;
    crash: "quorum-store/dynamo-crash" has depth 20;
    lost_disk: "quorum-store/dynamo-lost-disk" has depth 19;
    handoff: "quorum-store/dynamo-handoff" has depth 18;
    siblings: "quorum-store/dynamo-siblings" has depth 25;
    home_dies_live: "quorum-store/dynamo-home-dies-live" has depth 36;
    handoff_live: "quorum-store/dynamo-handoff-live" has depth 38;
    two_die_sloppy_live: "quorum-store/dynamo-two-die-sloppy-live" has depth 44;
    delete_live: "quorum-store/dynamo-delete-live" has depth 145;
    quick_live: "quorum-store/dynamo-1-1-live" has depth 31;
    written_by_all_live: "quorum-store/dynamo-1-3-live" has depth 33;
    quorums_live: "quorum-store/dynamo-2-2-live" has depth 31;
    read_of_all_live: "quorum-store/dynamo-3-1-live" has depth 31;
    sloppy_live: "quorum-store/dynamo-sloppy-live" has depth 48;
    last_write_live: "quorum-store/dynamo-last-write-live" has depth 31;
}

/// A client that is not answered asks again after 2 ticks of 50 ms. Stores are compared, and hints
/// handed off, every 2 ticks; a cut heals after 3 at most.
#[test]
fn what_must_happen_does_within_its_time() {
    for (name, ticks, delays) in [
        ("quorum-store/dynamo-home-dies-live", 2, 8),
        ("quorum-store/dynamo-handoff-live", 4, 4),
        ("quorum-store/dynamo-1-1-live", 2, 3),
        ("quorum-store/dynamo-1-3-live", 2, 4),
        ("quorum-store/dynamo-2-2-live", 2, 4),
        ("quorum-store/dynamo-3-1-live", 2, 3),
        ("quorum-store/dynamo-sloppy-live", 2, 4),
        ("quorum-store/dynamo-last-write-live", 2, 4),
    ] {
        assert_worst(name, ticks, delays);
    }
}

#[test]
fn stateright_finds_the_same() {
    for name in
        ["quorum-store/dynamo-1-1", "quorum-store/dynamo-crash", "quorum-store/dynamo-sloppy-live"]
    {
        assert_stateright_finds_the_same(name);
    }
}
