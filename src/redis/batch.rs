//! What a client has asked for that goes to the cluster as one command, and what it is answered.

use quorate_models::kv::{Batch as Many, Command, Output, Single};

use super::counters::{Counters, Outcome};
use super::reply::{self, Shape};
use crate::node::client::{CallError, Returned};

/// So many commands go in one at most. More of them would hold up others, and each server remembers
/// what all of them returned until the client's next.
const COMMANDS: usize = 256;

/// With so many bytes it is sent, one command more than fits included: with the largest request it
/// is still below what one message to the cluster may have.
const BYTES: usize = 256 << 10;

/// What a command holds beside its keys and values, in bytes, roughly.
const OVERHEAD: usize = 128;

/// One of the answers that a client waits for, or several.
enum Slot {
    /// It is known already.
    Said(Vec<u8>),
    /// It is what the cluster answers to the next command, shown so.
    Asked(Shape),
}

/// Commands that take effect at one moment, with what else is to be answered between them.
#[derive(Default)]
pub(super) struct Batch {
    commands: Vec<Single>,
    slots: Vec<Slot>,
    /// It is a transaction, with one answer.
    whole: bool,
    bytes: usize,
}

impl Batch {
    /// The beginning of a transaction.
    pub fn transaction() -> Self {
        Batch { whole: true, ..Batch::default() }
    }

    /// Nothing is to be asked or answered.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Nothing more is to be put in.
    pub fn is_full(&self) -> bool {
        self.whole || self.commands.len() >= COMMANDS || self.bytes >= BYTES
    }

    /// How many bytes it holds.
    pub fn held(&self) -> usize {
        self.bytes
    }

    /// How many bytes it holds more once `command` is in it.
    pub fn cost(command: &Single) -> usize {
        command.weight() + OVERHEAD
    }

    /// Puts a command in, whose answer is shown so.
    pub fn ask(&mut self, command: Single, shape: Shape) {
        self.bytes += Self::cost(&command);
        self.commands.push(command);
        self.slots.push(Slot::Asked(shape));
    }

    /// What is to be answered after that.
    pub fn say(&mut self, said: &[u8]) {
        self.bytes += said.len();
        match self.slots.last_mut() {
            Some(Slot::Said(before)) => before.extend_from_slice(said),
            _ => self.slots.push(Slot::Said(said.to_vec())),
        }
    }

    /// Ends a transaction, which has so many answers in one.
    pub fn exec(&mut self, answers: usize) {
        let mut head = Vec::new();
        reply::array(&mut head, answers);
        self.slots.insert(0, Slot::Said(head));
    }

    /// What the cluster is to be asked, if anything. One command is asked as it is.
    pub fn request(&self) -> Option<Command> {
        match &*self.commands {
            [] => None,
            [single] => Some(single.clone().into()),
            all => Some(Command::Batch(Many { commands: all.to_vec(), whole: self.whole })),
        }
    }

    /// Whether nothing is changed by what is asked.
    pub fn only_reads(&self) -> bool {
        self.commands.iter().all(Single::only_reads)
    }

    /// Appends what is to be answered, now that the cluster has, and leaves what is to be asked
    /// again: answers are only so long.
    pub fn answered(
        &mut self,
        out: &mut Vec<u8>,
        answered: &Result<Returned<Output>, CallError>,
        counters: &mut Counters,
    ) {
        match answered {
            Ok(Returned::Output(Output::Batch(outputs))) => self.tell(out, outputs, counters),
            Ok(Returned::Output(output)) => self.tell(out, std::slice::from_ref(output), counters),
            Ok(Returned::Outcome(_)) => unreachable!("no client gives orders"),
            Err(problem) => self.fail(out, counters, |shape| reply::unanswered(problem, shape)),
        }
    }

    /// Appends what is known without the cluster: all, if nothing is to be asked of it.
    pub fn tell_alone(&mut self, out: &mut Vec<u8>, counters: &mut Counters) {
        self.tell::<()>(out, &[], counters);
    }

