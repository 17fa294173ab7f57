//! Actors made of tables that know each other by name and treat all names alike.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use stateright::actor::{Actor, Id, Out};

use crate::toy::{Cause, PANIC};

/// A number, and perhaps somebody's name.
pub type Named = (u8, Option<Id>);

/// What a peer makes of what happens to it.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Touches the state, be it to write what was there before.
    pub state: Option<u8>,
    pub deeds: Vec<Deed>,
    pub panics: bool,
    /// Names itself when it panics.
    pub says_who: bool,
}

/// Whoever is told, named or befriended is so for what he did, never for his name. Who is heard is
/// the sender, or the name that a timer or a choice bears.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// To all other peers, with the friend's name.
    Broadcast(u8),
    /// To whom it hears, with the name it was told.
    Reply(u8),
    /// To its friend, with the name of whom it hears.
    Tell(u8),
    Set(u8),
    /// A timer that bears the friend's name.
    Watch(u8),
    Cancel(u8),
    /// Between a number and the next, both with the friend's name.
    Choose(u8),
    Save,
    /// Whom it hears becomes its friend, or who was named, or nobody.
    Befriend,
    Introduce,
    Forget,
}

/// An actor that looks up what to do, by its state's number and what happens to it.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// The first so many actors are peers.
    pub peers: usize,
    pub start: Vec<Deed>,
    pub answers: BTreeMap<(u8, Cause), Answer>,
}

impl Peer {
    /// Adds an answer.
    pub fn on(mut self, state: u8, cause: Cause, next: u8, deeds: &[Deed]) -> Self {
        let answer = Answer { state: Some(next), deeds: deeds.to_vec(), ..Answer::default() };
        self.answers.insert((state, cause), answer);
        self
    }

    fn answer(
        &self,
        id: Id,
        state: &mut Cow<'_, Named>,
        cause: Cause,
        (heard, named): (Option<Id>, Option<Id>),
        out: &mut Out<Self>,
    ) {
        let Some(answer) = self.answers.get(&(state.0, cause)) else { return };
        for deed in &answer.deeds {
            match deed {
                Deed::Befriend => state.to_mut().1 = heard,
                Deed::Introduce => state.to_mut().1 = named,
                Deed::Forget => state.to_mut().1 = None,
                deed => self.carry_out(*deed, id, **state, (heard, named), out),
            }
        }
        if let Some(next) = answer.state {
            state.to_mut().0 = next;
        }
        assert!(!(answer.panics && answer.says_who), "{PANIC}: {id:?}");
        assert!(!answer.panics, "{PANIC}");
    }

    fn carry_out(
        &self,
        deed: Deed,
        id: Id,
        state: Named,
        (heard, named): (Option<Id>, Option<Id>),
        out: &mut Out<Self>,
    ) {
        let friend = state.1;
        let mut send =
            |to: Option<Id>, message| to.into_iter().for_each(|to| out.send(to, message));
        match deed {
            Deed::Broadcast(message) => {
                let others = (0..self.peers).map(Id::from).filter(|other| *other != id);
                others.for_each(|other| send(Some(other), (message, friend)));
            }
            Deed::Reply(message) => send(heard, (message, named)),
            Deed::Tell(message) => send(friend, (message, heard)),
            Deed::Set(timer) => out.set_timer((timer, None), Duration::ZERO..Duration::ZERO),
            Deed::Watch(timer) => out.set_timer((timer, friend), Duration::ZERO..Duration::ZERO),
            Deed::Cancel(timer) => out.cancel_timer((timer, friend)),
            Deed::Choose(choice) => {
                out.choose_random("choice", vec![(choice, friend), (choice + 1, friend)]);
            }
            Deed::Save => out.save(state),
            Deed::Befriend | Deed::Introduce | Deed::Forget => {}
        }
    }
}

impl Actor for Peer {
    type Msg = Named;
    type Timer = Named;
    type State = Named;
    type Storage = Named;
    type Random = Named;

    fn on_start(&self, id: Id, storage: &Option<Named>, out: &mut Out<Self>) -> Named {
        let state = storage.unwrap_or((0, None));
        self.start.iter().for_each(|deed| self.carry_out(*deed, id, state, (None, None), out));
        state
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, Named>,
        src: Id,
        (message, named): Named,
        out: &mut Out<Self>,
    ) {
        self.answer(id, state, Cause::Message(message), (Some(src), named), out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, Named>, timer: &Named, out: &mut Out<Self>) {
        self.answer(id, state, Cause::Timer(timer.0), (timer.1, None), out);
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, Named>, random: &Named, out: &mut Out<Self>) {
        self.answer(id, state, Cause::Choice(random.0), (random.1, None), out);
    }
}
