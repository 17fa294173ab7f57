//! The operator that specs use: it gives its orders all at once, and heeds no answer.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use stateright::actor::Id;

use crate::number::Index;
use crate::order::{Change, Order};
use crate::service::{Request, Sequence, Session};

/// When an operator that waits gives its orders, in ticks: before there is a leader, or later.
pub const TICKS: RangeInclusive<u8> = 1..=6;

/// How long an operator that waits does so outside of time.
pub(crate) const WAIT: Range<Duration> = Duration::ZERO..Duration::from_secs(1);

/// An operator with `orders`, each to a server.
#[derive(Clone, Debug)]
pub struct Operator {
    pub orders: Vec<(Id, Order)>,
    /// It gives them when its timer fires, and not at its start. Where time stands still while a
    /// message is on its way, orders of the start would arrive before anything else happens.
    pub waits: bool,
}

impl Operator {
    /// One that asks for `changes`.
    pub fn asking(changes: Vec<Asked>, waits: bool) -> Self {
        let orders = changes.into_iter().map(|(to, change)| (Id::from(to), Order::Change(change)));
        Operator { orders: orders.collect(), waits }
    }

    /// What it sends to whom. The session of the operator bears its own id.
    pub fn requests(&self, id: Id) -> impl Iterator<Item = (Id, Request<Order>)> {
        let session = Session::of(id);
        self.orders.iter().zip(1..).map(move |((server, order), number)| {
            let (sequence, since) = (Sequence(number), Index::ZERO);
            (*server, Request { session, sequence, since, command: order.clone() })
        })
    }
}

/// What is asked of which server.
pub type Asked = (usize, Change);

/// The server of this number leaves.
pub fn remove(server: usize) -> Change {
    Change::Remove { id: Id::from(server) }
}

/// The server of this number learns.
pub fn add(server: usize) -> Change {
    Change::Add { id: Id::from(server) }
}

/// The server of this number gets a vote.
pub fn promote(server: usize) -> Change {
    Change::Promote { id: Id::from(server) }
}

/// These have a vote, and no others.
pub fn replace(voters: &[usize]) -> Change {
    Change::Replace { voters: voters.iter().copied().map(Id::from).collect() }
}
