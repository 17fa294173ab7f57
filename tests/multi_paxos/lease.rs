//! The rules of leases, on the clock: without each of them two lead, or a read is wrong.

use std::fmt;

use quorate_checker::report::Engine;
use quorate_models::multi_paxos::MultiPaxos;
use quorate_models::multi_paxos::claims::properties::{LEASE_IS_ALONE, LINEARIZABILITY};
use quorate_models::multi_paxos::rules::Rule;
use quorate_models::multi_paxos::specs::{Book, Checked, MultiPaxosSpec, Past, lease};

use crate::proofs::{Within, necessary};
use crate::support::specs::explore;

/// A spec of leases, by its name.
#[derive(Clone, Copy)]
pub struct Listed(&'static str, fn(&str, Book) -> MultiPaxosSpec);

impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Within for Listed {
    type Rule = Rule;
    type Actor = MultiPaxos<Checked>;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> MultiPaxosSpec {
        (self.1)("proof", rules)
    }
}

const CUT: Listed = Listed("lease cut", lease::cut);
const CRASH: Listed = Listed("lease crash", lease::crash);
const READS: Listed = Listed("lease reads", lease::reads);
const DEPOSED: Listed = Listed("lease deposed", lease::deposed);
const ROUNDS: Listed = Listed("lease rounds", lease::rounds);

necessary! {
    bound_keeps_others_out: BoundKeepsOthersOut breaks LEASE_IS_ALONE in 24 within CRASH;
    restart_keeps_promise: RestartKeepsPromise breaks LEASE_IS_ALONE in 25 within CRASH;
    lease_from_sending: LeaseFromSending breaks LEASE_IS_ALONE in 31 within CUT;
    lease_shorter_than_promise: LeaseShorterThanPromise breaks LEASE_IS_ALONE in 31 within CUT;
    majority_promises_lease: MajorityPromisesLease breaks LEASE_IS_ALONE in 20 within CUT;
    heard_in_this_round: HeardInThisRound breaks LEASE_IS_ALONE in 36 within ROUNDS;
    lease_is_held: LeaseIsHeld breaks LINEARIZABILITY in 28 within DEPOSED;
    reads_what_is_reported: ReadsWhatIsReported breaks LINEARIZABILITY in 50 within READS;
}

/// A leader's clock runs slower than is allowed for.
#[test]
fn a_lease_that_lasts_as_long_as_the_promises_does_not_do() {
    let report = explore("multi-paxos/lease-drift", Engine::Quorate);
    assert!(!report.is_surprise(), "{report:#?}");
    assert_eq!(report.property(LEASE_IS_ALONE).steps, Some(31));
}
