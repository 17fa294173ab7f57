//! What the grantor, the store and its writers know.

use serde::{Deserialize, Serialize};

use crate::number::{Epoch, Index, Place};
use crate::service::{Request, Sequence, Session};
use crate::session::{Last, Sessions};
use crate::state_machine::StateMachine;

/// The whole database, as a writer wrote it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Image<M: StateMachine> {
    /// The epoch in which it was written; `ZERO` is before the first.
    pub epoch: Epoch,
    /// Its place among the writes of that epoch.
    pub place: Place,
    pub machine: M,
    pub sessions: Sessions<M::Output>,
}

impl<M: StateMachine> Image<M> {
    /// Without any command.
    pub fn empty() -> Self {
        Image {
            epoch: Epoch::ZERO,
            place: Place::ZERO,
            machine: M::default(),
            sessions: Sessions::default(),
        }
    }

    /// Lets a command take effect, which makes this the next one to write.
    pub fn apply(&mut self, request: &Request<M::Command>) {
        let output = self.machine.apply(&request.command);
        let last = Last { sequence: request.sequence, index: Index::ZERO, output };
        self.sessions.record(request.session, last);
        self.place = self.place.next();
    }
}

/// What the store knows, all of which survives a crash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Store<M: StateMachine> {
    /// The highest epoch that it has seen: nothing of an older one is taken.
    pub seen: Epoch,
    pub image: Image<M>,
}

/// What a writer does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub enum Part<M: StateMachine> {
    /// Another one may write, or nobody.
    Idle,
    /// It waits for what the store holds.
    Opening,
    /// It takes commands.
    Open {
        /// The database with all commands that it has taken, in its epoch.
        image: Image<M>,
        /// The commands that the store is not known to have, each with its place, in their
        /// order.
        under_way: Vec<(Place, Session, Sequence)>,
    },
}

/// What a writer knows. Only the newest grant survives a crash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Writer<M: StateMachine> {
    /// The newest grant that it has heard of, its own or another's.
    pub newest: Epoch,
    pub part: Part<M>,
}

impl<M: StateMachine> Writer<M> {
    /// What it writes, if it takes commands.
    pub fn image(&self) -> Option<&Image<M>> {
        match &self.part {
            Part::Open { image, .. } => Some(image),
            Part::Idle | Part::Opening => None,
        }
    }

    /// The commands that the store is not known to have, the first one first.
    pub fn under_way(&self) -> &[(Place, Session, Sequence)] {
        match &self.part {
            Part::Open { under_way, .. } => under_way,
            Part::Idle | Part::Opening => &[],
        }
    }
}

/// What survives a crash, and only that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Storage<M: StateMachine> {
    /// Of the grantor: the last epoch that it has granted.
    Grantor(Epoch),
    Store(Store<M>),
    /// Of a writer: the newest grant that it has heard of.
    Writer(Epoch),
}

/// The state of the grantor, of the store, or of a writer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub enum State<M: StateMachine> {
    /// The last epoch that was granted.
    Grantor(Epoch),
    Store(Store<M>),
    Writer(Writer<M>),
}

impl<M: StateMachine> State<M> {
    /// As it starts with what it has on disk. A writer waits for a grant.
    pub fn restored(storage: Storage<M>) -> Self {
        match storage {
            Storage::Grantor(epoch) => State::Grantor(epoch),
            Storage::Store(store) => State::Store(store),
            Storage::Writer(newest) => State::Writer(Writer { newest, part: Part::Idle }),
        }
    }

    /// What of it is to survive a crash.
    pub fn durable(&self) -> Storage<M> {
        match self {
            State::Grantor(epoch) => Storage::Grantor(*epoch),
            State::Store(store) => Storage::Store(store.clone()),
            State::Writer(writer) => Storage::Writer(writer.newest),
        }
    }

    /// The last epoch that the grantor has granted; `None` for the others.
    pub fn grantor(&self) -> Option<Epoch> {
        match self {
            State::Grantor(epoch) => Some(*epoch),
            State::Store(_) | State::Writer(_) => None,
        }
    }

    /// The store; `None` for the others.
    pub fn store(&self) -> Option<&Store<M>> {
        match self {
            State::Store(store) => Some(store),
            State::Grantor(_) | State::Writer(_) => None,
        }
    }

    /// A writer; `None` for the others.
    pub fn writer(&self) -> Option<&Writer<M>> {
        match self {
            State::Writer(writer) => Some(writer),
            State::Grantor(_) | State::Store(_) => None,
        }
    }
}
