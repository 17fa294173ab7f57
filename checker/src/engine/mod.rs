//! Explores actor systems exactly and fast.
//!
//! Actors are deterministic, so what a handler does depends only on the actor's state and the event.
//! Every component of a state that was met has a small number; a handler is called once for each
//! distinct question; and a step of the whole system is then a few table look-ups on a short row of
//! numbers. A state is that row, as a tree of numbered pairs whose root is 64 bits. Components are
//! compared in full: no verdict depends on a hash being unique.

mod arena;
mod hash;
mod inbox;
mod level;
mod memo;
mod moves;
mod options;
mod parts;
mod react;
mod replay;
mod scratch;
mod search;
mod sync;
mod system;
mod table;
mod tree;
mod values;
mod worker;

use stateright::Model;

pub use options::{Finding, Options, Outcome, Progress, Sees, Sizes, Stop};
pub use parts::{Explorable, History};

use crate::spec::{ActionOf, SAVED_BEFORE_SENT, Spec, State, WITHOUT_PANIC};
use parts::Parts;
use react::Reactions;
use system::System;
use table::Table;
use tree::Tree;
use worker::{Check, Shared};

/// Explores `spec`; calls `progress` several times a second.
///
/// # Panics
/// If a condition does, or the spec's ghost.
pub fn explore<A: Explorable, C: Sync, G: History>(
    spec: &Spec<A, C, G>,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
) -> Outcome<State<A, G>, ActionOf<A>> {
    let system = System::of_spec(spec);
    let initial = spec.init_states().remove(0);
    let checks = spec.properties().into_iter().map(|property| Check {
        name: property.name,
        expectation: property.expectation,
        sees: match property.name {
            SAVED_BEFORE_SENT | WITHOUT_PANIC => Sees::Actors,
            name => (options.sees)(name),
        },
        condition: Box::new(move |state: &State<A, G>| (property.condition)(spec, state)),
    });
    let shared = Shared {
        tree: Tree::new(system.leaf_count()),
        view_tree: Tree::new(system.actors() + 2),
        system,
        parts: Parts::new(),
        reactions: Reactions::new(),
        visited: Table::default(),
        views: Table::default(),
        checks: checks.collect(),
        boundary: options
            .has_boundary
            .then(|| Box::new(|state: &State<A, G>| spec.within_boundary(state)) as _),
    };
    finish(&shared, spec, |state| state, &initial, options, progress)
}

/// Searches, and walks the paths to what was found.
fn finish<A: Explorable, C: Sync, G: History, M>(
    shared: &Shared<'_, A, C, G>,
    model: &M,
    project: fn(&State<A, G>) -> &M::State,
    initial: &State<A, G>,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
) -> Outcome<M::State, M::Action>
where
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq>,
{
    let leaves = shared.system.leaves(&shared.parts, initial);
    let found = search::search(shared, initial, &leaves, options, progress);
    let findings = shared
        .checks
        .iter()
        .zip(&found.deciding)
        .map(|(check, state)| Finding {
            name: check.name,
            expectation: check.expectation.clone(),
            path: state.map(|id| replay::path_to(shared, model, project, initial, id)),
        });
    Outcome {
        states: found.states,
        transitions: found.transitions,
        depth: found.depth,
        findings: findings.collect(),
        stopped: found.stopped,
        sizes: search::sizes(shared),
    }
}
