//! The replicated key-value store: put, get, compare-and-swap, delete, and what else clients ask
//! for in one step.

mod batch;
pub mod etcd;
mod keys;
mod shown;
#[cfg(test)]
mod tests;
mod text;

use serde::{Deserialize, Serialize};

use crate::state_machine::StateMachine;
use batch::Nested;
pub use batch::{BATCH_MAX, Batch, Never, Single, SingleOutput};
use keys::Keys;
pub use text::Text;

/// The largest key, in bytes: 64 KiB. Who takes commands from users holds them to it.
pub const KEY_MAX: usize = 64 << 10;

/// The largest value, in bytes: 1 MiB. Who takes commands from users holds them to it; the store
/// itself appends no further.
pub const VALUE_MAX: usize = 1 << 20;

/// How many bytes one read returns at most, in all: 2 MiB. An answer is one message.
pub const READ_MAX: usize = 2 << 20;

/// A command. Logs of older builds hold the first ones, so a new one goes last. `B` is what several
/// in one are: [`Batch`], or [`Never`] in such a one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command<B = Batch> {
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
    /// Sets `key` if it is there, or if it is not: [`Output::Tested`].
    PutIf {
        key: Text,
        value: Text,
        exists: bool,
    },
    /// Sets `key` and returns what it held before: [`Output::Value`]. If `exists` says so, it is
    /// set only if it is there, or if it is not.
    Exchange {
        key: Text,
        value: Text,
        exists: Option<bool>,
    },
    /// Removes all of `keys`, and returns how many were there: [`Output::Number`].
    DeleteAll {
        keys: Vec<Text>,
    },
    /// Reads all of `keys` at one moment: [`Output::Values`].
    GetAll {
        keys: Vec<Text>,
    },
    /// Counts those of `keys` that are there, one as often as it is named: [`Output::Number`].
    Count {
        keys: Vec<Text>,
    },
    /// Reads how many bytes the value of `key` has, 0 if it is absent: [`Output::Number`].
    Length {
        key: Text,
    },
    /// Adds to the decimal number that `key` holds, 0 if it is absent, and returns the sum:
    /// [`Output::Number`].
    Add {
        key: Text,
        by: i64,
    },
    /// Appends to the value of `key`, which is empty if absent, and returns how many bytes it has
    /// then: [`Output::Number`].
    Append {
        key: Text,
        value: Text,
    },
    /// Sets each key of `pairs`, in their order: [`Output::Stored`]. If `if_absent` says so, only
    /// if none of them is there: [`Output::Tested`].
    PutAll {
        pairs: Vec<(Text, Text)>,
        if_absent: bool,
    },
    /// Several commands at one moment: [`Output::Batch`].
    Batch(B),
    /// What a client of etcd asks for: [`Output::Etcd`].
    Etcd(etcd::Request),
}

/// The command that sets `key` to `value`.
pub fn put(key: &str, value: &str) -> Command {
    Command::Put { key: key.into(), value: value.into() }
}

/// The command that reads `key`.
pub fn get(key: &str) -> Command {
    Command::Get { key: key.into() }
}

/// What a command returns. A new one goes last, as with [`Command`]; `O` is what several return.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Output<O = Vec<SingleOutput>> {
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
    /// Whether a put with a condition took effect.
    Tested { stored: bool },
    /// The values of several keys, in their order; `None` for one that is absent.
    Values(Vec<Option<Text>>),
    /// A sum, a length, or how many.
    Number(i64),
    /// The command changed nothing.
    Refused(Refused),
    /// What the commands of a batch return, in their order. It may be fewer than there are: the
    /// answers to more would have been too long, and those commands were not carried out.
    Batch(O),
    /// What a client of etcd asked for, or why it was not done.
    Etcd(Result<etcd::Answer, etcd::Refusal>),
}

/// Why a command changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Refused {
    /// The value is no decimal number of 64 bits with a sign.
    NoNumber,
    /// The sum is no such number.
    Overflow,
    /// The value would have more than [`VALUE_MAX`] bytes, or the answer more than [`READ_MAX`].
    TooLong,
    /// The command is about more than reading or writing one key, and the cluster has no log.
    NoRegister,
}

/// The store: what every server computes from the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Kv(Keys);

impl Kv {
    fn put(&mut self, key: &Text, value: Text) -> Option<Text> {
        let at = self.0.next_revision();
        self.0.insert(at, key.clone(), value).map(|before| before.value)
    }

    /// Sets `key`, if what there is meets the condition; returns what it held before, and whether
    /// it is set.
    fn set(&mut self, key: &Text, value: &Text, exists: Option<bool>) -> (Option<Text>, bool) {
        let is_there = self.0.contains_key(key);
        if exists.is_some_and(|exists| exists != is_there) {
            return (self.0.get(key).cloned(), false);
        }
        (self.put(key, value.clone()), true)
    }

    fn swap<O>(&mut self, key: &Text, old: &Text, new: &Text) -> Output<O> {
        match self.0.get(key) {
            Some(value) if value == old => {
                self.put(key, new.clone());
                Output::Swapped
            }
            actual => Output::Mismatch { actual: actual.cloned() },
        }
    }

    /// Removes all of `keys` at once, and returns how many were there.
    fn remove(&mut self, keys: &[Text]) -> usize {
        let at = self.0.next_revision();
        keys.iter().filter_map(|key| self.0.remove(at, key)).count()
    }

