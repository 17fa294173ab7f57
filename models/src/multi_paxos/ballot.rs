//! Ballots: who may propose, and whose proposals count for more.

use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::number::Round;

/// A ballot belongs to one server. The later of two is the one of the later round, and within a
/// round that of the server with the greater number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ballot {
    pub round: Round,
    pub server: Id,
}

impl Ballot {
    /// Before every ballot that anybody uses.
    pub fn none() -> Self {
        Ballot { round: Round::ZERO, server: Id::from(0) }
    }

    /// The first ballot of `server` that is above this one, whoever owns this one.
    pub fn next(self, server: Id) -> Self {
        Ballot { round: self.round.next(), server }
    }
}

/// As `2.1`: the round and the server.
impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}.{}", self.round, usize::from(self.server))
    }
}
