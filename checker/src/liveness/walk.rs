//! Breadth first from the initial states: which states a question is about, and how to get there.

use super::graph::{Graph, Path};
use super::question::Question;

/// A run is first before its end part (see [`Question`]), then in it. To be in both at the same
/// state takes no step.
const BEFORE: usize = 0;
const IN_END: usize = 1;

// How a state was reached, when not by an edge.
const NEVER: u32 = u32::MAX;
const INITIAL: u32 = u32::MAX - 1;
const END_BEGINS: u32 = u32::MAX - 2;

/// What the walk leaves behind. 8 bytes a state, 16 if the end part does not begin with the run.
pub(super) struct Walk<'g> {
    graph: &'g Graph,
    /// By part of the run and state: how it is reached the first time.
    reached: [Vec<u32>; 2],
    /// State and part, in the order reached.
    order: Vec<u32>,
    /// Where in the order each distance begins.
    distances: Vec<usize>,
}

impl<'g> Walk<'g> {
    pub fn new(graph: &'g Graph, question: &Question) -> Self {
        let first = if question.begin.is_some() { BEFORE } else { IN_END };
        let column = |wanted| vec![NEVER; if wanted { graph.states() } else { 0 }];
        let reached = [column(first == BEFORE), column(true)];
        let mut walk = Self { graph, reached, order: Vec::new(), distances: Vec::new() };
        for &state in graph.initial() {
            walk.reach(question, first, state, INITIAL);
        }
        let mut begin = 0;
        while begin < walk.order.len() {
            walk.distances.push(begin);
            let end = walk.order.len();
            for at in begin..end {
                let (state, part) = unpack(walk.order[at]);
                for edge in graph.row(state) {
                    walk.reach(question, part, graph.edge(edge).1, edge);
                }
            }
            begin = end;
        }
        walk
    }

    fn reach(&mut self, question: &Question, part: usize, state: u32, by: u32) {
        let reached = &mut self.reached[part][state as usize];
        if *reached != NEVER || part == IN_END && !question.stay.has(state) {
            return;
        }
        *reached = by;
        self.order.push(state << 1 | part as u32);
        if part == BEFORE && question.begin.is_some_and(|begin| begin.has(state)) {
            self.reach(question, IN_END, state, END_BEGINS);
        }
    }

    /// The states in which an end part may be, with their distance, the nearest first.
    pub fn end_states(&self) -> impl Iterator<Item = (usize, u32)> {
        let ends = self.distances.iter().skip(1).copied().chain([self.order.len()]);
        self.distances.iter().zip(ends).enumerate().flat_map(|(distance, (&begin, end))| {
            let level = self.order[begin..end].iter().map(|node| unpack(*node));
            level.filter_map(move |(state, part)| (part == IN_END).then_some((distance, state)))
        })
    }

    /// A shortest path from an initial state to `state`, with the end part begun.
    ///
    /// # Panics
    /// If `state` is not one of the end states.
    pub fn path_to(&self, state: u32) -> Path {
        let (mut start, mut part, mut edges) = (state, IN_END, Vec::new());
        loop {
            match self.reached[part][start as usize] {
                NEVER => unreachable!("a path to where the walk has not been"),
                INITIAL => break,
                END_BEGINS => part = BEFORE,
                edge => {
                    edges.push(self.graph.find(edge));
                    start = self.graph.find(edge).from;
                }
            }
        }
        edges.reverse();
        Path { start, edges }
    }
}

fn unpack(node: u32) -> (u32, usize) {
    (node >> 1, (node & 1) as usize)
}
