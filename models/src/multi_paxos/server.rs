//! What every handler uses: the state, the rules, what is said, and what is saved.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use stateright::actor::{Id, Out};

use super::ballot::Ballot;
use super::config::Config;
use super::message::Message;
use super::open::Open;
use super::rules::Rule;
use super::state::{Role, ServerState, Storage};
use super::{Command, MachineOf, Params, Server, Timer, lease, membership};
use crate::number::Index;
use crate::rules::RuleBook;
use crate::service::{Answer, Sequence, Session};
use crate::step::Stored;

/// One handler call of a server.
pub(super) type Step<'a, 's, P> = crate::step::Step<'a, 's, Server<P>>;

impl<P: Params> Server<P> {
    /// So many slots behind its own a change takes effect.
    pub fn delay(&self) -> u64 {
        if self.rules.keeps(Rule::TakesEffectLater) { self.limits.alpha } else { 1 }
    }

    /// A server starts, for the first time or after a crash. One whose store is not that on record
    /// has lost what it had stored.
    pub(super) fn start(
        &self,
        id: Id,
        storage: Option<&Storage<MachineOf<P>>>,
        out: &mut Out<Self>,
    ) -> ServerState<MachineOf<P>> {
        out.set_timer(Timer::Silence, self.timing.silence.clone());
        let storage = storage.cloned().unwrap_or_else(|| Storage::of(0));
        let once = self.rules.keeps(Rule::TakesEffectOnce);
        let length = storage.lease;
        let is_bound = length > Duration::ZERO && self.rules.keeps(Rule::RestartKeepsPromise);
        if is_bound {
            out.set_timer(Timer::Promise, length..length);
        }
        let state = ServerState { is_bound, ..ServerState::of(storage, once, self.delay()) };
        let mut state = Cow::Owned(state);
        membership::go_by_changes(&mut Step::new(self, id, &mut state));
        state.into_owned()
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

    /// The configuration that decides about `slot`, which is not known to be chosen, as far as that
    /// is known.
    pub(super) fn config(&self, slot: Index) -> &Config {
        let change = self.state().changes.at(slot, self.server.delay());
        change.unwrap_or(&self.server.founders)
    }

    /// Those that decide about the slots that are not known to be chosen, the present one first.
    pub(super) fn open_configs(&self) -> impl Iterator<Item = &Config> {
        let present = self.config(self.state().chosen().next());
        let later = self.state().changes.iter().filter(move |it| !std::ptr::eq(*it, present));
        std::iter::once(present).chain(later)
    }

    /// The one that is there when all that is chosen has taken effect.
    pub(super) fn latest_config(&self) -> &Config {
        self.state().changes.iter().next_back().unwrap_or(&self.server.founders)
    }

    /// Whether a server has a vote in one of those.
    pub(super) fn is_voter(&self, id: Id) -> bool {
        self.open_configs().any(|config| config.voters.contains(&id))
    }

    /// All others who take part in one of those.
    pub(super) fn other_members(&self) -> BTreeSet<Id> {
        self.open_configs().flat_map(Config::members).filter(|id| *id != self.id).collect()
    }

    /// All others who have a vote in one of those, in the order of their numbers.
    pub(super) fn other_voters(&self) -> Vec<Id> {
        let all = self.open_configs().flat_map(|config| config.voters.iter().copied());
        let mut others: Vec<Id> = all.filter(|id| *id != self.id).collect();
        others.sort_unstable();
        others.dedup();
        others
    }

    /// Sends a message to all others who have a vote.
    pub(super) fn broadcast(&mut self, message: &Message<Command<P>>) {
        for to in self.other_voters() {
            self.send(to, message.clone());
        }
    }

    /// Whether this server may promise and accept: not if it has forgotten what it promised, nor as
    /// long as it does not know that it has a vote.
    pub(super) fn has_vote(&self) -> bool {
        self.require(Rule::WipedDoesNotPromise, !self.state().is_wiped)
            && self.require(Rule::VoterKnowsIt, self.is_voter(self.id))
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

    /// What a server says that does not lead: who leads, as far as it knows, or that it is no
    /// member.
    pub(super) fn elsewhere<O>(&self) -> Answer<O> {
        if !self.open_configs().any(|config| config.is_member(self.id)) {
            return Answer::NoMember;
        }
        let leader = match self.state().role {
            Role::Follower { leader } if self.keeps(Rule::LeaderIsNamed) => leader,
            _ => None,
        };
        Answer::Redirect { leader }
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
