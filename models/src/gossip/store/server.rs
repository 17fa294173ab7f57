//! What every handler uses: the state, the rules, and what is saved.

use stateright::actor::Id;

use super::Server;
use super::entry::{Entry, Key, is_news};
use super::rules::Rule;
use super::state::{State, Storage};
use crate::rules::RuleBook;
use crate::step::Stored;

/// One handler call of a replica.
pub(super) type Step<'a, 's, R> = crate::step::Step<'a, 's, Server<R>>;

impl<R: RuleBook<Rule>> Step<'_, '_, R> {
    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    /// The other replicas.
    pub(super) fn others(&self) -> impl Iterator<Item = Id> {
        self.server.replicas.iter().copied().filter(|replica| *replica != self.id)
    }

    /// Takes what it does not know. True if it was news.
    pub(super) fn take(&mut self, key: &Key, entry: &Entry) -> bool {
        let is_news = is_news(&self.server.rules, entry, self.state().store.get(key));
        if is_news {
            self.state_mut().store.insert(key.clone(), entry.clone());
            self.save();
        }
        is_news
    }
}

impl<R: RuleBook<Rule>> Stored for Server<R> {
    fn to_save(&self, state: &State) -> Storage {
        let durable = state.durable();
        match self.rules.keeps(Rule::StoreSurvivesCrash) {
            true => durable,
            false => Storage { store: [].into(), ..durable },
        }
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}
