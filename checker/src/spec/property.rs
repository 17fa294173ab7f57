//! What a spec claims: its own properties, and the built-in ones.

use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;
use stateright::actor::Actor;
use stateright::{Expectation, Property};

use super::{Fault, Spec, State};

/// Every handler saves before it sends: on a real network a message may be out when the disk is
/// not.
pub const SAVED_BEFORE_SENT: &str = "saved before sent";
/// When a handler returns, what its state says is durable is what a start from the storage would
/// give. Of specs that say what is durable.
pub const STORAGE_AGREES: &str = "storage agrees with state";
/// A message that the search forgets as obsolete is ignored by its receiver, then and in all states
/// that the receiver is in later. Of specs that say what is obsolete.
pub const FORGOTTEN_IS_IGNORED: &str = "what is forgotten is ignored";
/// No handler panics.
pub const WITHOUT_PANIC: &str = "no handler panics";
/// It does not happen that nobody can do anything any more, unless the spec says that it may end.
/// Faults aside: they are for nobody to wait for. A timer that is set counts, whatever is left of
/// its budget.
pub const WITHOUT_DEADLOCK: &str = "no deadlock";
/// Of a spec with time: it does not happen that infinitely much is done while no time passes.
pub const TIME_PASSES: &str = "time passes";

/// What a property says about the states, or about the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// True in every reachable state.
    Always,
    /// True in at least one reachable state.
    Reachable,
    /// In every fair run it becomes true.
    Eventually,
    /// In every fair run, whenever one thing is true, then or later another one is.
    LeadsTo,
    /// In every fair run it is true from some moment on.
    EventuallyAlways,
    /// In every fair run it is true again and again.
    AlwaysEventually,
}

impl Kind {
    /// True for what is said about runs: no single state decides it.
    pub fn is_temporal(self) -> bool {
        !matches!(self, Kind::Always | Kind::Reachable)
    }
}

/// A property as it is listed and reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyInfo {
    pub name: &'static str,
    pub kind: Kind,
    /// True if the spec is there to see it broken.
    pub violation_expected: bool,
}

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash + PartialEq,
{
    /// The properties of this spec in the order in which they are checked and shown: first those
    /// that a state decides, as Stateright sees them, then the temporal ones.
    pub fn property_infos(&self) -> Vec<PropertyInfo> {
        let kind_of = |expectation: &Expectation| match expectation {
            Expectation::Always => Kind::Always,
            Expectation::Sometimes => Kind::Reachable,
            Expectation::Eventually => unreachable!("refused by lifted_properties"),
        };
        let lifted = self.lifted_properties();
        let of_states = lifted.iter().map(|p| (p.name, kind_of(&p.expectation)));
        let time = self.says_that_time_passes().then_some((TIME_PASSES, Kind::AlwaysEventually));
        let of_runs = self.temporal_properties().map(|p| (p.name, p.form.kind()));
        of_states
            .chain(time)
            .chain(of_runs)
            .map(|(name, kind)| PropertyInfo {
                name,
                kind,
                violation_expected: self.expected_violations.contains(&name),
            })
            .collect()
    }

    /// The actor system's properties as properties of the spec, then the built-in ones.
    ///
    /// # Panics
    /// If the system has more than 32 properties, or one of Stateright's kind `eventually`, which
    /// passes a model that loops for ever without reaching its goal.
    pub(super) fn lifted_properties(&self) -> Vec<Property<Self>> {
        let table = lift_table::<A, C, G>();
        let inner = &self.system.properties;
        assert!(inner.len() <= table.len(), "{}: more than {} properties", self.name, table.len());
        let mut properties: Vec<Property<Self>> = inner
            .iter()
            .zip(table)
            .map(|(property, condition)| Property {
                expectation: property.expectation.clone(),
                name: property.name,
                condition,
            })
            .collect();
        assert!(
            properties.iter().all(|p| p.expectation != Expectation::Eventually),
            "{}: Stateright's `eventually` misses cycles and is not checked",
            self.name
        );
        properties.push(Property::always(SAVED_BEFORE_SENT, |_, state: &State<A, G>| {
            state.fault != Some(Fault::SentBeforeSaved)
        }));
        properties.push(Property::always(WITHOUT_PANIC, |_, state: &State<A, G>| {
            !matches!(state.fault, Some(Fault::Panicked(_)))
        }));
        if self.durable.is_some() {
            properties.push(Property::always(STORAGE_AGREES, |_, state: &State<A, G>| {
                state.fault != Some(Fault::StorageDisagrees)
            }));
        }
        if self.obsolete.is_some() {
            properties.push(Property::always(FORGOTTEN_IS_IGNORED, |spec: &Self, state| {
                spec.obsolete_in_flight(state).is_empty()
            }));
        }
        if !self.may_end {
            properties.push(Property::always(WITHOUT_DEADLOCK, |spec: &Self, state| {
                !spec.is_deadlocked(state)
            }));
        }
        if let Some(only) = &self.only {
            for name in only {
                let is_known = properties.iter().any(|property| property.name == *name)
                    || self.temporal.iter().any(|property| property.name == *name)
                    || *name == TIME_PASSES;
                assert!(is_known, "{}: no property {name:?}", self.name);
            }
            properties.retain(|property| only.contains(&property.name));
        }
        properties
    }
}

type Condition<A, C, G> = fn(&Spec<A, C, G>, &State<A, G>) -> bool;

/// A property's condition is a plain fn pointer and captures nothing, so the `I`th property of the
/// inner model is reached through the `I`th instance of this function.
fn lifted<A, C, G, const I: usize>(spec: &Spec<A, C, G>, state: &State<A, G>) -> bool
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash + PartialEq,
{
    (spec.system.properties[I].condition)(&spec.system, &state.system)
}

macro_rules! instances {
    ($($index:literal)*) => {
        fn lift_table<A, C, G>() -> Vec<Condition<A, C, G>>
        where
            A: Actor,
            A::Msg: Ord,
            A::Timer: Ord,
            G: Clone + Debug + Hash + PartialEq,
        {
            vec![$(lifted::<A, C, G, $index>),*]
        }
    };
}

instances!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
