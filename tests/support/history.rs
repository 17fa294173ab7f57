//! What concurrent clients saw, for the linearizability check.

use quorate_checker::linearizability::{Intervals, check_parts, sequential};
use quorate_models::kv::{Command, Kv, Output, Text};
use quorate_models::state_machine::StateMachine;

/// All operations. Each is noted before it is sent and after it was answered, under one lock, so
/// that the intervals are longer than the real ones, never shorter. One that was not answered has
/// an unknown outcome: it may have taken effect at any time since, or may still.
#[derive(Default)]
pub struct History {
    operations: Intervals<Command, Output>,
    invoked: usize,
    answered: usize,
}

impl History {
    /// Notes that a client is about to send `command`; returns the operation's number.
    pub fn invoke(&mut self, command: Command) -> usize {
        self.invoked += 1;
        self.operations.invoke(command)
    }

    /// Notes what operation `number` returned.
    pub fn answer(&mut self, number: usize, output: Output) {
        self.answered += 1;
        self.operations.respond(number, output);
    }

    pub fn len(&self) -> usize {
        self.invoked
    }

    /// How many operations have an unknown outcome.
    pub fn unknown(&self) -> usize {
        self.invoked - self.answered
    }

    /// # Panics
    /// If no order of the operations explains what the clients saw.
    pub fn assert_linearizable(&self) {
        let apply = |store: &Kv, command: &Command| {
            let mut next = store.clone();
            let output = next.apply(command);
            (next, output)
        };
        let store = sequential(Kv::default(), apply).with_reads(Kv::is_read_only);
        let keys = self.operations.clone().partition(key);
        let wrong = check_parts(&store, &keys, None);
        assert!(wrong.is_none(), "not linearizable: {wrong:?} of {keys:?}");
    }
}

/// The key that an operation is about. Keys are independent of each other.
fn key(command: &Command) -> Text {
    let (Command::Put { key, .. }
    | Command::Get { key }
    | Command::Cas { key, .. }
    | Command::Delete { key }) = command
    else {
        panic!("no client here asks for {command:?}");
    };
    key.clone()
}
