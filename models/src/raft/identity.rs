//! Which server is which: its name says so, and its store.
//!
//! A server that comes back with an empty store has forgotten its votes, and entries that were
//! committed with its help. Under its old name it is another server. So each store has a number,
//! drawn when it is made. A follower tells its leader the number, and the leader records it in the
//! configuration. A server whose store is not the recorded one has no vote and does not stand, and
//! what it says does not count: neither that it has an entry, nor that its leader still leads. It
//! stores what it is sent. Removed, added and promoted, it is recorded with its new store.
//!
//! A wiped server does not know what is on record. A candidate tells whomever it asks for a vote.
//! Who came later got its vote after its record, so no candidate that counts it lacks that. But a
//! founder has a vote from the beginning, or no cluster would begin. So a cluster whose founders'
//! stores are made at once begins with their records, before there is any entry
//! ([`Server::first_stores`](super::Server::first_stores)), and a founder whose store is lost is
//! caught at any moment. It knows by these records itself that its store is another one. Where a
//! founder's store is not known before, a candidate whose log lacks its record cannot tell, and a
//! founder whose store is lost is caught once the record is in the log of every voter.
//!
//! The first records stay what they were. A founder that is taken back with a new store rests by
//! them until it has the entry that says so in its log. A server that began with others than the
//! rest is as bad as one that began with other voters.
//!
//! A record changes no majority. It need not wait for a change that is on its way.

use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::config::{Config, Configs};
use super::rules::Rule;
use super::server::Step;
use super::state::{Role, ServerState};
use super::{Params, membership};
use crate::state_machine::StateMachine;

/// The number of a store.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StoreId(pub u64);

impl fmt::Debug for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a server tells of its store.
pub(super) fn own<P: Params>(step: &Step<P>) -> Option<StoreId> {
    step.server.knows_stores.then_some(step.state().storage.store)
}

/// The store that a member has by the own configuration, if that says so.
pub(super) fn known_as<P: Params>(step: &Step<P>, member: Id) -> Option<StoreId> {
    step.state().config().stores.get(&member).copied()
}

/// May this server vote, for a candidate that knows it by this store? For itself, if for none.
pub(super) fn may_vote<P: Params>(step: &Step<P>, known_as: Option<StoreId>) -> bool {
    let Some(own) = own(step) else { return true };
    let recorded = self::known_as(step, step.id);
    let is_own = |store: Option<StoreId>| store.is_none_or(|store| store == own);
    step.require(Rule::OtherStoreHasNoVote, is_own(recorded) && is_own(known_as))
}

/// Is this the store that is recorded of the follower that tells of it?
pub(super) fn is_recorded<P: Params>(step: &Step<P>, follower: Id, store: Option<StoreId>) -> bool {
    step.require(Rule::OtherStoreDoesNotCount, known_as(step, follower) == store)
}

/// Records the store of a follower of which none is recorded, and the leader's own with it.
pub(super) fn record<P: Params>(step: &mut Step<P>, follower: Id, store: Option<StoreId>) {
    let Some(store) = store else { return };
    let config = step.state().config();
    let is_unknown = config.members().contains(&follower) && !config.stores.contains_key(&follower);
    if !is_unknown || !step.state().is_leader() || !step.keeps(Rule::StoreIsRecorded) {
        return;
    }
    let mut next = config.clone();
    next.stores.insert(follower, store);
    if next.members().contains(&step.id) {
        next.stores.insert(step.id, step.state().storage.store);
    }
    membership::begin(step, next);
}

/// Is the last configuration there for no more than that it records a store?
pub(super) fn is_record(configs: &Configs) -> bool {
    let (index, latest) = configs.latest();
    let (_, before) = configs.before(index);
    let stores = before.stores.clone();
    Config { stores, ..latest.clone() } == *before
}

/// Does this leader know that a follower has another store than is on record? One that was recorded
/// just now says so again first.
pub fn is_another(state: &ServerState<impl StateMachine>, follower: Id) -> bool {
    let Role::Leader { followers, .. } = &state.role else { return false };
    let (since, config) = state.configs.latest();
    let is_recorded = config.stores.contains_key(&follower);
    let is_another = followers.get(&follower).filter(|known| known.has_other_store);
    is_recorded && is_another.is_some_and(|known| known.matched >= since)
}

/// Does this leader know that a member counts for nothing, since its store is another one, or lacks
/// what it has acknowledged?
pub fn is_voteless(state: &ServerState<impl StateMachine>, member: Id) -> bool {
    let Role::Leader { followers, .. } = &state.role else { return false };
    let is_lost = followers.get(&member).is_some_and(|known| known.is_lost);
    state.config().members().contains(&member) && (is_lost || is_another(state, member))
}

/// Does this server know that its store is not the one that is recorded of it?
pub fn has_other_store(id: Id, state: &ServerState<impl StateMachine>) -> bool {
    state.config().stores.get(&id).is_some_and(|recorded| *recorded != state.storage.store)
}
