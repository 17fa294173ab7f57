//! One run that a person can follow, out of all those a fair component stands for.
//!
//! A component is not a run: few people would see how to walk through a thousand states so that
//! everybody gets his turn. The cycle shown is a closed walk that is fair all by itself, found
//! greedily: from a state near the start, always to the nearest place where something owed is paid,
//! in the end back.

use std::collections::BTreeSet;

use super::components::NOWHERE;
use super::graph::{Edge, Fairness, Graph, Path};
use super::nearest::Nearest;
use super::question::Question;
use super::walk::Walk;

/// From how many states, the nearest first, a cycle is tried. The shortest run is shown.
const CYCLES: usize = 8;

/// A run in a fair component: a path from an initial state and what then goes on for ever. If that
/// is nothing, the run stops.
pub(super) struct Run {
    pub stem: Path,
    pub cycle: Vec<Edge>,
}

/// A short run that answers the question, if there is any.
pub(super) fn shortest_run(
    graph: &Graph,
    question: &Question,
    walk: &Walk,
    regions: &[u32],
) -> Option<Run> {
    let mut candidates =
        walk.end_states().filter(|(_, state)| regions[*state as usize] != NOWHERE).peekable();
    candidates.peek()?;
    let mut nearest = Nearest::new(graph);
    // The length of the best run so far, the state its cycle begins in, and the cycle.
    let mut best: Option<(usize, u32, Vec<Edge>)> = None;
    let mut tries = 0;
    for (distance, state) in candidates {
        let least = best.as_ref().map_or(usize::MAX, |(length, ..)| *length);
        if distance > least {
            break;
        }
        if question.may_stop && question.touch.has(state) && graph.may_stop(state) {
            best = Some((distance, state, Vec::new()));
            break;
        }
        if tries == CYCLES {
            continue;
        }
        let round = Round::new(graph, question, regions, state);
        if round.can_move() {
            tries += 1;
            let found = round.close(&mut nearest, (least - distance).saturating_sub(1));
            // Never in doubt: who judged the component and who walks it must agree.
            assert!(found.is_some() || best.is_some(), "a fair component pays all it owes");
            best = found.map(|cycle| (distance + cycle.len(), state, cycle)).or(best);
        }
    }
    let (_, state, cycle) = best.expect("a state of a fair component moves or may stop");
    Some(Run { stem: walk.path_to(state), cycle })
}

/// A walk through a fair component that has not come back yet.
struct Round<'a> {
    graph: &'a Graph,
    question: &'a Question<'a>,
    regions: &'a [u32],
    start: u32,
    edges: Vec<Edge>,
    /// Whether it has been where it must come again and again.
    touched: bool,
    taken: BTreeSet<u32>,
    /// The weakly fair actions that were enabled all along and not taken.
    weak: BTreeSet<u32>,
    /// The strongly fair actions that were enabled at some point and not taken.
    strong: BTreeSet<u32>,
}

impl<'a> Round<'a> {
    fn new(graph: &'a Graph, question: &'a Question, regions: &'a [u32], start: u32) -> Self {
        let weak = graph.leaving(start).map(|edge| edge.action);
        let weak = weak.filter(|action| graph.fairness(*action) == Fairness::Weak).collect();
        let (edges, taken, strong) = Default::default();
        let mut round =
            Self { graph, question, regions, start, edges, touched: false, taken, weak, strong };
        round.visit(start);
        round
    }

    /// Whether an edge may be part of the cycle.
    fn inside(&self, edge: Edge) -> bool {
        self.question.repeatable[edge.action as usize]
            && self.regions[edge.to as usize] == self.regions[self.start as usize]
    }

    fn can_move(&self) -> bool {
        self.graph.leaving(self.start).any(|edge| self.inside(edge))
    }

    /// A cycle of at most `most` edges that is fair by itself.
    fn close(mut self, nearest: &mut Nearest, most: usize) -> Option<Vec<Edge>> {
        let mut here = self.start;
        while self.owes() || self.edges.is_empty() || here != self.start {
            let left = most.checked_sub(self.edges.len())?;
            let wanted = |edge: Edge| {
                let pays = if self.owes() { self.pays(edge) } else { edge.to == self.start };
                pays && self.inside(edge)
            };
            for edge in nearest.path(here, left, |edge| self.inside(edge), wanted)? {
                self.take(edge);
                here = edge.to;
            }
        }
        Some(self.edges)
    }

    /// Whether the walk so far, repeated for ever, is unfair or misses a state it must touch.
    fn owes(&self) -> bool {
        !self.touched || !self.weak.is_empty() || !self.strong.is_empty()
    }

    /// Whether a step along `edge` makes up for something.
    fn pays(&self, edge: Edge) -> bool {
        self.weak.contains(&edge.action)
            || self.strong.contains(&edge.action)
            || self.weak.iter().any(|action| !self.graph.enabled(edge.to, *action))
            || !self.touched && self.question.touch.has(edge.to)
    }

    fn take(&mut self, edge: Edge) {
        self.edges.push(edge);
        self.taken.insert(edge.action);
        self.weak.remove(&edge.action);
        self.strong.remove(&edge.action);
        self.visit(edge.to);
    }

    fn visit(&mut self, state: u32) {
        let graph = self.graph;
        self.touched |= self.question.touch.has(state);
        self.weak.retain(|action| graph.enabled(state, *action));
        let strong = |action: &u32| graph.fairness(*action) == Fairness::Strong;
        let enabled = graph.leaving(state).map(|edge| edge.action).filter(strong);
        self.strong.extend(enabled.filter(|action| !self.taken.contains(action)));
    }
}
