//! What every handler uses: the state, the rules, what is said, and what is saved.

use stateright::actor::Id;

use super::group::Group;
use super::message::Message;
use super::rules::Rule;
use super::state::{Replica, Storage};
use super::{Command, MachineOf, Params, Server, disk};
use crate::rules::RuleBook;
use crate::service::{Answer, Sequence, Session};
use crate::step::Stored;

/// One handler call of a replica.
pub(super) type Step<'a, 's, P> = crate::step::Step<'a, 's, Server<P>>;

impl<P: Params> Server<P> {
    /// The group of a replica's epoch.
    pub fn group<'a>(&'a self, replica: &'a Replica<MachineOf<P>>) -> &'a Group {
        replica.group.as_ref().unwrap_or(&self.founders)
    }

    /// The primary of a replica's view.
    pub fn primary(&self, replica: &Replica<MachineOf<P>>) -> Id {
        self.group(replica).primary(replica.view)
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

    /// The group of this replica's epoch.
    pub(super) fn group(&self) -> &Group {
        self.server.group(self.replica())
    }

    /// The primary of this replica's view.
    pub(super) fn primary(&self) -> Id {
        self.server.primary(self.replica())
    }

    /// Whether this replica is the primary of its view, or will be when that has started.
    pub(super) fn is_primary_of_view(&self) -> bool {
        self.primary() == self.id
    }

    /// Whether `others` replicas and one more are a majority: f others, in the paper's words.
    pub(super) fn is_quorum_with(&self, others: usize) -> bool {
        let of_epoch = self.keeps(Rule::GroupDecides);
        let group = if of_epoch { self.group() } else { &self.server.founders };
        group.is_quorum(others + 1)
    }

    /// All other replicas of its group.
    pub(super) fn others(&self) -> Vec<Id> {
        self.group().others(self.id).collect()
    }

    /// Sends a message to all other replicas.
    pub(super) fn broadcast(&mut self, message: &Message<Command<P>>) {
        for to in self.others() {
            self.send(to, message.clone());
        }
    }

    /// Tells a client whom to ask: the primary of the view, if that has started.
    pub(super) fn redirect(&mut self, session: Session, sequence: Sequence) {
        let leader = self.leader().filter(|_| self.keeps(Rule::PrimaryIsNamed));
        self.answer(session, sequence, Answer::Redirect { leader });
    }

    /// Another replica that is primary, as far as this one knows: of its view if that has started,
    /// or of the first view of the epoch in which this one is not.
    pub(super) fn leader(&self) -> Option<Id> {
        let (known, primary) = (self.replica(), self.primary());
        let is_known = known.is_normal() || known.is_outside();
        (is_known && primary != self.id).then_some(primary)
    }
}

impl<P: Params> Stored for Server<P> {
    fn to_save(&self, replica: &Replica<MachineOf<P>>) -> Storage<Command<P>> {
        let is_kept = self.on_disk && !replica.is_recovering();
        let group = replica.group.clone().filter(|_| self.rules.keeps(Rule::GroupIsOnDisk));
        Storage { nonce: replica.nonce, group, known: is_kept.then(|| disk::known(self, replica)) }
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}
