//! Every rule of who is confirmed is necessary: suspended, it leaves two leaders in one epoch.
//! Lengths are the shortest there are, within the bounds.

use quorate_checker::spec::{Faults, SAVED_BEFORE_SENT, STORAGE_AGREES};
use quorate_models::election::{ONE_LEADER_AN_EPOCH, Past};
use quorate_models::parabolic::Server;
use quorate_models::parabolic::rules::Rule;
use quorate_models::parabolic::specs::{Book, Bounds, ParabolicSpec, parabolic, same_durable};

use crate::live;
use crate::proofs::{Within, assert_breaks, assert_each_is_proven, necessary, suspending};

impl Within for Bounds {
    type Rule = Rule;
    type Actor = Server;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> ParabolicSpec {
        parabolic("proof", rules, *self, &[])
    }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// Three servers: one of them speaks, and one is taken for silent.
const ONE: Bounds = Bounds { servers: 3, words: 1, silences: 1, stands: 0, faults: Faults::NONE };

necessary! {
    majority_confirms: MajorityConfirms breaks ONE_LEADER_AN_EPOCH in 2
        within Bounds { servers: 2, ..ONE };
    one_confirmation_per_epoch: OneConfirmationPerEpoch breaks ONE_LEADER_AN_EPOCH in 6
        within ONE;
    no_confirmation_in_older_epoch: NoConfirmationInOlderEpoch breaks ONE_LEADER_AN_EPOCH in 9
        within Bounds { stands: 1, ..ONE };
    confirmation_survives_crash: ConfirmationSurvivesCrash breaks ONE_LEADER_AN_EPOCH in 8
        within Bounds { faults: CRASH, ..ONE };
    confirmed_in_this_epoch: ConfirmedInThisEpoch breaks ONE_LEADER_AN_EPOCH in 7
        within Bounds { stands: 1, ..ONE };
    newer_epoch_deposes: NewerEpochDeposes breaks ONE_LEADER_AN_EPOCH in 6 within ONE;
}

/// What is sent before it is saved is found at once, before it does any harm.
#[test]
fn save_before_send() {
    assert_breaks(suspending(&ONE, Rule::SaveBeforeSend), SAVED_BEFORE_SENT, 1);
}

/// A confirmation that is not saved is found before it does harm.
#[test]
fn what_is_not_saved_is_told() {
    let suspended = suspending(&ONE, Rule::ConfirmationSurvivesCrash).durable(same_durable);
    assert_breaks(suspended, STORAGE_AGREES, 1);
}

#[test]
fn every_rule_has_its_counterexample() {
    let elsewhere = &[(Rule::SaveBeforeSend, SAVED_BEFORE_SENT)];
    assert_each_is_proven(Rule::ALL, &[PROVEN, live::PROVEN, live::MISSED, elsewhere]);
}
