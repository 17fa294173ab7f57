//! The way to a state, walked again with the model itself.

use stateright::{Model, Path};

use super::form::Form;
use super::shared::{Shared, guarded};
use crate::engine::shared::NOBODY;

/// A model in which a step that panics does not exist.
struct Guarded<'m, M>(&'m M);

impl<M: Model> Model for Guarded<'_, M> {
    type State = M::State;
    type Action = M::Action;

    fn init_states(&self) -> Vec<M::State> {
        self.0.init_states()
    }

    fn actions(&self, state: &M::State, actions: &mut Vec<M::Action>) {
        if guarded(|| self.0.actions(state, actions)).is_err() {
            actions.clear();
        }
    }

    fn next_state(&self, state: &M::State, action: M::Action) -> Option<M::State> {
        guarded(|| self.0.next_state(state, action)).ok().flatten()
    }
}

/// The state with this id.
pub(super) fn state_of<M, F>(shared: &Shared<'_, M, F>, id: u32) -> M::State
where
    M: Model<State: Clone>,
    F: Form<M::State>,
{
    let door = shared.visited.open();
    let layout = door.layout();
    let (mut key, mut row) = (vec![0; layout.words()], vec![0; layout.len()]);
    door.read(id, &mut key);
    layout.unpack(&key, &mut row);
    shared.form.read(&row, &mut F::Desk::default()).into_owned()
}

/// The action of this index in a state.
pub(super) fn action_of<M: Model>(model: &M, state: &M::State, index: usize) -> M::Action {
    let mut actions = Vec::new();
    model.actions(state, &mut actions);
    assert!(index < actions.len(), "{UNSTEADY}");
    actions.swap_remove(index)
}

/// A shortest path to the state `id`. Each step is found among the model's own, so what is returned
/// is a path of the model, whatever the engine thought.
///
/// # Panics
/// If the model has no such path: if it gives other answers when it is asked again.
pub(super) fn path_to<M, F>(shared: &Shared<'_, M, F>, id: u32) -> Path<M::State, M::Action>
where
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq>,
    F: Form<M::State>,
{
    let mut ids = vec![id];
    let door = shared.visited.open();
    while let Some(parent) = ids.last().map(|id| door.note(*id))
        && parent != NOBODY
    {
        ids.push(parent);
    }
    drop(door);
    ids.reverse();
    path_along(shared, &ids)
}

/// The path along the states of these ids, of which the first is an initial one.
///
/// # Panics
/// As [`path_to`].
pub(super) fn path_along<M, F>(shared: &Shared<'_, M, F>, ids: &[u32]) -> Path<M::State, M::Action>
where
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq>,
    F: Form<M::State>,
{
    let model = Guarded(shared.model);
    let initial = state_of(shared, ids[0]);
    let mut state = initial.clone();
    let mut taken = Vec::new();
    for id in &ids[1..] {
        let wanted = state_of(shared, *id);
        let mut actions = Vec::new();
        model.actions(&state, &mut actions);
        let leads_there = |action: &M::Action| {
            model.next_state(&state, action.clone()).is_some_and(|next| next == wanted)
        };
        taken.push(actions.into_iter().find(leads_there).expect(UNSTEADY));
        state = wanted;
    }
    Path::from_actions(&model, initial, &taken).expect(UNSTEADY)
}

const UNSTEADY: &str = "the model gives another answer when it is asked again";