    /// The cluster is not asked, for `problem`.
    pub fn refuse(&mut self, out: &mut Vec<u8>, problem: &str, counters: &mut Counters) {
        let is_busy = problem.starts_with("BUSY");
        let outcome = if is_busy { Outcome::Busy } else { Outcome::Error };
        self.fail(out, counters, |_| (problem.to_owned(), outcome));
    }

    fn tell<O>(&mut self, out: &mut Vec<u8>, outputs: &[Output<O>], counters: &mut Counters) {
        let mut left = outputs.iter();
        let told = self.slots.iter().take_while(|slot| match slot {
            Slot::Said(bytes) => {
                out.extend_from_slice(bytes);
                true
            }
            Slot::Asked(shape) => left
                .next()
                .map(|output| counters.note(reply::output(out, output, *shape), 1))
                .is_some(),
        });
        let told = told.count();
        self.slots.drain(..told);
        self.commands.drain(..outputs.len().min(self.commands.len()));
        self.bytes = self.commands.iter().map(Self::cost).sum();
    }

    /// Appends an error for each command, or for all of a transaction.
    fn fail(
        &mut self,
        out: &mut Vec<u8>,
        counters: &mut Counters,
        problem: impl Fn(Shape) -> (String, Outcome),
    ) {
        let whole = std::mem::take(self);
        if whole.whole {
            let shape = Shape { only_reads: whole.only_reads(), ..Shape::default() };
            let (problem, outcome) = problem(shape);
            reply::error(out, &problem);
            return counters.note(outcome, whole.commands.len());
        }
        for slot in whole.slots {
            match slot {
                Slot::Said(bytes) => out.extend_from_slice(&bytes),
                Slot::Asked(shape) => {
                    let (problem, outcome) = problem(shape);
                    reply::error(out, &problem);
                    counters.note(outcome, 1);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quorate_models::kv::SingleOutput;

    use super::*;

    /// A client that asks, or is told something at once.
    fn filled(asks: &[Option<u8>]) -> Batch {
        let mut batch = Batch::default();
        for ask in asks {
            match ask {
                None => batch.ask(Command::Get { key: "k".into() }, Shape::default()),
                Some(byte) => batch.say(&[*byte]),
            }
        }
        batch
    }

    #[test]
    fn one_command_is_asked_as_it_is() {
        let get = Command::Get { key: "k".into() };
        assert_eq!(filled(&[Some(b'a'), None]).request(), Some(get));
        assert_eq!(filled(&[Some(b'a')]).request(), None);
        assert!(matches!(filled(&[None, None]).request(), Some(Command::Batch(_))));
    }

    proptest! {
        #[test]
        fn answers_come_in_order_however_many_come_at_a_time(
            asks in prop::collection::vec(prop::option::of(b'a'..=b'z'), 0..40),
            at_a_time in 1_usize..10,
        ) {
            let mut expected = String::new();
            for (at, ask) in asks.iter().enumerate() {
                match ask {
                    None => expected += &format!(":{at}\r\n"),
                    Some(byte) => expected.push(char::from(*byte)),
                }
            }
            let numbers = asks.iter().enumerate().filter(|(_, ask)| ask.is_none());
            let outputs: Vec<SingleOutput> =
                numbers.map(|(at, _)| Output::Number(at as i64)).collect();
            let (mut batch, mut out) = (filled(&asks), Vec::new());
            let mut counters = Counters::default();
            for outputs in outputs.chunks(at_a_time) {
                prop_assert!(batch.request().is_some() && !batch.is_empty());
                batch.tell(&mut out, outputs, &mut counters);
            }
            batch.tell_alone(&mut out, &mut counters);
            prop_assert!(batch.is_empty());
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
            prop_assert_eq!(counters.done as usize, outputs.len());
        }
    }
}
