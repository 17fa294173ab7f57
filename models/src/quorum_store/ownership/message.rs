//! What servers say to each other.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kv::Text;
use crate::number::Epoch;

/// A server asks what it owns by the ring of this epoch and the other one owned by the ring before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Copy {
    pub epoch: Epoch,
}

/// The answer to a [`Copy`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Page {
    pub epoch: Epoch,
    pub held: BTreeMap<Text, Text>,
}

/// What servers say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    Copy(Copy),
    Page(Page),
}

/// As the message itself: its type says which one it is.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Copy(message) => message.fmt(f),
            Message::Page(message) => message.fmt(f),
        }
    }
}
