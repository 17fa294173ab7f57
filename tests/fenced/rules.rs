//! Every rule of a fenced store is necessary: suspended, it leaves a counterexample to what it
//! protects. Lengths are the shortest there are, within the bounds, for that property alone.

use quorate_checker::spec::{Faults, SAVED_BEFORE_SENT, STORAGE_AGREES};
use quorate_models::fenced::FencedMember;
use quorate_models::fenced::claims::ghost::Ghost;
use quorate_models::fenced::claims::properties::{LINEARIZABILITY, NEWEST_STAYS, OWN_EPOCH};
use quorate_models::fenced::rules::Rule;
use quorate_models::fenced::specs::{Book, Bounds, Checked, FencedSpec, fenced, same_durable};
use quorate_models::kv::{get, put};

use crate::proofs::{Within, assert_breaks, assert_each_is_proven, necessary, suspending};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = FencedMember<Checked>;
    type Ghost = Ghost;

    fn spec(&self, rules: Book) -> FencedSpec {
        fenced("proof", rules, *self, &[])
    }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
const DUPLICATE: Faults = Faults { duplicates: 1, ..Faults::NONE };

/// Two grants, and a client asks again once.
const TWO: Bounds<'static> = Bounds { scripts: &[], grants: 2, retries: 1, faults: Faults::NONE };

/// What clients ask for: one writes and reads, or writes twice and reads, or another one reads.
macro_rules! scripts {
    (write_read) => {
        &[&[put("x", "1"), get("x")]]
    };
    (overwrite) => {
        &[&[put("x", "1"), put("x", "2"), get("x")]]
    };
    (readers) => {
        &[&[put("x", "1")], &[get("x"), get("x")]]
    };
}

necessary! {
    fence_at_resource: FenceAtResource breaks LINEARIZABILITY in 21
        within Bounds { scripts: scripts!(overwrite), grants: 3, ..TWO };
    opening_fences: OpeningFences breaks LINEARIZABILITY in 17
        within Bounds { scripts: scripts!(write_read), ..TWO };
    fence_survives_crash: FenceSurvivesCrash breaks NEWEST_STAYS in 15
        within Bounds { scripts: scripts!(write_read), faults: CRASH, ..TWO };
    epochs_rise: EpochsRise breaks OWN_EPOCH in 5 within TWO;
    epoch_survives_crash: EpochSurvivesCrash breaks OWN_EPOCH in 7
        within Bounds { faults: CRASH, ..TWO };
    grants_only_rise: GrantsOnlyRise breaks LINEARIZABILITY in 19
        within Bounds { scripts: scripts!(write_read), faults: DUPLICATE, ..TWO };
    grant_survives_crash: GrantSurvivesCrash breaks LINEARIZABILITY in 21
        within Bounds {
            scripts: scripts!(write_read),
            faults: Faults { duplicates: 1, ..CRASH },
            ..TWO
        };
    opened_in_this_epoch: OpenedInThisEpoch breaks LINEARIZABILITY in 13
        within Bounds { scripts: scripts!(write_read), faults: DUPLICATE, ..TWO };
    writes_in_order: WritesInOrder breaks LINEARIZABILITY in 21
        within Bounds { scripts: scripts!(overwrite), faults: DUPLICATE, ..TWO };
    written_in_this_epoch: WrittenInThisEpoch breaks LINEARIZABILITY in 25
        within Bounds { scripts: scripts!(overwrite), grants: 3, retries: 2, ..TWO };
    answered_when_written: AnsweredWhenWritten breaks LINEARIZABILITY in 12
        within Bounds { scripts: scripts!(write_read), ..TWO };
    reads_pass_the_store: ReadsPassTheStore breaks LINEARIZABILITY in 13
        within Bounds { scripts: scripts!(readers), ..TWO };
    retry_takes_effect_once: RetryTakesEffectOnce breaks LINEARIZABILITY in 22
        within Bounds { scripts: scripts!(overwrite), ..TWO };
    answer_is_its_own: AnswerIsItsOwn breaks LINEARIZABILITY in 9
        within Bounds { scripts: scripts!(write_read), faults: DUPLICATE, ..TWO };
}

/// What is sent before it is saved is found at once, before it does any harm.
#[test]
fn save_before_send() {
    assert_breaks(suspending(&TWO, Rule::SaveBeforeSend), SAVED_BEFORE_SENT, 1);
}

/// A number that is not saved is found before it does harm.
#[test]
fn what_is_not_saved_is_told() {
    for (rule, steps) in [
        (Rule::EpochSurvivesCrash, 1),
        (Rule::GrantSurvivesCrash, 2),
        (Rule::FenceSurvivesCrash, 3),
    ] {
        assert_breaks(suspending(&TWO, rule).durable(same_durable), STORAGE_AGREES, steps);
    }
}

#[test]
fn every_rule_has_its_counterexample() {
    assert_each_is_proven(Rule::ALL, &[PROVEN, &[(Rule::SaveBeforeSend, SAVED_BEFORE_SENT)]]);
}
