//! What kinds of steps there are.

use stateright::actor::Envelope;

use super::parts::{Event, Explorable, History, Parts};
use crate::spec::{Action, ActionOf};

/// What kind of step it is, and with that what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Deliver,
    Duplicate,
    Drop,
    /// With the budget that is charged, if any.
    Timeout(Option<u8>),
    /// A timer fires on time; one that must come to an end, or not.
    Due {
        restless: bool,
    },
    /// A timer fires before its time, or at it while messages are in flight.
    Early {
        ripe: bool,
    },
    Random,
    Crash,
    /// A copy of its storage is set aside.
    Backup,
    /// It crashes, and its storage is that copy.
    Rollback,
    Recover,
    /// It takes no step for a while, or goes on after that.
    Pause,
    Resume,
    /// The links of a cut go down, or heal. It is about the index of the cut.
    Cut,
    Heal,
    /// Time passes, for all; or does so although something is deliverable.
    Tick,
    SlowTick,
}

impl Kind {
    /// What happens to the actor. It may be `about` an envelope, a timer or a choice.
    pub fn event(self, about: u32) -> Event {
        match self {
            Kind::Deliver | Kind::Duplicate | Kind::Drop => Event::Deliver(about),
            Kind::Timeout(_) | Kind::Due { .. } | Kind::Early { .. } => Event::Timeout(about),
            Kind::Random => Event::Random(about),
            Kind::Crash => Event::Crash,
            Kind::Backup => Event::Backup,
            Kind::Rollback => Event::Rollback,
            Kind::Recover => Event::Recover,
            Kind::Pause => Event::Pause,
            Kind::Resume => Event::Resume,
            Kind::Cut | Kind::Heal | Kind::Tick | Kind::SlowTick => Event::Nobodys,
        }
    }

    /// True if it is nobody's doing, or comes too soon: nothing to wait for.
    pub fn is_fault(self) -> bool {
        match self {
            Kind::Duplicate | Kind::Drop | Kind::Early { .. } => true,
            Kind::Crash | Kind::Backup | Kind::Rollback => true,
            Kind::Pause | Kind::Cut | Kind::SlowTick => true,
            Kind::Deliver | Kind::Timeout(_) | Kind::Due { .. } => false,
            Kind::Random | Kind::Recover | Kind::Tick => false,
            Kind::Resume | Kind::Heal => false,
        }
    }
}

/// A spec's name for such a step of `actor`.
pub(super) fn action<A: Explorable, G: History>(
    parts: &Parts<A, G>,
    kind: Kind,
    about: u32,
    actor: usize,
) -> ActionOf<A> {
    let id = actor.into();
    let envelope = || parts.envelopes.get(about).clone();
    let timer = || parts.timer.get(about).clone();
    match kind {
        Kind::Deliver => {
            let Envelope { src, dst, msg } = envelope();
            Action::Deliver { src, dst, msg }
        }
        Kind::Duplicate => {
            let Envelope { src, dst, msg } = envelope();
            Action::Duplicate { src, dst, msg }
        }
        Kind::Drop => {
            let Envelope { src, dst, msg } = envelope();
            Action::Drop { src, dst, msg }
        }
        Kind::Timeout(_) | Kind::Due { .. } => Action::Timeout(id, timer()),
        Kind::Early { .. } => Action::EarlyTimeout(id, timer()),
        Kind::Random => {
            let (key, random) = parts.choice.get(about).clone();
            Action::SelectRandom { actor: id, key, random }
        }
        Kind::Crash => Action::Crash(id),
        Kind::Backup => Action::Backup(id),
        Kind::Rollback => Action::Rollback(id),
        Kind::Recover => Action::Recover(id),
        Kind::Pause => Action::Pause(id),
        Kind::Resume => Action::Resume(id),
        Kind::Cut => Action::Cut(about as u8),
        Kind::Heal => Action::Heal(about as u8),
        Kind::Tick => Action::Tick,
        Kind::SlowTick => Action::SlowTick,
    }
}
