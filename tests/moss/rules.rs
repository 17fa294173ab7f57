//! Every rule of the locks is necessary: suspended, it leaves two leaders in one epoch. Lengths are
//! the shortest there are, within the bounds.

use quorate_checker::spec::{Faults, SAVED_BEFORE_SENT, STORAGE_AGREES};
use quorate_models::election::{ONE_LEADER_AN_EPOCH, Past};
use quorate_models::moss::Server;
use quorate_models::moss::rules::Rule;
use quorate_models::moss::specs::{Book, Bounds, Design, MossSpec, moss, same_durable};

use crate::live;
use crate::proofs::{Within, assert_breaks, assert_each_is_proven, necessary, suspending};

impl Within for Bounds {
    type Rule = Rule;
    type Actor = Server;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> MossSpec {
        moss("proof", rules, *self, &[])
    }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// Three servers, which miss a leader twice in total.
const TWO: Bounds =
    Bounds { servers: 3, design: Design::Epochs, wants: 2, beats: 0, faults: Faults::NONE };

/// Three servers, which miss a leader three times in total.
const THREE: Bounds = Bounds { wants: 3, ..TWO };

necessary! {
    own_lock_too: OwnLockToo breaks ONE_LEADER_AN_EPOCH in 6 within Bounds { servers: 2, ..TWO };
    neighbours_are_all: NeighboursAreAll breaks ONE_LEADER_AN_EPOCH in 6
        within Bounds { servers: 4, ..TWO };
    release_of_this_ask: ReleaseOfThisAsk breaks ONE_LEADER_AN_EPOCH in 8 within THREE;
    grant_of_this_ask: GrantOfThisAsk breaks ONE_LEADER_AN_EPOCH in 7 within THREE;
    majority_of_locks: MajorityOfLocks breaks ONE_LEADER_AN_EPOCH in 4
        within Bounds { servers: 2, wants: 4, ..TWO };
    epoch_with_lock: EpochWithLock breaks ONE_LEADER_AN_EPOCH in 7 within THREE;
    lock_survives_crash: LockSurvivesCrash breaks ONE_LEADER_AN_EPOCH in 8
        within Bounds { faults: CRASH, ..TWO };
}

/// What is sent before it is saved is found at once, before it does any harm.
#[test]
fn save_before_send() {
    assert_breaks(suspending(&TWO, Rule::SaveBeforeSend), SAVED_BEFORE_SENT, 1);
}

/// A lock that is not saved is found before it does harm.
#[test]
fn what_is_not_saved_is_told() {
    let suspended = suspending(&TWO, Rule::LockSurvivesCrash).durable(same_durable);
    assert_breaks(suspended, STORAGE_AGREES, 1);
}

#[test]
fn every_rule_has_its_counterexample() {
    let elsewhere = &[(Rule::SaveBeforeSend, SAVED_BEFORE_SENT)];
    assert_each_is_proven(Rule::ALL, &[PROVEN, live::MISSED, live::SLOWER, elsewhere]);
}
