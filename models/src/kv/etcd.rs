//! What clients of etcd ask for in one step: puts, ranges and deletions, alone or as a transaction.
//!
//! The words are those of etcd's API, version 3, and so is what they mean. The store keeps no
//! history: what was before the last revision is compacted, in its words. Revisions are numbered
//! once a request asks for it, as every one does that writes.

mod perform;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Text;
pub(super) use perform::{perform, read};

/// The bytes that a pair of an answer is counted for beside its key and its value. It bounds how
/// many pairs an answer has.
pub const PAIR: usize = 64;

/// A request, which is one command.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Request {
    /// One operation.
    Alone(Operation),
    /// Several, by a condition.
    Txn(Txn),
    /// Begins to number revisions, if they are not: answered as a transaction of nothing.
    Number,
}

/// What is done, or read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operation {
    /// Sets `key` to `value`: [`Body::Put`].
    Put {
        key: Text,
        value: Text,
        /// Whether the answer has what there was.
        previous: bool,
    },
    /// Reads: [`Body::Range`].
    Range(Range),
    /// Removes the keys: [`Body::Deleted`].
    Delete {
        keys: Span,
        /// Whether the answer has what there was.
        previous: bool,
    },
}

/// A key, or the keys from one on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first key.
    pub key: Text,
    /// The first key behind the last one. If it is empty, there is only the first; if it is a zero
    /// byte, there is no last one.
    pub end: Text,
}

/// What is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Range {
    /// The keys.
    pub keys: Span,
    /// At most so many pairs are answered; 0: all.
    pub limit: u64,
    /// The only revision at which the answer is wanted; 0: the last, whichever that is.
    pub revision: u64,
    /// By what the pairs are ordered, before they are limited.
    pub order_by: Field,
    /// Whether the largest is first.
    pub descending: bool,
    /// Whether values are left out.
    pub keys_only: bool,
    /// Whether pairs are left out.
    pub count_only: bool,
}

/// What pairs are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Field {
    Key,
    Version,
    Created,
    Modified,
    Value,
}

/// Operations by a condition, at one moment.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Txn {
    /// What must all be true.
    pub compare: Vec<Compare>,
    /// What is done, one after the other, if it is.
    pub success: Vec<Operation>,
    /// And if it is not.
    pub failure: Vec<Operation>,
}

/// A condition, which all of `keys` must meet. If none of them is there, it is that of a key whose
/// numbers are 0, and which has no value: nothing that is said of that is true.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Compare {
    pub keys: Span,
    pub relation: Relation,
    pub target: Target,
}

/// How what there is relates to what is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Relation {
    Equal,
    Greater,
    Less,
    NotEqual,
}

/// What is compared, and with what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Target {
    Version(i64),
    Created(i64),
    Modified(i64),
    Value(Text),
}

/// What a request returns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Answer {
    /// The revision of the store then.
    pub revision: u64,
    /// What was asked for.
    pub body: Body,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Body {
    /// A put took effect. What there was, if that is wanted and there was something.
    Put { previous: Option<Pair> },
    /// A range.
    Range {
        pairs: Vec<Pair>,
        /// Whether the limit left some out.
        more: bool,
        /// How many keys there are, whatever the limit.
        count: u64,
    },
    /// A deletion: how many keys there were, and what they held if that is wanted.
    Deleted { count: u64, previous: Vec<Pair> },
    /// A transaction: whether its condition was true, and what each operation returned.
    Txn { succeeded: bool, answers: Vec<Answer> },
}

/// A key and what it holds, or held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pair {
    pub key: Text,
    /// Empty if it is left out.
    pub value: Text,
    /// The revision at which the key came to be.
    pub created: u64,
    /// The revision at which it was written last.
    pub modified: u64,
    /// How often it was written since it came to be.
    pub version: u64,
}

/// Why a request changed nothing, no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// The answer would have more than [`READ_MAX`](super::READ_MAX) bytes, each pair counted for
    /// [`PAIR`] beside what it holds.
    TooLong,
    /// The revision is over.
    Compacted,
    /// The revision is yet to come.
    Future,
    /// Revisions are not numbered, and a read does not begin with it: [`Request::Number`] does.
    Unnumbered,
}

impl Request {
    /// True if it changes nothing whatever the state.
    pub fn is_read_only(&self) -> bool {
        match self {
            Request::Alone(operation) => operation.is_range(),
            Request::Txn(Txn { success, failure, .. }) => {
                success.iter().chain(failure).all(Operation::is_range)
            }
            Request::Number => false,
        }
    }

    /// Its size in bytes, roughly.
    pub fn weight(&self) -> usize {
        match self {
            Request::Alone(operation) => operation.weight(),
            Request::Txn(Txn { compare, success, failure }) => {
                let operations = success.iter().chain(failure).map(Operation::weight);
                compare.iter().map(Compare::weight).chain(operations).sum()
            }
            Request::Number => 1,
        }
    }
}

impl Operation {
    fn is_range(&self) -> bool {
        matches!(self, Operation::Range(_))
    }

    fn weight(&self) -> usize {
        match self {
            Operation::Put { key, value, .. } => key.len() + value.len() + 8,
            Operation::Range(Range { keys, .. }) => keys.weight() + 24,
            Operation::Delete { keys, .. } => keys.weight(),
        }
    }
}

impl Compare {
    fn weight(&self) -> usize {
        let target = if let Target::Value(value) = &self.target { value.len() } else { 8 };
        self.keys.weight() + target
    }
}

impl Span {
    /// Whether `key` is one of them.
    pub fn contains(&self, key: &[u8]) -> bool {
        match &*self.end {
            b"" => *key == *self.key,
            b"\0" => *key >= *self.key,
            end => *key >= *self.key && key < end,
        }
    }

    fn weight(&self) -> usize {
        self.key.len() + self.end.len() + 8
    }
}

/// As it stands in a log.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Alone(operation) => write!(f, "{operation:?}"),
            Request::Txn(txn) => write!(f, "{txn:?}"),
            Request::Number => f.write_str("number revisions"),
        }
    }
}

impl fmt::Debug for Txn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Txn { compare, success, failure } = self;
        write!(f, "if {compare:?} {success:?} else {failure:?}")
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operation::Put { key, value, .. } => write!(f, "put {key:?}={value:?}"),
            Operation::Range(Range { keys, .. }) => write!(f, "range {keys:?}"),
            Operation::Delete { keys, .. } => write!(f, "delete {keys:?}"),
        }
    }
}

impl fmt::Debug for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Compare { keys, relation, target } = self;
        write!(f, "{keys:?}: {relation:?} {target:?}")
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.end {
            b"" => write!(f, "{:?}", self.key),
            b"\0" => write!(f, "{:?}..", self.key),
            _ => write!(f, "{:?}..{:?}", self.key, self.end),
        }
    }
}
