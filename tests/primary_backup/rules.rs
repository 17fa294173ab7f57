//! The rules of primary and backup: without each of them there is a run that breaks what it
//! protects. Each within small bounds, and the length of each shortest counterexample is pinned.

use quorate_checker::spec::Faults;
use quorate_models::kv::{Command, get, put};
use quorate_models::primary_backup::PrimaryBackup;
use quorate_models::primary_backup::claims::properties::{
    COPIES_AGREE, LINEARIZABILITY, NOTHING_IS_LOST, ONCE, VIEWS_LAST,
};
use quorate_models::primary_backup::rules::Rule;
use quorate_models::primary_backup::specs::{
    Beginning, Book, Bounds, Checked, PrimaryBackupSpec, primary_backup,
};

use crate::live;
use crate::proofs::{Within, assert_each_is_proven, necessary};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = PrimaryBackup<Checked>;
    type Ghost = std::sync::Arc<quorate_models::primary_backup::claims::ghost::Ghost>;

    fn spec(&self, rules: Book) -> PrimaryBackupSpec {
        primary_backup("proof", rules, *self, &[])
    }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
const DUPLICATE: Faults = Faults { duplicates: 1, ..Faults::NONE };

/// A server is taken for dead once, and its client asks another.
fn one<'a>(scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    let beginning = Beginning::SetUp;
    Bounds { servers: 2, beginning, scripts, suspicions: 1, retries: 1, ..Bounds::default() }
}

/// And a server crashes.
fn crash<'a>(scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    Bounds { faults: CRASH, ..one(scripts) }
}

/// A server crashes and is heard again, and the client asks twice.
fn heard_again<'a>(scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    Bounds { pings: 1, retries: 2, ..crash(scripts) }
}

/// Two servers that live are taken for dead, one of which is heard again.
fn suspected<'a>(scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    Bounds { pings: 1, suspicions: 2, retries: 2, ..one(scripts) }
}

/// A client writes and reads, or two do.
macro_rules! scripts {
    (write) => {
        &[&[put("x", "1")]]
    };
    (write_read) => {
        &[&[put("x", "1"), get("x")]]
    };
    (two) => {
        &[&[put("x", "1")], &[put("x", "2"), get("x")]]
    };
    (readers) => {
        &[&[put("x", "1")], &[get("x"), get("x")]]
    };
}

necessary! {
    ack_before_next: AckBeforeNext breaks LINEARIZABILITY in 11
        within suspected(scripts!(write_read));
    ack_names_its_view: AckNamesItsView breaks LINEARIZABILITY in 12
        within suspected(scripts!(write_read));
    next_primary_was_there: NextPrimaryWasThere breaks LINEARIZABILITY in 12
        within heard_again(scripts!(write_read));
    uninitialized_never_leads: UninitializedNeverLeads breaks LINEARIZABILITY in 12
        within suspected(scripts!(write_read));
    restart_is_death: RestartIsDeath breaks LINEARIZABILITY in 11
        within heard_again(scripts!(write_read));
    old_start_is_past: OldStartIsPast breaks VIEWS_LAST in 10
        within heard_again(scripts!(write_read));
    view_survives_crash: ViewSurvivesCrash breaks NOTHING_IS_LOST in 5
        within crash(scripts!(write));
    incarnation_survives_crash: IncarnationSurvivesCrash breaks LINEARIZABILITY in 10
        within crash(scripts!(two));
    backup_has_all: BackupHasAll breaks LINEARIZABILITY in 13
        within suspected(scripts!(write_read));
    ack_after_transfer: AckAfterTransfer breaks LINEARIZABILITY in 13
        within suspected(scripts!(write_read));
    commit_at_backup: CommitAtBackup breaks LINEARIZABILITY in 8
        within Bounds { retries: 2, ..one(scripts!(readers)) };
    reads_are_forwarded: ReadsAreForwarded breaks LINEARIZABILITY in 9
        within Bounds { retries: 2, ..one(scripts!(readers)) };
    backup_knows_view: BackupKnowsView breaks LINEARIZABILITY in 10
        within Bounds { retries: 2, ..one(scripts!(readers)) };
    refused_is_not_done: RefusedIsNotDone breaks LINEARIZABILITY in 10
        within Bounds { retries: 2, ..one(scripts!(readers)) };
    taken_of_this_view: TakenOfThisView breaks LINEARIZABILITY in 16
        within suspected(scripts!(write_read));
    sessions_travel: SessionsTravel breaks NOTHING_IS_LOST in 12 within one(scripts!(write));
    views_only_rise: ViewsOnlyRise breaks NOTHING_IS_LOST in 14 within one(scripts!(write));
    transfer_undoes_nothing: TransferUndoesNothing breaks LINEARIZABILITY in 25
        within suspected(scripts!(write_read));
    forwards_in_order: ForwardsInOrder breaks LINEARIZABILITY in 10
        within Bounds { retries: 2, ..one(scripts!(readers)) };
    taken_once: TakenOnce breaks COPIES_AGREE in 5
        within Bounds { faults: DUPLICATE, ..one(scripts!(two)) };
    only_primary_serves: OnlyPrimaryServes breaks LINEARIZABILITY in 8
        within crash(scripts!(two));
    retry_takes_effect_once: RetryTakesEffectOnce breaks ONCE in 5
        within one(scripts!(write));
    answer_is_its_own: AnswerIsItsOwn breaks LINEARIZABILITY in 9
        within suspected(scripts!(write_read));
}

/// What is sent before it is saved is found at once, before it does any harm.
#[test]
fn save_before_send() {
    use quorate_checker::spec::SAVED_BEFORE_SENT;
    let spec = crate::proofs::suspending(&one(scripts!(write)), Rule::SaveBeforeSend);
    crate::proofs::assert_breaks(spec, SAVED_BEFORE_SENT, 1);
}

#[test]
fn every_rule_is_proven() {
    let elsewhere: &[(Rule, &str)] = &[(Rule::SaveBeforeSend, "saved before sent")];
    assert_each_is_proven(
        Rule::ALL,
        &[PROVEN, elsewhere, live::MISSED, live::SLOWER, live::ELSEWHERE],
    );
}
