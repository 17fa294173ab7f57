//! The rules of snapshots that are taken while the server goes on.

use quorate_models::raft::claims::snapshot::{COVERS_THE_LOG, IS_ITS_PREFIX};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::aside;

use super::Directed;
use crate::proofs::necessary;

const OVERTAKEN: Directed = Directed("overtaken", aside::overtaken);
const CRASH: Directed = Directed("aside and crash", aside::crash);

necessary! {
    snapshot_of_its_moment: SnapshotOfItsMoment breaks IS_ITS_PREFIX in 9 within CRASH;
    installed_ends_taking: InstalledEndsTaking breaks COVERS_THE_LOG in 20 within OVERTAKEN;
}
