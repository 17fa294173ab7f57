//! What all threads of a search share.

use stateright::Expectation;

use super::options::{Options, Sees, Sizes};
use super::parts::{Explorable, History, Parts};
use super::react::Reactions;
use super::system::System;
use super::table::Table;
use super::tree::Tree;
use crate::spec::State;

/// Slots of a table at the start: room enough for what is added before anyone looks.
const TABLE_BITS: u32 = 13;

/// The parent of the initial state.
pub(super) const NOBODY: u32 = u32::MAX;

/// A property as the search sees it.
pub(super) struct Check<'a, A: Explorable, G> {
    pub name: &'static str,
    pub expectation: Expectation,
    pub sees: Sees,
    pub condition: Condition<'a, A, G>,
}

/// A question about a whole state.
pub(super) type Condition<'a, A, G> = Box<dyn Fn(&State<A, G>) -> bool + Sync + 'a>;

impl<A: Explorable, G> Check<'_, A, G> {
    /// True if this state decides the property: it breaks it, or shows that it can be reached.
    pub fn is_decided_by(&self, state: &State<A, G>) -> bool {
        (self.condition)(state) == (self.expectation == Expectation::Sometimes)
    }
}

/// What all threads of a search share.
pub(super) struct Shared<'a, A: Explorable, C, G: History> {
    pub system: System<'a, A, C, G>,
    pub parts: Parts<A, G>,
    pub reactions: Reactions<A>,
    pub tree: Tree,
    /// The states, each with its parent's id.
    pub visited: Table,
    /// What properties that see only the actors see, as a tree over cores, ghost and fault.
    pub view_tree: Tree,
    pub views: Table,
    pub checks: Vec<Check<'a, A, G>>,
    pub boundary: Option<Condition<'a, A, G>>,
}

impl<'a, A: Explorable, C, G: History> Shared<'a, A, C, G> {
    /// What is shared before the search begins.
    pub fn new(
        system: System<'a, A, C, G>,
        checks: Vec<Check<'a, A, G>>,
        boundary: impl Fn(&State<A, G>) -> bool + Sync + 'a,
        options: &Options,
    ) -> Self {
        Shared {
            tree: Tree::new(system.leaf_count()),
            view_tree: Tree::new(system.actors() + 2),
            system,
            parts: Parts::new(),
            reactions: Reactions::new(),
            visited: Table::with_notes(TABLE_BITS),
            views: Table::new(TABLE_BITS),
            checks,
            boundary: options.has_boundary.then(|| Box::new(boundary) as _),
        }
    }

    /// How many distinct values there are of each component.
    pub fn sizes(&self) -> Sizes {
        let parts = &self.parts;
        Sizes {
            actor_states: parts.states.len(),
            storages: parts.storages.len(),
            timers: parts.timers.len(),
            messages: parts.envelopes.len(),
            inboxes: parts.inboxes.len(),
            ghosts: parts.ghosts.len(),
            seats: parts.seats.len(),
            pairs: self.tree.pairs(),
            handler_calls: self.reactions.handler_calls(),
        }
    }
}
