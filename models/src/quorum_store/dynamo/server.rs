//! What every handler uses: the state, the rules, who holds a key, and what is saved.

use stateright::actor::{Id, Out};

use super::message::Operation;
use super::object::Object;
use super::rules::Rule;
use super::state::{State, Storage};
use super::version::{Dot, Writer};
use super::{Resolution, Server, Timer};
use crate::kv::Text;
use crate::quorum_store::ring::Place;
use crate::rules::RuleBook;
use crate::step::Stored;

/// One handler call of a server.
pub(super) type Step<'a, 's, R> = crate::step::Step<'a, 's, Server<R>>;

impl<R: RuleBook<Rule>> Server<R> {
    /// All servers in the order in which they are to hold `key`: its homes, then the fallbacks.
    pub(super) fn preference(&self, key: &Text) -> Vec<Id> {
        self.ring.behind(Place::of(key))
    }

    /// The servers that hold `key`.
    pub(super) fn homes(&self, key: &Text) -> Vec<Id> {
        self.ring.owners(Place::of(key), self.quorums.n)
    }

    /// All servers but `id`.
    pub(super) fn others(&self, id: Id) -> Vec<Id> {
        self.ring.servers().into_iter().filter(|other| *other != id).collect()
    }

    /// A server starts, for the first time or after a crash.
    pub(super) fn start(&self, storage: Option<&Storage>, out: &mut Out<Self>) -> State {
        let storage = storage.cloned().unwrap_or_else(|| Storage::of(0));
        out.set_timer(Timer::Exchange, self.timing.exchange.clone());
        if storage.objects.values().any(Object::is_deleted) {
            out.set_timer(Timer::Sweep, self.timing.sweep.clone());
        }
        State::restored(storage)
    }

    /// What stays of an object by the way in which siblings are resolved.
    pub(super) fn resolved(&self, mut object: Object) -> Object {
        match self.resolution {
            Resolution::ByClients => {}
            Resolution::LastWriteWins => object.keep_last(),
        }
        object
    }
}

impl<R: RuleBook<Rule>> Step<'_, '_, R> {
    pub(super) fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    /// Whether this server coordinates this operation.
    pub(super) fn is_open(&self, operation: Operation) -> bool {
        let open = self.state().open.get(&operation.session);
        open.is_some_and(|open| open.sequence == operation.sequence)
    }

    /// Whether an answer is for what this server does for the session.
    pub(super) fn is_of(&self, operation: Operation) -> bool {
        self.require(Rule::AnswersOfThisOperation, self.is_open(operation))
    }

    /// The dot of the write that this server takes now.
    pub(super) fn next_dot(&mut self) -> Dot {
        let Storage { store, taken, .. } = self.state().storage;
        let store = if self.keeps(Rule::DotNeverReused) { store } else { 0 };
        let is_used = taken > 0 && !self.keeps(Rule::DotPerWrite);
        let number = if is_used { taken } else { taken + 1 };
        self.save();
        self.state_mut().storage.taken = number;
        Dot { writer: Writer { server: self.id, store }, number }
    }

    /// All that this server knows of `key`.
    pub(super) fn known(&self, key: &Text) -> Object {
        self.server.resolved(self.state().storage.known(key))
    }

    /// Holds what it is told beside what it holds; in its place, where it does not merge.
    pub(super) fn learn(&mut self, key: &Text, held: &Object, merges: bool) {
        let mut object = self.state().object(key);
        if merges {
            object.join(held);
        } else {
            object = held.clone();
        }
        self.hold(key, object);
    }

    /// Holds this as a home of `key`.
    pub(super) fn hold(&mut self, key: &Text, object: Object) {
        let object = self.server.resolved(object);
        let own = self.state().object(key);
        if object == own {
            return;
        }
        self.save();
        if object.is_deleted() && !own.is_deleted() {
            self.set_timer(Timer::Sweep, self.server.timing.sweep.clone());
        }
        self.state_mut().storage.objects.insert(key.clone(), object);
    }
}

impl<R: RuleBook<Rule>> Stored for Server<R> {
    fn to_save(&self, state: &State) -> Storage {
        match self.rules.keeps(Rule::StoreSurvivesCrash) {
            true => state.storage.clone(),
            false => Storage { taken: state.storage.taken, ..Storage::of(state.storage.store) },
        }
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}
