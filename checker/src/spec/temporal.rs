//! What must happen: properties of runs, not of states.
//!
//! They stay out of the properties that Stateright sees, whose `eventually` passes a model that
//! loops for ever without reaching its goal, and forgets pending goals where paths join.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::{Actor, ActorModel, ActorModelState};

use super::{Kind, Sees, Spec, State, TIME_PASSES};

/// A condition on a state of the actor system, like that of any property.
pub type Condition<A, C, G> = fn(&ActorModel<A, C, G>, &ActorModelState<A, G>) -> bool;

/// A property of all fair runs, with conditions of type `P`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Temporal<P> {
    pub name: &'static str,
    /// What its conditions read.
    pub sees: Sees,
    pub form: Form<P>,
}

/// A condition that is to become true, and what it reads.
pub struct Goal<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    pub name: &'static str,
    pub sees: Sees,
    pub condition: Condition<A, C, G>,
}

/// What a temporal property says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form<P> {
    /// The condition becomes true.
    Eventually(P),
    /// Whenever the first is true, then or later the second is.
    LeadsTo(P, P),
    /// From some moment on the condition stays true.
    EventuallyAlways(P),
    /// The condition is true again and again.
    AlwaysEventually(P),
}

impl<P> Form<P> {
    pub fn kind(&self) -> Kind {
        match self {
            Form::Eventually(_) => Kind::Eventually,
            Form::LeadsTo(..) => Kind::LeadsTo,
            Form::EventuallyAlways(_) => Kind::EventuallyAlways,
            Form::AlwaysEventually(_) => Kind::AlwaysEventually,
        }
    }

    /// The same form about something else.
    pub fn map<Q>(self, mut to: impl FnMut(P) -> Q) -> Form<Q> {
        match self {
            Form::Eventually(goal) => Form::Eventually(to(goal)),
            Form::LeadsTo(cause, goal) => Form::LeadsTo(to(cause), to(goal)),
            Form::EventuallyAlways(goal) => Form::EventuallyAlways(to(goal)),
            Form::AlwaysEventually(goal) => Form::AlwaysEventually(to(goal)),
        }
    }
}

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// In every fair run `goal`, which sees this much, becomes true.
    ///
    /// # Panics
    /// If another property has this name.
    pub fn eventually(self, name: &'static str, sees: Sees, goal: Condition<A, C, G>) -> Self {
        self.temporal(name, sees, Form::Eventually(goal))
    }

    /// In every fair run, whenever `cause` is true, then or later `goal` is. Both see this much.
    ///
    /// # Panics
    /// If another property has this name.
    pub fn leads_to(
        self,
        name: &'static str,
        sees: Sees,
        cause: Condition<A, C, G>,
        goal: Condition<A, C, G>,
    ) -> Self {
        self.temporal(name, sees, Form::LeadsTo(cause, goal))
    }

    /// In every fair run `goal`, which sees this much, is true from some moment on.
    ///
    /// # Panics
    /// If another property has this name.
    pub fn eventually_always(
        self,
        name: &'static str,
        sees: Sees,
        goal: Condition<A, C, G>,
    ) -> Self {
        self.temporal(name, sees, Form::EventuallyAlways(goal))
    }

    /// In every fair run `goal`, which sees this much, is true again and again.
    ///
    /// # Panics
    /// If another property has this name.
    pub fn always_eventually(
        self,
        name: &'static str,
        sees: Sees,
        goal: Condition<A, C, G>,
    ) -> Self {
        self.temporal(name, sees, Form::AlwaysEventually(goal))
    }

    /// Tells how long it can take until the condition of `goal` is true, from any state in which it
    /// is not.
    ///
    /// # Panics
    /// If there is no time in this spec.
    pub fn worst_case(
        mut self,
        name: &'static str,
        sees: Sees,
        condition: Condition<A, C, G>,
    ) -> Self {
        assert!(self.timely.is_some(), "{}: time is counted in ticks", self.name);
        self.worst_case = Some(Goal { name, sees, condition });
        self
    }

    fn temporal(mut self, name: &'static str, sees: Sees, form: Form<Condition<A, C, G>>) -> Self {
        self.temporal.push(Temporal { name, sees, form });
        self.assert_properties_are_told_apart();
        self
    }

    /// The temporal properties that are looked at, in the order in which they are shown.
    pub fn temporal_properties(&self) -> impl Iterator<Item = &Temporal<Condition<A, C, G>>> {
        let is_asked =
            |name: &_| self.only.as_ref().is_none_or(|only: &Vec<_>| only.contains(name));
        self.temporal.iter().filter(move |property| is_asked(&property.name))
    }

    /// True if the built-in property [`TIME_PASSES`] is looked at.
    pub(crate) fn says_that_time_passes(&self) -> bool {
        self.timely.is_some() && self.only.as_ref().is_none_or(|only| only.contains(&TIME_PASSES))
    }

    /// True if `condition` is in `state`.
    pub fn is_true(&self, condition: Condition<A, C, G>, state: &State<A, G>) -> bool {
        condition(&self.system, &state.system)
    }
}
