//! One handler call of one server: the state it may change and what it says. All of it is held back
//! until the end, so that whatever is saved is saved before anything is sent.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use stateright::actor::{Actor, Id, Out};

use crate::service::{Answer, Message, OutputOf, Reply, Sequence, Service, Session};

/// An actor that keeps what survives a crash in one part of its state.
pub trait Stored: Actor {
    /// That part of `state`, to change it.
    fn storage_mut(state: &mut Self::State) -> &mut Self::Storage;

    /// What is written when that part has changed: all of it, but for what a suspended rule keeps.
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
    storage_changed: bool,
    timers: Vec<(A::Timer, Option<Range<Duration>>)>,
    sends: Vec<(Id, A::Msg)>,
}

impl<'a, 's, A: Actor> Step<'a, 's, A> {
    /// Nothing is changed and nothing said yet.
    pub fn new(server: &'a A, id: Id, state: &'a mut Cow<'s, A::State>) -> Self {
        Step { server, id, state, storage_changed: false, timers: vec![], sends: vec![] }
    }

    pub fn state(&self) -> &A::State {
        self.state
    }

    /// The volatile part, to change it. What survives a crash is changed through
    /// [`Step::storage_mut`].
    pub fn state_mut(&mut self) -> &mut A::State {
        self.state.to_mut()
    }

    /// The part that survives a crash, to change it. It is saved when the step ends.
    pub fn storage_mut(&mut self) -> &mut A::Storage
    where
        A: Stored,
    {
        self.storage_changed = true;
        A::storage_mut(self.state.to_mut())
    }

    /// The timer fires at a moment of `range` from now, unless it is set again before.
    pub fn set_timer(&mut self, timer: A::Timer, range: Range<Duration>) {
        self.timers.push((timer, Some(range)));
    }

    pub fn cancel_timer(&mut self, timer: A::Timer) {
        self.timers.push((timer, None));
    }

    /// Ends the step: saves, sets timers, sends, in this order.
    pub fn finish(self, out: &mut Out<A>)
    where
        A: Stored,
    {
        let storage = self.storage_changed.then(|| self.server.to_save(self.state));
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
        self.sends.push((to, Message::Peer(message)));
    }

    /// Answers a client's command.
    pub fn answer(&mut self, session: Session, sequence: Sequence, answer: Answer<OutputOf<A>>) {
        let reply = Reply { session, sequence, answer };
        self.sends.push((session.client(), Message::Reply(reply)));
    }
}
