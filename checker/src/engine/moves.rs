//! What an actor may do next, given its own and what is in flight to it.

use stateright::actor::Envelope;

use super::arrivals::Arrivals;
use super::parts::{Event, Explorable, History, NO_FAULT, NOTHING, Parts};
use super::react::{Effect, SILENT};
use crate::spec::{Action, ActionOf};

/// What kind of step it is, and with that what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Deliver,
    Duplicate,
    Drop,
    /// With the budget that is charged, if any.
    Timeout(Option<u8>),
    /// A timer fires on time; for an election, or not.
    Due {
        election: bool,
    },
    /// A timer fires before its time, or at it while messages are in flight.
    Early {
        ripe: bool,
    },
    Random,
    Crash,
    Recover,
    /// Time passes, for all.
    Tick,
}

impl Kind {
    /// True if it is nobody's doing, or comes too soon: nothing to wait for.
    pub fn is_fault(self) -> bool {
        matches!(self, Kind::Duplicate | Kind::Drop | Kind::Crash | Kind::Early { .. })
    }
}

/// A step that one seat offers.
#[derive(Debug)]
pub(super) struct Move {
    pub kind: Kind,
    pub event: Event,
    /// The seat after the step.
    pub seat: u32,
    /// What the actor does. A loss is nobody's doing.
    pub reaction: u32,
    pub fault: u32,
    /// What is sent to others, among [`Parts::posts`].
    pub post: u32,
    /// True if the seat is what it was, but for a message that its actor ignored.
    pub is_still: bool,
    /// By Stateright's rules nothing has happened.
    pub is_ignored: bool,
}

impl Move {
    pub fn new(kind: Kind, event: Event, effect: &Effect, seat: u32) -> Self {
        let Effect { reaction, fault, post, is_ignored, .. } = *effect;
        Move { kind, event, seat, reaction, fault, post, is_still: false, is_ignored }
    }

    /// The passing of time, which is nobody's.
    pub fn tick() -> Self {
        Move {
            kind: Kind::Tick,
            event: Event::Tick,
            seat: 0,
            reaction: SILENT,
            fault: NO_FAULT,
            post: NOTHING,
            is_still: false,
            is_ignored: false,
        }
    }

    /// The spec's name for this step of `actor`.
    pub fn action<A: Explorable, G: History>(
        &self,
        parts: &Parts<A, G>,
        actor: usize,
    ) -> ActionOf<A> {
        action(parts, self.kind, self.event, actor)
    }
}

/// A spec's name for such a step of `actor`.
pub(super) fn action<A: Explorable, G: History>(
    parts: &Parts<A, G>,
    kind: Kind,
    event: Event,
    actor: usize,
) -> ActionOf<A> {
    let id = actor.into();
    match event {
        Event::Deliver(number) => {
            let Envelope { src, dst, msg } = parts.envelopes.get(number).clone();
            match kind {
                Kind::Duplicate => Action::Duplicate { src, dst, msg },
                Kind::Drop => Action::Drop { src, dst, msg },
                _ => Action::Deliver { src, dst, msg },
            }
        }
        Event::Timeout(number) => {
            let timer = parts.timer.get(number).clone();
            match kind {
                Kind::Early { .. } => Action::EarlyTimeout(id, timer),
                _ => Action::Timeout(id, timer),
            }
        }
        Event::Random(number) => {
            let (key, random) = parts.choice.get(number).clone();
            Action::SelectRandom { actor: id, key, random }
        }
        Event::Crash => Action::Crash(id),
        Event::Recover => Action::Recover(id),
        Event::Tick => Action::Tick,
    }
}

/// All steps that one seat offers, whatever is left of the budgets.
#[derive(Debug)]
pub(super) struct Moves {
    pub crashed: bool,
    /// A timer is set.
    pub has_timer: bool,
    pub moves: Box<[Move]>,
    pub time: Time,
    /// What was sent there so far, and the seat after that.
    pub arrivals: Arrivals,
}

/// What time is to a seat.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Time {
    /// Nothing can be delivered to it.
    pub is_quiet: bool,
    /// It waits for something.
    pub is_running: bool,
    /// It does not let time pass before it has acted.
    pub holds_up: bool,
    /// The seat after a tick.
    pub ticked: u32,
}
