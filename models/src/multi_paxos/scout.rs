//! Phase 1: a server that hears of no leader asks for promises, and leads when a majority has given
//! them. One ballot is for all slots from the first on that is not known to be chosen.

use std::collections::BTreeSet;

use stateright::actor::Id;

use super::ballot::Ballot;
use super::message::{Message, Prepare, Promise};
use super::open::Slots;
use super::rules::Rule;
use super::server::Step;
use super::state::Role;
use super::{Command, Params, Timer, leader, learn, lease, membership};
use crate::number::Index;

/// Nothing was heard of a leader for too long: the server stands with a new ballot of its own.
pub(super) fn handle_silence<P: Params>(step: &mut Step<P>) {
    let is_follower = matches!(step.state().role, Role::Follower { .. });
    if !is_follower || !step.keeps(Rule::SilenceStarts) || !may_stand(step) {
        return;
    }
    if lease::is_bound(step) {
        return step.set_timer(Timer::Silence, step.server.timing.silence.clone());
    }
    stand(step);
}

/// May this server stand? Not if it has forgotten what it promised, nor if it has no vote.
fn may_stand<P: Params>(step: &Step<P>) -> bool {
    step.require(Rule::WipedDoesNotPromise, !step.state().is_wiped)
        && step.require(Rule::RemovedRests, step.is_voter(step.id))
}

/// Asks for promises for a new ballot.
pub(super) fn stand<P: Params>(step: &mut Step<P>) {
    if step.state().is_leader() {
        lease::give_up(step);
    }
    let owner = if step.keeps(Rule::BallotIsOwn) { step.id } else { Id::from(0) };
    let ballot = step.promised().next(owner);
    step.promise(ballot);
    let reported = Slots::clone(&step.state().storage.accepted);
    step.state_mut().role = Role::Scout { promised_by: BTreeSet::new(), reported };
    step.set_timer(Timer::Again, step.server.timing.again.clone());
    let prepare = prepare(step);
    step.broadcast(&prepare);
    lead_if_promised(step);
}

/// What asks for promises. A value may be large, and most acceptors have what this server has: of a
/// slot and a ballot there is one value, so the ballot is enough to know that.
fn prepare<P: Params>(step: &Step<P>) -> Message<Command<P>> {
    let (ballot, from) = (step.promised(), step.state().chosen().next());
    let own = match &step.state().role {
        Role::Scout { reported, .. } => reported.iter(),
        Role::Follower { .. } | Role::Leader(_) => step.state().storage.accepted.iter(),
    };
    let has = own.map(|(slot, pvalue)| (*slot, pvalue.ballot)).collect();
    Message::Prepare(Prepare { ballot, from, has })
}

/// Promises a ballot that is not below another promise, and says what is accepted here. Whoever
/// lacks more than one message carries is given of that first, and asks again. Who is removed and
/// does not know it is told no more than that, whatever its ballot.
pub(super) fn handle_prepare<P: Params>(step: &mut Step<P>, from: Id, message: Prepare) {
    let Prepare { ballot, from: first, has } = message;
    if !step.require(Rule::VoterKnowsIt, step.is_voter(step.id)) {
        return ask_of_a_candidate(step, from, ballot, first);
    }
    if membership::is_removed(step, from, first) {
        return learn::tell(step, from, first, None);
    }
    let is_bound = lease::is_bound(step);
    if !step.has_vote() || is_bound || !step.require(Rule::PromiseRises, ballot >= step.promised())
    {
        return;
    }
    if learn::lacks_much(step, first) {
        return learn::tell(step, from, first, None);
    }
    step.promise(ballot);
    step.follow(None);
    let storage = &step.state().storage;
    let chosen = storage.log.run::<P::Machine>(first, step.server.limits.page);
    let reports = step.keeps(Rule::AcceptedIsReported);
    let is_news = |slot: &Index, ballot| reports && has.get(slot) != Some(&ballot);
    let accepted = storage.accepted.range(first..).filter(|(slot, it)| is_news(slot, it.ballot));
    let accepted = accepted.map(|(slot, pvalue)| (*slot, pvalue.clone())).collect();
    step.send(from, Message::Promise(Promise { ballot, chosen, accepted }));
}

/// Who does not know that it has a vote asks whoever stands for what makes it know that.
fn ask_of_a_candidate<P: Params>(step: &mut Step<P>, of: Id, ballot: Ballot, first: Index) {
    let lacks_some = first > step.state().chosen().next();
    if ballot >= step.promised() && lacks_some && step.keeps(Rule::MissingIsAsked) {
        learn::ask(step, of);
    }
}

/// Counts a promise, and takes in what it tells.
pub(super) fn handle_promise<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: Promise<Command<P>>,
) {
    let is_own = message.ballot == step.promised();
    let Role::Scout { promised_by, .. } = &step.state().role else { return };
    let has_promised = promised_by.contains(&from);
    if !step.require(Rule::PromisesOfThisBallot, is_own)
        || !step.require(Rule::PromiserCountsOnce, !has_promised)
    {
        return;
    }
    // Promisers are a set: to count one once more is to count another one.
    let silent = step.other_voters().into_iter();
    let silent = silent.filter(|_| has_promised).find(|id| !promised_by.contains(id));
    let promiser = silent.unwrap_or(from);
    learn::take(step, &message.chosen);
    merge(step, message.accepted);
    if let Role::Scout { promised_by, .. } = &mut step.state_mut().role {
        promised_by.insert(promiser);
    }
    lead_if_promised(step);
}

/// Keeps of what is reported, slot by slot, what has the highest ballot.
fn merge<P: Params>(step: &mut Step<P>, accepted: Slots<Command<P>>) {
    let first = step.state().chosen().next();
    let every_slot = step.keeps(Rule::EverySlotMerged);
    let highest = step.keeps(Rule::HighestBallotWins);
    let Role::Scout { reported, .. } = &mut step.state_mut().role else { return };
    for (slot, pvalue) in accepted {
        let known = reported.get(&slot).map_or(Ballot::none(), |known| known.ballot);
        let counts = slot == first || (every_slot && slot > first);
        if counts && (!highest || pvalue.ballot > known) {
            reported.insert(slot, pvalue);
        }
    }
}

/// Leads if a majority has promised, of each configuration that decides about a slot that may be
/// open.
fn lead_if_promised<P: Params>(step: &mut Step<P>) {
    let Role::Scout { promised_by, reported } = &step.state().role else { return };
    let has_promised = |id| id == step.id || promised_by.contains(&id);
    let asked = if step.keeps(Rule::EachConfigPromises) { usize::MAX } else { 1 };
    let is_enough = step.open_configs().take(asked).all(|it| it.is_quorum(has_promised));
    if step.require(Rule::MajorityPromises, is_enough) {
        leader::begin(step, reported.clone());
    }
}

/// Asks again those who have not promised.
pub(super) fn send_again<P: Params>(step: &mut Step<P>, promised_by: &BTreeSet<Id>) {
    if step.keeps(Rule::PrepareIsSentAgain) {
        let prepare = prepare(step);
        for to in step.other_voters().into_iter().filter(|id| !promised_by.contains(id)) {
            step.send(to, prepare.clone());
        }
    }
}
