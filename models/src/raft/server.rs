//! What every handler of a server uses: its state, its rules, what it says, and what it saves.

use stateright::actor::Id;

use super::log::{Entry, Payload};
use super::read::Reads;
use super::rules::Rule;
use super::state::{Role, Storage};
use super::{Command, Params, Server, ServerState, Timer, lease, own_disk};
use crate::number::{Index, Term};
use crate::rules::RuleBook;
use crate::service::{Answer, Sequence, Session};
use crate::step::Stored;

/// One handler call of a Raft server.
pub(super) type Step<'a, 's, P> = crate::step::Step<'a, 's, Server<P>>;

impl<P: Params> Step<'_, '_, P> {
    pub(super) fn term(&self) -> Term {
        self.state().term()
    }

    /// What survives a crash, to change it. It is saved when the step ends.
    pub(super) fn storage_mut(&mut self) -> &mut Storage<P::Machine> {
        self.save();
        own_disk::all_is_written(self);
        &mut self.state_mut().storage
    }

    pub(super) fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    /// Whom a candidate asks for a vote: all others, for who learns by its log may have a vote by
    /// now.
    pub(super) fn peers(&self) -> Vec<Id> {
        let config = self.state().config();
        let learners = self.keeps(Rule::LearnersAreAsked);
        let asked = if learners { config.members() } else { config.all_voters() };
        asked.into_iter().filter(|id| *id != self.id).collect()
    }

    /// Puts an entry of this term behind the log, and saves it, now or a little later.
    pub(super) fn append(&mut self, payload: Payload<Command<P>>) {
        let term = self.term();
        self.store(Entry { term, payload });
    }

    /// Puts an entry behind the log, and saves it, now or a little later if this server leads. A
    /// configuration counts from now on.
    pub(super) fn store(&mut self, entry: Entry<Command<P>>) {
        let index = self.state().log().last_index().next();
        if let Payload::Config(config) = &entry.payload {
            self.state_mut().configs.push(index, config.clone());
        }
        if !own_disk::append_first(self, &entry) {
            self.storage_mut().log.append(entry);
        }
    }

    /// Removes the entry at `index` and all behind it, and saves that. A configuration among them
    /// counts no more.
    pub(super) fn truncate_from(&mut self, index: Index) {
        if self.keeps(Rule::TruncatedIsUndone) {
            self.state_mut().configs.truncate_from(index);
        }
        self.storage_mut().log.truncate_from(index);
    }

    pub(super) fn become_follower(&mut self, leader: Option<Id>) {
        if self.state().role == (Role::Follower { leader }) {
            return;
        }
        if self.server.options.are_sticky() {
            self.cancel_timer(Timer::Contact);
        }
        if matches!(self.state().role, Role::PreCandidate { .. }) {
            self.cancel_timer(Timer::PreVote);
            self.set_election_timer();
        }
        if self.state().is_leader() {
            self.cancel_timer(Timer::Heartbeat);
            if self.server.options.lease_reads {
                self.cancel_timer(Timer::Lease);
            }
            if self.state().hands_over().is_some() {
                self.cancel_timer(Timer::Transfer);
            }
            own_disk::write_before_stepping_down(self);
            if self.keeps(Rule::StandsWhenDeposed) {
                self.set_election_timer();
            }
            self.state_mut().reads = Reads::default();
        }
        self.state_mut().role = Role::Follower { leader };
    }

    /// Tells the client what its command returned, if it is the last one applied of its session.
    pub(super) fn answer_applied(&mut self, session: Session, sequence: Sequence) {
        if let Some(last) = self.state().applied.sessions.last(session)
            && self.require(Rule::OutcomeIsItsOwn, last.sequence == sequence)
        {
            let answer = Answer::Done { output: last.output.clone(), index: last.index };
            self.answer(session, sequence, answer);
        }
    }

    pub(super) fn set_election_timer(&mut self) {
        self.set_timer(Timer::Election, self.server.timing.election.clone());
    }

    pub(super) fn set_pre_vote_timer(&mut self) {
        self.set_timer(Timer::PreVote, self.server.timing.election.clone());
    }

    pub(super) fn set_contact_timer(&mut self) {
        self.set_timer(Timer::Contact, self.server.timing.least_election());
    }

    pub(super) fn set_lease_timer(&mut self) {
        let length = lease::length(&self.server.timing);
        self.set_timer(Timer::Lease, length..length);
    }

    pub(super) fn set_transfer_timer(&mut self) {
        let longest = self.server.timing.election.end;
        self.set_timer(Timer::Transfer, longest..longest);
    }

    pub(super) fn set_heartbeat_timer(&mut self) {
        let interval = self.server.timing.heartbeat;
        self.set_timer(Timer::Heartbeat, interval..interval);
    }
}

impl<P: Params> Stored for Server<P> {
    fn to_save(&self, state: &ServerState<P::Machine>) -> Storage<P::Machine> {
        let mut storage = own_disk::to_save(state);
        if !self.rules.keeps(Rule::TermSurvivesCrash) {
            storage.term = Term::ZERO;
        }
        if !self.rules.keeps(Rule::VoteSurvivesCrash) {
            storage.voted_for = None;
        }
        if !self.rules.keeps(Rule::LogSurvivesCrash) {
            storage.log = Default::default();
            storage.snapshot = None;
        }
        storage
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}
