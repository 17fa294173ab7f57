//! How a cluster changes its servers (thesis §4; Raft §6).
//!
//! A configuration is an entry of the log, and counts as soon as it is there. One server that comes
//! or goes leaves majorities that meet the old ones, so such a change takes one entry; any other
//! takes two, of which the first is joint. A leader begins no change before the last one is
//! committed, and something of its own term with it (Ongaro, raft-dev, 2015).

use stateright::actor::Id;

use super::config::Config;
use super::log::Payload;
use super::rules::Rule;
use super::server::Step;
use super::state::{Progress, Role, ServerState};
use super::{Params, Server, client, commit, contact, flow, identity, read};
use crate::number::Index;
use crate::order::{Change, Order, Refusal};
use crate::rules::RuleBook;
use crate::service::{Answer, Request};
use crate::state_machine::StateMachine;

/// What a leader does about a change that it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is so, and committed.
    Done,
    /// It is on its way, or has to wait: until something of this term is committed, until the
    /// leader has handed over or not, or until it has noted whose store is which. An operator asks
    /// again.
    Wait,
    /// This configuration begins it.
    Begin(Config),
}

/// What a leader goes by beside the rules and what it knows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// So many entries a server may lack that is to vote.
    pub most_lacking: usize,
    /// The leader keeps account of whom it hears.
    pub minds_quorum: bool,
}

impl Limits {
    fn of<P: Params>(server: &Server<P>) -> Self {
        let minds_quorum = server.options.check_quorum;
        Limits { most_lacking: server.batch.entries, minds_quorum }
    }
}

/// An operator asks for a change. The leader begins it if it may.
pub(super) fn handle_change<P: Params>(
    step: &mut Step<P>,
    order: &Request<Order>,
    change: &Change,
) {
    let (session, sequence) = (order.session, order.sequence);
    if !step.state().is_leader() {
        let answer = client::elsewhere(step);
        return step.answer_order(session, sequence, answer);
    }
    match decide(&step.server.rules, step.state(), &Limits::of(step.server), change) {
        Ok(Decision::Done) => step.answer_order(session, sequence, Answer::done(Ok(()))),
        Ok(Decision::Wait) => {}
        Ok(Decision::Begin(config)) => begin(step, config),
        Err(refusal) => step.answer_order(session, sequence, Answer::done(Err(refusal))),
    }
}

/// What is to be done about `change`.
///
/// # Errors
/// Why the leader refuses the change.
pub fn decide(
    rules: &impl RuleBook<Rule>,
    state: &ServerState<impl StateMachine>,
    limits: &Limits,
    change: &Change,
) -> Result<Decision, Refusal> {
    let (index, config) = state.configs.latest();
    let is_committed = index <= state.commit;
    let is_voteless = |id: &Id| identity::is_voteless(state, *id);
    if let Some(id) = change.kept().into_iter().find(is_voteless) {
        return Err(Refusal::Voteless { id });
    }
    let goal = config.left();
    let Some(next) = goal.after(rules, change)? else {
        let is_done = is_committed && !config.is_joint();
        return Ok(if is_done { Decision::Done } else { Decision::Wait });
    };
    // A leader leaves a joint configuration in the step in which it commits it, so one that is
    // joint is not committed.
    if !rules.require(Rule::OneChangeAtATime, is_committed) {
        let is_record = identity::is_record(&state.configs);
        return if is_record { Ok(Decision::Wait) } else { Err(Refusal::ChangePending) };
    }
    let majority_counts = next.is_quorum(rules, |id| !is_voteless(&id));
    if !rules.require(Rule::ChangeLeavesAMajority, majority_counts)
        && let Some(id) = next.voters.iter().copied().find(is_voteless)
    {
        return Err(Refusal::Voteless { id });
    }
    if let Some(id) = next.voters.iter().copied().find(|id| {
        !config.is_voter(*id)
            && !rules.require(Rule::LearnerCatchesUpFirst, has_caught_up(state, *id, limits))
    }) {
        return Err(Refusal::LagsBehind { id });
    }
    let hands_over = state.hands_over().is_some();
    if hands_over || !rules.require(Rule::OwnTermCommittedFirst, read::knows_commit(state)) {
        return Ok(Decision::Wait);
    }
    if limits.minds_quorum
        && let Some(id) = contact::unheard(rules, state, &next)
        && rules.keeps(Rule::NewMajorityIsHeard)
    {
        return Err(Refusal::Unheard { id });
    }
    Ok(Decision::Begin(next))
}

