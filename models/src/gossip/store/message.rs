//! What replicas say to each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::entry::{Entries, Key, Version};

/// What its sender has heard not long ago.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rumour {
    pub entries: Entries,
}

/// What of a rumour was news, and what was not: the feedback by which a rumour stops.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Heard {
    /// The versions that were told in vain.
    pub known: BTreeMap<Key, Version>,
    /// The versions that were not.
    pub news: BTreeMap<Key, Version>,
}

/// What its sender has, without the values: it wants to compare.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest {
    pub versions: BTreeMap<Key, Version>,
}

/// What became of the comparison with a digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Answer {
    /// What the digest lacks: the pull.
    pub entries: Entries,
    /// What the digest has and the sender lacks: the push.
    pub wants: BTreeSet<Key>,
}

/// What was wanted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Delta {
    pub entries: Entries,
}

/// What replicas say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    Rumour(Rumour),
    Heard(Heard),
    Digest(Digest),
    Answer(Answer),
    Delta(Delta),
}

/// As the message itself: its type says which one it is.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Rumour(message) => message.fmt(f),
            Message::Heard(message) => message.fmt(f),
            Message::Digest(message) => message.fmt(f),
            Message::Answer(message) => message.fmt(f),
            Message::Delta(message) => message.fmt(f),
        }
    }
}
