//! Stateright's search, driven as fast as it can be.
//!
//! It asks a condition of every state even when the property is decided, and each time writes the
//! path down anew, in a map that all threads share. Most states of a space decide a property such
//! as "a commit". Here a property is reported once, and then is answered as if it were still open.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};

use stateright::{Expectation, Model, Property};

/// So many properties a model may have.
const MOST: usize = 24;

/// A model of which each property is discovered once.
pub struct Once<M: Model> {
    model: M,
    properties: Vec<Property<M>>,
    found: Vec<AtomicBool>,
}

impl<M: Model> Once<M> {
    /// # Panics
    /// If the model has too many properties.
    pub fn new(model: M) -> Self {
        let properties = model.properties();
        assert!(properties.len() <= MOST, "more than {MOST} properties");
        let found = properties.iter().map(|_| AtomicBool::new(false)).collect();
        Once { model, properties, found }
    }

    fn answer(&self, index: usize, state: &M::State) -> bool {
        let property = &self.properties[index];
        let open = property.expectation == Expectation::Always;
        if self.found[index].load(Ordering::Relaxed) {
            return open;
        }
        let answer = (property.condition)(&self.model, state);
        let is_first = answer != open && !self.found[index].swap(true, Ordering::Relaxed);
        if is_first { answer } else { open }
    }
}

impl<M> Model for Once<M>
where
    M: Model<Action: Clone + Debug + PartialEq> + 'static,
    M::State: Clone + Debug + Hash + PartialEq,
{
    type State = M::State;
    type Action = M::Action;

    fn init_states(&self) -> Vec<Self::State> {
        self.model.init_states()
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        self.model.actions(state, actions);
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        self.model.next_state(state, action)
    }

    fn within_boundary(&self, state: &Self::State) -> bool {
        self.model.within_boundary(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let properties = self.properties.iter().zip(conditions::<M>());
        let properties = properties.map(|(property, condition)| Property {
            expectation: property.expectation.clone(),
            name: property.name,
            condition,
        });
        properties.collect()
    }
}

type Condition<M> = fn(&Once<M>, &<M as Model>::State) -> bool;

/// A condition is a plain fn pointer: one instance for each property.
fn conditions<M: Model>() -> [Condition<M>; MOST] {
    fn condition<M: Model, const I: usize>(model: &Once<M>, state: &M::State) -> bool {
        model.answer(I, state)
    }
    macro_rules! instances {
        ($($index:literal)*) => { [$(condition::<M, $index>),*] };
    }
    instances!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23)
}
