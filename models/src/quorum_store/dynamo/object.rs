//! What is stored, and what clients ask for.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::version::{Context, Dot, Siblings, Writer};
use crate::kv::Text;
use crate::state_machine::StateMachine;

/// What a write leaves.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// What the clock of the writer said: the later one wins where the last write does. Elsewhere
    /// it says nothing, and is 0.
    pub time: u64,
    /// The value. `None`: the key was deleted, and this is its *tombstone*.
    pub content: Option<Text>,
}

/// As the value, with the time if there is one.
impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Some(value) => write!(f, "{value:?}")?,
            None => f.write_str("deleted")?,
        }
        if self.time > 0 { write!(f, " at {}", self.time) } else { Ok(()) }
    }
}

/// What a replica holds of a key.
pub type Object = Siblings<Version>;

impl Object {
    /// Whether nothing is left of the key but that it was deleted.
    pub fn is_deleted(&self) -> bool {
        !self.versions.is_empty() && self.versions.values().all(|it| it.content.is_none())
    }

    /// Of several versions only the one of the latest time stays, and of two of one time that of
    /// the greater dot.
    pub fn keep_last(&mut self) {
        let last = self.versions.iter().max_by_key(|(dot, version)| (version.time, **dot));
        self.versions = last.map(|(dot, version)| (*dot, version.clone())).into_iter().collect();
    }
}

/// A write that a client asks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Put {
    pub key: Text,
    pub version: Version,
    /// What the client was told when it last read the key. The write supersedes that.
    pub context: Context,
}

impl fmt::Debug for Put {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "put {:?}={:?} having read {:?}", self.key, self.version, self.context)
    }
}

/// What a client asks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    Get { key: Text },
    Put(Put),
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Get { key } => write!(f, "get {key:?}"),
            Command::Put(put) => put.fmt(f),
        }
    }
}

impl Command {
    /// The key that it is about.
    pub fn key(&self) -> &Text {
        match self {
            Command::Get { key } | Command::Put(Put { key, .. }) => key,
        }
    }
}

/// The command that reads `key`.
pub fn get(key: &str) -> Command {
    Command::Get { key: key.into() }
}

/// The command that writes `key`, by whoever has read what its client has read by then.
pub fn put(key: &str, value: &str) -> Command {
    put_at(key, value, 0)
}

/// The same of a client whose clock says `time`.
pub fn put_at(key: &str, value: &str, time: u64) -> Command {
    let version = Version { time, content: Some(value.into()) };
    Command::Put(Put { key: key.into(), version, context: Context::default() })
}

/// The command that deletes `key`.
pub fn delete(key: &str) -> Command {
    let version = Version { time: 0, content: None };
    Command::Put(Put { key: key.into(), version, context: Context::default() })
}

/// What a command returns.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Output {
    /// What is held of the key, siblings and tombstones included, and the context for a write.
    Object(Object),
    /// The write is stored, under this dot.
    Stored(Dot),
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Object(object) => object.fmt(f),
            Output::Stored(dot) => write!(f, "stored as {dot:?}"),
        }
    }
}

/// All objects of a store that has a single server.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Objects {
    /// How many writes it has taken.
    taken: u64,
    objects: BTreeMap<Text, Object>,
}

impl StateMachine for Objects {
    type Command = Command;
    type Output = Output;

    fn apply(&mut self, command: &Command) -> Output {
        let object = self.objects.entry(command.key().clone()).or_default();
        match command {
            Command::Get { .. } => Output::Object(object.clone()),
            Command::Put(Put { version, context, .. }) => {
                self.taken += 1;
                let writer = Writer { server: Id::from(0), store: 0 };
                let dot = Dot { writer, number: self.taken };
                object.supersede(dot, version.clone(), context);
                Output::Stored(dot)
            }
        }
    }

    fn is_read_only(command: &Command) -> bool {
        matches!(command, Command::Get { .. })
    }

    fn weight(command: &Command) -> usize {
        let value = match command {
            Command::Get { .. } => None,
            Command::Put(put) => put.version.content.as_ref(),
        };
        command.key().len() + value.map_or(0, |value| value.len())
    }

    /// A write says what its client has read: what it was told of the key last.
    fn informed(command: &Command, past: &[Command], told: &[Output]) -> Command {
        let Command::Put(put) = command else { return command.clone() };
        let last = past.iter().zip(told).rev().find_map(|(asked, output)| match output {
            Output::Object(object) if *asked.key() == put.key => Some(object.context.clone()),
            _ => None,
        });
        Command::Put(Put { context: last.unwrap_or_default(), ..put.clone() })
    }
}
