//! What every handler uses: the state, the rules, what is said, and what is saved.

use stateright::actor::Id;

use super::message::Message;
use super::rules::Rule;
use super::state::{Replica, Storage};
use super::{Command, MachineOf, Params, Server, disk};
use crate::number::ViewNumber;
use crate::quorum::is_majority;
use crate::rules::RuleBook;
use crate::service::{Answer, Sequence, Session};
use crate::step::Stored;

/// One handler call of a replica.
pub(super) type Step<'a, 's, P> = crate::step::Step<'a, 's, Server<P>>;

impl<P: Params> Server<P> {
    /// The primary of a view: each replica in turn.
    pub fn primary(&self, view: ViewNumber) -> Id {
        let turn = view.0.saturating_sub(1) % self.replicas.len() as u64;
        self.replicas[turn as usize]
    }

    /// All replicas but `id`.
    pub(super) fn others(&self, id: Id) -> impl Iterator<Item = Id> {
        self.replicas.iter().copied().filter(move |other| *other != id)
    }

    /// Whether `others` replicas and one more are a majority: f others, in the paper's words.
    pub(super) fn is_quorum_with(&self, others: usize) -> bool {
        is_majority(others + 1, self.replicas.len())
    }
}

impl<P: Params> Step<'_, '_, P> {
    pub(super) fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    pub(super) fn replica(&self) -> &Replica<MachineOf<P>> {
        self.state()
    }

    pub(super) fn replica_mut(&mut self) -> &mut Replica<MachineOf<P>> {
        self.state_mut()
    }

    /// What this replica knows of views and requests has changed, or of crashes. It is saved when
    /// the step ends, where replicas keep it on their disks.
    pub(super) fn remember(&mut self) {
        if self.server.on_disk {
            self.save();
        }
    }

    /// Whether this replica is the primary of its view, or will be when that has started.
    pub(super) fn is_primary_of_view(&self) -> bool {
        self.server.primary(self.replica().view) == self.id
    }

    /// Sends a message to all other replicas.
    pub(super) fn broadcast(&mut self, message: &Message<Command<P>>) {
        for to in self.server.others(self.id) {
            self.send(to, message.clone());
        }
    }

    /// Tells a client whom to ask: the primary of the view, if that has started.
    pub(super) fn redirect(&mut self, session: Session, sequence: Sequence) {
        let primary = self.server.primary(self.replica().view);
        let is_known = self.replica().is_normal() && primary != self.id;
        let leader = (is_known && self.keeps(Rule::PrimaryIsNamed)).then_some(primary);
        self.answer(session, sequence, Answer::Redirect { leader });
    }
}

impl<P: Params> Stored for Server<P> {
    fn to_save(&self, replica: &Replica<MachineOf<P>>) -> Storage<Command<P>> {
        let is_kept = self.on_disk && !replica.is_recovering();
        Storage { nonce: replica.nonce, known: is_kept.then(|| disk::known(self, replica)) }
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}
