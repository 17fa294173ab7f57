//! What a home of a key does for a coordinator.

use stateright::actor::Id;

use super::message::{Message, Queried, Query, Store, Stored};
use super::rules::Rule;
use super::server::Step;
use crate::rules::RuleBook;

/// Tells a coordinator what this server holds.
pub(super) fn handle_query<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Query) {
    let Query { operation, key } = message;
    let held = step.known(&key);
    step.send(from, Message::Queried(Queried { operation, held }));
}

/// Holds what a coordinator has written, beside what it holds.
pub(super) fn handle_store<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Store) {
    let Store { operation, key, held } = message;
    let merges = step.keeps(Rule::StoreMerges);
    step.learn(&key, &held, merges);
    step.send(from, Message::Stored(Stored { operation }));
}
