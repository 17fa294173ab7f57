//! What the master and the servers know.

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::number::{ChainNumber, Index};
use crate::service::{Request, Sequence, Session};
use crate::session::{Last, Sessions};
use crate::state_machine::StateMachine;

/// The servers in their order, the head first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Chain {
    pub number: ChainNumber,
    pub servers: Vec<Id>,
}

impl Chain {
    /// The chain in which all begin.
    pub fn first(servers: &[Id]) -> Self {
        Chain { number: ChainNumber(1), servers: servers.to_vec() }
    }

    /// The next chain, which lacks this server.
    pub fn without(&self, server: Id) -> Self {
        let servers = self.servers.iter().copied().filter(|it| *it != server).collect();
        Chain { number: self.number.next(), servers }
    }

    pub fn has(&self, server: Id) -> bool {
        self.servers.contains(&server)
    }

    pub fn head(&self) -> Option<Id> {
        self.servers.first().copied()
    }

    pub fn tail(&self) -> Option<Id> {
        self.servers.last().copied()
    }

    /// The server that this one hears from; `None` for the head.
    pub fn before(&self, server: Id) -> Option<Id> {
        let position = self.servers.iter().position(|it| *it == server)?;
        self.servers.get(position.checked_sub(1)?).copied()
    }

    /// The server that this one forwards to; `None` for the tail.
    pub fn after(&self, server: Id) -> Option<Id> {
        let position = self.servers.iter().position(|it| *it == server)?;
        self.servers.get(position + 1).copied()
    }
}

/// What survives a crash, and only that. Of the master it is the chain; of a server, whose commands
/// are in memory, the chain in which it began, which tells that it has started before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Storage {
    pub chain: Chain,
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Replica<M: StateMachine> {
    /// The newest chain that it has heard of.
    pub chain: Chain,
    /// The commands that it has taken, in their order.
    pub history: Vec<Request<M::Command>>,
    /// The place up to which the tail has taken the commands, as far as this server knows. Those
    /// behind it are the paper's "Sent".
    pub acked: Index,
    /// What the commands have made.
    pub machine: M,
    pub sessions: Sessions<M::Output>,
}

impl<M: StateMachine> Replica<M> {
    /// Without any command.
    pub fn new(chain: Chain) -> Self {
        Replica {
            chain,
            history: Vec::new(),
            acked: Index::ZERO,
            machine: M::default(),
            sessions: Sessions::default(),
        }
    }

    /// The place of its last command.
    pub fn last(&self) -> Index {
        Index(self.history.len() as u64)
    }

    /// The commands that are not acknowledged.
    pub fn sent(&self) -> impl Iterator<Item = &Request<M::Command>> {
        self.history.iter().skip(self.acked.0 as usize)
    }

    /// True if the session's command of this number is under way: taken and not acknowledged.
    pub fn is_under_way(&self, session: Session, sequence: Sequence) -> bool {
        self.sent().any(|it| (it.session, it.sequence) == (session, sequence))
    }

    /// Takes a command: it is the last one now, and has taken effect here.
    pub fn push(&mut self, request: Request<M::Command>) {
        let output = self.machine.apply(&request.command);
        let last = Last { sequence: request.sequence, index: Index::ZERO, output };
        self.sessions.record(request.session, last);
        self.history.push(request);
    }
}

/// The state of the master, or of a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub enum State<M: StateMachine> {
    Master(Storage),
    Server(Replica<M>),
    /// A server that has crashed takes no further part.
    Retired,
}

impl<M: StateMachine> State<M> {
    /// The chain that the master has decided on; `None` for a server.
    pub fn master(&self) -> Option<&Chain> {
        match self {
            State::Master(storage) => Some(&storage.chain),
            State::Server(_) | State::Retired => None,
        }
    }

    /// A server; `None` for the master, and for a server that has crashed.
    pub fn replica(&self) -> Option<&Replica<M>> {
        match self {
            State::Server(replica) => Some(replica),
            State::Master(_) | State::Retired => None,
        }
    }
}
