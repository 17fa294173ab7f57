//! The way to a state, walked again with the model itself.

use stateright::{Model, Path};

use super::parts::{Explorable, History, NO_FAULT};
use super::scratch::Scratch;
use super::shared::{NOBODY, Shared};
use super::system::Rules;
use super::table::Door;
use crate::caught::caught;
use crate::spec::{Fault, Sees, State};

/// What is said of a step that the model does not take again.
const NO_FUNCTION: &str = "the engine takes a step that the model does not have: a handler is \
    not a function of its inputs";

/// How the model shows a state.
pub(super) struct Face<A: Explorable, G, S> {
    pub project: fn(&State<A, G>) -> &S,
    /// True if a state is the one that was found.
    pub is_same: fn(&S, &S) -> bool,
}

/// A model whose steps do not panic: what panics is no step. On a path that was found none does,
/// but others that begin at its states may.
struct Calm<'m, M>(&'m M);

impl<M: Model> Model for Calm<'_, M> {
    type State = M::State;
    type Action = M::Action;

    fn init_states(&self) -> Vec<M::State> {
        self.0.init_states()
    }

    fn actions(&self, state: &M::State, actions: &mut Vec<M::Action>) {
        self.0.actions(state, actions);
    }

    fn next_state(&self, state: &M::State, action: M::Action) -> Option<M::State> {
        caught(|| self.0.next_state(state, action)).ok()?
    }
}

/// True if two states differ in nothing but the words of a panic: these may name an actor, and are
/// not renamed.
pub(super) fn is_same_but_for_words<A: Explorable, G: History>(
    one: &State<A, G>,
    other: &State<A, G>,
) -> bool {
    let is_same_fault = match (&one.fault, &other.fault) {
        (Some(Fault::Panicked(_)), Some(Fault::Panicked(_)))
        | (Some(Fault::GhostPanicked(_)), Some(Fault::GhostPanicked(_))) => true,
        (one, other) => one == other,
    };
    is_same_fault
        && (one.spent, one.calm) == (other.spent, other.calm)
        && one.clocks == other.clocks
        && one.backups == other.backups
        && one.cuts == other.cuts
        && one.system == other.system
}

/// The path to the state `id`, or to a renaming of it where actors may change places. Each step is
/// found among the model's own, so what is returned is a path of the model, from its `initial`
/// state on, whatever the engine thought.
///
/// # Panics
/// If the model has no such path: then the engine is wrong.
pub(super) fn path_to<A, C, G, M>(
    shared: &Shared<'_, A, C, G>,
    model: &M,
    face: &Face<A, G, M::State>,
    (initial, initial_leaves): (&State<A, G>, &[u32]),
    id: u32,
) -> Path<M::State, M::Action>
where
    A: Explorable,
    G: History,
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq>,
{
    let door = shared.visited.open();
    let extras = leaves_of(&door, id)[shared.system.extras_leaf()];
    let mut ids = vec![id];
    if shared.parts.extras.get(extras).fault != NO_FAULT
        && matches!(shared.system.rules, Rules::Stateright)
    {
        // The model itself would panic: the path ends before that.
        ids = vec![door.note(id)];
    }
    while let Some(parent) = ids.last().map(|id| door.note(*id))
        && parent != NOBODY
    {
        ids.push(parent);
    }
    drop(door);
    ids.reverse();
    path_along(shared, model, face, (initial, initial_leaves), &ids)
}

/// The path along the states of these ids, of which the first is the initial one.
///
/// # Panics
/// As [`path_to`].
pub(super) fn path_along<A, C, G, M>(
    shared: &Shared<'_, A, C, G>,
    model: &M,
    face: &Face<A, G, M::State>,
    (initial, initial_leaves): (&State<A, G>, &[u32]),
    ids: &[u32],
) -> Path<M::State, M::Action>
where
    A: Explorable,
    G: History,
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq>,
{
    let model = Calm(model);
    let door = shared.visited.open();
    let Shared { system, parts, renamings, .. } = shared;
    let mut scratch = Scratch::new(parts, initial, initial_leaves, Sees::EVERYTHING);
    let mut state = (face.project)(initial).clone();
    let mut taken = Vec::new();
    for id in &ids[1..] {
        let leaves = leaves_of(&door, *id);
        let rows = renamings.as_ref().map(|all| all.all_of(system, parts, &leaves));
        let rows = rows.unwrap_or_else(|| vec![leaves]);
        let wanted: Vec<M::State> =
            rows.iter().map(|row| (face.project)(scratch.at(system, parts, row)).clone()).collect();
        let mut actions = Vec::new();
        model.actions(&state, &mut actions);
        let step = actions.into_iter().find_map(|action| {
            let next = model.next_state(&state, action.clone())?;
            let is_it = wanted.iter().any(|wanted| (face.is_same)(&next, wanted));
            is_it.then_some((action, next))
        });
        let (action, next) = step.unwrap_or_else(|| panic!("{NO_FUNCTION}"));
        taken.push(action);
        state = next;
    }
    Path::from_actions(&model, (face.project)(initial).clone(), &taken)
        .expect("these are the model's own actions")
}

fn leaves_of(door: &Door<'_>, id: u32) -> Vec<u32> {
    let layout = door.layout();
    let (mut key, mut leaves) = (vec![0; layout.words()], vec![0; layout.len()]);
    door.read(id, &mut key);
    layout.unpack(&key, &mut leaves);
    leaves
}
