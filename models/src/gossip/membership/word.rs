//! What is known of a member, and which of two words about it holds.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::rules::Rule;
use crate::number::Incarnation;
use crate::rules::RuleBook;

/// Whether a member lives. A later one is worse news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    Alive,
    /// It has not answered in time, and may still contradict.
    Suspect,
    Dead,
}

/// What is said of a member: the newer incarnation holds, and of one incarnation the worse news.
///
/// Words are in one order, so two of them join in the greater one ([`merge`](Word::merge)).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Word {
    /// The incarnation of the member that it is about. Only the member itself raises it.
    pub incarnation: Incarnation,
    pub status: Status,
}

impl Word {
    /// A member that has just started for the first time, or of which nothing is known but a name.
    pub const FIRST: Word = Word::alive(Incarnation::ZERO);

    /// What a member says of itself.
    pub const fn alive(incarnation: Incarnation) -> Word {
        Word { incarnation, status: Status::Alive }
    }

    /// The same incarnation of the member, with another status.
    pub fn is_now(self, status: Status) -> Word {
        Word { status, ..self }
    }

    /// Not known to be dead.
    pub fn may_live(self) -> bool {
        self.status != Status::Dead
    }

    /// What holds if both are said: commutative, associative and idempotent, so that neither the
    /// order in which words arrive nor how often they do makes any difference.
    #[must_use]
    pub fn merge(self, other: Word) -> Word {
        self.max(other)
    }

    /// True if this is news to somebody who knows that: by [`merge`](Word::merge), unless a rule is
    /// suspended.
    pub(super) fn beats<R: RuleBook<Rule>>(self, known: Word, rules: &R) -> bool {
        if !rules.keeps(Rule::HigherIncarnationWins) {
            return self.status > known.status;
        }
        if !rules.keeps(Rule::WorseNewsWins) {
            return self.incarnation >= known.incarnation && self != known;
        }
        known.merge(self) != known
    }
}

/// `Suspect 2`.
impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.status, self.incarnation)
    }
}
