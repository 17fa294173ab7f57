//! The rules of leases, on the clock.

use quorate_models::raft::claims::reads::LEASE_IS_ALONE;
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::lease;

use super::Directed;
use crate::proofs::necessary;

const CUT: Directed = Directed("lease cut", lease::cut);
const CRASH: Directed = Directed("lease crash", lease::crash);
const PROMISE: Directed = Directed("lease promise", lease::promise);
const MEMBERS: Directed = Directed("lease members", lease::members);
const WIPED: Directed = Directed("lease wiped", lease::wiped);
const TRANSFER: Directed = Directed("lease transfer", lease::transfer);

necessary! {
    lease_shorter_than_promise: LeaseShorterThanPromise breaks LEASE_IS_ALONE in 32 within CUT;
    lease_from_sending: LeaseFromSending breaks LEASE_IS_ALONE in 38 within CUT;
    one_change_at_a_time: OneChangeAtATime breaks LEASE_IS_ALONE in 67 within MEMBERS;
    other_store_has_no_vote: OtherStoreHasNoVote breaks LEASE_IS_ALONE in 29 within WIPED;
    transfer_ends_lease: TransferEndsLease breaks LEASE_IS_ALONE in 34 within TRANSFER;
    promise_outlives_term: PromiseOutlivesTerm breaks LEASE_IS_ALONE in 30 within PROMISE;
    restart_keeps_promise: RestartKeepsPromise breaks LEASE_IS_ALONE in 28 within CRASH;
}
