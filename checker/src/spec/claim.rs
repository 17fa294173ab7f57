//! What a spec claims of its states, each claim with what it reads.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::{Actor, ActorModel};
use stateright::{Expectation, Property};

use super::{
    Condition, Kind, SAVED_BEFORE_SENT, STORAGE_AGREES, Sees, Spec, Temporal, WITHOUT_PANIC,
};

/// What must be true of every reachable state, or of at least one.
pub struct Claim<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// Told apart by it from every other claim of a spec.
    pub name: &'static str,
    /// What the condition reads.
    pub sees: Sees,
    /// The condition: a pure function of the parts of a state that it sees.
    pub condition: Condition<A, C, G>,
    kind: Kind,
}

impl<A, C, G> Claim<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// The condition is true in every reachable state.
    pub const fn always(name: &'static str, sees: Sees, condition: Condition<A, C, G>) -> Self {
        Claim { name, sees, condition, kind: Kind::Always }
    }

    /// The condition is true in at least one reachable state.
    pub const fn reachable(name: &'static str, sees: Sees, condition: Condition<A, C, G>) -> Self {
        Claim { name, sees, condition, kind: Kind::Reachable }
    }

    /// The same claim, which says that it sees something else.
    pub const fn seeing(self, sees: Sees) -> Self {
        Claim { sees, ..self }
    }

    /// [`Kind::Always`] or [`Kind::Reachable`].
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The claim that a property of Stateright's is. It sees everything.
    ///
    /// # Panics
    /// If it is of the kind `eventually`, which passes a model that loops for ever without reaching
    /// its goal.
    pub fn of_property(property: &Property<ActorModel<A, C, G>>) -> Self {
        let Property { name, condition, .. } = *property;
        match property.expectation {
            Expectation::Always => Claim::always(name, Sees::EVERYTHING, condition),
            Expectation::Sometimes => Claim::reachable(name, Sees::EVERYTHING, condition),
            Expectation::Eventually => {
                panic!("{name:?}: Stateright's `eventually` misses cycles and is not checked")
            }
        }
    }

    /// What Stateright calls its kind.
    pub(crate) fn expectation(&self) -> Expectation {
        match self.kind {
            Kind::Reachable => Expectation::Sometimes,
            _ => Expectation::Always,
        }
    }
}

impl<A, C, G> Clone for Claim<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    fn clone(&self) -> Self {
        *self
    }
}

impl<A, C, G> Copy for Claim<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
}

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// What the property of states of this name reads.
    pub(crate) fn seen_by(&self, name: &str) -> Sees {
        match name {
            SAVED_BEFORE_SENT | STORAGE_AGREES | WITHOUT_PANIC => Sees::FAULT,
            _ => {
                let own = self.claims.iter().find(|claim| claim.name == name);
                own.map_or(Sees::EVERYTHING, |claim| claim.sees)
            }
        }
    }

    /// All conditions of the spec, each with its name and what it says it sees.
    pub(crate) fn conditions(&self) -> Vec<(&'static str, Sees, Condition<A, C, G>)> {
        let mut all: Vec<_> =
            self.claims.iter().map(|it| (it.name, it.sees, it.condition)).collect();
        for Temporal { name, sees, form } in &self.temporal {
            form.map(|condition| all.push((*name, *sees, condition)));
        }
        all.extend(self.worst_case.iter().map(|goal| (goal.name, goal.sees, goal.condition)));
        all
    }
}
