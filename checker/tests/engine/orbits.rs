//! What a search must count that takes each other's renamings for one state: the orbits of the
//! whole space, found by renaming whole states.

use std::collections::HashSet;
use std::hash::Hash;

use quorate_checker::spec::State;
use stateright::actor::{ActorModelState, Id, Timers};
use stateright::util::DenseNatMap;
use stateright::{Model, Rewrite, RewritePlan};

use crate::naive::{Counts, Whole, naive};
use crate::peer::{Named, Peer};

/// Stateright's own kind of plan.
pub type Plan = RewritePlan<Id, DenseNatMap<Id, Id>>;

/// Who was first at something, and a number.
pub type Ghost = (Option<Id>, u8);

/// Renames whole states.
pub trait Renamed {
    fn renamed(&self, plan: &Plan) -> Self;
}

impl Renamed for ActorModelState<Peer, Ghost> {
    fn renamed(&self, plan: &Plan) -> Self {
        let moved: Vec<Timers<Named>> = plan.reindex(&self.timers_set);
        let timers = moved.iter().map(|timers| {
            let mut renamed = Timers::new();
            timers.iter().for_each(|timer| {
                renamed.set(timer.rewrite(plan));
            });
            renamed
        });
        ActorModelState {
            actor_states: plan.reindex(&self.actor_states),
            network: self.network.rewrite(plan),
            timers_set: timers.collect(),
            random_choices: plan.reindex(&self.random_choices),
            crashed: plan.reindex(&self.crashed),
            history: self.history.rewrite(plan),
            actor_storages: plan.reindex(&self.actor_storages),
        }
    }
}

impl Renamed for State<Peer, Ghost> {
    fn renamed(&self, plan: &Plan) -> Self {
        let (spent, fault) = (self.spent, self.fault.clone());
        let (clocks, calm, servers) = (self.clocks.clone(), self.calm, self.servers);
        // There are none unless there may be rollbacks.
        let has_backups = !self.backups.is_empty();
        let backups = if has_backups { plan.reindex(&self.backups) } else { Vec::new() };
        let system = self.system.renamed(plan);
        State { system, servers, clocks, backups, calm, spent, fault, ..self.clone() }
    }
}

/// All plans by which the first `peers` of `actors` change places.
pub fn plans(peers: usize, actors: usize) -> Vec<Plan> {
    let mut orders: Vec<Vec<usize>> = vec![(peers..actors).collect()];
    for peer in 0..peers {
        // At every place among those that are ordered already; the others stay at the end.
        orders = orders
            .iter()
            .flat_map(|order| (0..=peer).map(|place| (order.clone(), place)))
            .map(|(mut order, place)| {
                order.insert(place, peer);
                order
            })
            .collect();
    }
    orders.iter().map(Plan::from_values_to_sort).collect()
}

/// What is counted of `model` if only one state of each orbit is, and how many states the orbits
/// have. `None` if the whole space has
/// more than `limit` states.
///
/// # Panics
/// If the initial state is its own renamings, and yet the space is not made of whole orbits: then
/// the model is not symmetric.
pub fn orbits<M>(model: &M, plans: &[Plan], limit: usize) -> Option<(Counts, u64)>
where
    M: Model<State: Renamed + Clone + PartialEq + Hash>,
{
    let whole = naive(model, limit)?;
    let mut seen = HashSet::new();
    let mut waiting = model.init_states();
    waiting.retain(|state| model.within_boundary(state));
    let renames = |state: &M::State, plan: &Plan| state.renamed(plan) != *state;
    let is_lopsided = waiting.iter().any(|state| plans.iter().any(|plan| renames(state, plan)));
    let (mut states, mut transitions) = (0, 0);
    while let Some(state) = waiting.pop() {
        if seen.contains(&Whole(state.clone())) {
            continue;
        }
        seen.extend(plans.iter().map(|plan| Whole(state.renamed(plan))));
        let mut successors = model.next_states(&state);
        successors.retain(|state| model.within_boundary(state));
        states += 1;
        transitions += successors.len() as u64;
        waiting.append(&mut successors);
    }
    assert!(is_lopsided || seen.len() as u64 == whole.states, "the sizes of the orbits add up");
    Some((Counts { states, transitions, ..whole }, seen.len() as u64))
}
