//! Reads that no log entry is spent on (thesis §6.4).
//!
//! A leader may have been deposed and not know it. So it asks its followers, once a read has come,
//! whether it still leads: a majority that does not know of a newer leader by then has elected
//! none. One such *round* is on its way at a time. Reads that come meanwhile share the next.
//!
//! Nothing is saved for a read. One that is lost with its leader is asked again by its client.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::lease::{self, Lease};
use super::message::{Message, ReadIndexReply};
use super::rules::Rule;
use super::server::Step;
use super::state::{Role, ServerState};
use super::{Command, Params, flow};
use crate::number::Index;
use crate::rules::RuleBook;
use crate::service::{Answer, Request};
use crate::state_machine::StateMachine;

/// Reads that are not answered yet.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Reads<C> {
    /// They came before the round that is on its way, which confirms them. There is none on its way
    /// if there are none of these.
    pub asked: BTreeSet<Read<C>>,
    /// They wait for the next round.
    pub waiting: BTreeSet<Read<C>>,
    /// They wait until this server has applied its log up to an index.
    pub held: BTreeSet<(Index, Question<C>)>,
}

/// Those that there are.
impl<C: fmt::Debug> fmt::Debug for Reads<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, reads) in [("asked", &self.asked), ("waiting", &self.waiting)] {
            if !reads.is_empty() {
                map.entry(&format_args!("{name}"), reads);
            }
        }
        if !self.held.is_empty() {
            map.entry(&format_args!("held"), &self.held);
        }
        map.finish()
    }
}

/// A read that a leader is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Read<C> {
    /// Who answers it, if not the leader itself.
    pub follower: Option<Id>,
    pub question: Question<C>,
}

/// What a client wants to read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Question<C> {
    pub request: Request<C>,
    /// The client wants to know as well by how much of the log it is answered.
    pub asks_index: bool,
    /// It is content with a leader that holds a lease.
    pub by_lease: bool,
}

/// As the request itself.
impl<C: fmt::Debug> fmt::Debug for Question<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}

impl<C> Default for Reads<C> {
    fn default() -> Self {
        Reads { asked: BTreeSet::new(), waiting: BTreeSet::new(), held: BTreeSet::new() }
    }
}

/// A leader's question whether it still leads.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Round {
    /// How many such questions this leader has asked. A read raises it, and a member that comes.
    pub number: u64,
    /// Who has answered the last one while it was of use.
    pub heard: BTreeSet<Id>,
    pub lease: Lease,
}

/// Takes in a read that the leader is asked for.
pub(super) fn handle_read<P: Params>(step: &mut Step<P>, read: Read<Command<P>>) {
    let reads = &step.state().reads;
    if reads.asked.contains(&read) || reads.waiting.contains(&read) {
        return;
    }
    if !knows_commit(step.state()) && !step.keeps(Rule::EarlyReadIsQueued) {
        return;
    }
    step.state_mut().reads.waiting.insert(read);
    ask(step);
}

/// Does this leader know all that is committed? It does once an entry of its own term is.
pub fn knows_commit(state: &ServerState<impl StateMachine>) -> bool {
    state.log().term_at(state.commit) == Some(state.term())
}

/// A leader begins a round if reads wait for one and none is on its way.
pub(super) fn ask<P: Params>(step: &mut Step<P>) {
    let state = step.state();
    let is_due = !state.reads.waiting.is_empty() && state.reads.asked.is_empty();
    let is_early = !knows_commit(state);
    if !is_due || !step.require(Rule::OwnTermFirst, !is_early) {
        return;
    }
    let state = step.state_mut();
    let Role::Leader { round, .. } = &mut state.role else { return };
    round.number += 1;
    state.reads.asked = std::mem::take(&mut state.reads.waiting);
    lease::ask(step);
    flow::ask_all(step, false);
    answer_confirmed(step);
}

/// What a follower says to the leader of its term with whatever it answers.
pub(super) struct Said {
    /// The round in which it was asked.
    pub round: u64,
    /// For how long it votes for no other, where leaders hold leases.
    pub promise: Option<Duration>,
}

/// A follower has answered the leader of its term.
pub(super) fn hear<P: Params>(step: &mut Step<P>, follower: Id, said: &Said) {
    let Role::Leader { round, .. } = &step.state().role else { return };
    let is_news = !step.state().reads.asked.is_empty() && !round.heard.contains(&follower);
    if !is_news || !step.require(Rule::RoundAfterRead, said.round == round.number) {
        return;
    }
    if let Role::Leader { round, .. } = &mut step.state_mut().role {
        round.heard.insert(follower);
    }
    lease::heed(step, said.promise);
    answer_confirmed(step);
}

/// Has a majority confirmed that this server leads, since it began the round?
pub fn is_confirmed(rules: &impl RuleBook<Rule>, state: &ServerState<impl StateMachine>) -> bool {
    let Role::Leader { followers, round, .. } = &state.role else {
        return false;
    };
    // Whoever is not a follower is the leader itself.
    let is_heard = |id| round.heard.contains(&id) || !followers.contains_key(&id);
    !state.reads.asked.is_empty()
        && rules.require(Rule::MajorityConfirms, state.config().is_quorum(rules, is_heard))
}

/// Answers the reads that the round confirms, by what is applied: all that was committed when they
/// came, and more. Then begins the next.
fn answer_confirmed<P: Params>(step: &mut Step<P>) {
    if !is_confirmed(&step.server.rules, step.state()) {
        return;
    }
    lease::confirm(step);
    let state = step.state_mut();
    if let Role::Leader { round, .. } = &mut state.role {
        round.heard.clear();
    }
    for read in std::mem::take(&mut state.reads.asked) {
        serve(step, read);
    }
    ask(step);
}

/// Answers a read that is confirmed, or tells the follower that does how far it must be.
pub(super) fn serve<P: Params>(step: &mut Step<P>, read: Read<Command<P>>) {
    let Some(follower) = read.follower else {
        return answer(step, &read.question);
    };
    let reply = ReadIndexReply { read: read.question, index: step.state().commit };
    step.send(follower, Message::ReadIndexReply(reply));
}

/// Answers a read by what is applied here.
pub(super) fn answer<P: Params>(step: &mut Step<P>, read: &Question<Command<P>>) {
    let Question { request: Request { session, sequence, command, .. }, asks_index, .. } = read;
    let output = step.state().applied.machine.read(command);
    let index = step.state().applied.index;
    let answer = if *asks_index { Answer::Read { output, index } } else { Answer::done(output) };
    step.answer(*session, *sequence, answer);
}
