//! What concurrent clients saw: the input of a linearizability check.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use quorate_models::kv::{Command, Kv, Output, Text};
use quorate_models::state_machine::StateMachine;

/// One operation of one client.
#[derive(Clone, Debug)]
pub struct Operation {
    pub client: u64,
    pub command: Command,
    /// When it was called, since the history began.
    pub invoked: Duration,
    /// When it returned, and what. `None` if the outcome is unknown: it may have taken effect at any
    /// time since, or may still.
    pub returned: Option<(Duration, Output)>,
}

/// All operations, in the order of their calls.
pub struct History {
    began: Instant,
    operations: Vec<Operation>,
}

impl Default for History {
    fn default() -> Self {
        History {
            began: Instant::now(),
            operations: Vec::new(),
        }
    }
}

impl History {
    /// Notes that `client` calls `command`; returns the operation's number.
    pub fn invoke(&mut self, client: u64, command: Command) -> usize {
        let invoked = self.began.elapsed();
        self.operations.push(Operation {
            client,
            command,
            invoked,
            returned: None,
        });
        self.operations.len() - 1
    }

    /// Notes what operation `number` returned.
    pub fn answer(&mut self, number: usize, output: Output) {
        self.operations[number].returned = Some((self.began.elapsed(), output));
    }

    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// How many operations have an unknown outcome.
    pub fn unknown(&self) -> usize {
        self.operations
            .iter()
            .filter(|operation| operation.returned.is_none())
            .count()
    }

    /// The operations on each key, in the order of their calls. Keys are independent, so a history is
    /// linearizable if each of these is. A read that was not answered says nothing and is left out.
    pub fn by_key(&self) -> BTreeMap<Text, Vec<Operation>> {
        let mut keys: BTreeMap<Text, Vec<Operation>> = BTreeMap::new();
        for operation in &self.operations {
            if operation.returned.is_none() && Kv::is_read_only(&operation.command) {
                continue;
            }
            let (Command::Put { key, .. }
            | Command::Get { key }
            | Command::Cas { key, .. }
            | Command::Delete { key }) = &operation.command;
            keys.entry(key.clone()).or_default().push(operation.clone());
        }
        keys
    }

    /// # Panics
    /// If no order of the operations explains what the clients saw.
    pub fn assert_linearizable(&self) {
        for (key, operations) in self.by_key() {
            assert!(is_linearizable(&operations), "{key:?}: {operations:#?}");
        }
    }
}

/// Whether some order of `operations`, all of one key, explains every answer. A depth-first search
/// over sets of operations that have taken effect, remembering the dead ends.
fn is_linearizable(operations: &[Operation]) -> bool {
    // The set as "all before `low`, and these": few operations overlap, so that is short.
    type Done = (usize, BTreeSet<usize>);
    let mut seen: BTreeSet<(Done, Kv)> = BTreeSet::new();
    let mut open: Vec<(Done, Kv)> = vec![((0, BTreeSet::new()), Kv::default())];
    while let Some(((low, done), state)) = open.pop() {
        if !seen.insert(((low, done.clone()), state.clone())) {
            continue;
        }
        let rest = || (low..operations.len()).filter(|number| !done.contains(number));
        // Nothing takes effect after something else returned that has not taken effect.
        let returns = |number: usize| operations[number].returned.as_ref().map(|(at, _)| *at);
        let Some(first_return) = rest().filter_map(returns).min() else {
            return true;
        };
        for number in rest().take_while(|n| operations[*n].invoked <= first_return) {
            let mut next = state.clone();
            let output = next.apply(&operations[number].command);
            if operations[number]
                .returned
                .as_ref()
                .is_some_and(|(_, seen)| *seen != output)
            {
                continue;
            }
            let (mut low, mut done) = (low, done.clone());
            done.insert(number);
            while done.remove(&low) {
                low += 1;
            }
            open.push(((low, done), next));
        }
    }
    false
}