/// Does a follower lack so few entries at most, in the store that is on record?
fn has_caught_up(state: &ServerState<impl StateMachine>, id: Id, limits: &Limits) -> bool {
    let Role::Leader { followers, .. } = &state.role else { return false };
    let last = state.log().last_index().0;
    followers.get(&id).is_some_and(|known| {
        known.matched > Index::ZERO
            && last - known.matched.0 <= limits.most_lacking as u64
            && !known.has_other_store
    })
}

/// Appends `config`, and sends it to all who are members by it, or were before.
pub(super) fn begin<P: Params>(step: &mut Step<P>, config: Config) {
    let before = step.state().log().last_index();
    let (id, known) = (step.id, step.state().config().members());
    let new: Vec<Id> = config.members().difference(&known).copied().collect();
    step.append(Payload::Config(config));
    if !new.is_empty() {
        follow_up(step, new.into_iter().filter(|member| *member != id), before);
    }
    flow::replicate(step);
    commit::advance(step);
}

/// Sends these what they lack from now on, whose logs may match up to `last`. What was known of one
/// of them before is forgotten, and what it said.
fn follow_up<P: Params>(step: &mut Step<P>, new: impl Iterator<Item = Id>, last: Index) {
    let Role::Leader { followers, round, .. } = &mut step.state_mut().role else { return };
    round.number += 1;
    let since = round.number;
    followers.extend(new.map(|id| (id, Progress { since, ..Progress::behind(last) })));
}

/// A server that is removed asks whether it may stand: it has missed that, or that it is for good.
/// The leader follows it up with its next heartbeat, as it does when the change is new.
pub(super) fn take_up<P: Params>(step: &mut Step<P>, asker: Id) {
    let state = step.state();
    let Role::Leader { followers, .. } = &state.role else { return };
    if is_outside(asker, state)
        && !followers.contains_key(&asker)
        && step.keeps(Rule::RemovedAskerIsTold)
    {
        let last = state.log().last_index();
        follow_up(step, std::iter::once(asker), last);
    }
}

/// What a leader does when a configuration is committed. It leaves one that is joint, tells those
/// who are removed that they are, and steps down if it is one of them.
pub(super) fn settle<P: Params>(step: &mut Step<P>) {
    let state = step.state();
    let (index, config) = state.configs.latest();
    if index == Index::ZERO || !state.is_leader() {
        return;
    }
    let is_committed = index <= state.commit;
    if config.is_joint() {
        let next = config.left();
        if step.require(Rule::LeaveJointAfterCommit, is_committed) {
            begin(step, next);
        }
    } else if is_committed {
        let has_vote = config.is_voter(step.id);
        part(step, index);
        if !has_vote && step.keeps(Rule::RemovedLeaderStepsDown) {
            step.become_follower(None);
        }
    }
}

/// Tells whoever is removed, when it has the configuration at `index`, that this is committed, and
/// sends it no more. Until then it is sent what the others are, though it does not count. What is
/// said to one that lacks what is compacted is no more than that there is a snapshot.
fn part<P: Params>(step: &mut Step<P>, index: Index) {
    let tells = step.keeps(Rule::RemovedIsTold);
    let members = step.state().config().members();
    let Role::Leader { followers, .. } = &step.state().role else { return };
    let can_be_told = |id| !flow::lacks_compacted(step, id);
    let gone = followers.iter().filter(|(id, known)| {
        let has_it = known.matched >= index && can_be_told(**id);
        !members.contains(id) && (has_it || known.is_lost || !tells)
    });
    for id in gone.map(|(id, _)| *id).collect::<Vec<Id>>() {
        if tells {
            flow::ask(step, id, true);
        }
        if let Role::Leader { followers, .. } = &mut step.state_mut().role {
            followers.remove(&id);
        }
    }
}

/// Is this server no member, for all that it knows, and for good: removed, or not added yet?
pub fn is_outside(id: Id, state: &ServerState<impl StateMachine>) -> bool {
    let (index, config) = state.configs.latest();
    index <= state.commit && !config.members().contains(&id)
}

/// May this server stand for election? A learner may not, nor may one that knows for good that it
/// is removed. One whose removal may be undone, or be known to it alone, may (thesis §4.2.2).
pub fn may_stand(
    rules: &impl RuleBook<Rule>,
    id: Id,
    state: &ServerState<impl StateMachine>,
) -> bool {
    let (index, config) = state.configs.latest();
    if config.is_voter(id) {
        return true;
    }
    if config.learners.contains(&id) {
        return !rules.keeps(Rule::LearnersDoNotStand);
    }
    if index <= state.commit {
        return !rules.keeps(Rule::RemovedRests);
    }
    rules.keeps(Rule::RemovedStandsUntilCommit)
}
