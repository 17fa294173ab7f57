//! A spec: an actor system, the faults it must stand, and what must be true of it.
//!
//! [`Spec`] wraps a Stateright [`ActorModel`] and adds what that cannot say: budgets for crashes,
//! drops, duplicates and timeouts; a network that is a set; a ghost that sees every step; a
//! direction for deep searches. A budget is spent and never refilled, so a space ends because its
//! faults do, not because it was cut off. A spec is itself a [`stateright::Model`]: Stateright's
//! Explorer and its searches run it unchanged.

mod action;
mod bounds;
mod claim;
mod clock;
mod cuts;
mod fairness;
mod forgotten;
mod handler;
mod layout;
mod links;
mod model;
mod names;
mod property;
mod sees;
mod state;
mod symmetry;
mod temporal;
mod timing;
mod transition;
mod view;
mod walk;

use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;
use stateright::actor::{Actor, ActorModel, Id, Network};

use crate::engine::Symmetry;

pub use action::{Action, ActionOf};
pub use bounds::Faults;
pub(crate) use bounds::one_of;
pub use claim::Claim;
pub use clock::Clock;
pub(crate) use cuts::is_cut;
pub use cuts::{Cut, CutState};
pub use fairness::Fairness;
pub use handler::{Event, Step};
pub use links::Links;
pub use names::with_names;
pub use property::{
    FORGOTTEN_IS_IGNORED, Kind, MOST_PROPERTIES, PropertyInfo, SAVED_BEFORE_SENT, STORAGE_AGREES,
    TIME_PASSES, WITHOUT_DEADLOCK, WITHOUT_PANIC,
};
pub(crate) use property::{assert_told_apart, for_each_property};
pub use sees::Sees;
pub use state::{Fault, Spent, State, TIMEOUT_KINDS};
pub use temporal::{Condition, Form, Goal, Temporal};
pub use timing::{Pauses, Punctual, Restless, Timely};
pub use view::{ActorView, BudgetView, ClaimView, Group, StateView, StepView};

/// How large a space is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub states: u64,
    pub transitions: u64,
}

/// How many times timers of one kind may fire.
pub struct TimeoutBudget<T> {
    /// As shown among the bounds: "election timeouts".
    pub name: &'static str,
    pub applies: fn(&T) -> bool,
    pub count: u8,
}

/// A restriction of the search to some of the behaviour, to reach what no full search reaches. What
/// then holds is labelled *directed*, never exhaustive.
pub struct Direction<A: Actor, C, G> {
    /// In words, for the list of bounds.
    pub description: &'static str,
    pub allows: fn(&C, &State<A, G>, &ActionOf<A>) -> bool,
}

