//! What all threads of a search share.

use stateright::{Expectation, Model, Property};

use super::form::Form;
use super::options::AnyOptions;
use crate::caught::caught;
use crate::engine::table::{Door, Table, Tight};
use crate::engine::view::table;

/// Gives a state the names under which it is known.
type Renaming<S> = fn(&S) -> S;

/// What all threads of a search share.
pub(super) struct Shared<'m, M: Model, F> {
    pub model: &'m M,
    pub form: F,
    pub checks: Vec<Property<M>>,
    /// The states, each with its parent's id.
    pub visited: Table,
    /// With symmetry, the representatives of those.
    pub classes: Option<Table>,
    pub boundary: Option<fn(&M::State) -> bool>,
    pub symmetry: Option<Renaming<M::State>>,
}

impl<'m, M: Model<State: Clone>, F: Form<M::State>> Shared<'m, M, F> {
    /// What is shared before the search begins.
    pub fn new(model: &'m M, form: F, options: &AnyOptions<M::State, M::Action>) -> Self {
        let AnyOptions { threads, boundary, symmetry, .. } = *options;
        Shared {
            model,
            checks: model.properties(),
            visited: table(form.width(), threads),
            classes: symmetry.map(|_| table(form.width(), threads)),
            form,
            boundary,
            symmetry,
        }
    }

    /// True if a state is inside both boundaries.
    pub fn is_within(&self, state: &M::State) -> Result<bool, String> {
        guarded(|| {
            self.model.within_boundary(state) && self.boundary.is_none_or(|holds| holds(state))
        })
    }

    /// True if this state decides the property: it breaks it, or shows that it can be reached.
    pub fn is_decided(&self, check: &Property<M>, state: &M::State) -> Result<bool, String> {
        let decides = match check.expectation {
            Expectation::Always => false,
            Expectation::Sometimes => true,
            Expectation::Eventually => return Ok(false),
        };
        guarded(|| (check.condition)(self.model, state) == decides)
    }

    /// How many bytes the tables will soon want besides, at once.
    pub fn soon(&self) -> u64 {
        self.visited.soon() + self.classes.as_ref().map_or(0, Table::soon)
    }
}

/// The tables, open to one thread.
pub(super) struct Doors<'s> {
    pub visited: Door<'s>,
    pub classes: Option<Door<'s>>,
}

impl<'s> Doors<'s> {
    /// Opens the tables, always in the same order.
    pub fn open<M: Model, F>(shared: &'s Shared<'_, M, F>) -> Self {
        let visited = shared.visited.open();
        Doors { visited, classes: shared.classes.as_ref().map(Table::open) }
    }

    /// Makes room for a number in keys, with all doors closed meanwhile: another thread may be
    /// waiting for them to be, for the same reason.
    pub fn widen<M, F>(self, shared: &'s Shared<'_, M, F>, tight: Tight) -> Self
    where
        M: Model<State: Clone>,
        F: Form<M::State>,
    {
        drop(self);
        let counts = shared.form.counts();
        shared.visited.widen(tight, &counts);
        shared.classes.iter().for_each(|classes| classes.widen(tight, &counts));
        Doors::open(shared)
    }

    /// Makes room where it is wanted, in the same way.
    pub fn reopen_if_crowded<M: Model, F>(self, shared: &'s Shared<'_, M, F>) -> Self {
        if !self.visited.is_crowded() && !self.classes.as_ref().is_some_and(Door::is_crowded) {
            return self;
        }
        drop(self);
        shared.visited.make_room();
        shared.classes.iter().for_each(Table::make_room);
        Doors::open(shared)
    }
}

/// What the model answers, or the words with which it panicked.
pub(super) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    caught(call).map_err(|words| words.to_string())
}
