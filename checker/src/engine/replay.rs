//! The way to a state, walked again with the model itself.

use stateright::{Model, Path};

use super::parts::{Explorable, History, NO_FAULT};
use super::scratch::Scratch;
use super::shared::{NOBODY, Shared};
use super::system::Rules;
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
    let leaves_of = |id: u32| {
        let layout = door.layout();
        let (mut key, mut leaves) = (vec![0; layout.words()], vec![0; layout.len()]);
        door.read(id, &mut key);
        layout.unpack(&key, &mut leaves);
        leaves
    };
    let leaves = leaves_of(id);
    let extras = shared.parts.extras.get(leaves[shared.system.extras_leaf()]);
    let mut ids = vec![id];
    if extras.fault != NO_FAULT && matches!(shared.system.rules, Rules::Stateright) {
        // The model itself would panic: the path ends before that.
        ids = vec![door.note(id)];
    }
    while let Some(parent) = ids.last().map(|id| door.note(*id))
        && parent != NOBODY
    {
        ids.push(parent);
    }
    let first = ids.pop().expect("the path has a first state");
    let leaves = leaves_of(first);
    let mut scratch = Scratch::new(&shared.parts, initial, &leaves, true);
    let mut state = project(initial).clone();
    let mut taken = Vec::new();
    for id in ids.into_iter().rev() {
        let leaves = leaves_of(id);
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
