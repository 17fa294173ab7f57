//! What states are made of, behind small numbers.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use stateright::actor::{Actor, Command, Envelope, Id, RandomChoices, Timers};

use super::inbox::Flow;
use super::values::Values;
use crate::spec::{Clock, CutState, Fault, Spent};

/// An actor that threads can share: what the engine asks of it. That messages and timers have an
/// order is what Stateright's `ActorModel` asks, not the engine.
pub trait Explorable:
    Actor<
        Msg: Ord + Send + Sync,
        Timer: Ord + Send + Sync,
        State: Send + Sync,
        Random: Send + Sync,
        Storage: Send + Sync,
    > + Sync
{
}

impl<A> Explorable for A where
    A: Actor<
            Msg: Ord + Send + Sync,
            Timer: Ord + Send + Sync,
            State: Send + Sync,
            Random: Send + Sync,
            Storage: Send + Sync,
        > + Sync
{
}

/// What an actor may command.
pub(super) type CommandOf<A> =
    Command<<A as Actor>::Msg, <A as Actor>::Timer, <A as Actor>::Random, <A as Actor>::Storage>;

/// A ghost or history that threads can share.
pub trait History: Clone + Debug + Hash + PartialEq + Send + Sync {}

impl<G: Clone + Debug + Hash + PartialEq + Send + Sync> History for G {}

/// All that is one actor's own: everything by its number in [`Parts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Local {
    pub state: u32,
    pub timers: u32,
    pub storage: u32,
    /// The copy of it that was set aside, where there may be rollbacks.
    pub backup: u32,
    pub randoms: u32,
    /// What its timers show, where time is.
    pub clock: u32,
    /// What has become of the cuts that it sends over. Of others it knows nothing.
    pub cuts: u32,
    pub crashed: bool,
}

/// What belongs to no actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Extras {
    pub spent: Spent,
    /// Restless firings on time since the last fault, where time is.
    pub calm: u8,
    /// Among [`Parts::faults`].
    pub fault: u32,
    /// The last message delivered, where Stateright's duplicating network remembers it.
    pub last: Option<u32>,
}

/// What can happen to an actor, by numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Event {
    Deliver(u32),
    Timeout(u32),
    Random(u32),
    Crash,
    Backup,
    Rollback,
    Recover,
    Pause,
    Resume,
    /// Of nobody: time passes, or links go down or heal.
    Nobodys,
}

/// The values of every component met so far.
pub(super) struct Parts<A: Actor, G> {
    pub states: Values<Arc<A::State>>,
    pub timers: Values<Timers<A::Timer>>,
    pub storages: Values<Option<A::Storage>>,
    pub randoms: Values<RandomChoices<A::Random>>,
    pub clocks: Values<Clock<A::Timer>>,
    pub cuts: Values<Vec<CutState>>,
    pub locals: Values<Local>,
    /// The messages, and from whom to whom.
    pub envelopes: Values<Envelope<A::Msg>>,
    /// Messages in flight to one actor, or sent to it by one step.
    pub inboxes: Values<Vec<u32>>,
    /// By actor, its [`Local`] and its inbox, as a pair.
    pub seats: Vec<Values<(u32, u32)>>,
    /// What one step sends to others: each a seat, and an inbox to be added to that there.
    pub posts: Values<Vec<(usize, u32)>>,
    /// Single timers.
    pub timer: Values<A::Timer>,
    /// Single choices, under their keys.
    pub choice: Values<(String, A::Random)>,
    /// By actor, what properties ask for most: state, storage, and whether it is down.
    pub cores: Vec<Values<(u32, u32, bool)>>,
    pub ghosts: Values<G>,
    pub faults: Values<Option<Fault>>,
    pub extras: Values<Extras>,
}

/// No fault: the first that is numbered.
pub(super) const NO_FAULT: u32 = 0;
/// No cuts: the first list of what has become of them.
pub(super) const NO_CUTS: u32 = 0;
/// No messages: the first inbox that is numbered, and the first post.
pub(super) const NOTHING: u32 = 0;

impl<A: Explorable, G: History> Parts<A, G> {
    pub fn new(seats: usize) -> Self {
        let parts = Parts {
            states: Values::default(),
            timers: Values::default(),
            storages: Values::default(),
            randoms: Values::default(),
            clocks: Values::default(),
            cuts: Values::default(),
            locals: Values::default(),
            envelopes: Values::default(),
            inboxes: Values::default(),
            seats: (0..seats).map(|_| Values::default()).collect(),
            posts: Values::default(),
            timer: Values::default(),
            choice: Values::default(),
            cores: (0..seats).map(|_| Values::default()).collect(),
            ghosts: Values::default(),
            faults: Values::default(),
            extras: Values::default(),
        };
        assert_eq!(parts.faults.intern(None::<Fault>), NO_FAULT);
        assert_eq!(parts.cuts.intern(Vec::new()), NO_CUTS);
        assert_eq!(parts.inboxes.intern(Vec::new()), NOTHING);
        assert_eq!(parts.posts.intern(Vec::new()), NOTHING);
        parts
    }

    pub fn envelope(&self, src: Id, dst: Id, msg: A::Msg) -> u32 {
        self.envelopes.intern(Envelope { src, dst, msg })
    }

    /// From whom and to whom an envelope is.
    pub fn flow(&self, envelope: u32) -> Flow {
        let envelope = self.envelopes.get(envelope);
        (envelope.src, envelope.dst)
    }

    /// The number of an actor's seat: all that is its own, and what is in flight to it.
    pub fn seat(&self, actor: usize, local: u32, inbox: u32) -> u32 {
        self.seats[actor].intern((local, inbox))
    }

    /// An actor's local in a seat, and the number of its inbox.
    pub fn open_seat(&self, actor: usize, seat: u32) -> (Local, u32) {
        let (local, inbox) = *self.seats[actor].get(seat);
        (*self.locals.get(local), inbox)
    }

    /// What properties ask for most of an actor's seat.
    pub fn core(&self, actor: usize, seat: u32) -> u32 {
        let local = self.open_seat(actor, seat).0;
        self.cores[actor].intern((local.state, local.storage, local.crashed))
    }
}
