//! How a key comes to its new owner: that asks all who were on the ring before, each of which goes
//! over to the new ring, serves no longer what that gives to others, and tells what it held of it.

use stateright::actor::Id;

use super::Timer;
use super::message::{Copy, Message, Page};
use super::rules::Rule;
use super::server::Step;
use super::state::Storage;
use crate::number::Epoch;
use crate::rules::RuleBook;

/// This server is told of the next ring.
pub(super) fn handle_next_ring<R: RuleBook<Rule>>(step: &mut Step<R>) {
    let next = step.state().storage.epoch.next();
    go_over(step, next);
    if next < step.server.last() {
        step.set_timer(Timer::NextRing, step.server.timing.ring.clone());
    }
}

/// Goes over to the ring of this epoch, and begins to copy.
fn go_over<R: RuleBook<Rule>>(step: &mut Step<R>, epoch: Epoch) {
    let epoch = epoch.min(step.server.last());
    if epoch <= step.state().storage.epoch {
        return;
    }
    let was_whole = step.state().storage.whole == step.state().storage.epoch;
    step.save();
    step.state_mut().storage.epoch = epoch;
    if epoch == step.server.last() {
        step.cancel_timer(Timer::NextRing);
    }
    if was_whole {
        step.set_timer(Timer::Again, step.server.timing.again.clone());
        begin(step);
    }
}

/// Begins to copy what is this server's by the next ring by which it is not whole, if there is one.
fn begin<R: RuleBook<Rule>>(step: &mut Step<R>) {
    ask(step);
    end(step);
}

/// The servers that were on the ring by which this one is whole, but itself.
fn sources<R: RuleBook<Rule>>(step: &Step<R>) -> Vec<Id> {
    let servers = step.server.ring(step.state().storage.whole).servers();
    servers.into_iter().filter(|other| *other != step.id).collect()
}

/// Asks those who have not told what is this server's.
fn ask<R: RuleBook<Rule>>(step: &mut Step<R>) {
    let Storage { epoch, whole, .. } = step.state().storage;
    if whole >= epoch {
        return;
    }
    for to in sources(step) {
        if !step.state().told.contains(&to) {
            step.send(to, Message::Copy(Copy { epoch: whole.next() }));
        }
    }
}

/// Some may not have heard, or their answer may be lost.
pub(super) fn handle_again<R: RuleBook<Rule>>(step: &mut Step<R>) {
    if step.keeps(Rule::CopiesAreAskedAgain) {
        step.set_timer(Timer::Again, step.server.timing.again.clone());
        ask(step);
    }
}

/// Tells a server what is its by the ring of an epoch, and was this one's by the ring before.
pub(super) fn handle_copy<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Copy) {
    let Copy { epoch } = message;
    if step.keeps(Rule::RingByEpoch) {
        go_over(step, epoch);
    }
    let before = Epoch(epoch.0.saturating_sub(1));
    if !step.require(Rule::WholeIsCopied, step.state().storage.whole >= before) {
        return;
    }
    let (server, id) = (step.server, step.id);
    let held = step.state().storage.held.iter();
    let moved = held
        .filter(|(key, _)| server.owner(before, key) == id && server.owner(epoch, key) == from)
        .map(|(key, value)| (key.clone(), value.clone()));
    let held = moved.collect();
    step.send(from, Message::Page(Page { epoch, held }));
}

/// Holds what a server has told.
pub(super) fn handle_page<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Page) {
    let Page { epoch, held } = message;
    let Storage { epoch: latest, whole, .. } = step.state().storage;
    let is_asked = whole < latest && epoch == whole.next() && !step.state().told.contains(&from);
    if !step.require(Rule::PageOfThisCopy, is_asked) {
        return;
    }
    step.save();
    let state = step.state_mut();
    state.storage.held.extend(held);
    state.told.insert(from);
    end(step);
}

/// Is whole by one more ring when all have told.
fn end<R: RuleBook<Rule>>(step: &mut Step<R>) {
    let Storage { epoch, whole, .. } = step.state().storage;
    let have_told = sources(step).iter().all(|source| step.state().told.contains(source));
    if whole >= epoch || !have_told {
        return;
    }
    step.save();
    let state = step.state_mut();
    state.storage.whole = whole.next();
    state.told.clear();
    match whole.next() == epoch {
        true => step.cancel_timer(Timer::Again),
        false => begin(step),
    }
}
