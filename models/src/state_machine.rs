//! What is replicated. A user's own state machine goes behind this trait and is then replicated by
//! the same code that was checked.

use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A plain value: comparable, hashable, sendable, storable.
pub trait Value:
    Clone + Debug + Eq + Ord + Hash + Send + Sync + Serialize + DeserializeOwned + 'static
{
}

impl<T> Value for T where
    T: Clone + Debug + Eq + Ord + Hash + Send + Sync + Serialize + DeserializeOwned + 'static
{
}

/// A deterministic state machine. `Default` is its state before the first command.
pub trait StateMachine:
    Clone + Debug + Default + Eq + Ord + Hash + Send + Sync + Serialize + DeserializeOwned + 'static
{
    type Command: Value;
    type Output: Value;

    /// Applies `command` and says what it returns. A function of its inputs: no clock, no
    /// randomness.
    fn apply(&mut self, command: &Self::Command) -> Self::Output;

    /// True if `command` changes nothing whatever the state.
    fn is_read_only(command: &Self::Command) -> bool;

    /// What `command` returns, which is read only.
    fn read(&self, command: &Self::Command) -> Self::Output {
        self.clone().apply(command)
    }

    /// `command` as a client submits it that was `told` the answers to its `past` commands. As it
    /// is by default: a command says nothing of what its client knows.
    fn informed(
        command: &Self::Command,
        _past: &[Self::Command],
        _told: &[Self::Output],
    ) -> Self::Command {
        command.clone()
    }

    /// The size of `command` in bytes, roughly; it bounds how much one message carries.
    fn weight(command: &Self::Command) -> usize;
}
