//! The replicated key-value store: put, get, compare-and-swap, delete.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::state_machine::StateMachine;

/// A key or a value: text that is cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Text(Arc<str>);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(text.into())
    }
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    Put {
        key: Text,
        value: Text,
    },
    Get {
        key: Text,
    },
    /// Sets `key` to `new` if it holds `old`.
    Cas {
        key: Text,
        old: Text,
        new: Text,
    },
    Delete {
        key: Text,
    },
}

/// As a client writes it: a log is read entry by entry.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Put { key, value } => write!(f, "put {key:?}={value:?}"),
            Command::Get { key } => write!(f, "get {key:?}"),
            Command::Cas { key, old, new } => write!(f, "cas {key:?}={old:?}→{new:?}"),
            Command::Delete { key } => write!(f, "delete {key:?}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Output {
    /// A put took effect.
    Stored,
    /// A get: the value, or `None` if the key is absent.
    Value(Option<Text>),
    /// A compare-and-swap took effect.
    Swapped,
    /// A compare-and-swap found `actual` instead of what it expected, and changed nothing.
    Mismatch { actual: Option<Text> },
    /// A delete: whether the key was there.
    Deleted { existed: bool },
}

/// The store: what every server computes from the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kv(BTreeMap<Text, Text>);

impl StateMachine for Kv {
    type Command = Command;
    type Output = Output;

    fn apply(&mut self, command: &Command) -> Output {
        match command {
            Command::Put { key, value } => {
                self.0.insert(key.clone(), value.clone());
                Output::Stored
            }
            Command::Get { key } => Output::Value(self.0.get(key).cloned()),
            Command::Cas { key, old, new } => match self.0.get_mut(key) {
                Some(value) if value == old => {
                    *value = new.clone();
                    Output::Swapped
                }
                actual => Output::Mismatch { actual: actual.cloned() },
            },
            Command::Delete { key } => Output::Deleted { existed: self.0.remove(key).is_some() },
        }
    }

    fn is_read_only(command: &Command) -> bool {
        matches!(command, Command::Get { .. })
    }

    fn weight(command: &Command) -> usize {
        match command {
            Command::Put { key, value } => key.len() + value.len(),
            Command::Get { key } | Command::Delete { key } => key.len(),
            Command::Cas { key, old, new } => key.len() + old.len() + new.len(),
        }
    }
}
