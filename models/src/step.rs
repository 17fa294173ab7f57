//! One handler call of one server: the state it may change and what it says. All of it is held back
//! until the end, so that whatever is saved is saved before anything is sent.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use stateright::actor::{Actor, Id, Out};

use crate::order::{Order, Outcome, Refusal};
use crate::service::{Answer, Message, OutputOf, Reply, Request, Sequence, Service, Session};

/// An actor that keeps something that survives a crash.
pub trait Stored: Actor {
    /// What is written of `state`: whatever survives a crash, but for what a suspended rule keeps.
    fn to_save(&self, state: &Self::State) -> Self::Storage;

    /// True if it is written before anything is sent. False only where that rule is suspended.
    fn saves_first(&self) -> bool;
}

/// What a handler works on.
pub struct Step<'a, 's, A: Actor> {
    /// The actor itself: how it is set up.
    pub server: &'a A,
    pub id: Id,
    state: &'a mut Cow<'s, A::State>,
    must_save: bool,
    timers: Vec<(A::Timer, Option<Range<Duration>>)>,
    choices: Vec<(&'static str, Vec<A::Random>)>,
    sends: Vec<(Id, A::Msg)>,
}

impl<'a, 's, A: Actor> Step<'a, 's, A> {
    /// Nothing is changed and nothing said yet.
    pub fn new(server: &'a A, id: Id, state: &'a mut Cow<'s, A::State>) -> Self {
        let (timers, choices, sends) = (vec![], vec![], vec![]);
        Step { server, id, state, must_save: false, timers, choices, sends }
    }

    pub fn state(&self) -> &A::State {
        self.state
    }

    /// The state, to change it. Whoever changes what survives a crash asks for it to be saved.
    pub fn state_mut(&mut self) -> &mut A::State {
        self.state.to_mut()
    }

    /// What survives a crash is saved when the step ends.
    pub fn save(&mut self) {
        self.must_save = true;
    }

    /// The timer fires at a moment of `range` from now, unless it is set again before.
    pub fn set_timer(&mut self, timer: A::Timer, range: Range<Duration>) {
        self.timers.push((timer, Some(range)));
    }

    pub fn cancel_timer(&mut self, timer: A::Timer) {
        self.timers.push((timer, None));
    }

    /// One of `choices` is chosen at random, and is handed back at once. One choice is open under a
    /// key: a second takes the place of the first.
    pub fn choose(&mut self, key: &'static str, choices: Vec<A::Random>) {
        self.choices.push((key, choices));
    }

    /// Sends any message of the actor's. A protocol with clients has more words for it.
    pub fn say(&mut self, to: Id, message: A::Msg) {
        self.sends.push((to, message));
    }

    /// Ends the step: saves, sets timers, asks for choices, sends, in this order.
    pub fn finish(self, out: &mut Out<A>)
    where
        A: Stored,
    {
        let storage = self.must_save.then(|| self.server.to_save(self.state));
        let (before, after) =
            if self.server.saves_first() { (storage, None) } else { (None, storage) };
        if let Some(storage) = before {
            out.save(storage);
        }
        for (timer, range) in self.timers {
            match range {
                Some(range) => out.set_timer(timer, range),
                None => out.cancel_timer(timer),
            }
        }
        for (key, choices) in self.choices {
            out.choose_random(key, choices);
        }
        for (to, message) in self.sends {
            out.send(to, message);
        }
        if let Some(storage) = after {
            out.save(storage);
        }
    }
}

impl<A: Service> Step<'_, '_, A> {
    /// Sends a message to another server.
    pub fn send(&mut self, to: Id, message: A::Peer) {
        self.say(to, Message::Peer(message));
    }

    /// Answers a client's command.
    pub fn answer(&mut self, session: Session, sequence: Sequence, answer: Answer<OutputOf<A>>) {
        let reply = Reply { session, sequence, answer };
        self.say(session.client(), Message::Reply(reply));
    }

    /// Answers an operator's order.
    pub fn answer_order(&mut self, session: Session, sequence: Sequence, answer: Answer<Outcome>) {
        let reply = Reply { session, sequence, answer };
        self.say(session.client(), Message::OrderReply(reply));
    }

    /// Refuses an order, as a protocol does that knows none like it.
    pub fn refuse_order(&mut self, order: &Request<Order>) {
        let answer = Answer::done(Err(Refusal::UnknownOrder));
        self.answer_order(order.session, order.sequence, answer);
    }
}
