//! What a handler did, and what that does to the actor and to the network.

use stateright::actor::{Actor, Command};

use super::parts::{CommandOf, Event, Explorable, History, Local, NO_FAULT, NOTHING, Parts};

/// What an actor's handler did.
pub(super) struct Reaction<A: Actor> {
    pub actor: usize,
    pub event: Event,
    /// The actor's state before.
    pub before: u32,
    /// Its state after, if it touched it.
    pub after: Option<u32>,
    pub commands: Box<[CommandOf<A>]>,
    /// Among [`Parts::faults`].
    pub fault: u32,
}

/// What a step does to the actor that takes it and to the network, apart from the message that it
/// takes out.
#[derive(Debug)]
pub(super) struct Effect {
    pub reaction: u32,
    /// The actor's own after the step.
    pub local: u32,
    /// Its state after the step.
    pub state: u32,
    /// What it sends to itself, as an inbox.
    pub own: u32,
    /// What it sends to others, among [`Parts::posts`].
    pub post: u32,
    pub fault: u32,
    /// By Stateright's rules nothing has happened.
    pub is_ignored: bool,
}

/// The reaction of an actor that was not asked.
pub(super) const SILENT: u32 = u32::MAX;

impl<A: Explorable> Reaction<A> {
    /// True if by Stateright's rules nothing has happened: the state was not touched and nothing
    /// commanded, except to set again the timer that fired.
    pub fn is_ignored<G: History>(&self, parts: &Parts<A, G>) -> bool {
        let is_quiet = match (self.event, &*self.commands) {
            (Event::Deliver(_), []) => true,
            (Event::Timeout(timer), [Command::SetTimer(set, _)]) => set == parts.timer.get(timer),
            _ => false,
        };
        is_quiet && self.after.is_none() && self.fault == NO_FAULT
    }
}

impl<A: Actor> Reaction<A> {
    /// True if nothing changes and nothing is said.
    pub fn does_nothing(&self) -> bool {
        let is_touched = self.after.is_some_and(|after| after != self.before);
        !is_touched && self.commands.is_empty() && self.fault == NO_FAULT
    }
}

impl Effect {
    /// No more than that the actor is now as `local` says.
    pub fn silent<A: Explorable, G: History>(parts: &Parts<A, G>, local: Local) -> Self {
        Effect {
            reaction: SILENT,
            local: parts.locals.intern(local),
            state: local.state,
            own: NOTHING,
            post: NOTHING,
            fault: NO_FAULT,
            is_ignored: false,
        }
    }
}

/// What became of a ghost that saw a reaction: the ghost after it, and its fault.
pub(super) type Seen = (u32, u32);
