//! What a node shows of itself: what its protocol says, and what was counted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quorate_models::service::Status;

use super::event_loop::Counts;
use super::transport::Counters;
use crate::redis;

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
    /// How long a commit took on average, of those of the last ten to twenty seconds; `None` if
    /// there were none.
    pub commit_lately: Option<Duration>,
    /// What the gateway for Redis clients counts, if there is one.
    pub redis: Option<Arc<redis::Counters>>,
}
