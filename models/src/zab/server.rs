//! What every handler uses: the state, the rules, what is said, and what is saved.

use stateright::actor::Id;

use super::message::Message;
use super::rules::Rule;
use super::state::{Following, Leading, Link, Process, Role, Storage};
use super::{MachineOf, Params, Server};
use crate::number::{Epoch, Incarnation};
use crate::quorum::is_majority;
use crate::rules::RuleBook;
use crate::service::{Answer, Sequence, Session};
use crate::step::Stored;

/// The number of a store that nobody has numbered.
const UNNUMBERED: u64 = 1 << 32;

/// One handler call of a server.
pub(super) type Step<'a, 's, P> = crate::step::Step<'a, 's, Server<P>>;

impl<P: Params> Server<P> {
    /// All servers but `id`.
    pub(super) fn others(&self, id: Id) -> impl Iterator<Item = Id> {
        self.servers.iter().copied().filter(move |other| *other != id)
    }

    /// What a server has on its disk when it starts. Who has lost what was there has forgotten
    /// which links it has opened. It goes on with numbers that it never had, from its store's.
    pub(super) fn disk(
        &self,
        id: Id,
        storage: Option<Storage<MachineOf<P>>>,
    ) -> Storage<MachineOf<P>> {
        let mut disk = storage.unwrap_or(Storage::of(UNNUMBERED));
        let is_founders = self.first_stores.get(&id) == Some(&disk.store);
        let is_new = disk.begun == Incarnation::ZERO && !is_founders;
        if is_new && self.rules.keeps(Rule::LostDiskOpensNewLinks) {
            disk.begun = Incarnation(disk.store);
        }
        disk
    }

    /// Whether so many servers are a majority.
    pub(super) fn is_quorum(&self, count: usize) -> bool {
        is_majority(count, self.servers.len())
    }
}

impl<P: Params> Step<'_, '_, P> {
    /// Whether this server has lost its disk: it follows, and does not count.
    pub(super) fn observes(&self) -> bool {
        let is_founders =
            self.server.first_stores.get(&self.id) == Some(&self.process().disk.store);
        !self.require(Rule::LostDiskDoesNotCount, is_founders)
    }

    pub(super) fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    pub(super) fn process(&self) -> &Process<MachineOf<P>> {
        self.state()
    }

    pub(super) fn process_mut(&mut self) -> &mut Process<MachineOf<P>> {
        self.state_mut()
    }

    /// What is on the disk, to change it: it is saved when the step ends.
    pub(super) fn disk_mut(&mut self) -> &mut Storage<MachineOf<P>> {
        self.save();
        &mut self.state_mut().disk
    }

    /// What the leader knows, to change it; `None` of one that does not lead.
    pub(super) fn leading_mut(&mut self) -> Option<&mut Leading<MachineOf<P>>> {
        match &mut self.state_mut().role {
            Role::Leading(leading) => Some(leading),
            Role::Looking(_) | Role::Following(_) => None,
        }
    }

    /// What the follower knows, to change it; `None` of one that does not follow.
    pub(super) fn following_mut(&mut self) -> Option<&mut Following<MachineOf<P>>> {
        match &mut self.state_mut().role {
            Role::Following(following) => Some(following),
            Role::Looking(_) | Role::Leading(_) => None,
        }
    }

    /// The link of this follower, to change it.
    pub(super) fn link_mut(&mut self, to: Id) -> Option<&mut Link<MachineOf<P>>> {
        self.leading_mut()?.links.get_mut(&to)
    }

    /// Whether a message that follower `from` has sent on this link, in this epoch, is of a link
    /// that this leader has, and of its epoch.
    pub(super) fn leads_on(&self, from: Id, session: Incarnation, epoch: Epoch) -> bool {
        let Some(own) = self.process().leading() else { return false };
        let is_current = own.links.get(&from).is_some_and(|link| link.session == session);
        is_current && own.has_epoch() && epoch == self.process().disk.accepted
    }

    /// Whether a message that `from` has sent on this link, in this epoch, is of the leader, the
    /// link and the epoch that this server follows.
    pub(super) fn follows_on(&self, from: Id, session: Incarnation, epoch: Epoch) -> bool {
        let Some(own) = self.process().following() else { return false };
        let is_current =
            own.leader == from && self.process().disk.begun == session && own.epoch == epoch;
        self.require(Rule::OldEpochIgnored, is_current)
    }

    /// Sends a message to all other servers that `is_meant`.
    pub(super) fn send_to_all(
        &mut self,
        message: &Message<MachineOf<P>>,
        is_meant: impl Fn(Id) -> bool,
    ) {
        for to in self.server.others(self.id).filter(|to| is_meant(*to)) {
            self.send(to, message.clone());
        }
    }

    /// Tells a client whom to ask: the leader that is followed, if it is established.
    pub(super) fn redirect(&mut self, session: Session, sequence: Sequence) {
        let leader = self.process().following().filter(|own| own.is_up_to_date());
        let leader = leader.map(|own| own.leader).filter(|_| self.keeps(Rule::LeaderIsNamed));
        self.answer(session, sequence, Answer::Redirect { leader });
    }
}

impl<P: Params> Stored for Server<P> {
    fn to_save(&self, state: &Process<MachineOf<P>>) -> Storage<MachineOf<P>> {
        state.disk.clone()
    }

    fn saves_first(&self) -> bool {
        true
    }
}
