//! Explores any Stateright model, also one that is no actor system.
//!
//! Stateright's own search takes states with equal fingerprints for one. Here states are kept in
//! full, compared in full, and explored level by level, so that paths are shortest and counts the
//! same for any number of threads. There are two ways to keep them:
//!
//! - [`explore_any`] keeps each state as it is. It asks of states what a `HashMap` asks of keys.
//! - [`explore_any_packed`] keeps them as bytes, taken apart by the fields of their structs, each
//!   distinct piece once: most often a few words a state. It asks that states can be serialised,
//!   and read back as they were; a new state that does not come back as it went is refused.
//!
//! ```
//! use quorate_checker::engine::{AnyOptions, explore_any};
//! use stateright::{Model, Property};
//!
//! /// Two threads add 1 each: they read, then write what they read plus 1.
//! struct Counter;
//!
//! impl Model for Counter {
//!     type State = (u8, [Option<u8>; 2], [bool; 2]);
//!     type Action = usize;
//!
//!     fn init_states(&self) -> Vec<Self::State> {
//!         vec![(0, [None; 2], [false; 2])]
//!     }
//!
//!     fn actions(&self, (_, _, done): &Self::State, actions: &mut Vec<usize>) {
//!         actions.extend((0..2).filter(|thread| !done[*thread]));
//!     }
//!
//!     fn next_state(&self, state: &Self::State, thread: usize) -> Option<Self::State> {
//!         let (mut value, mut read, mut done) = *state;
//!         match read[thread] {
//!             None => read[thread] = Some(value),
//!             Some(seen) => (value, done[thread]) = (seen + 1, true),
//!         }
//!         Some((value, read, done))
//!     }
//!
//!     fn properties(&self) -> Vec<Property<Self>> {
//!         vec![Property::always("no update is lost", |_, (value, _, done)| {
//!             *done != [true; 2] || *value == 2
//!         })]
//!     }
//! }
//!
//! let outcome = explore_any(&Counter, &AnyOptions::default(), &mut |_| {});
//! let answer = &outcome.finding("no update is lost").answer;
//! let path = answer.path().expect("both may read before one writes");
//! assert!(answer.is_failure() && path.clone().into_actions().len() == 4, "{path}");
//! ```

mod cut;
mod form;
mod options;
mod outcome;
mod packed;
mod replay;
mod runs;
mod search;
mod shared;
mod worker;

use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stateright::{Expectation, Model, Property};

pub use options::{AnyOptions, weakly_fair};
pub use outcome::{AnyAnswer, AnyFinding, AnyOutcome, Panic, Place};

use super::options::Progress;
use super::shared::NOBODY;
use crate::spec::assert_told_apart;
use form::{Form, Whole};
use packed::Packed;
use search::Found;
use shared::Shared;
use worker::{Broken, Step};

/// Explores a model, with its own properties; calls `progress` several times a second.
///
/// Every state is kept as it is, and compared with others by `Eq` where their hashes are alike. It
/// is no violation that nothing can happen any more. A panic of the model, or of a condition, is a
/// finding. A function of the model that does not return is not ended by any limit: this
/// function does not return then, either.
///
/// # Panics
/// If two properties have one name; if the model panics when asked for its initial states; if it
/// gives other answers when it is asked the same again; if there are 2^32 states or more; or if
/// both [`fairness`](AnyOptions::fairness) and [`symmetry`](AnyOptions::symmetry) are set, since
/// whose turn it is would be lost.
pub fn explore_any<M>(
    model: &M,
    options: &AnyOptions<M::State, M::Action>,
    progress: &mut dyn FnMut(&Progress),
) -> AnyOutcome<M::State, M::Action>
where
    M: Model<Action: Clone + PartialEq> + Sync,
    M::State: Clone + Eq + Hash + Send + Sync,
{
    explore(model, Whole::new(), model.init_states(), options, progress)
}

