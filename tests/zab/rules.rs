//! The rules of ZAB: without each of them there is a run that breaks what it protects. Each within
//! small bounds, and the length of each shortest counterexample is pinned.

use std::sync::Arc;

use quorate_checker::report::Verdict;
use quorate_models::kv::{get, put};
use quorate_models::rules::AllBut;
use quorate_models::zab::claims::ghost::Ghost;
use quorate_models::zab::claims::properties::{
    COMMITS_ARE_KNOWN, LEADERSHIP, LINEARIZABILITY, LINKS, MAJORITY_HOLDS, ONCE, ONE_HISTORY,
    PREFIX, PRIMARY_INTEGRITY, PRIMARY_ORDER, WINDOW,
};
use quorate_models::zab::rules::Rule;
use quorate_models::zab::specs::{
    Book, Bounds, CRASH, Checked, EACH, LAGGING, MISSED, OPEN, WIPE, ZabSpec, four_servers,
    one_epoch, two_epochs, two_epochs_and_a_crash, zab,
};
use quorate_models::zab::{Flow, Zab};

use crate::proofs::{Within, assert_breaks, assert_each_is_proven, explore, necessary};
use crate::{live, reads, votes};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = Zab<Checked>;
    type Ghost = Arc<Ghost>;

    fn spec(&self, rules: Book) -> ZabSpec {
        zab("proof", rules, *self, &[])
    }
}

/// Three servers, of whom the clients ask the first.
macro_rules! three {
    ($elections:literal, $scripts:expr $(, $field:ident: $value:expr)*) => {
        Bounds {
            servers: 3,
            scripts: $scripts,
            asked: &[0],
            elections: $elections,
            $($field: $value,)*
            ..Bounds::default()
        }
    };
}

necessary! {
    accepted_epoch_rises: AcceptedEpochRises breaks LEADERSHIP in 12 within three!(2, &[]);
    accepted_epoch_survives: AcceptedEpochSurvives breaks LEADERSHIP in 12
        within three!(2, &[], faults: CRASH);
    newest_history_leads: NewestHistoryLeads breaks PRIMARY_INTEGRITY in 8
        within three!(1, &[], disks: LAGGING);
    epoch_before_zxid: EpochBeforeZxid breaks PRIMARY_INTEGRITY in 17 within two_epochs(&[]);
    quorum_is_synced: QuorumIsSynced breaks MAJORITY_HOLDS in 5 within two_epochs(&[]);
    history_before_epoch: HistoryBeforeEpoch breaks PRIMARY_INTEGRITY in 15
        within two_epochs_and_a_crash();
    ack_ld_after_history: AckLdAfterHistory breaks MAJORITY_HOLDS in 8
        within one_epoch(&[&[put("x", "1")]]);
    applies_only_committed_in_sync: AppliesOnlyCommittedInSync breaks MAJORITY_HOLDS in 23
        within four_servers(&[&[put("x", "1")]]);
    reports_durable_zxid: ReportsDurableZxid breaks COMMITS_ARE_KNOWN in 15
        within two_epochs(&[]);
    stream_ends_with_epoch: StreamEndsWithEpoch breaks PRIMARY_ORDER in 16
        within two_epochs(&[&[put("x", "1")]]);
    synced_is_served: SyncedIsServed breaks PREFIX in 15 within one_epoch(&[&[put("x", "1")]]);
    trunc_cuts_uncommon: TruncCutsUncommon breaks ONE_HISTORY in 15
        within Bounds { asked: &[1], ..one_epoch(&[&[put("x", "1")]]) };
    propose_to_epoch_ackers: ProposeToEpochAckers breaks COMMITS_ARE_KNOWN in 21
        within three!(1, &[&[put("x", "1")]]);
    commit_ld_is_leaders: CommitLdIsLeaders breaks MAJORITY_HOLDS in 25
        within four_servers(&[&[put("x", "1")]]);
    links_keep_order: LinksKeepOrder breaks MAJORITY_HOLDS in 7 within three!(1, &[], disks: OPEN);
    let_go_stays_let_go: LetGoStaysLetGo breaks LINKS in 12 within MISSED;
    old_epoch_ignored: OldEpochIgnored breaks MAJORITY_HOLDS in 13 within two_epochs(&[]);
    majority_acks: MajorityAcks breaks MAJORITY_HOLDS in 9 within three!(1, &[&[put("x", "1")]]);
    ack_after_log: AckAfterLog breaks MAJORITY_HOLDS in 12 within three!(1, &[&[put("x", "1")]]);
    retry_takes_effect_once: RetryTakesEffectOnce breaks ONCE in 11
        within three!(1, &[&[put("x", "1")]], retries: 1);
    log_keeps_unsent: LogKeepsUnsent breaks COMMITS_ARE_KNOWN in 26 within three!(
        1, &[&[put("x", "1"), put("x", "2")]], compaction: Some(EACH), flow: Flow::NARROW
    );
    window_is_kept: WindowIsKept breaks WINDOW in 10 within Bounds {
        servers: 2,
        ..three!(1, &[&[put("x", "1")], &[put("x", "2")]], flow: Flow { open: 1, ..Flow::PLAIN })
    };
    lost_disk_does_not_count: LostDiskDoesNotCount breaks PRIMARY_INTEGRITY in 10
        within three!(1, &[], disks: LAGGING, faults: WIPE);
    lost_disk_opens_new_links: LostDiskOpensNewLinks breaks PRIMARY_INTEGRITY in 16
        within three!(2, &[], disks: LAGGING, faults: WIPE);
    answer_is_its_own: AnswerIsItsOwn breaks LINEARIZABILITY in 17
        within three!(1, &[&[put("x", "1"), get("x")]], retries: 1);
}

/// A gap comes about only if something else is suspended: a proposal is not sent to all.
#[test]
fn next_zxid_only() {
    let bounds = three!(1, &[&[put("x", "1")], &[put("x", "2")]]);
    let both = AllBut(vec![Rule::NextZxidOnly, Rule::ProposeToEpochAckers]);
    assert_breaks(bounds.spec(both), ONE_HISTORY, 20);
    let one = AllBut(vec![Rule::ProposeToEpochAckers]);
    let control = explore(bounds.spec(one).only(ONE_HISTORY));
    assert_eq!((control.verdict, control.cut_short), (Verdict::Holds, None));
}

/// What is suspended beside another rule.
const BESIDE: &[(Rule, &str)] = &[(Rule::NextZxidOnly, ONE_HISTORY)];

#[test]
fn every_rule_is_proven() {
    assert_each_is_proven(
        Rule::ALL,
        &[PROVEN, BESIDE, reads::PROVEN, votes::PROVEN, live::MISSED, live::SLOWER],
    );
}
