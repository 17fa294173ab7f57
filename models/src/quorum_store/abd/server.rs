//! What every handler uses: the state, the rules, who counts, and what is saved.

use stateright::actor::{Id, Out};

use super::rules::Rule;
use super::state::{Part, State, Storage};
use super::{MachineOf, Params, Server, rejoin};
use crate::crash_vector::CrashVector;
use crate::quorum::is_majority;
use crate::rules::RuleBook;
use crate::step::Stored;

/// One handler call of a server.
pub(super) type Step<'a, 's, P> = crate::step::Step<'a, 's, Server<P>>;

impl<P: Params> Server<P> {
    /// All servers but `id`.
    pub(super) fn others(&self, id: Id) -> impl Iterator<Item = Id> {
        self.servers.iter().copied().filter(move |other| *other != id)
    }

    /// Whether so many servers are a majority.
    pub(super) fn is_quorum(&self, count: usize) -> bool {
        is_majority(count, self.servers.len())
    }

    /// A server starts, for the first time or after a crash. One whose store is not that of the
    /// founding has lost what it had stored, unless it has copied that since.
    pub(super) fn start(
        &self,
        id: Id,
        storage: Option<&Storage<MachineOf<P>>>,
        out: &mut Out<Self>,
    ) -> State<MachineOf<P>> {
        let storage = storage.cloned().unwrap_or_else(|| Storage::of(0));
        let is_founders = self.first_stores.get(&id) == Some(&storage.store);
        let part = match is_founders || storage.has_rejoined {
            true => Part::Replica,
            false => rejoin::begin(self, id, &storage, out),
        };
        State { storage, part, open: Default::default() }
    }
}

impl<P: Params> Step<'_, '_, P> {
    pub(super) fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    /// This server is told who has lost its disk.
    pub(super) fn learn(&mut self, crashes: &CrashVector) {
        let mut known = self.state().storage.crashes.clone();
        known.merge(crashes);
        if known != self.state().storage.crashes {
            self.save();
            self.state_mut().storage.crashes = known;
        }
    }
}

impl<P: Params> Stored for Server<P> {
    fn to_save(&self, state: &State<MachineOf<P>>) -> Storage<MachineOf<P>> {
        let mut storage = state.storage.clone();
        if !self.rules.keeps(Rule::TagSurvivesCrash) {
            storage.registers = Default::default();
        }
        if !self.rules.keeps(Rule::LivesSurviveCrash) {
            storage.crashes = CrashVector::default();
        }
        storage
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}