    fn add<O>(&mut self, key: &Text, by: i64) -> Output<O> {
        let Some(number) = self.0.get(key).map_or(Some(0), |value| number(value)) else {
            return Output::Refused(Refused::NoNumber);
        };
        let Some(sum) = number.checked_add(by) else { return Output::Refused(Refused::Overflow) };
        self.put(key, Text::from(&*sum.to_string()));
        Output::Number(sum)
    }

    fn append<O>(&mut self, key: &Text, value: &Text) -> Output<O> {
        let before = self.0.get(key).map_or(&[][..], |value| value);
        let length = before.len() + value.len();
        if length > VALUE_MAX {
            return Output::Refused(Refused::TooLong);
        }
        let whole = Text::from(&*[before, value].concat());
        self.put(key, whole);
        Output::Number(length as i64)
    }

    fn get_all<O>(&self, keys: &[Text]) -> Output<O> {
        let values: Vec<_> = keys.iter().map(|key| self.0.get(key).cloned()).collect();
        let bytes: usize = values.iter().flatten().map(|value| value.len()).sum();
        if bytes > READ_MAX { Output::Refused(Refused::TooLong) } else { Output::Values(values) }
    }

    fn put_all<O>(&mut self, pairs: &[(Text, Text)], if_absent: bool) -> Output<O> {
        if if_absent && pairs.iter().any(|(key, _)| self.0.contains_key(key)) {
            return Output::Tested { stored: false };
        }
        let at = self.0.next_revision();
        for (key, value) in pairs {
            self.0.insert(at, key.clone(), value.clone());
        }
        if if_absent { Output::Tested { stored: true } } else { Output::Stored }
    }

    fn execute<B: Nested>(&mut self, command: &Command<B>) -> Output<B::Outputs> {
        match command {
            Command::Put { key, value } => {
                self.put(key, value.clone());
                Output::Stored
            }
            Command::Cas { key, old, new } => self.swap(key, old, new),
            Command::Delete { key } => {
                Output::Deleted { existed: self.remove(std::slice::from_ref(key)) > 0 }
            }
            Command::PutIf { key, value, exists } => {
                Output::Tested { stored: self.set(key, value, Some(*exists)).1 }
            }
            Command::Exchange { key, value, exists } => {
                Output::Value(self.set(key, value, *exists).0)
            }
            Command::DeleteAll { keys } => Output::Number(self.remove(keys) as i64),
            Command::Add { key, by } => self.add(key, *by),
            Command::Append { key, value } => self.append(key, value),
            Command::PutAll { pairs, if_absent } => self.put_all(pairs, *if_absent),
            Command::Batch(batch) => Output::Batch(batch.apply(self)),
            Command::Etcd(request) => Output::Etcd(etcd::perform(&mut self.0, request)),
            Command::Get { .. }
            | Command::GetAll { .. }
            | Command::Count { .. }
            | Command::Length { .. } => self.observe(command),
        }
    }

    /// What `command` returns, which is read only.
    fn observe<B: Nested>(&self, command: &Command<B>) -> Output<B::Outputs> {
        match command {
            Command::Get { key } => Output::Value(self.0.get(key).cloned()),
            Command::GetAll { keys } => self.get_all(keys),
            Command::Count { keys } => {
                Output::Number(keys.iter().filter(|key| self.0.contains_key(key)).count() as i64)
            }
            Command::Length { key } => {
                Output::Number(self.0.get(key).map_or(0, |value| value.len()) as i64)
            }
            Command::Batch(batch) => Output::Batch(batch.read(self)),
            Command::Etcd(request) if request.is_read_only() => {
                Output::Etcd(etcd::read(&self.0, request))
            }
            other => self.clone().execute(other),
        }
    }
}

/// The number that `value` is, written as numbers are: without a plus sign or zeros before it.
fn number(value: &[u8]) -> Option<i64> {
    let number: i64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == value).then_some(number)
}

impl<B: Nested> Command<B> {
    /// True if it changes nothing whatever the state.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        match self {
            Command::Get { .. }
            | Command::GetAll { .. }
            | Command::Count { .. }
            | Command::Length { .. } => true,
            Command::Batch(batch) => batch.only_reads(),
            Command::Etcd(request) => request.is_read_only(),
            _ => false,
        }
    }

    /// Its size in bytes, roughly.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Command::Put { key, value }
            | Command::PutIf { key, value, .. }
            | Command::Exchange { key, value, .. }
            | Command::Append { key, value } => key.len() + value.len(),
            Command::Get { key }
            | Command::Delete { key }
            | Command::Length { key }
            | Command::Add { key, .. } => key.len(),
            Command::Cas { key, old, new } => key.len() + old.len() + new.len(),
            // Each has a length beside it, which counts if there are many.
            Command::DeleteAll { keys } | Command::GetAll { keys } | Command::Count { keys } => {
                keys.iter().map(|key| key.len() + 2).sum()
            }
            Command::PutAll { pairs, .. } => {
                pairs.iter().map(|(key, value)| key.len() + value.len() + 4).sum()
            }
            Command::Batch(batch) => batch.weight(),
            Command::Etcd(request) => request.weight(),
        }
    }
}

impl StateMachine for Kv {
    type Command = Command;
    type Output = Output;

    fn apply(&mut self, command: &Command) -> Output {
        self.execute(command)
    }

    fn is_read_only(command: &Command) -> bool {
        command.only_reads()
    }

    fn read(&self, command: &Command) -> Output {
        self.observe(command)
    }

    fn weight(command: &Command) -> usize {
        command.weight()
    }
}
