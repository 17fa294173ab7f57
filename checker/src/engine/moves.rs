//! What an actor may do next, given its own and what is in flight to it.

use super::arrivals::Arrivals;
use super::kind::{Kind, action};
use super::parts::{Explorable, History, NO_FAULT, NOTHING, Parts};
use super::reaction::{Effect, SILENT};
use crate::spec::ActionOf;

/// A step that one seat offers.
#[derive(Debug)]
pub(super) struct Move {
    pub kind: Kind,
    /// True if the seat is what it was, but for a message that its actor ignored; by Stateright's
    /// rules, if nothing has happened.
    pub is_still: bool,
    /// The reaction has a fault.
    pub is_faulty: bool,
    /// The number of an envelope, a timer or a choice; 0 if it is about none.
    pub about: u32,
    /// The seat after the step.
    pub seat: u32,
    /// What the actor does. A loss is nobody's doing.
    pub reaction: u32,
    /// What is sent to others, among [`Parts::posts`].
    pub post: u32,
}

impl Move {
    pub fn new(kind: Kind, about: u32, effect: &Effect, seat: u32) -> Self {
        let Effect { reaction, fault, post, .. } = *effect;
        let is_faulty = fault != NO_FAULT;
        Move { kind, is_still: false, is_faulty, about, seat, reaction, post }
    }

    /// A step that is nobody's doing, and says nothing to anybody.
    pub fn silent(kind: Kind, about: u32, seat: u32) -> Self {
        let (reaction, post) = (SILENT, NOTHING);
        Move { kind, is_still: false, is_faulty: false, about, seat, reaction, post }
    }

    /// The spec's name for this step of `actor`.
    pub fn action<A: Explorable, G: History>(
        &self,
        parts: &Parts<A, G>,
        actor: usize,
    ) -> ActionOf<A> {
        action(parts, self.kind, self.about, actor)
    }
}

/// All steps that one seat offers, whatever is left of the budgets.
#[derive(Debug)]
pub(super) struct Moves {
    pub crashed: bool,
    /// A timer is set.
    pub has_timer: bool,
    /// A message is called obsolete, and would be heeded.
    pub heeds_obsolete: bool,
    pub moves: Box<[Move]>,
    pub time: Time,
    /// What was sent there so far, and the seat after that.
    pub arrivals: Arrivals,
}

/// What time is to a seat.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Time {
    /// Nothing can be delivered to it, and it has no choice to make.
    pub is_quiet: bool,
    /// It waits for something.
    pub is_running: bool,
    /// It does not let time pass before it has acted.
    pub holds_up: bool,
    /// The seat after a tick.
    pub ticked: u32,
}
