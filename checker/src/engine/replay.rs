//! The way to a state, walked again with the model itself.

use stateright::{Model, Path};

use super::parts::{Explorable, History, NO_FAULT};
use super::scratch::Scratch;
use super::shared::{NOBODY, Shared};
use super::system::Rules;
use super::table::Door;
use crate::spec::State;

/// The path to the state `id`. Each step is found among the model's own, so what is returned is a
/// path of the model whatever the engine thought.
///
/// # Panics
/// If the model has no such path: then the engine is wrong.
pub(super) fn path_to<A, C, G, M>(
    shared: &Shared<'_, A, C, G>,
    model: &M,
    project: fn(&State<A, G>) -> &M::State,
    initial: &State<A, G>,
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
    path_along(shared, model, project, initial, &ids)
}

/// The path along the states of these ids, of which the first is the initial one.
///
/// # Panics
/// As [`path_to`].
pub(super) fn path_along<A, C, G, M>(
    shared: &Shared<'_, A, C, G>,
    model: &M,
    project: fn(&State<A, G>) -> &M::State,
    initial: &State<A, G>,
    ids: &[u32],
) -> Path<M::State, M::Action>
where
    A: Explorable,
    G: History,
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq>,
{
    let door = shared.visited.open();
    let mut scratch = Scratch::new(&shared.parts, initial, &leaves_of(&door, ids[0]), true);
    let mut state = project(initial).clone();
    let mut taken = Vec::new();
    for id in &ids[1..] {
        let leaves = leaves_of(&door, *id);
        let wanted = project(scratch.at(&shared.system, &shared.parts, &leaves));
        let mut actions = Vec::new();
        model.actions(&state, &mut actions);
        let step = actions.into_iter().find_map(|action| {
            let next = model.next_state(&state, action.clone())?;
            (next == *wanted).then_some((action, next))
        });
        let (action, next) = step.expect("the engine takes a step that the model does not have");
        taken.push(action);
        state = next;
    }
    Path::from_actions(model, project(initial).clone(), &taken)
        .expect("these are the model's own actions")
}

fn leaves_of(door: &Door<'_>, id: u32) -> Vec<u32> {
    let layout = door.layout();
    let (mut key, mut leaves) = (vec![0; layout.words()], vec![0; layout.len()]);
    door.read(id, &mut key);
    layout.unpack(&key, &mut leaves);
    leaves
}
