//! What the view service and the servers know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::view::{Member, View};
use crate::data::Data;
use crate::number::{Incarnation, Place, ViewNumber};
use crate::record::Record;
use crate::service::{Request, Sequence, Session};
use crate::state_machine::StateMachine;

/// What survives a crash, and only that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Storage {
    /// Of the view service: the view, and whether its primary has acknowledged it.
    Service { view: View, is_acknowledged: bool },
    /// Of a server: how often it has started. Its database is in memory.
    Server { incarnation: Incarnation },
}

impl Record for Storage {
    const NAME: &'static str = "view or number of starts";
}

/// What the view service knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Service {
    pub view: View,
    /// The primary has acknowledged the view: its backup has the database.
    pub is_acknowledged: bool,
    /// The servers that are heard.
    pub alive: BTreeMap<Id, Incarnation>,
}

/// A server's part in its view, with what only that part needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Part<C> {
    /// It waits to become backup.
    Idle,
    Primary {
        /// The place up to which the backup has taken what was forwarded; `None` until it has the
        /// database. Without a backup, place 0.
        taken: Option<Place>,
        /// The commands behind that place, in their order.
        open: Vec<Request<C>>,
    },
    Backup {
        /// The place up to which it has taken what was forwarded; `None` until it has the database.
        taken: Option<Place>,
    },
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Replica<M: StateMachine> {
    pub member: Member,
    /// The newest view that it has heard of.
    pub view: View,
    /// The last view that it has acknowledged as its primary.
    pub acknowledged: ViewNumber,
    pub part: Part<M::Command>,
    /// `None` until the database is handed over.
    pub data: Option<Data<M>>,
}

impl<M: StateMachine> Replica<M> {
    pub fn is_primary(&self) -> bool {
        matches!(self.part, Part::Primary { .. })
    }

    /// The commands that wait for the backup; none of a server that is not primary.
    pub fn open(&self) -> &[Request<M::Command>] {
        match &self.part {
            Part::Primary { open, .. } => open,
            Part::Idle | Part::Backup { .. } => &[],
        }
    }

    /// True if a command of this number has taken effect here.
    pub fn has_done(&self, session: Session, sequence: Sequence) -> bool {
        self.data.as_ref().is_some_and(|data| data.sessions.has_done(session, sequence))
    }
}

/// The state of the view service, or of a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub enum State<M: StateMachine> {
    Service(Service),
    Server(Replica<M>),
}

impl<M: StateMachine> State<M> {
    /// The view service; `None` for a server.
    pub fn service(&self) -> Option<&Service> {
        match self {
            State::Service(service) => Some(service),
            State::Server(_) => None,
        }
    }

    /// A server; `None` for the view service.
    pub fn replica(&self) -> Option<&Replica<M>> {
        match self {
            State::Service(_) => None,
            State::Server(replica) => Some(replica),
        }
    }
}
