//! The replicated key-value store: put, get, compare-and-swap, delete, and what else clients ask
//! for in one step.

pub mod etcd;
mod keys;
mod shown;
mod text;

use serde::{Deserialize, Serialize};

use crate::state_machine::StateMachine;
use keys::Keys;
pub use text::Text;

/// The largest key, in bytes: 64 KiB. Who takes commands from users holds them to it.
pub const KEY_MAX: usize = 64 << 10;

/// The largest value, in bytes: 1 MiB. Who takes commands from users holds them to it; the store
/// itself appends no further.
pub const VALUE_MAX: usize = 1 << 20;

/// How many bytes one read returns at most, in all: 2 MiB. An answer is one message.
pub const READ_MAX: usize = 2 << 20;

/// A command. Logs of older builds hold the first ones, so a new one goes last.
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

/// What a command returns. A new one goes last, as with [`Command`].
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
    /// Whether a put with a condition took effect.
    Tested { stored: bool },
    /// The values of several keys, in their order; `None` for one that is absent.
    Values(Vec<Option<Text>>),
    /// A sum, a length, or how many.
    Number(i64),
    /// The command changed nothing.
    Refused(Refused),
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

    fn swap(&mut self, key: &Text, old: &Text, new: &Text) -> Output {
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

    fn add(&mut self, key: &Text, by: i64) -> Output {
        let Some(number) = self.0.get(key).map_or(Some(0), |value| number(value)) else {
            return Output::Refused(Refused::NoNumber);
        };
        let Some(sum) = number.checked_add(by) else { return Output::Refused(Refused::Overflow) };
        self.put(key, Text::from(&*sum.to_string()));
        Output::Number(sum)
    }

    fn append(&mut self, key: &Text, value: &Text) -> Output {
        let before = self.0.get(key).map_or(&[][..], |value| value);
        let length = before.len() + value.len();
        if length > VALUE_MAX {
            return Output::Refused(Refused::TooLong);
        }
        let whole = Text::from(&*[before, value].concat());
        self.put(key, whole);
        Output::Number(length as i64)
    }

    fn get_all(&self, keys: &[Text]) -> Output {
        let values: Vec<_> = keys.iter().map(|key| self.0.get(key).cloned()).collect();
        let bytes: usize = values.iter().flatten().map(|value| value.len()).sum();
        if bytes > READ_MAX { Output::Refused(Refused::TooLong) } else { Output::Values(values) }
    }
}

/// The number that `value` is, written as numbers are: without a plus sign or zeros before it.
fn number(value: &[u8]) -> Option<i64> {
    let number: i64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == value).then_some(number)
}

impl StateMachine for Kv {
    type Command = Command;
    type Output = Output;

