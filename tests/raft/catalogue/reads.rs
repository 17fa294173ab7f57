//! The part of the catalogue that is about reads and leases.

use quorate_models::raft::claims::properties::LINEARIZABILITY;
use quorate_models::raft::claims::reads::LEASE_IS_ALONE;
use quorate_models::raft::rules::Rule;

use super::Entry;
use super::Seen::{Expected, Suspended};

pub const OF_READS: &[Entry] = &[
    (
        "R26",
        "a leader answers reads without asking whether it leads",
        "thesis §6.4",
        &[Suspended(Rule::MajorityConfirms, "breaks LINEARIZABILITY in 18")],
    ),
    (
        "R27",
        "a leader answers reads before it knows what is committed",
        "etcd 7331; tikv 6340",
        &[Suspended(Rule::OwnTermFirst, "breaks LINEARIZABILITY in 19")],
    ),
    (
        "R28",
        "a read is confirmed by what was asked before it",
        "etcd 20418",
        &[Suspended(Rule::RoundAfterRead, "breaks LINEARIZABILITY in 18")],
    ),
    (
        "R29",
        "a read is confirmed by fewer than a majority",
        "openraft d60f1e85",
        &[Suspended(Rule::MajorityConfirms, "breaks LINEARIZABILITY in 18")],
    ),
    (
        "R31",
        "a lease leaves no room for the drift of clocks",
        "thesis §6.4.1",
        &[
            Suspended(Rule::LeaseShorterThanPromise, "breaks LEASE_IS_ALONE in 32"),
            Expected { spec: "raft/lease-drift", breaks: LEASE_IS_ALONE },
            Expected { spec: "raft/lease-drift-late", breaks: LINEARIZABILITY },
        ],
    ),
    (
        "R32",
        "a lease is counted from when it is answered",
        "raft-dev QsYdeH9iLz8",
        &[Suspended(Rule::LeaseFromSending, "breaks LEASE_IS_ALONE in 38")],
    ),
    (
        "R33",
        "a leader keeps its lease though it hands over",
        "tikv/raft-rs 234; etcd 12704",
        &[Suspended(Rule::TransferEndsLease, "breaks LEASE_IS_ALONE in 34")],
    ),
    (
        "R34",
        "a server forgets with a crash what it promised",
        "found by search",
        &[Suspended(Rule::RestartKeepsPromise, "breaks LEASE_IS_ALONE in 28")],
    ),
    (
        "X26",
        "a leader drops a read that comes before it has committed anything",
        "etcd 11483; restate 2950",
        &[Suspended(Rule::EarlyReadIsQueued, "breaks NO_READ_DROPPED in 4")],
    ),
];
