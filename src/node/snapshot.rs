//! What a node shows of itself: what its protocol says, and what was counted.

use std::time::Instant;

use quorate_models::service::Status;

use super::event_loop::Counts;
use super::transport::Counters;

/// A node as its event loop published it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it was so.
    pub at: Instant,
    /// What the protocol says of itself.
    pub status: Status,
    /// What the event loop did since it began.
    pub counts: Counts,
    /// What the transport did since it began.
    pub transport: Counters,
}
