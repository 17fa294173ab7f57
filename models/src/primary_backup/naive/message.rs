//! What the servers say to each other.

use serde::{Deserialize, Serialize};

use super::Log;
use crate::number::Term;

/// A message from one server to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    /// A follower asks its leader for the log, and has so many entries of it.
    Pull { have: usize },
    /// The leader answers the pull that said so with its whole log.
    Entries { have: usize, entries: Log },
    /// A follower sends its own log to its leader.
    Push { log: Log },
    /// A server tells the monitor that it is up.
    Alive,
    /// The monitor tells a server that it has nobody to wait for.
    LeadAlone,
    /// A candidate asks for a vote.
    RequestVote { term: Term },
    /// A server votes for the one that asked.
    Vote { term: Term },
    /// An elected leader is heard.
    Leading { term: Term },
}
