//! How new the answer to a read must be.
//!
//! A read that is asked for like any other command is linearizable. One that says what it needs may
//! get less, and cheaper.

use serde::{Deserialize, Serialize};

use crate::number::Index;
use crate::service::Request;

/// What a client asks of its reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// What was answered to anybody before the read began.
    Linearizable,
    /// The same, if no clock runs faster than another one by more than the protocol allows for.
    /// Where there are no leases it is the same in any case.
    Lease,
    /// What its session knows already. All sessions see one order of the commands (sequential
    /// consistency), each as far as it is told.
    Stale,
    /// What a single server holds, of a store whose servers are equal. Elsewhere it is a
    /// linearizable read.
    One,
}

/// What a read needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Consistency {
    /// As [`Freshness::Linearizable`].
    Linearizable,
    /// As [`Freshness::Lease`].
    Lease,
    /// As [`Freshness::Stale`], for a session that was told of the log up to here.
    Stale { seen: Index },
    /// As [`Freshness::One`].
    One,
}

/// A read, and what it needs. A protocol that knows no less than linearizable reads takes it for a
/// command, see [`Request::plain`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Query<C> {
    pub command: C,
    pub consistency: Consistency,
}

impl Freshness {
    /// What a read of a session needs that was told of the log up to `seen`.
    pub fn after(self, seen: Index) -> Consistency {
        match self {
            Freshness::Linearizable => Consistency::Linearizable,
            Freshness::Lease => Consistency::Lease,
            Freshness::Stale => Consistency::Stale { seen },
            Freshness::One => Consistency::One,
        }
    }
}

impl<C> Request<Query<C>> {
    /// The read as any other command, which is linearizable.
    pub fn plain(self) -> Request<C> {
        let Request { session, sequence, since, command } = self;
        Request { session, sequence, since, command: command.command }
    }
}
