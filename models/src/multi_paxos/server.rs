//! What every handler uses: the state, the rules, what is said, and what is saved.

use std::time::Duration;

use stateright::actor::{Id, Out};

use super::ballot::Ballot;
use super::message::Message;
use super::open::Open;
use super::rules::Rule;
use super::state::{Role, ServerState, Storage};
use super::{Command, MachineOf, Params, Server, Timer, lease};
use crate::quorum::is_majority;
use crate::rules::RuleBook;
use crate::service::{Answer, Sequence, Session};
use crate::step::Stored;

/// One handler call of a server.
pub(super) type Step<'a, 's, P> = crate::step::Step<'a, 's, Server<P>>;

impl<P: Params> Server<P> {
    /// All servers but `id`.
    pub(super) fn others(&self, id: Id) -> impl Iterator<Item = Id> {
        self.servers.iter().copied().filter(move |other| *other != id)
    }

    /// Whether `others` servers and one more are a majority.
    pub(super) fn is_quorum_with(&self, others: usize) -> bool {
        is_majority(others + 1, self.servers.len())
    }

    /// A server starts, for the first time or after a crash. One whose store is not that of the
    /// founding has lost what it had stored.
    pub(super) fn start(
        &self,
        id: Id,
        storage: Option<&Storage<MachineOf<P>>>,
        out: &mut Out<Self>,
    ) -> ServerState<MachineOf<P>> {
        out.set_timer(Timer::Silence, self.timing.silence.clone());
        let storage = storage.cloned().unwrap_or_else(|| Storage::of(0));
        let is_founders = self.first_stores.get(&id) == Some(&storage.store);
        let once = self.rules.keeps(Rule::TakesEffectOnce);
        let length = storage.lease;
        let is_bound = length > Duration::ZERO && self.rules.keeps(Rule::RestartKeepsPromise);
        if is_bound {
            out.set_timer(Timer::Promise, length..length);
        }
        let is_wiped = !self.rules.require(Rule::OtherStoreIsWiped, is_founders);
        ServerState { is_wiped, is_bound, ..ServerState::of(storage, once) }
    }
}

impl<P: Params> Step<'_, '_, P> {
    pub(super) fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    pub(super) fn promised(&self) -> Ballot {
        self.state().promised()
    }

    /// What survives a crash, to change it. It is saved when the step ends.
    pub(super) fn storage_mut(&mut self) -> &mut Storage<MachineOf<P>> {
        self.save();
        &mut self.state_mut().storage
    }

    /// Sends a message to all other servers.
    pub(super) fn broadcast(&mut self, message: &Message<Command<P>>) {
        for to in self.server.others(self.id) {
            self.send(to, message.clone());
        }
    }

    /// Whether this server may promise and accept: not if it has forgotten what it promised.
    pub(super) fn has_vote(&self) -> bool {
        self.require(Rule::WipedDoesNotPromise, !self.state().is_wiped)
    }

    /// Promises a ballot of another server: nothing is accepted below it any more.
    pub(super) fn promise(&mut self, ballot: Ballot) {
        if self.promised() != ballot {
            self.storage_mut().promised = ballot;
        }
    }

    /// Follows, and waits before it stands. Who has led or stood yields, and tells nobody.
    pub(super) fn follow(&mut self, leader: Option<Id>) {
        if !matches!(self.state().role, Role::Follower { .. }) {
            self.cancel_timer(Timer::Again);
            lease::give_up(self);
        }
        self.set_timer(Timer::Silence, self.server.timing.silence.clone());
        let role = Role::Follower { leader };
        if self.state().role != role {
            self.state_mut().role = role;
        }
    }

    /// Tells a client whom to ask.
    pub(super) fn redirect(&mut self, session: Session, sequence: Sequence) {
        let leader = match self.state().role {
            Role::Follower { leader } if self.keeps(Rule::LeaderIsNamed) => leader,
            _ => None,
        };
        self.answer(session, sequence, Answer::Redirect { leader });
    }

    /// Tells the client what its command returned, if it is the last one of its session.
    pub(super) fn answer_performed(&mut self, session: Session, sequence: Sequence) {
        if let Some(last) = self.state().data.sessions.last(session)
            && last.sequence == sequence
        {
            let answer = Answer::done(last.output.clone());
            self.answer(session, sequence, answer);
        }
    }
}

impl<P: Params> Stored for Server<P> {
    fn to_save(&self, state: &ServerState<MachineOf<P>>) -> Storage<MachineOf<P>> {
        let mut storage = state.storage.clone();
        if !self.rules.keeps(Rule::PromiseSurvivesCrash) {
            storage.promised = Ballot::none();
        }
        if !self.rules.keeps(Rule::AcceptedSurvivesCrash) {
            storage.accepted = Open::default();
        }
        storage
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}
