//! An explored state space: who can do what in which state, in compressed rows.
//!
//! States are numbers below 2^31; those that do not occur have no edges and nothing leads to them.
//! A state takes 4 bytes and an edge 8.

use std::ops::Range;

/// What is owed to an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fairness {
    /// Nothing: it may be enabled for ever and never happen, as a fault.
    None,
    /// If it is enabled in all states from some point on, it happens.
    Weak,
    /// If it is enabled again and again, it happens. Implies [`Fairness::Weak`].
    Strong,
}

/// What steps have in common that count as the same action: "this message is delivered".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// What is owed to it.
    pub fairness: Fairness,
    /// Whether it is the passing of time.
    pub tick: bool,
}

/// A step from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The state before.
    pub from: u32,
    /// The index of its [`Action`].
    pub action: u32,
    /// The state after.
    pub to: u32,
}

/// A finite run: where it begins and what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The first state.
    pub start: u32,
    /// The steps, each from where the one before led to.
    pub edges: Vec<Edge>,
}

impl Path {
    /// The last state.
    pub fn end(&self) -> u32 {
        self.edges.last().map_or(self.start, |edge| edge.to)
    }
}

/// The states that were explored and the steps between them.
///
/// An action is *enabled* in a state if an edge of it leaves the state. A step that would change
/// nothing has no edge, so it neither is enabled nor happens.
#[derive(Clone, Debug)]
pub struct Graph {
    actions: Vec<Action>,
    initial: Vec<u32>,
    /// Where the row of each state begins in the two columns below; in the end their length.
    rows: Vec<u32>,
    action: Vec<u32>,
    to: Vec<u32>,
}

/// A [`Graph`] under construction.
#[derive(Clone, Debug)]
pub struct GraphBuilder(Graph);

impl GraphBuilder {
    /// A graph without edges, with room for some.
    ///
    /// # Panics
    /// If there are 2^32 actions or more.
    pub fn new(actions: Vec<Action>, initial: Vec<u32>, states: usize, edges: usize) -> Self {
        assert!(u32::try_from(actions.len()).is_ok(), "an action's index is a u32");
        let mut rows = Vec::with_capacity(states + 1);
        rows.push(0);
        let (action, to) = (Vec::with_capacity(edges), Vec::with_capacity(edges));
        Self(Graph { actions, initial, rows, action, to })
    }

    /// The edges that leave `state`: action and target, in the order in which a choice among equals
    /// is made. States that are skipped have none.
    ///
    /// # Panics
    /// If the rows do not ascend, an action is not in the table, or it gets too large: 2^31 states
    /// or 2^32 - 16 edges.
    pub fn row(&mut self, state: u32, edges: impl IntoIterator<Item = (u32, u32)>) {
        let graph = &mut self.0;
        let (end, states) = (graph.edges(), graph.states());
        assert!(state as usize >= states, "rows ascend: {state} comes after {states} states");
        graph.rows.resize(state as usize + 1, end);
        for (action, to) in edges {
            assert!((action as usize) < graph.actions.len(), "an action of the table: {action}");
            graph.action.push(action);
            graph.to.push(to);
        }
        assert!(graph.to.len() < (u32::MAX - 16) as usize, "edges are counted by a u32");
        graph.rows.push(graph.edges());
    }

    /// The graph. States that only occur as a target or as initial have no edges.
    ///
    /// # Panics
    /// If there are more than 2^31 states.
    pub fn finish(self) -> Graph {
        let mut graph = self.0;
        let last = graph.to.iter().chain(&graph.initial).max().map_or(0, |last| *last as usize + 1);
        let states = last.max(graph.states());
        assert!(states <= 1 << 31, "a state is below 2^31");
        let end = graph.edges();
        graph.rows.resize(states + 1, end);
        graph
    }
}

impl Graph {
    /// How many states there are, those that do not occur included.
    pub fn states(&self) -> usize {
        self.rows.len() - 1
    }

    /// The states in which a run may begin.
    pub fn initial(&self) -> &[u32] {
        &self.initial
    }

    /// The table of actions.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// What may happen in `state`.
    pub fn leaving(&self, state: u32) -> impl Iterator<Item = Edge> {
        self.row(state).map(move |edge| {
            let (action, to) = (self.action[edge as usize], self.to[edge as usize]);
            Edge { from: state, action, to }
        })
    }

    /// How many edges there are.
    fn edges(&self) -> u32 {
        self.to.len() as u32
    }

    /// The edges that leave `state`, by number.
    pub(super) fn row(&self, state: u32) -> Range<u32> {
        self.rows[state as usize]..self.rows[state as usize + 1]
    }

    /// The action and the target of an edge.
    pub(super) fn edge(&self, edge: u32) -> (u32, u32) {
        (self.action[edge as usize], self.to[edge as usize])
    }

    /// An edge of which no more than its number is known.
    pub(super) fn find(&self, edge: u32) -> Edge {
        let from = self.rows.partition_point(|begin| *begin <= edge) - 1;
        let (action, to) = self.edge(edge);
        Edge { from: from as u32, action, to }
    }

    /// Whether `action` may happen in `state`.
    pub(super) fn enabled(&self, state: u32, action: u32) -> bool {
        let row = self.row(state);
        self.action[row.start as usize..row.end as usize].contains(&action)
    }

    /// What is owed to `action`.
    pub(super) fn fairness(&self, action: u32) -> Fairness {
        self.actions[action as usize].fairness
    }

    /// Whether `action` is the passing of time.
    pub(super) fn is_tick(&self, action: u32) -> bool {
        self.actions[action as usize].tick
    }

    /// Whether a run may stop for ever in `state`: nothing is owed to whatever may happen.
    pub(super) fn may_stop(&self, state: u32) -> bool {
        self.leaving(state).all(|edge| self.fairness(edge.action) == Fairness::None)
    }
}
