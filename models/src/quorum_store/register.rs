//! Registers: what is read as a whole and written as a whole.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kv::{Command, Kv, Output, Refused, Text};
use crate::number::Index;
use crate::service::Session;
use crate::state_machine::{StateMachine, Value};

/// A machine some of whose commands read or write a single register.
pub trait Registers: StateMachine {
    /// The name of a register.
    type Key: Value;
    /// What it holds; the default if nobody has written it.
    type Content: Value + Default;

    /// What `command` does to which register; `None` if it does anything else.
    fn access(command: &Self::Command) -> Option<Access<Self::Key, Self::Content>>;

    /// What a read returns of a register that holds this.
    fn read_of(content: Self::Content) -> Self::Output;

    /// What a write returns.
    fn written() -> Self::Output;

    /// What a command returns that does anything else.
    fn refused() -> Self::Output;

    /// The size of a register in bytes, roughly; it bounds how many one message carries.
    fn size(key: &Self::Key, content: &Self::Content) -> usize;
}

/// What a command does to a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access<K, V> {
    Read(K),
    Write(K, V),
}

impl Registers for Kv {
    type Key = Text;
    type Content = Option<Text>;

    fn access(command: &Command) -> Option<Access<Text, Option<Text>>> {
        match command {
            Command::Get { key } => Some(Access::Read(key.clone())),
            Command::Put { key, value } => Some(Access::Write(key.clone(), Some(value.clone()))),
            _ => None,
        }
    }

    fn read_of(content: Option<Text>) -> Output {
        Output::Value(content)
    }

    fn written() -> Output {
        Output::Stored
    }

    fn refused() -> Output {
        Output::Refused(Refused::NoRegister)
    }

    fn size(key: &Text, content: &Option<Text>) -> usize {
        key.len() + content.as_ref().map_or(0, |value| value.len())
    }
}

/// Which of two writes is the later one: the one of the greater number, and of two of one number
/// that of the greater writer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tag {
    pub number: Index,
    pub writer: Session,
}

impl Tag {
    /// Of what nobody has written.
    pub const NONE: Tag = Tag { number: Index::ZERO, writer: Session(0) };
}

/// As `2.5`: the number and the writer.
impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}.{}", self.number, self.writer.0)
    }
}

/// What a register holds, and which write that is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tagged<V> {
    pub tag: Tag,
    pub content: V,
}

impl<V: Default> Default for Tagged<V> {
    fn default() -> Self {
        Tagged { tag: Tag::NONE, content: V::default() }
    }
}

impl<V: fmt::Debug> fmt::Debug for Tagged<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{:?}", self.tag, self.content)
    }
}
