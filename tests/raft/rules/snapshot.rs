//! The rules of snapshots.

use quorate_checker::engine::Miss;
use quorate_models::raft::claims::properties::{
    LEADER_COMPLETENESS, NOBODY_TAKEN_OUT, STATE_MACHINE_SAFETY,
};
use quorate_models::raft::claims::snapshot::IS_ITS_PREFIX;
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::live::CAUGHT_UP;
use quorate_models::raft::specs::snapshot;

use super::Directed;
use crate::proofs::{missed, necessary};

const LATE: Directed = Directed("late", snapshot::late);
const CONFLICT: Directed = Directed("snapshot over a conflict", snapshot::conflict);
const SUFFIX: Directed = Directed("snapshot before a suffix", snapshot::suffix);
const PIECES: Directed = Directed("two snapshots", snapshot::pieces);
const CRASH: Directed = Directed("snapshot and crash", snapshot::crash);
const LEAVERS: Directed = Directed("servers leave", snapshot::leavers);
const LOSSY: Directed = Directed("lost pieces", snapshot::lossy);

necessary! {
    snapshot_of_applied: SnapshotOfApplied breaks STATE_MACHINE_SAFETY in 9 within LATE;
    sessions_in_snapshot: SessionsInSnapshot breaks STATE_MACHINE_SAFETY in 14 within LATE;
    config_in_snapshot: ConfigInSnapshot breaks LEADER_COMPLETENESS in 18 within LEAVERS;
    newer_than_commit: NewerThanCommit breaks NOBODY_TAKEN_OUT in 19 within SUFFIX;
    matching_suffix_stays: MatchingSuffixStays breaks NOBODY_TAKEN_OUT in 17 within SUFFIX;
    conflict_goes_with_snapshot: ConflictGoesWithSnapshot breaks STATE_MACHINE_SAFETY in 11
        within CONFLICT;
    compacted_matches: CompactedMatches breaks NOBODY_TAKEN_OUT in 12 within CRASH;
    pieces_of_one_snapshot: PiecesOfOneSnapshot breaks IS_ITS_PREFIX in 20 within PIECES;
    piece_fits: PieceFits breaks IS_ITS_PREFIX in 17 within LATE;
}

missed! {
    snapshot_is_offered: SnapshotIsOffered lets CAUGHT_UP be missed by Lasso in 29 within LOSSY;
    piece_is_sent: PieceIsSent lets CAUGHT_UP be missed by Lasso in 29 within LOSSY;
    installed_is_told: InstalledIsTold lets CAUGHT_UP be missed by Lasso in 49 within LOSSY;
}