/// The ghost's step: the new ghost, or `None` if it does not change.
pub type Ghost<A, C, G> = fn(&C, &G, &Step<'_, A>) -> Option<G>;

/// True if an actor in this state ignores the message from that sender now and for ever, so that
/// the search may forget it.
///
/// The search does not believe it. It hands every such message to the actor, in this state and in
/// all states that the actor is in later. [`FORGOTTEN_IS_IGNORED`] is violated if one is heeded.
pub type Obsolete<A> = fn(&<A as Actor>::State, Id, &<A as Actor>::Msg) -> bool;

/// True if two states of an actor say the same about what survives a crash.
pub type SameDurable<A> = fn(&<A as Actor>::State, &<A as Actor>::State) -> bool;

/// An actor system, its faults, and its properties. Timing is asynchronous, right for safety,
/// unless it is said to be [`Timely`], which liveness needs.
pub struct Spec<A, C = (), G = ()>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// The protocol, then what is checked of it, with a slash between.
    pub name: String,
    /// One sentence on what the spec is about.
    pub summary: String,
    /// The actors, and the ghost's first value. Its own fault settings and its boundary are not
    /// used: budgets bound a spec. Its properties became the first of the claims.
    pub system: ActorModel<A, C, G>,
    /// The first so many actors are servers, which may crash; the rest are clients.
    pub servers: usize,
    /// But for the last so many, which are operators: they have a name of their own.
    pub operators: usize,
    /// What each actor has stored before it starts, by its number; nothing of those further on.
    pub storages: Vec<Option<A::Storage>>,
    pub faults: Faults,
    pub links_down: Links,
    /// Links that may go down on the way, each cut once.
    pub cuts: Vec<Cut>,
    /// In asynchronous timing a timer that is set may fire at any moment. The first budget that
    /// applies to it is charged; a timer to which none applies fires freely.
    pub timeouts: Vec<TimeoutBudget<A::Timer>>,
    /// If set, time moves in ticks.
    pub timely: Option<Timely<A::Timer>>,
    pub ghost: Ghost<A, C, G>,
    /// If set, which messages the search forgets.
    pub obsolete: Option<Obsolete<A>>,
    /// If set, [`STORAGE_AGREES`] is claimed.
    pub durable: Option<SameDurable<A>>,
    pub direction: Option<Direction<A, C, G>>,
    /// The rules of the protocol that are not in force, in words, to show what they are needed for.
    pub suspended: Vec<String>,
    /// If set, it is no error that nobody can do anything any more.
    pub may_end: bool,
    /// The actions that need strong fairness.
    pub strong: fn(&ActionOf<A>) -> bool,
    /// What is true of every reachable state, or of at least one.
    pub claims: Vec<Claim<A, C, G>>,
    /// What must happen in every fair run.
    pub temporal: Vec<Temporal<Condition<A, C, G>>>,
    /// Of a timely spec: a goal whose worst case is told, how many ticks it can take to meet it.
    pub worst_case: Option<Goal<A, C, G>>,
    /// The properties this spec is there to see broken.
    pub expected_violations: Vec<&'static str>,
    /// What there is to explore, known from before: a check that comes to anything else fails.
    pub counts: Option<Counts>,
    /// Which actors do the same under any name, if that is said of some.
    pub alike: Option<Symmetry<A, G>>,
    /// If set, the search is by symmetry, whether or not that is asked for, and so are the counts.
    pub is_reduced: bool,
    /// If set, the only properties that are looked at.
    pub only: Option<Vec<&'static str>>,
}

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// A spec of `system` without faults, in which every timer fires freely. The first `servers`
    /// actors are servers. The properties of `system` are claims that see everything.
    ///
    /// # Panics
    /// If there are not so many actors, more than [`MOST_PROPERTIES`] properties, two of one name,
    /// or one of the kind `eventually`. Built-in properties count.
    pub fn new(name: &str, system: ActorModel<A, C, G>, servers: usize) -> Self {
        assert!(servers <= system.actors.len(), "{name}: more servers than actors");
        let spec = Spec {
            name: name.to_owned(),
            summary: String::new(),
            claims: system.properties.iter().map(Claim::of_property).collect(),
            system: system.init_network(Network::new_unordered_duplicating([])),
            servers,
            operators: 0,
            storages: Vec::new(),
            faults: Faults::default(),
            links_down: Links::new(),
            cuts: Vec::new(),
            timeouts: Vec::new(),
            timely: None,
            ghost: |_, _, _| None,
            obsolete: None,
            durable: None,
            direction: None,
            suspended: Vec::new(),
            may_end: false,
            strong: |_| false,
            temporal: Vec::new(),
            worst_case: None,
            expected_violations: Vec::new(),
            counts: None,
            alike: None,
            is_reduced: false,
            only: None,
        };
        spec.assert_properties_are_told_apart();
        spec
    }

    pub fn summary(mut self, summary: &str) -> Self {
        self.summary = summary.to_owned();
        self
    }

    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Timers to which `applies` fire at most `count` times in total.
    ///
    /// # Panics
    /// If there are more than [`TIMEOUT_KINDS`] budgets, or timing is timely.
    pub fn timeouts(
        mut self,
        name: &'static str,
        applies: fn(&A::Timer) -> bool,
        count: u8,
    ) -> Self {
        assert!(self.timeouts.len() < TIMEOUT_KINDS, "{}: too many kinds of timeout", self.name);
        assert!(self.timely.is_none(), "{}: a timely spec budgets early timeouts", self.name);
        self.timeouts.push(TimeoutBudget { name, applies, count });
        self
    }

    /// Lets time move in ticks.
    ///
    /// # Panics
    /// If there are budgets for timeouts, which asynchronous timing has.
    pub fn timely(mut self, timely: Timely<A::Timer>) -> Self {
        assert!(self.timeouts.is_empty(), "{}: a timely spec budgets early timeouts", self.name);
        self.timely = Some(timely);
        self
    }

    pub fn ghost(mut self, ghost: Ghost<A, C, G>) -> Self {
        self.ghost = ghost;
        self
    }

    /// Lets the search forget obsolete messages, and claims [`FORGOTTEN_IS_IGNORED`].
    pub fn obsolete(mut self, obsolete: Obsolete<A>) -> Self {
        self.obsolete = Some(obsolete);
        self
    }

    /// Claims [`STORAGE_AGREES`]: `same` compares what two states of an actor say is durable.
    pub fn durable(mut self, same: SameDurable<A>) -> Self {
        self.durable = Some(same);
        self
    }

    pub fn directed(
        mut self,
        description: &'static str,
        allows: fn(&C, &State<A, G>, &ActionOf<A>) -> bool,
    ) -> Self {
        self.direction = Some(Direction { description, allows });
        self
    }

    /// Says which rules of the protocol are not in force.
    pub fn suspending(mut self, rules: impl IntoIterator<Item = String>) -> Self {
        self.suspended.extend(rules);
        self
    }

    /// It is no error that nobody can do anything any more.
    pub fn may_end(mut self) -> Self {
        self.may_end = true;
        self
    }

    /// This spec is there to see `property` broken.
    pub fn expect_violation(mut self, property: &'static str) -> Self {
        self.expected_violations.push(property);
        self
    }

    /// Claims something of the states.
    ///
    /// # Panics
    /// If another property has this name, or there are more than [`MOST_PROPERTIES`].
    pub fn claim(mut self, claim: Claim<A, C, G>) -> Self {
        self.claims.push(claim);
        self.assert_properties_are_told_apart();
        self
    }

    /// Claims several things, as [`claim`](Self::claim) does.
    pub fn claims(self, claims: impl IntoIterator<Item = Claim<A, C, G>>) -> Self {
        claims.into_iter().fold(self, Spec::claim)
    }

    /// A search to the end counts so many states and transitions.
    pub fn counts(mut self, states: u64, transitions: u64) -> Self {
        self.counts = Some(Counts { states, transitions });
        self
    }

    /// Looks at this property and at the facts, and at nothing else, so that its shortest
    /// counterexample is found.
    pub fn only(mut self, property: &'static str) -> Self {
        self.only = Some(vec![property]);
        self
    }

    /// Looks at no property, not even a built-in one: a search then only counts.
    pub fn without_properties(mut self) -> Self {
        self.only = Some(Vec::new());
        self
    }

    /// The names of the actors, in their order: S1, S2, ... for servers, C1, C2, ... for clients,
    /// O1, O2, ... for operators.
    pub fn names(&self) -> Vec<String> {
        names::of_actors(self.servers, self.operators, self.system.actors.len())
    }

    /// The budget that is charged when the timer fires in asynchronous timing, if one is.
    pub(crate) fn timeout_kind(&self, timer: &A::Timer) -> Option<usize> {
        self.timeouts.iter().position(|budget| (budget.applies)(timer))
    }

    /// What must come to an end, if anything must.
    pub(crate) fn restless(&self) -> Option<&Restless<A::Timer>> {
        self.timely.as_ref()?.restless.as_ref()
    }

    /// The pauses that there may be.
    pub(crate) fn pauses(&self) -> Option<&Pauses> {
        self.timely.as_ref()?.pauses.as_ref()
    }

    fn is_server(&self, id: Id) -> bool {
        usize::from(id) < self.servers
    }
}
