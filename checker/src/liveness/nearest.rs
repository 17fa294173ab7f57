//! The shortest path inside a region to an edge that is looked for.

use super::graph::{Edge, Graph};

const NOT_REACHED: u32 = u32::MAX;
const START: u32 = u32::MAX - 1;

/// Breadth first, again and again. 8 bytes a state; a search costs no more than what it visits.
pub(super) struct Nearest<'g> {
    graph: &'g Graph,
    /// By state, the edge that leads there.
    reached: Vec<u32>,
    queue: Vec<u32>,
}

impl<'g> Nearest<'g> {
    pub fn new(graph: &'g Graph) -> Self {
        Self { graph, reached: vec![NOT_REACHED; graph.states()], queue: Vec::new() }
    }

    /// A shortest path from `start` over edges `inside`, of at most `most` edges, the last of which
    /// is the first that is `wanted`. That one need not be inside.
    pub fn path(
        &mut self,
        start: u32,
        most: usize,
        inside: impl Fn(Edge) -> bool,
        wanted: impl Fn(Edge) -> bool,
    ) -> Option<Vec<Edge>> {
        self.queue.push(start);
        self.reached[start as usize] = START;
        let (mut at, mut level_end, mut length) = (0, 1, 1);
        let mut last = None;
        while last.is_none() && at < self.queue.len() && length <= most {
            let state = self.queue[at];
            for (number, edge) in self.graph.row(state).zip(self.graph.leaving(state)) {
                if wanted(edge) {
                    last = Some(number);
                    break;
                }
                if inside(edge) && self.reached[edge.to as usize] == NOT_REACHED {
                    self.reached[edge.to as usize] = number;
                    self.queue.push(edge.to);
                }
            }
            at += 1;
            if at == level_end {
                (level_end, length) = (self.queue.len(), length + 1);
            }
        }
        let path = last.map(|last| self.trace_back(last));
        self.queue.drain(..).for_each(|state| self.reached[state as usize] = NOT_REACHED);
        path
    }

    fn trace_back(&self, last: u32) -> Vec<Edge> {
        let mut path = vec![self.graph.find(last)];
        loop {
            match self.reached[path[path.len() - 1].from as usize] {
                START => break,
                edge => path.push(self.graph.find(edge)),
            }
        }
        path.reverse();
        path
    }
}
