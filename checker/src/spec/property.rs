//! What a spec claims: its own properties, and the built-in ones.

use std::collections::BTreeSet;
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
/// No handler panics, nor does the ghost when it sees a step.
pub const WITHOUT_PANIC: &str = "no handler panics";
/// It does not happen that nobody can do anything any more, unless the spec says that it may end.
/// Faults aside: they are for nobody to wait for. A timer that is set counts, whatever is left of
/// its budget.
pub const WITHOUT_DEADLOCK: &str = "no deadlock";
/// Of a spec with time: it does not happen that infinitely much is done while no time passes.
pub const TIME_PASSES: &str = "time passes";

/// The names that are taken in every spec.
const BUILT_IN: [&str; 6] = [
    SAVED_BEFORE_SENT,
    WITHOUT_PANIC,
    STORAGE_AGREES,
    FORGOTTEN_IS_IGNORED,
    WITHOUT_DEADLOCK,
    TIME_PASSES,
];

/// The most properties of states that a spec can have, with the built-in ones. Stateright asks a
/// property by a plain fn pointer, which captures nothing: there is one for each of so many.
pub const MOST_PROPERTIES: usize = 64;

/// An array with an instance of a generic function for each property that a spec can have.
macro_rules! for_each_property {
    ($function:ident) => {
        $crate::spec::for_each_property!($function
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60
            61 62 63)
    };
    ($function:ident $($index:literal)*) => { [$($function::<A, C, G, $index>),*] };
}

pub(crate) use for_each_property;

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
            Expectation::Sometimes => Kind::Reachable,
            _ => Kind::Always,
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

    /// The claims as Stateright's properties of the spec, then the built-in ones.
    ///
    /// # Panics
    /// If the spec has more than [`MOST_PROPERTIES`], or two of one name.
    pub(super) fn lifted_properties(&self) -> Vec<Property<Self>> {
        self.assert_properties_are_told_apart();
        let table: [Lifted<A, C, G>; MOST_PROPERTIES] = for_each_property!(lifted);
        let claims = self.claims.iter().zip(table);
        let mut properties: Vec<Property<Self>> = claims
            .map(|(claim, condition)| {
                let (expectation, name) = (claim.expectation(), claim.name);
                Property { expectation, name, condition }
            })
            .collect();
        properties.push(Property::always(SAVED_BEFORE_SENT, |_, state: &State<A, G>| {
            state.fault != Some(Fault::SentBeforeSaved)
        }));
        properties.push(Property::always(WITHOUT_PANIC, |_, state: &State<A, G>| {
            !matches!(state.fault, Some(Fault::Panicked(_) | Fault::GhostPanicked(_)))
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
            let keeps_facts = !only.is_empty();
            properties.retain(|property| {
                let is_fact = matches!(property.expectation, Expectation::Sometimes);
                only.contains(&property.name) || (is_fact && keeps_facts)
            });
        }
        properties
    }
}

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// # Panics
    /// If two properties have one name, for then one would be reported in the place of the other;
    /// or if there are more than [`MOST_PROPERTIES`], for the last ones would not be looked at.
    pub(super) fn assert_properties_are_told_apart(&self) {
        let own = self.claims.iter().map(|claim| claim.name);
        let of_runs = self.temporal.iter().map(|property| property.name);
        assert_told_apart(&self.name, own.clone().chain(BUILT_IN).chain(of_runs));
        let count = own.count() + BUILT_IN.len();
        assert!(
            count <= MOST_PROPERTIES,
            "{}: {count} properties of states, the built-in ones included; at most {} are possible",
            self.name,
            MOST_PROPERTIES,
        );
    }
}

/// # Panics
/// If two of the `names` are the same.
pub(crate) fn assert_told_apart(whose: &str, names: impl Iterator<Item = &'static str>) {
    let mut known = BTreeSet::new();
    for name in names {
        assert!(known.insert(name), "{whose}: two properties are called {name:?}");
    }
}

type Lifted<A, C, G> = fn(&Spec<A, C, G>, &State<A, G>) -> bool;

/// Stateright asks a property by a plain fn pointer, which captures nothing. The `I`th instance of
/// this function reaches the `I`th claim.
fn lifted<A, C, G, const I: usize>(spec: &Spec<A, C, G>, state: &State<A, G>) -> bool
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash + PartialEq,
{
    spec.is_true(spec.claims[I].condition, state)
}
