//! What is chosen is learnt and takes effect, slot by slot.

use stateright::actor::Id;

use super::ballot::Ballot;
use super::log::{Run, Value};
use super::membership::Learner;
use super::message::{Chosen, Entries, Learn, Message};
use super::rules::Rule;
use super::server::Step;
use super::state::Role;
use super::{Command, Params, compaction, lease, membership, snapshot};
use crate::number::Index;

/// It is known what is chosen for the first slot of which that was not known. It takes effect, and
/// a leader answers the client.
pub(super) fn choose<P: Params>(step: &mut Step<P>, value: Value<Command<P>>) {
    let once = step.keeps(Rule::TakesEffectOnce);
    let state = step.state_mut();
    let slot = state.chosen().next();
    state.perform(slot, &value, once);
    state.storage.accepted.close::<P::Machine>(slot);
    state.storage.log.push(value.clone());
    if state.incoming.as_ref().is_some_and(|incoming| incoming.last <= slot) {
        state.incoming = None;
    }
    match &mut state.role {
        Role::Follower { .. } => {}
        Role::Scout { reported, .. } => {
            reported.remove(&slot);
        }
        Role::Leader(leader) => {
            leader.accepted_by.remove(&slot);
            if let Some(request) = value.request() {
                leader.window.commit::<P::Machine>(request);
                step.answer_performed(request.session, request.sequence);
            }
        }
    }
    membership::settle(step, slot, matches!(value, Value::Change(_)));
    compaction::take_if_due(step);
}

/// All slots up to `up_to` are chosen: those for which something of this ballot was accepted here
/// hold that.
pub(super) fn follow<P: Params>(step: &mut Step<P>, ballot: Ballot, up_to: Index) {
    while step.state().chosen() < up_to
        && let next = step.state().chosen().next()
        && let Some(pvalue) = step.state().storage.accepted.get(&next)
        && step.require(Rule::NoticeNamesBallot, pvalue.ballot == ballot)
    {
        let value = pvalue.value.clone();
        choose(step, value);
    }
}

/// A leader is there, and so much is chosen. Whoever lacks some of that asks for it, unless some of
/// it has come since it heard that last: then it has asked. Who has no vote asks in any case, by
/// which it says how far it is.
pub(super) fn handle_chosen<P: Params>(step: &mut Step<P>, from: Id, message: Chosen) {
    let Chosen { ballot, up_to, lease } = message;
    if ballot < step.promised() {
        return;
    }
    step.promise(ballot);
    step.follow(Some(from));
    if let Some(round) = lease {
        lease::promise(step, from, round);
    }
    follow(step, ballot, up_to);
    let is_fresh = step.state().is_fresh;
    if is_fresh {
        step.state_mut().is_fresh = false;
    }
    let has_to_ask = step.state().chosen() < up_to || !step.is_voter(step.id);
    if has_to_ask && !is_fresh && step.keeps(Rule::MissingIsAsked) {
        ask(step, from);
    }
}

/// Something has come of what this server lacks, and it asks for the rest.
pub(super) fn ask_for_the_rest<P: Params>(step: &mut Step<P>, of: Id) {
    if step.keeps(Rule::RestIsAsked) {
        step.state_mut().is_fresh = true;
        ask(step, of);
    }
}

/// Asks a server for what is chosen and not known here.
pub(super) fn ask<P: Params>(step: &mut Step<P>, of: Id) {
    let from = step.state().chosen().next();
    let incoming = step.state().incoming.as_ref();
    let has = incoming.map(|known| (known.last, known.pieces.len() as u32));
    let store = step.state().storage.store;
    step.send(of, Message::Learn(Learn { from, has, store }));
}

/// Whether a server that knows nothing from `first` on lacks more than one message carries.
pub(super) fn lacks_much<P: Params>(step: &Step<P>, first: Index) -> bool {
    !step.state().storage.log.is_light::<P::Machine>(first, step.server.limits.page)
}

/// Tells a server some of what it lacks, and notes how far it is if it has no vote.
pub(super) fn handle_learn<P: Params>(step: &mut Step<P>, from: Id, message: Learn) {
    let Learn { from: first, has, store } = message;
    let chosen = Index(first.0.saturating_sub(1));
    membership::hear(step, from, Learner { store, chosen, is_fresh: true });
    if first <= step.state().chosen() {
        tell(step, from, first, has);
    }
}

/// Tells a server what is chosen from the slot on that it asks for, as much as one message carries,
/// or gives it a piece of what stands for that.
pub(super) fn tell<P: Params>(step: &mut Step<P>, to: Id, first: Index, has: Option<(Index, u32)>) {
    if first <= step.state().storage.log.base() {
        return snapshot::send_piece(step, to, has);
    }
    let chosen = step.state().storage.log.run::<P::Machine>(first, step.server.limits.page);
    let up_to = step.state().chosen();
    step.send(to, Message::Entries(Entries { chosen, up_to }));
}

/// Takes in what is new, and asks for the rest. A leader counts by itself what is chosen.
pub(super) fn handle_entries<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: Entries<Command<P>>,
) {
    if step.state().is_leader() {
        return;
    }
    let is_news = take(step, &message.chosen);
    if is_news && !step.keeps(Rule::WipedStaysOut) {
        step.state_mut().is_wiped = false;
    }
    if is_news && step.state().chosen() < message.up_to {
        ask_for_the_rest(step, from);
    }
}

/// Takes in what is chosen behind what is known, and says whether there is any of that.
pub(super) fn take<P: Params>(step: &mut Step<P>, run: &Run<Command<P>>) -> bool {
    let next = step.state().chosen().next();
    if !step.require(Rule::NoSlotIsSkipped, run.from <= next) {
        return false;
    }
    let known = next.0.saturating_sub(run.from.0) as usize;
    let mut is_news = false;
    for value in run.values.iter().skip(known) {
        choose(step, value.clone());
        step.save();
        is_news = true;
    }
    is_news
}
