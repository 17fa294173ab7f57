//! What every handler uses: the state, the rules, who owns a key, and what is saved.

use stateright::actor::{Id, Out};

use super::rules::Rule;
use super::state::{State, Storage};
use super::{Server, Timer};
use crate::kv::Text;
use crate::number::Epoch;
use crate::quorum_store::ring::{Place, Ring};
use crate::rules::RuleBook;
use crate::step::Stored;

/// One handler call of a server.
pub(super) type Step<'a, 's, R> = crate::step::Step<'a, 's, Server<R>>;

impl<R: RuleBook<Rule>> Server<R> {
    /// The ring of this epoch, or the last one.
    pub(super) fn ring(&self, epoch: Epoch) -> &Ring {
        let last = self.rings.len() - 1;
        &self.rings[(epoch.0 as usize).min(last)]
    }

    /// The server that owns `key` by the ring of this epoch.
    ///
    /// # Panics
    /// If that ring has no server.
    pub(super) fn owner(&self, epoch: Epoch, key: &Text) -> Id {
        self.ring(epoch).owners(Place::of(key), 1)[0]
    }

    /// The last epoch of which it is decided who is on the ring.
    pub(super) fn last(&self) -> Epoch {
        Epoch(self.rings.len() as u64 - 1)
    }

    /// A server starts, for the first time or after a crash.
    pub(super) fn start(&self, storage: Option<&Storage>, out: &mut Out<Self>) -> State {
        let storage = storage.cloned().unwrap_or_default();
        if storage.epoch < self.last() {
            out.set_timer(Timer::NextRing, self.timing.ring.clone());
        }
        if storage.whole < storage.epoch {
            out.set_timer(Timer::Again, self.timing.again.clone());
        }
        State { storage, told: Default::default() }
    }

    /// Whether a server in this state serves `key`: its latest ring gives it the key, and it holds
    /// all that was written of it.
    pub(super) fn serves(&self, id: Id, state: &State, key: &Text) -> bool {
        let Storage { epoch, whole, .. } = state.storage;
        let owns = |epoch| self.owner(epoch, key) == id;
        let owned = Epoch(epoch.0.saturating_sub(1));
        let stays = owns(epoch) && owned <= whole && owns(owned);
        let has_moved =
            owns(epoch) && self.rules.require(Rule::NewOwnerCopiesFirst, epoch <= whole);
        let goes_on = !self.rules.keeps(Rule::OldOwnerStops) && owns(owned) && owned <= whole;
        stays || has_moved || goes_on
    }
}

impl<R: RuleBook<Rule>> Step<'_, '_, R> {
    pub(super) fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }
}

impl<R: RuleBook<Rule>> Stored for Server<R> {
    fn to_save(&self, state: &State) -> Storage {
        match self.rules.keeps(Rule::StoreSurvivesCrash) {
            true => state.storage.clone(),
            false => Storage::default(),
        }
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}
