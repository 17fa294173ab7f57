//! A replica holds of each register what was written last, as far as it was told.

use stateright::actor::Id;

use super::message::{Message, Queried, Query, Store, Stored};
use super::rules::Rule;
use super::server::Step;
use super::{Content, Key, Params};
use crate::quorum_store::register::Tagged;

/// Whether this replica may say what it holds: not if it has lost what it said that it holds.
pub(super) fn takes_part<P: Params>(step: &Step<P>) -> bool {
    step.require(Rule::WipedIsSilent, !step.state().is_wiped())
}

/// Tells a coordinator what this replica holds.
pub(super) fn handle_query<P: Params>(step: &mut Step<P>, from: Id, message: Query<Key<P>>) {
    if !takes_part(step) {
        return;
    }
    let Query { operation, key } = message;
    let (held, crashes) = (step.state().held(&key), step.state().storage.crashes.clone());
    step.send(from, Message::Queried(Queried { operation, held, crashes }));
}

/// Holds what a coordinator says, unless it is older than what this replica holds.
pub(super) fn handle_store<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: Store<Key<P>, Content<P>>,
) {
    if !takes_part(step) {
        return;
    }
    let Store { operation, key, held } = message;
    store(step, key, held);
    let crashes = step.state().storage.crashes.clone();
    step.send(from, Message::Stored(Stored { operation, crashes }));
}

pub(super) fn store<P: Params>(step: &mut Step<P>, key: Key<P>, held: Tagged<Content<P>>) {
    let own = step.state().held(&key);
    if held != own && step.require(Rule::HigherTagOnly, held.tag > own.tag) {
        step.save();
        step.state_mut().storage.registers.insert(key, held);
    }
}
