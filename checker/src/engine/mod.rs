//! Explores actor systems exactly and fast.
//!
//! Actors are deterministic, so what a handler does depends only on the actor's state and the
//! event. Every component of a state that was met has a small number; a handler is called once for
//! each distinct question; and a step of the whole system is then a few table look-ups on a short
//! row of numbers. A state is that row, packed into as few words as the numbers need by then.
//! States and components are compared in full: no verdict depends on a hash being unique.
//!
//! What the engine calls things:
//!
//! - A *local* is all that is one actor's own. An *inbox* is what is in flight to one actor. Both
//!   together are its *seat*.
//! - A state is its *leaves*: the seats, the *ghost*, and the *extras*, which belong to no actor:
//!   what is spent, the calm, the fault.
//! - A *parcel* is what one step sends to one actor, and a *post* is all parcels of the step.
//! - A *key* is the leaves packed into bits. The *doors* are the tables of keys, open to one
//!   thread. While it holds them, no other thread lays the keys out anew.
//! - A *purse* remembers what steps cost. A *bill* is the extras with what a step adds to them: a
//!   fault, or the message that was delivered last.
//! - A *view* is what some conditions see of a state. A *judge* asks them.
//! - A *clerk* writes down the graph of all steps once everything is explored.
//!
//! Where it is kept, and who may touch it:
//!
//! | file | what it keeps | who writes |
//! |---|---|---|
//! | `parts.rs` | the value behind every number | all threads; a number is for good |
//! | `react.rs` | what handlers and ghosts answered | all threads, once for each question |
//! | `planner.rs` | the moves that a seat offers | all threads, once for each seat |
//! | `arrivals.rs` | the seat after a parcel came to it | all threads, once for each parcel |
//! | `shared.rs` | all of that, the tables of states and views | made before the search |
//! | `table.rs`, `layout.rs` | keys, and where in a key a number is | all threads, through doors |
//! | `doors.rs` | the open tables | one thread; closed to make room |
//! | `worker.rs` | successors that wait to be looked up | one thread |
//! | `parent.rs` | the state that is expanded | its worker |
//! | `cost.rs` | the purse | one thread |
//! | `judge.rs`, `scratch.rs` | states made whole for conditions | one thread |
//! | `least.rs` | the renamings of a state that are least | one thread |
//! | `level.rs` | the blocks of a level that nobody has taken | all threads |
//! | `tally.rs` | how often each action was taken | one thread; joined after a level |
//! | `edges.rs` | the graph, by clerks | one thread for each share of the states |

mod alike;
mod any;
mod arena;
mod arrivals;
mod audit;
mod calls;
mod checks;
mod column;
mod commands;
mod cost;
mod doors;
mod edges;
mod forgotten;
mod hash;
mod inbox;
mod judge;
mod kind;
mod layout;
mod least;
mod level;
mod memo;
mod moves;
mod options;
mod outcome;
mod parent;
mod parts;
mod planner;
mod react;
mod reaction;
mod renamings;
mod replay;
mod runs;
mod scratch;
mod search;
mod shared;
mod stateright_moves;
mod symmetry;
mod sync;
mod system;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod values;
mod view;
mod watch;
mod worker;

use stateright::actor::{Actor, ActorModel, ActorModelAction, ActorModelState};
use stateright::{Expectation, Model, Property};

pub use any::{
    AnyAnswer, AnyFinding, AnyOptions, AnyOutcome, Panic, Place, explore_any, explore_any_packed,
    weakly_fair,
};
pub use options::{Options, Progress, Stop};
pub use outcome::{
    Answer, Finding, Miss, Outcome, Run, RunAnswer, RunFinding, Sizes, WorstCase, WorstCases,
};
pub use parts::{Explorable, History};
pub use symmetry::Symmetry;

use crate::spec::{
    ActionOf, Claim, Condition, FORGOTTEN_IS_IGNORED, Sees, Spec, State, WITHOUT_DEADLOCK,
    WITHOUT_PANIC, assert_told_apart, with_names,
};
use audit::Audited;
use checks::{Check, Decision, OnExpansion};
use replay::Face;
use shared::Shared;
use system::System;

/// Explores `spec`; calls `progress` several times a second.
///
/// If a handler or another function of the spec does not return, neither does this, for no thread
/// can be ended that borrows the spec; it says so on stderr. [`AnySpec::check`](crate::AnySpec)
/// does return.
///
/// A condition that panics is an answer of its own. If the ghost panics, that is a fault of the
/// state that the step leads to, as if a handler did.
///
/// # Panics
/// If the spec's direction does, or what it says is obsolete, or the goal of its worst case.
pub fn explore<A: Explorable, C: Sync, G: History>(
    spec: &Spec<A, C, G>,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
) -> Outcome<State<A, G>, ActionOf<A>> {
    explore_spec(spec, None, options, progress, &watch::say)
}