/// Explores a model as [`explore_any`] does, in less memory: states are kept as bytes.
///
/// What is compared is what `Serialize` writes, in full. So equal states must be written alike,
/// which a `HashMap` in them is not, and different ones differently, which a skipped field is not.
/// Each new state is read back at once and compared with what it was; where debug assertions are
/// on, so is every successor.
///
/// # Panics
/// As [`explore_any`] does, or if a state cannot be serialised or does not come back as it was.
pub fn explore_any_packed<M>(
    model: &M,
    options: &AnyOptions<M::State, M::Action>,
    progress: &mut dyn FnMut(&Progress),
) -> AnyOutcome<M::State, M::Action>
where
    M: Model<Action: Clone + PartialEq> + Sync,
    M::State: Clone + PartialEq + Serialize + DeserializeOwned,
{
    let initial = model.init_states();
    explore(model, Packed::new(initial.first()), initial, options, progress)
}

fn explore<M, F>(
    model: &M,
    form: F,
    initial: Vec<M::State>,
    options: &AnyOptions<M::State, M::Action>,
    progress: &mut dyn FnMut(&Progress),
) -> AnyOutcome<M::State, M::Action>
where
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq> + Sync,
    F: Form<M::State>,
{
    assert_told_apart("the model", model.properties().iter().map(|property| property.name));
    let is_either = options.fairness.is_none() || options.symmetry.is_none();
    assert!(is_either, "symmetry is for states alone: properties of runs are lost");
    let shared = Shared::new(model, form, options);
    let mut found = search::search(&shared, initial, options, progress);
    let panic = found.broken.take().map(|broken| panic_of(&shared, broken));
    let is_whole = found.stopped.is_none() && panic.is_none();
    let mut runs = match options.fairness {
        Some(fairness) if is_whole => runs::decide(&shared, fairness, options.threads),
        _ => shared.checks.iter().map(|_| None).collect(),
    };
    let mut findings = Vec::new();
    for (index, check) in shared.checks.iter().enumerate() {
        let answer = match (&check.expectation, runs[index].take()) {
            (Expectation::Eventually, Some(answer)) => answer,
            (Expectation::Eventually, None) if options.fairness.is_none() => AnyAnswer::NotLookedAt,
            (Expectation::Eventually, None) => AnyAnswer::Undecided,
            _ => answer_of(&shared, &mut found, index, is_whole),
        };
        let Property { name, expectation, .. } = check.clone();
        findings.push(AnyFinding { name, expectation, answer });
    }
    let Found { states, transitions, depth, levels, stopped, .. } = found;
    let parts = shared.form.counts();
    AnyOutcome { states, transitions, depth, levels, findings, panic, stopped, parts }
}

/// What is known of a property of states.
fn answer_of<M, F>(
    shared: &Shared<'_, M, F>,
    found: &mut Found,
    index: usize,
    is_whole: bool,
) -> AnyAnswer<M::State, M::Action>
where
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq>,
    F: Form<M::State>,
{
    let is_always = shared.checks[index].expectation == Expectation::Always;
    match (found.deciding[index], found.panicked[index].take()) {
        (Some(id), _) if is_always => AnyAnswer::Violated(replay::path_to(shared, id)),
        (Some(id), _) => AnyAnswer::Reached(replay::path_to(shared, id)),
        (None, Some((id, words))) => AnyAnswer::Panicked(words, replay::path_to(shared, id)),
        (None, None) if !is_whole => AnyAnswer::Undecided,
        (None, None) if is_always => AnyAnswer::Holds,
        (None, None) => AnyAnswer::NotReached,
    }
}

/// Names the step that panicked.
fn panic_of<M, F>(shared: &Shared<'_, M, F>, broken: Broken) -> Panic<M::State, M::Action>
where
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq>,
    F: Form<M::State>,
{
    let Broken { state, step, words } = broken;
    if state == NOBODY {
        return Panic { place: Place::After(None), words, path: None };
    }
    let action = |index| replay::action_of(shared.model, &replay::state_of(shared, state), index);
    let place = match step {
        Step::Actions => Place::Actions,
        Step::NextState(index) => Place::NextState(action(index)),
        Step::After(index) => Place::After(Some(action(index))),
    };
    Panic { place, words, path: Some(replay::path_to(shared, state)) }
}
