//! What all threads of a search share.

use std::sync::Arc;

use stateright::Expectation;

use super::audit::Audited;
use super::calls::Calls;
use super::layout::Layout;
use super::options::Options;
use super::outcome::Sizes;
use super::parts::{Explorable, History, Parts};
use super::planner::Plans;
use super::react::Reactions;
use super::renamings::Renamings;
use super::symmetry::Symmetry;
use super::system::System;
use super::table::Table;
use super::values::Values;
use super::view::View;
use crate::caught::caught;
use crate::spec::{Sees, State};

/// Slots of a table at the start: room enough for what is added before anyone looks.
const TABLE_BITS: u32 = 14;

/// Ids that a thread takes at a time: their keys fill some pages of memory.
const LOT: u32 = 256;

/// The id of the initial state: the first that is looked up.
pub(super) const INITIAL: u32 = 0;

/// The parent of the initial state.
pub(super) const NOBODY: u32 = u32::MAX;

/// A property as the search sees it.
pub(super) struct Check<'a, A: Explorable, G> {
    pub name: &'static str,
    pub expectation: Expectation,
    pub sees: Sees,
    pub condition: Condition<'a, A, G>,
    /// Set if it is decided by what a state offers, and not by the condition.
    pub on_expansion: Option<OnExpansion>,
}

/// What is found out about a state when it is expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnExpansion {
    /// Nobody can do anything any more.
    Deadlock,
    /// A message is called obsolete, and its receiver would heed it.
    HeedsObsolete,
}

/// That a state decides a property.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    pub state: u32,
    /// The words with which the condition panicked, if it did.
    pub panic: Option<Arc<str>>,
}

/// A question about a whole state.
pub(super) type Condition<'a, A, G> = Box<dyn Fn(&State<A, G>) -> bool + Sync + 'a>;

impl<A: Explorable, G> Check<'_, A, G> {
    /// True if it is asked about states of which this is shown.
    pub fn is_asked(&self, sees: Sees) -> bool {
        self.sees == sees
            && self.expectation != Expectation::Eventually
            && self.on_expansion.is_none()
    }

    /// What state number `number` decides, if anything: it breaks the property, shows that it can
    /// be reached, or makes the condition panic.
    pub fn decide(&self, number: u32, state: &State<A, G>) -> Option<Decision> {
        let panic = match caught(|| (self.condition)(state)) {
            Ok(is_true) if is_true == (self.expectation == Expectation::Sometimes) => None,
            Ok(_) => return None,
            Err(words) => Some(words),
        };
        Some(Decision { state: number, panic })
    }

    /// True if a property that is decided so should not be.
    pub fn is_failed_by(&self, decision: &Decision) -> bool {
        decision.panic.is_some() || self.expectation.discovery_is_failure()
    }
}

/// What all threads of a search share.
pub(super) struct Shared<'a, A: Explorable, C, G: History> {
    pub system: System<'a, A, C, G>,
    pub parts: Parts<A, G>,
    pub reactions: Reactions<A>,
    /// What of the model's own code runs.
    pub calls: Calls,
    pub plans: Plans,
    /// If some actors may change places.
    pub renamings: Option<Renamings<A, G>>,
    /// The states, each with its parent's id.
    pub visited: Table,
    /// What was seen by properties that do not see everything.
    pub views: Vec<View>,
    /// The conditions of which it is found out whether they read more than they say.
    pub audited: Vec<Audited<'a, A, G>>,
    pub checks: Vec<Check<'a, A, G>>,
    /// The one of the checks that a deadlock decides.
    pub deadlock: Option<usize>,
    /// The one of the checks that an obsolete message decides if it is heeded.
    pub heeds_obsolete: Option<usize>,
    pub boundary: Option<Condition<'a, A, G>>,
}

impl<'a, A: Explorable, C, G: History> Shared<'a, A, C, G> {
    /// What is shared before the search begins.
    pub fn new(
        system: System<'a, A, C, G>,
        symmetry: Option<Symmetry<A, G>>,
        checks: Vec<Check<'a, A, G>>,
        boundary: impl Fn(&State<A, G>) -> bool + Sync + 'a,
        options: &Options,
    ) -> Self {
        let leaves = system.leaf_count();
        let mut asked: Vec<Sees> = checks
            .iter()
            .filter(|check| check.is_asked(check.sees))
            .map(|check| check.sees)
            .collect();
        asked.extend(system.seen_by_runs());
        Shared {
            plans: Plans::new(system.seats),
            renamings: symmetry.map(|symmetry| Renamings::new(symmetry, &system)),
            parts: Parts::new(system.seats),
            reactions: Reactions::new(),
            calls: Calls::new(leaves),
            visited: table(leaves, options.threads),
            views: View::of(&asked, &system, options.threads),
            audited: Vec::new(),
            deadlock: decided_by(&checks, OnExpansion::Deadlock),
            heeds_obsolete: decided_by(&checks, OnExpansion::HeedsObsolete),
            checks,
            system,
            boundary: options.has_boundary.then(|| Box::new(boundary) as _),
        }
    }

    /// By leaf, how many values it has by now.
    pub fn counts(&self) -> Vec<usize> {
        let Parts { seats, ghosts, extras, .. } = &self.parts;
        seats.iter().map(Values::len).chain([ghosts.len(), extras.len()]).collect()
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
            seats: parts.seats.iter().map(Values::len).sum(),
            views: self.views.iter().map(|view| view.seen.len()).sum(),
            handler_calls: self.reactions.handler_calls(),
        }
    }
}

fn decided_by<A: Explorable, G>(checks: &[Check<'_, A, G>], what: OnExpansion) -> Option<usize> {
    checks.iter().position(|check| check.on_expansion == Some(what))
}

/// A table for states, or views of them, that so many threads fill.
pub(super) fn table(components: usize, threads: usize) -> Table {
    Table::new(Layout::new(&vec![1; components]), TABLE_BITS, LOT, threads.max(1))
}
