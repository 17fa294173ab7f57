//! The worst case: how long it can take, in ticks, until a goal is met.
//!
//! Take the part of the graph where the goal is pending, and in it only the steps that count (after
//! the last fault, say). Its components without a tick take no time; without them no path comes
//! back to itself, and the longest one is found from its end. A component with a tick means that
//! there is no bound, however fair the run: fairness says that something happens, not when. Nor is
//! there one if the goal cannot be met any more from somewhere.

use super::components::{ALL, Regions};
use super::fair::Account;
use super::graph::{Edge, Graph, Path};
use super::nearest::Nearest;
use super::question::Question;
use super::states::States;
use super::walk::Walk;

/// How long a goal can be pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorstCase {
    /// At most this long.
    Bound {
        /// How many ticks pass before the goal is met. A tick that itself leads to the goal counts.
        ticks: u32,
        /// A shortest path from an initial state to where `path` begins, by any actions.
        stem: Path,
        /// A path that takes that long: the last edge leads to the goal, no other does.
        path: Vec<Edge>,
    },
    /// It may be pending for ever, or for any time.
    NoBound {
        /// A shortest path from an initial state to where `cycle` begins, by any actions.
        stem: Path,
        /// What may happen again and again without meeting the goal. Without a tick in it, or
        /// empty: no step that counts leads from here towards the goal.
        cycle: Vec<Edge>,
        /// The actions whose fairness forbids to stay in the component of the cycle for ever, by
        /// index, ascending. If empty, a fair run stays, and the goal is not met eventually either.
        owed: Vec<u32>,
    },
}

/// How long the goal can be `pending`: from any reachable pending state, by those steps whose
/// action `counts`. `None` if the goal is pending in no reachable state.
///
/// Among the longest paths it is one of those that begin nearest to an initial state. A cycle
/// without a tick takes no time here, even if it is fair: ask [`zeno`](super::zeno) first.
pub fn worst_case(
    graph: &Graph,
    counts: impl Fn(u32) -> bool,
    pending: &States,
) -> Option<WorstCase> {
    let walk = Walk::new(graph, &Question::any_run(graph));
    let states: Vec<u32> = walk.end_states().map(|(_, state)| state).collect();
    let states: Vec<u32> = states.into_iter().filter(|state| pending.contains(*state)).collect();
    let counts = (0..graph.actions().len() as u32).map(counts).collect();
    let pending = Pending::new(graph, counts, &states);
    // The first of the largest: `max_by_key` would give the last.
    let start = *states.iter().rev().max_by_key(|state| pending.ticks[**state as usize])?;
    let stem = walk.path_to(start);
    Some(match pending.ticks[start as usize] {
        NO_BOUND => {
            let (cycle, owed) = (pending.cycle(start), pending.owed(&states, start));
            WorstCase::NoBound { stem, cycle, owed }
        }
        ticks => WorstCase::Bound { ticks, stem, path: pending.path(start) },
    })
}

/// In place of a number of ticks: the state is in a component that by itself defeats any bound.
const NO_BOUND: u32 = u32::MAX;

/// The part of the graph where the goal is pending.
struct Pending<'g> {
    graph: &'g Graph,
    counts: Vec<bool>,
    /// By state, its component; [`NOWHERE`](super::components::NOWHERE) if nothing is pending.
    regions: Vec<u32>,
    /// By state, the most ticks until the goal; meaningless if there is no bound at all.
    ticks: Vec<u32>,
}

impl<'g> Pending<'g> {
    fn new(graph: &'g Graph, counts: Vec<bool>, states: &[u32]) -> Self {
        let mut ticks = vec![0_u32; graph.states()];
        let mut regions = Regions::new(graph, states);
        // Components come after all they lead to, so the ticks from there on are known.
        regions.split(ALL, states, &counts, |regions, region, component| {
            let (mut longest, mut defeats) = (None, false);
            for edge in component.iter().flat_map(|state| graph.leaving(*state)) {
                let tick = graph.is_tick(edge.action);
                if !counts[edge.action as usize] {
                    continue;
                }
                if regions[edge.to as usize] == region {
                    defeats |= tick;
                } else {
                    let ticks = ticks[edge.to as usize].saturating_add(u32::from(tick));
                    longest = longest.max(Some(ticks.min(NO_BOUND - 1)));
                }
            }
            let longest = longest.filter(|_| !defeats).unwrap_or(NO_BOUND);
            component.iter().for_each(|state| ticks[*state as usize] = longest);
            true
        });
        Self { graph, counts, regions: regions.into_inner(), ticks }
    }

    fn inside(&self, edge: Edge) -> bool {
        let region = |state| self.regions[state as usize];
        self.counts[edge.action as usize] && region(edge.from) == region(edge.to)
    }

    /// A longest path to the goal. Where it may choose, it takes few steps to the next component.
    fn path(&self, start: u32) -> Vec<Edge> {
        let mut nearest = Nearest::new(self.graph);
        let (mut path, mut here) = (Vec::new(), start);
        while self.regions[here as usize] != super::components::NOWHERE {
            let longest = self.ticks[here as usize];
            let keeps = |edge: Edge| {
                let tick = u32::from(self.graph.is_tick(edge.action));
                self.counts[edge.action as usize] && self.ticks[edge.to as usize] + tick == longest
            };
            let part = nearest.path(
                here,
                usize::MAX,
                |edge| self.inside(edge),
                |edge| !self.inside(edge) && keeps(edge),
            );
            path.extend(part.expect("a component knows its ticks from one of its exits"));
            here = path[path.len() - 1].to;
        }
        path
    }

    /// A cycle through `start`, with a tick if its component has one; empty if it has no edges.
    fn cycle(&self, start: u32) -> Vec<Edge> {
        let mut nearest = Nearest::new(self.graph);
        let mut path = |from, wanted: &dyn Fn(Edge) -> bool| {
            let inside = |edge| self.inside(edge);
            nearest.path(from, usize::MAX, inside, |edge| inside(edge) && wanted(edge))
        };
        let Some(mut cycle) = path(start, &|edge| self.graph.is_tick(edge.action)) else {
            return path(start, &|edge| edge.to == start).unwrap_or_default();
        };
        let after = cycle[cycle.len() - 1].to;
        if after != start {
            cycle.extend(path(after, &|edge| edge.to == start).expect("strongly connected"));
        }
        cycle
    }

    /// What the component of `start` owes.
    fn owed(&self, states: &[u32], start: u32) -> Vec<u32> {
        let region = self.regions[start as usize];
        let inside = states.iter().copied().filter(|state| self.regions[*state as usize] == region);
        let inside: Vec<u32> = inside.collect();
        let mut account = Account::new(self.graph);
        account.settle(&self.regions, region, &inside, &self.counts);
        let mut owed = account.owed();
        owed.sort_unstable();
        owed
    }
}