/// Explores `spec` as [`explore`] does, or as [`explore_symmetric`] does with its own
/// symmetry if it `is_reduced`. Tells `stuck` if something does not return: by then it is known
/// that this will not either.
pub(crate) fn explore_watched<A: Explorable, C: Sync, G: History>(
    spec: &Spec<A, C, G>,
    is_reduced: bool,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
    stuck: &(dyn Fn(String) + Sync),
) -> Outcome<State<A, G>, ActionOf<A>> {
    let symmetry = spec.symmetry().ok().filter(|_| is_reduced).cloned();
    explore_spec(spec, symmetry, options, progress, stuck)
}

/// Explores `spec`, but of all states that are each other's renamings by `symmetry` only one: what
/// is counted are these, and paths are genuine ones, as without.
///
/// # Panics
/// As [`explore`] does, or if what was met shows that the actors are not interchangeable. Also if
/// the spec has properties of runs, or time, because whose turn it is would be lost; or if it has
/// cuts, which tell actors apart.
pub fn explore_symmetric<A: Explorable, C: Sync, G: History>(
    spec: &Spec<A, C, G>,
    symmetry: Symmetry<A, G>,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
) -> Outcome<State<A, G>, ActionOf<A>> {
    let has_runs = spec.temporal_properties().next().is_some();
    assert!(!has_runs && spec.timely.is_none(), "{}: symmetry is for states alone", spec.name);
    assert!(spec.cuts.is_empty(), "{}: a cut tells actors apart", spec.name);
    explore_spec(spec, Some(symmetry), options, progress, &watch::say)
}

fn explore_spec<A: Explorable, C: Sync, G: History>(
    spec: &Spec<A, C, G>,
    symmetry: Option<Symmetry<A, G>>,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
    stuck: &(dyn Fn(String) + Sync),
) -> Outcome<State<A, G>, ActionOf<A>> {
    let initial = spec.init_states().remove(0);
    let shared = shared_by(spec, symmetry, options);
    let face = Face { project: |state| state, is_same: replay::is_same_but_for_words };
    let names = spec.names();
    watch::watched(&shared, options, &|words| stuck(with_names(&words, &names)), || {
        let mut outcome = finish(&shared, spec, &face, &initial, options, progress);
        if outcome.stopped.is_none() {
            forgotten::check(&shared, spec, &mut outcome);
            (outcome.runs, outcome.worst) =
                runs::decide(&shared, spec, &face, &initial, options.threads);
        }
        outcome
    })
}

/// What the threads of a search of `spec` share.
fn shared_by<'a, A: Explorable, C: Sync, G: History>(
    spec: &'a Spec<A, C, G>,
    symmetry: Option<Symmetry<A, G>>,
    options: &Options,
) -> Shared<'a, A, C, G> {
    let checks = spec.properties().into_iter().map(|property| Check {
        name: property.name,
        expectation: property.expectation,
        sees: spec.seen_by(property.name),
        condition: Box::new(move |state: &State<A, G>| (property.condition)(spec, state)),
        on_expansion: match property.name {
            WITHOUT_DEADLOCK => Some(OnExpansion::Deadlock),
            FORGOTTEN_IS_IGNORED => Some(OnExpansion::HeedsObsolete),
            _ => None,
        },
    });
    let boundary = |state: &State<A, G>| spec.within_boundary(state);
    Shared::new(System::of_spec(spec), symmetry, checks.collect(), boundary, options)
}

/// The names of the conditions of `spec` that read more of a state than they say they see: claims,
/// temporal properties, and the goal of the worst case. Looks at about the first so many `states`,
/// or at all there are.
pub(crate) fn audit<A: Explorable, C: Sync, G: History>(
    spec: &Spec<A, C, G>,
    states: u64,
) -> Vec<&'static str> {
    let (max_states, keep_going, has_boundary) = (Some(states), true, false);
    let options = Options { max_states, keep_going, has_boundary, ..Options::default() };
    let initial = spec.init_states().remove(0);
    let mut shared = shared_by(spec, None, &options);
    let audited = spec.conditions().into_iter().map(|(name, sees, condition)| {
        Audited::new(name, sees, Box::new(move |state| spec.is_true(condition, state)))
    });
    shared.audited = audited.collect();
    let leaves = shared.system.leaves(&shared.parts, &initial);
    search::search(&shared, &initial, &leaves, &options, &mut |_| {});
    let mut found: Vec<&'static str> =
        shared.audited.iter().filter(|one| one.reads_more()).map(|one| one.name).collect();
    found.dedup();
    found
}

/// Explores an actor model as it stands, with its own properties and by Stateright's own rules;
/// calls `progress` several times a second.
///
/// A property that must hold eventually is not looked at, and a condition that panics is an answer
/// of its own: see [`Answer`]. A panic in a handler or in a recorder of the history is a violation
/// of [`WITHOUT_PANIC`], which is added to the properties; its path ends in the state in which the
/// panic comes with the next step.
///
/// # Panics
/// If two properties have one name, or the boundary panics.
pub fn explore_model<A: Explorable, C: Sync, G: History>(
    model: &ActorModel<A, C, G>,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
) -> ModelOutcome<A, G> {
    explore_actors(model, of_model(model), None, options, progress)
}

