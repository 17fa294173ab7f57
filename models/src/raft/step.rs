//! One handler call of one server: the state it may change and what it says, held back until the
//! end, so that whatever was saved is saved before anything is sent.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use stateright::actor::{Id, Out};

use super::rules::{RaftRules, Rule};
use super::state::{Role, ServerState, Storage};
use super::{Message, MessageOf, Raft, Server, State, Timer};
use crate::number::Term;
use crate::service::{Answer, Reply, Sequence, Session};
use crate::state_machine::StateMachine;

/// What a handler works on.
pub(super) struct Step<'a, 's, M: StateMachine, R: RaftRules> {
    pub(super) server: &'a Server<M, R>,
    pub(super) id: Id,
    state: &'a mut Cow<'s, State<M>>,
    storage_changed: bool,
    timers: Vec<(Timer, Option<Range<Duration>>)>,
    sends: Vec<(Id, MessageOf<M>)>,
}

impl<'a, 's, M: StateMachine, R: RaftRules> Step<'a, 's, M, R> {
    pub(super) fn new(server: &'a Server<M, R>, id: Id, state: &'a mut Cow<'s, State<M>>) -> Self {
        Step { server, id, state, storage_changed: false, timers: vec![], sends: vec![] }
    }

    pub(super) fn state(&self) -> &ServerState<M> {
        match &**self.state {
            State::Server(state) => state,
            State::Client(_) => unreachable!("a server's state is a server's"),
        }
    }

    /// The volatile part, to change it. Storage is changed through [`Step::storage_mut`].
    pub(super) fn state_mut(&mut self) -> &mut ServerState<M> {
        match self.state.to_mut() {
            State::Server(state) => state,
            State::Client(_) => unreachable!("a server's state is a server's"),
        }
    }

    /// The durable part, to change it; it is saved when the step ends.
    pub(super) fn storage_mut(&mut self) -> &mut Storage<M::Command> {
        self.storage_changed = true;
        &mut self.state_mut().storage
    }

    pub(super) fn term(&self) -> Term {
        self.state().term()
    }

    pub(super) fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    /// The other servers.
    pub(super) fn peers(&self) -> Vec<Id> {
        self.server.servers.iter().copied().filter(|server| *server != self.id).collect()
    }

    pub(super) fn become_follower(&mut self, leader: Option<Id>) {
        if self.state().role == (Role::Follower { leader }) {
            return;
        }
        if self.state().is_leader() {
            self.cancel_timer(Timer::Heartbeat);
            if self.keeps(Rule::StandsWhenDeposed) {
                self.set_election_timer();
            }
        }
        self.state_mut().role = Role::Follower { leader };
    }

    pub(super) fn send(&mut self, to: Id, message: MessageOf<M>) {
        self.sends.push((to, message));
    }

    pub(super) fn answer(
        &mut self,
        session: Session,
        sequence: Sequence,
        answer: Answer<M::Output>,
    ) {
        let reply = Reply { session, sequence, answer };
        self.send(session.client(), Message::Reply(reply));
    }

    /// Tells the client what its command returned, if it is the last one applied of its session.
    pub(super) fn answer_applied(&mut self, session: Session, sequence: Sequence) {
        if let Some((last, output)) = self.state().applied.sessions.get(&session)
            && self.require(Rule::OutcomeIsItsOwn, *last == sequence)
        {
            let answer = Answer::Done(output.clone());
            self.answer(session, sequence, answer);
        }
    }

    pub(super) fn set_election_timer(&mut self) {
        self.timers.push((Timer::Election, Some(self.server.timing.election.clone())));
    }

    pub(super) fn set_heartbeat_timer(&mut self) {
        let interval = self.server.timing.heartbeat;
        self.timers.push((Timer::Heartbeat, Some(interval..interval)));
    }

    pub(super) fn cancel_timer(&mut self, timer: Timer) {
        self.timers.push((timer, None));
    }

    /// Ends the step: saves, sets timers, sends, in this order.
    pub(super) fn finish(mut self, out: &mut Out<Raft<M, R>>) {
        let storage = self.storage_changed.then(|| self.storage_to_save());
        let save_first = self.keeps(Rule::SaveBeforeSend);
        if save_first && let Some(storage) = &storage {
            out.save(storage.clone());
        }
        for (timer, range) in self.timers.drain(..) {
            match range {
                Some(range) => out.set_timer(timer, range),
                None => out.cancel_timer(timer),
            }
        }
        for (to, message) in self.sends.drain(..) {
            out.send(to, message);
        }
        if !save_first && let Some(storage) = storage {
            out.save(storage);
        }
    }

    fn storage_to_save(&self) -> Storage<M::Command> {
        let mut storage = self.state().storage.clone();
        if !self.keeps(Rule::TermSurvivesCrash) {
            storage.term = Term::ZERO;
        }
        if !self.keeps(Rule::VoteSurvivesCrash) {
            storage.voted_for = None;
        }
        if !self.keeps(Rule::LogSurvivesCrash) {
            storage.log = Default::default();
        }
        storage
    }
}
