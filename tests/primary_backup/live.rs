//! The rules of liveness of primary and backup: without each of them there is a run in which
//! something never happens, or it takes longer than it has to.

use std::sync::Arc;

use quorate_checker::engine::Miss;
use quorate_checker::spec::Faults;
use quorate_models::claims::all_answered;
use quorate_models::kv::put;
use quorate_models::primary_backup::PrimaryBackup;
use quorate_models::primary_backup::claims::ghost::Ghost;
use quorate_models::primary_backup::claims::properties::a_primary_is_up;
use quorate_models::primary_backup::rules::Rule;
use quorate_models::primary_backup::specs::live::{
    A_PRIMARY, ALL_ANSWERED, Bounds, CRASH, TWO_COPIES, TWO_HAVE_IT, primary_backup, service_too,
    two_have_it,
};
use quorate_models::primary_backup::specs::{Beginning, Book, Checked, PrimaryBackupSpec};

use crate::proofs::{Within, assert_misses, missed, slower};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = PrimaryBackup<Checked>;
    type Ghost = Arc<Ghost>;

    fn spec(&self, rules: Book) -> PrimaryBackupSpec {
        primary_backup("proof", rules, self.clone(), &[])
    }
}

/// Two servers, and a client that writes.
macro_rules! two {
    ($($field:ident: $value:expr),*) => {
        Bounds { servers: 2, scripts: &[&[put("x", "1")]], $($field: $value,)* ..Bounds::default() }
    };
}

const DROP: Faults = Faults { drops: 1, ..Faults::NONE };

missed! {
    pings_go_on: PingsGoOn lets A_PRIMARY be missed by Stop in 17
        within two!(faults: CRASH);
    silent_is_dead: SilentIsDead lets A_PRIMARY be missed by Lasso in 8
        within two!(faults: CRASH);
    dead_primary_is_replaced: DeadPrimaryIsReplaced lets A_PRIMARY be missed by Lasso in 22
        within two!(faults: CRASH);
    dead_backup_is_replaced: DeadBackupIsReplaced lets ALL_ANSWERED be missed by Lasso in 38
        within two!(faults: CRASH);
    idle_becomes_backup: IdleBecomesBackup lets TWO_COPIES be missed by Lasso in 18
        within two!(beginning: Beginning::Idle, spare: true);
    sent_until_taken: SentUntilTaken lets ALL_ANSWERED be missed by Lasso in 23
        within two!(faults: DROP);
    retry_is_answered: RetryIsAnswered lets ALL_ANSWERED be missed by Lasso in 25
        within two!(faults: DROP);
    client_asks_again: ClientAsksAgain lets ALL_ANSWERED be missed by Lasso in 6
        within two!(faults: DROP);
    client_tries_another: ClientTriesAnother lets ALL_ANSWERED be missed by Lasso in 28
        within two!(faults: CRASH);
}

slower! {
    view_is_told_at_once: ViewIsToldAtOnce lets A_PRIMARY take 6 ticks instead of 5
        until a_primary_is_up within two!(faults: CRASH);
    primary_is_named: PrimaryIsNamed lets ALL_ANSWERED take 6 ticks instead of 2
        until all_answered within two!(faults: DROP);
    client_follows_redirect: ClientFollowsRedirect lets ALL_ANSWERED take 6 ticks instead of 2
        until all_answered within two!(faults: DROP);
}

/// What the test below suspends.
pub const ELSEWHERE: &[(Rule, &str)] = &[(Rule::AckSurvivesCrash, A_PRIMARY)];

/// The view service crashes and forgets that its view is acknowledged; before the primary says so
/// again, it crashes as well. The listed spec `primary-backup/service-live` is the control.
#[test]
fn ack_survives_crash() {
    let suspended = crate::proofs::suspending(&service_too(), Rule::AckSurvivesCrash);
    let directed = suspended.directed(TWO_HAVE_IT, two_have_it);
    assert_misses(directed, A_PRIMARY, Miss::Lasso, 28);
}
