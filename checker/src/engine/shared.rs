//! What all threads of a search share.

use super::audit::Audited;
use super::calls::Calls;
use super::checks::{Check, Condition, OnExpansion};
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
use super::view::{View, table};
use crate::spec::{Sees, State};

/// The id of the initial state: the first that is looked up.
pub(super) const INITIAL: u32 = 0;

/// The parent of the initial state.
pub(super) const NOBODY: u32 = u32::MAX;

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
