//! Strongly connected components of a region of the graph (Tarjan, 1972), without recursion.

use super::graph::Graph;

/// The region of the states that are in none.
pub(super) const NOWHERE: u32 = 0;

/// The region of all states that take part, at first.
pub(super) const ALL: u32 = 1;

/// Which region each state is in, and what the search for components needs: 8 bytes a state, and
/// while it runs up to 16 more.
pub(super) struct Regions<'g> {
    graph: &'g Graph,
    region: Vec<u32>,
    next: u32,
    /// When the search came to a state, from 1. 0: not yet.
    index: Vec<u32>,
    /// The states the search came to whose component is not known yet.
    open: Vec<u32>,
    calls: Vec<Call>,
}

/// The search at one state.
struct Call {
    state: u32,
    /// The next edge to follow.
    edge: u32,
    /// The least index of an open state found to be reachable from here.
    least: u32,
}

impl<'g> Regions<'g> {
    /// All of `states` in one region, [`ALL`].
    pub fn new(graph: &'g Graph, states: &[u32]) -> Self {
        let mut region = vec![NOWHERE; graph.states()];
        states.iter().for_each(|state| region[*state as usize] = ALL);
        let index = vec![0; graph.states()];
        Self { graph, region, next: ALL + 1, index, open: Vec::new(), calls: Vec::new() }
    }

    /// Takes apart `region`, which consists of `states`, by the edges of `passable` actions.
    ///
    /// Each component becomes a region of its own and is shown to `keep`, with its number and its
    /// states, after all that can be reached from it. If `keep` returns false, its states end up
    /// in no region. `keep` may itself move states of the component to [`NOWHERE`].
    pub fn split(
        &mut self,
        region: u32,
        states: &[u32],
        passable: &[bool],
        mut keep: impl FnMut(&mut [u32], u32, &[u32]) -> bool,
    ) {
        let mut count = 0;
        for &root in states {
            if self.region[root as usize] != region {
                continue;
            }
            self.call(root, &mut count);
            while let Some(call) = self.calls.last_mut() {
                if call.edge < self.graph.row(call.state).end {
                    let (action, to) = self.graph.edge(call.edge);
                    call.edge += 1;
                    if !passable[action as usize] || self.region[to as usize] != region {
                        continue;
                    }
                    match self.index[to as usize] {
                        0 => self.call(to, &mut count),
                        // Still in the region, so its component is not known: it is open.
                        index => call.least = call.least.min(index),
                    }
                } else {
                    let Call { state, least, .. } = self.calls.pop().expect("the last one");
                    if let Some(caller) = self.calls.last_mut() {
                        caller.least = caller.least.min(least);
                    }
                    if least == self.index[state as usize] {
                        self.close(state, &mut keep);
                    }
                }
            }
        }
    }

    fn call(&mut self, state: u32, count: &mut u32) {
        *count += 1;
        self.index[state as usize] = *count;
        self.open.push(state);
        self.calls.push(Call { state, edge: self.graph.row(state).start, least: *count });
    }

    /// The open states from `first` on are a component.
    fn close(&mut self, first: u32, keep: &mut impl FnMut(&mut [u32], u32, &[u32]) -> bool) {
        let begin = self.open.iter().rposition(|state| *state == first).expect("it is open");
        let component = &self.open[begin..];
        for &state in component {
            self.region[state as usize] = self.next;
            self.index[state as usize] = 0;
        }
        if keep(&mut self.region, self.next, component) {
            self.next = self.next.checked_add(1).expect("regions are counted by a u32");
        } else {
            component.iter().for_each(|state| self.region[*state as usize] = NOWHERE);
        }
        self.open.truncate(begin);
    }

    /// The region of each state.
    pub fn into_inner(self) -> Vec<u32> {
        self.region
    }
}
