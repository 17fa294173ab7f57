//! What an operator asks of a cluster, beside commands: the same for every protocol.
//!
//! An order travels as a command does, with a session and a sequence, and it is sent again until it
//! is answered. It is in no log: whoever gets it looks what there is left to do. So an order says
//! what is to be, which does no harm a second time.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use stateright::{Rewrite, RewritePlan};

/// What is to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Order {
    /// The server `to` leads.
    Transfer { to: Id },
    /// The cluster has other servers.
    Change(Change),
}

/// Which servers a cluster is to have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Change {
    /// The server `id` stores what the others store, and has no vote yet, if it is not a member.
    Add { id: Id },
    /// The member `id` has a vote.
    Promote { id: Id },
    /// The server `id` is no member.
    Remove { id: Id },
    /// These members have a vote, and no others; who has one and loses it is no member any more.
    Replace { voters: BTreeSet<Id> },
}

impl Change {
    /// The members that it names, and which are to stay or to come.
    pub fn kept(&self) -> BTreeSet<Id> {
        match self {
            Change::Add { id } | Change::Promote { id } => BTreeSet::from([*id]),
            Change::Remove { .. } => BTreeSet::new(),
            Change::Replace { voters } => voters.clone(),
        }
    }
}

/// What became of an order: it is so, or it was refused and nothing was done by halves.
pub type Outcome = Result<(), Refusal>;

/// Why an order is not carried out. Shown, it is a sentence for an operator, who calls a server a
/// node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// The protocol knows no orders, or not this one.
    UnknownOrder,
    /// A server that has no vote was to lead.
    Stranger { server: Id },
    /// The leader is handing over to another server, and will for an election timeout at most.
    HandsOver { to: Id },
    /// The server did not take over within an election timeout, and the leader goes on. It may take
    /// over still, if it was told to and that is on its way.
    NotTakenOver { to: Id },
    /// The leader does not know where the server is that was to come.
    NowhereKnown { id: Id },
    /// Another change of the members is not committed yet.
    ChangePending,
    /// The change would leave nobody who has a vote.
    NoVoterLeft,
    /// The change would leave fewer servers than the protocol needs.
    TooFew { least: usize },
    /// The change would give a vote to a server that is no member.
    NoMember { id: Id },
    /// The change would give a vote to a server that lacks too much of the log.
    LagsBehind { id: Id },
    /// The change is about a member that has lost its store and counts for nothing, or it would
    /// leave no majority without that one.
    Voteless { id: Id },
    /// Leaders answer reads by leases, and those are not made for members that change.
    LeasesAreOn,
    /// The leader has not heard a server lately that is to get a vote, or that the next majority
    /// needs. If it runs, that passes: the order may be given again.
    Unheard { id: Id },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::UnknownOrder => f.write_str("the protocol of the cluster knows no such order"),
            Refusal::Stranger { server } => {
                write!(f, "node {} has no vote, and cannot lead", usize::from(*server))
            }
            Refusal::HandsOver { to } => {
                let to = usize::from(*to);
                write!(f, "the leader is handing over to node {to} already; try again in a second")
            }
            Refusal::NotTakenOver { to } => write!(
                f,
                "node {0} has not taken over within an election timeout; the leader goes on, \
                 unless node {0} still hears that it is to lead",
                usize::from(*to)
            ),
            Refusal::NowhereKnown { id } => write!(
                f,
                "the leader does not know where node {0} is: its file does not say so",
                usize::from(*id)
            ),
            Refusal::ChangePending => f.write_str("another change of the members is on its way"),
            Refusal::NoVoterLeft => f.write_str("no node would be left that has a vote"),
            Refusal::TooFew { least } => {
                write!(f, "no fewer than {least} nodes may be left: add or replace one instead")
            }
            Refusal::NoMember { id } => {
                write!(f, "node {} is no member: add it first", usize::from(*id))
            }
            Refusal::LagsBehind { id } => {
                write!(f, "node {} has not caught up yet, and gets no vote", usize::from(*id))
            }
            Refusal::Voteless { id } => write!(
                f,
                "node {} has lost its store and counts for nothing: remove it first, then add and \
                 promote it",
                usize::from(*id)
            ),
            Refusal::LeasesAreOn => f.write_str(
                "the members stay as long as leaders read by leases: turn `lease_reads` off on \
                 all nodes first",
            ),
            Refusal::Unheard { id } => write!(
                f,
                "the leader does not hear node {}, which the change needs: start it first",
                usize::from(*id)
            ),
        }
    }
}

impl Rewrite<Id> for Order {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        match self {
            Order::Transfer { to } => Order::Transfer { to: to.rewrite(plan) },
            Order::Change(change) => Order::Change(change.rewrite(plan)),
        }
    }
}

impl Rewrite<Id> for Change {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        match self {
            Change::Add { id } => Change::Add { id: id.rewrite(plan) },
            Change::Promote { id } => Change::Promote { id: id.rewrite(plan) },
            Change::Remove { id } => Change::Remove { id: id.rewrite(plan) },
            Change::Replace { voters } => Change::Replace { voters: voters.rewrite(plan) },
        }
    }
}

impl Rewrite<Id> for Refusal {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        match self {
            Refusal::Stranger { server } => Refusal::Stranger { server: server.rewrite(plan) },
            Refusal::HandsOver { to } => Refusal::HandsOver { to: to.rewrite(plan) },
            Refusal::NotTakenOver { to } => Refusal::NotTakenOver { to: to.rewrite(plan) },
            Refusal::UnknownOrder
            | Refusal::ChangePending
            | Refusal::NoVoterLeft
            | Refusal::LeasesAreOn
            | Refusal::TooFew { .. } => *self,
            Refusal::NowhereKnown { id } => Refusal::NowhereKnown { id: id.rewrite(plan) },
            Refusal::NoMember { id } => Refusal::NoMember { id: id.rewrite(plan) },
            Refusal::LagsBehind { id } => Refusal::LagsBehind { id: id.rewrite(plan) },
            Refusal::Voteless { id } => Refusal::Voteless { id: id.rewrite(plan) },
            Refusal::Unheard { id } => Refusal::Unheard { id: id.rewrite(plan) },
        }
    }
}
