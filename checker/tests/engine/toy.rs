//! Actors made of tables.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use stateright::actor::{Actor, Id, Out};

/// What happens to a toy: a message, a timer or a choice, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    Message(u8),
    Timer(u8),
    Choice(u8),
}

/// What a toy makes of it.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Touches the state, be it to write what was there before.
    pub state: Option<u8>,
    pub commands: Vec<Order>,
    pub panics: bool,
    /// Does not return.
    pub hangs: bool,
}

/// What a toy commands: Stateright's own commands cannot be cloned.
#[derive(Clone, Debug)]
pub enum Order {
    Send(usize, u8),
    Set(u8),
    Cancel(u8),
    Choose(&'static str, Vec<u8>),
    Save(u8),
}

/// An actor that looks up what to do, by its state and what happens to it.
#[derive(Clone, Debug, Default)]
pub struct Toy {
    pub start: Vec<Order>,
    pub answers: BTreeMap<(u8, Cause), Answer>,
}

/// What a toy says when its table tells it to panic.
pub const PANIC: &str = "as the table says";

impl Toy {
    /// Adds an answer.
    pub fn on(mut self, state: u8, cause: Cause, next: u8, commands: &[Order]) -> Self {
        let commands = commands.to_vec();
        let answer = Answer { state: Some(next), commands, ..Answer::default() };
        self.answers.insert((state, cause), answer);
        self
    }

    /// Adds what it does at the start.
    pub fn starting(mut self, commands: &[Order]) -> Self {
        self.start = commands.to_vec();
        self
    }

    fn answer(&self, state: &mut Cow<'_, u8>, cause: Cause, out: &mut Out<Self>) {
        if let Some(answer) = self.answers.get(&(**state, cause)) {
            if answer.hangs {
                hang()
            }
            answer.commands.iter().for_each(|order| command(order, out));
            if let Some(next) = answer.state {
                *state.to_mut() = next;
            }
            assert!(!answer.panics, "{PANIC}");
        }
    }
}

/// Does not return, and takes no time from other tests.
pub fn hang<T>() -> T {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

fn command(order: &Order, out: &mut Out<Toy>) {
    match order {
        Order::Send(to, message) => out.send(Id::from(*to), *message),
        Order::Set(timer) => out.set_timer(*timer, Duration::ZERO..Duration::ZERO),
        Order::Cancel(timer) => out.cancel_timer(*timer),
        Order::Choose(key, choices) => out.choose_random(*key, choices.clone()),
        Order::Save(storage) => out.save(*storage),
    }
}

impl Actor for Toy {
    type Msg = u8;
    type Timer = u8;
    type State = u8;
    type Storage = u8;
    type Random = u8;

    fn on_start(&self, _id: Id, storage: &Option<u8>, out: &mut Out<Self>) -> u8 {
        self.start.iter().for_each(|order| command(order, out));
        storage.unwrap_or(0)
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, u8>, _: Id, msg: u8, out: &mut Out<Self>) {
        self.answer(state, Cause::Message(msg), out);
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, u8>, timer: &u8, out: &mut Out<Self>) {
        self.answer(state, Cause::Timer(*timer), out);
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, u8>, random: &u8, out: &mut Out<Self>) {
        self.answer(state, Cause::Choice(*random), out);
    }
}