/// Explores an actor model as [`explore_model`] does, with `claims` in the place of its own
/// properties: they say what they see.
///
/// # Panics
/// As [`explore_model`] does.
pub fn explore_claims<A: Explorable, C: Sync, G: History>(
    model: &ActorModel<A, C, G>,
    claims: &[Claim<A, C, G>],
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
) -> ModelOutcome<A, G> {
    let checks = claims.iter().map(|claim| {
        let Claim { name, sees, condition, .. } = *claim;
        check_of(model, name, claim.expectation(), sees, condition)
    });
    explore_actors(model, checks.collect(), None, options, progress)
}

/// Explores an actor model as [`explore_model`] does, but of all states that are each other's
/// renamings by `symmetry` only one.
///
/// # Panics
/// As [`explore_model`] does, or if what was met shows that the actors are not interchangeable.
pub fn explore_model_symmetric<A: Explorable, C: Sync, G: History>(
    model: &ActorModel<A, C, G>,
    symmetry: Symmetry<A, G>,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
) -> ModelOutcome<A, G> {
    explore_actors(model, of_model(model), Some(symmetry), options, progress)
}

/// The model's own properties. They see everything, as nothing else is said.
fn of_model<A: Explorable, C: Sync, G: History>(
    model: &ActorModel<A, C, G>,
) -> Vec<Check<'_, A, G>> {
    let checks = model.properties.iter().map(|property| {
        let Property { name, condition, .. } = *property;
        check_of(model, name, property.expectation.clone(), Sees::EVERYTHING, condition)
    });
    checks.collect()
}

fn check_of<'a, A: Explorable, C: Sync, G: History>(
    model: &'a ActorModel<A, C, G>,
    name: &'static str,
    expectation: Expectation,
    sees: Sees,
    condition: Condition<A, C, G>,
) -> Check<'a, A, G> {
    let condition = Box::new(move |state: &State<A, G>| condition(model, &state.system));
    Check { name, expectation, sees, condition, on_expansion: None }
}

fn explore_actors<A: Explorable, C: Sync, G: History>(
    model: &ActorModel<A, C, G>,
    mut checks: Vec<Check<'_, A, G>>,
    symmetry: Option<Symmetry<A, G>>,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
) -> ModelOutcome<A, G> {
    let initial = State::of_system(model.init_states().remove(0), model.actors.len());
    let own = checks.iter().map(|check| check.name);
    assert_told_apart("the model", own.chain([WITHOUT_PANIC]));
    checks.push(Check {
        name: WITHOUT_PANIC,
        expectation: Expectation::Always,
        sees: Sees::FAULT,
        condition: Box::new(|state: &State<A, G>| state.fault.is_none()),
        on_expansion: None,
    });
    let boundary = move |state: &State<A, G>| model.within_boundary(&state.system);
    let shared = Shared::new(System::of_model(model), symmetry, checks, boundary, options);
    let face = Face { project: |state| &state.system, is_same: PartialEq::eq };
    watch::watched(&shared, options, &watch::say, || {
        finish(&shared, model, &face, &initial, options, progress)
    })
}

/// What a search of an actor model found.
pub type ModelOutcome<A, G> = Outcome<
    ActorModelState<A, G>,
    ActorModelAction<<A as Actor>::Msg, <A as Actor>::Timer, <A as Actor>::Random>,
>;

/// Searches, and walks the paths to what was found.
fn finish<A: Explorable, C: Sync, G: History, M>(
    shared: &Shared<'_, A, C, G>,
    model: &M,
    face: &Face<A, G, M::State>,
    initial: &State<A, G>,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
) -> Outcome<M::State, M::Action>
where
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq>,
{
    let leaves = shared.system.leaves(&shared.parts, initial);
    let found = search::search(shared, initial, &leaves, options, progress);
    let sizes = shared.sizes();
    alike::check(shared);
    let findings = shared.checks.iter().zip(found.deciding).map(|(check, decision)| {
        let path = |id| replay::path_to(shared, model, face, (initial, &leaves), id);
        let answer = match decision {
            None if check.expectation == Expectation::Eventually => Answer::NotLookedAt,
            None => Answer::NotFound,
            Some(Decision { state, panic: None }) => Answer::Found(path(state)),
            Some(Decision { state, panic: Some(words) }) => Answer::Panicked(path(state), words),
        };
        Finding { name: check.name, expectation: check.expectation.clone(), answer }
    });
    Outcome {
        states: found.states,
        whole: found.whole,
        transitions: found.transitions,
        depth: found.depth,
        findings: findings.collect(),
        runs: Vec::new(),
        worst: None,
        stopped: found.stopped,
        levels: found.levels,
        actions: shared.system.actions(&found.tally, &shared.parts),
        endless: found.tally.endless(&shared.parts),
        sizes,
        half: found.half,
    }
}