    fn apply(&mut self, command: &Command) -> Output {
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
            Command::Etcd(request) => Output::Etcd(etcd::perform(&mut self.0, request)),
            Command::Get { .. }
            | Command::GetAll { .. }
            | Command::Count { .. }
            | Command::Length { .. } => self.read(command),
        }
    }

    fn is_read_only(command: &Command) -> bool {
        match command {
            Command::Get { .. }
            | Command::GetAll { .. }
            | Command::Count { .. }
            | Command::Length { .. } => true,
            Command::Etcd(request) => request.is_read_only(),
            _ => false,
        }
    }

    fn read(&self, command: &Command) -> Output {
        match command {
            Command::Get { key } => Output::Value(self.0.get(key).cloned()),
            Command::GetAll { keys } => self.get_all(keys),
            Command::Count { keys } => {
                Output::Number(keys.iter().filter(|key| self.0.contains_key(key)).count() as i64)
            }
            Command::Length { key } => {
                Output::Number(self.0.get(key).map_or(0, |value| value.len()) as i64)
            }
            Command::Etcd(request) if request.is_read_only() => {
                Output::Etcd(etcd::read(&self.0, request))
            }
            other => self.clone().apply(other),
        }
    }

    fn weight(command: &Command) -> usize {
        match command {
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
            Command::Etcd(request) => request.weight(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(keys: &[&str]) -> Vec<Text> {
        keys.iter().map(|key| Text::from(*key)).collect()
    }

    fn put_if(key: &str, exists: bool) -> Command {
        Command::PutIf { key: key.into(), value: "x".into(), exists }
    }

    fn exchange(key: &str, value: &str, exists: Option<bool>) -> Command {
        Command::Exchange { key: key.into(), value: value.into(), exists }
    }

    #[test]
    fn a_condition_decides_and_the_answer_says_what_was_there() {
        let mut kv = Kv::default();
        let value = |value: Option<&str>| Output::Value(value.map(Text::from));
        for (command, output) in [
            (put_if("a", true), Output::Tested { stored: false }),
            (put_if("a", false), Output::Tested { stored: true }),
            (put_if("a", false), Output::Tested { stored: false }),
            (put_if("a", true), Output::Tested { stored: true }),
            (exchange("a", "y", None), value(Some("x"))),
            (exchange("a", "z", Some(false)), value(Some("y"))),
            (get("a"), value(Some("y"))),
            (exchange("a", "z", Some(true)), value(Some("y"))),
            (exchange("b", "z", Some(true)), value(None)),
            (exchange("b", "z", Some(false)), value(None)),
            (get("b"), value(Some("z"))),
        ] {
            assert_eq!(kv.apply(&command), output, "{command:?}");
        }
    }

    #[test]
    fn several_keys_are_read_counted_and_removed_at_once() {
        let mut kv = Kv::default();
        kv.apply(&put("a", "one"));
        kv.apply(&put("b", "three"));
        let keys = texts(&["b", "none", "b"]);
        let (three, count) = (Some(Text::from("three")), Command::Count { keys: keys.clone() });
        let read = Command::GetAll { keys: keys.clone() };
        assert_eq!(kv.read(&read), Output::Values(vec![three.clone(), None, three]));
        assert_eq!(kv.apply(&count), Output::Number(2));
        assert_eq!(kv.read(&Command::Length { key: "b".into() }), Output::Number(5));
        assert_eq!(kv.read(&Command::Length { key: "none".into() }), Output::Number(0));
        assert_eq!(kv.apply(&Command::DeleteAll { keys }), Output::Number(1));
        assert_eq!(kv.apply(&count), Output::Number(0));
        let long = Text::from(&*vec![0; VALUE_MAX]);
        kv.apply(&Command::Put { key: "long".into(), value: long });
        let twice = Command::GetAll { keys: texts(&["long", "long"]) };
        assert!(matches!(kv.read(&twice), Output::Values(_)));
        let more = Command::GetAll { keys: texts(&["long", "a", "long"]) };
        assert_eq!(kv.read(&more), Output::Refused(Refused::TooLong));
    }

    #[test]
    fn only_a_number_that_is_written_as_one_is_added_to() {
        let mut kv = Kv::default();
        let add = |kv: &mut Kv, by| kv.apply(&Command::Add { key: "n".into(), by });
        assert_eq!(add(&mut kv, 5), Output::Number(5));
        assert_eq!(add(&mut kv, -7), Output::Number(-2));
        assert_eq!(add(&mut kv, i64::MIN), Output::Refused(Refused::Overflow));
        assert_eq!(kv.apply(&get("n")), Output::Value(Some("-2".into())));
        for wrong in ["", "+1", "01", "-0", " 1", "1 ", "1.0", "x", "9223372036854775808"] {
            kv.apply(&put("n", wrong));
            assert_eq!(add(&mut kv, 1), Output::Refused(Refused::NoNumber), "{wrong:?}");
            assert_eq!(kv.apply(&get("n")), Output::Value(Some(wrong.into())));
        }
    }

    #[test]
    fn a_value_grows_up_to_the_limit() {
        let mut kv = Kv::default();
        let append =
            |length| Command::Append { key: "a".into(), value: Text::from(&*vec![b'x'; length]) };
        assert_eq!(kv.apply(&append(0)), Output::Number(0));
        assert_eq!(kv.apply(&append(3)), Output::Number(3));
        let rest = VALUE_MAX - 3;
        assert_eq!(kv.apply(&append(rest)), Output::Number(VALUE_MAX as i64));
        assert_eq!(kv.apply(&append(1)), Output::Refused(Refused::TooLong));
        assert_eq!(kv.read(&Command::Length { key: "a".into() }), Output::Number(VALUE_MAX as i64));
    }

    #[test]
    fn what_older_builds_wrote_is_read_as_they_meant_it() {
        let bytes = |command: &Command| postcard::to_allocvec(command).unwrap();
        assert_eq!(bytes(&put("k", "v")), [0, 1, b'k', 1, b'v']);
        assert_eq!(bytes(&get("k")), [1, 1, b'k']);
        assert_eq!(bytes(&Command::Delete { key: "k".into() }), [3, 1, b'k']);
        let output = |output: &Output| postcard::to_allocvec(output).unwrap();
        assert_eq!(output(&Output::Deleted { existed: true }), [4, 1]);
        assert_eq!(output(&Output::Stored), [0]);
    }
}
