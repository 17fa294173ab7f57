//! Which components a fair run can stay in for ever (Lichtenstein and Pnueli, 1985).
//!
//! Take a run that visits all of a component again and again. It owes an action a step if
//!
//! - the action is weakly fair, enabled in all states of the component, and never taken inside:
//!   then the same holds of every part of the component, and no fair run stays in it;
//! - the action is strongly fair, enabled in some state, and never taken inside: then a fair run
//!   that stays cannot come back to such states. Without them the rest falls apart into smaller
//!   components, each to be judged anew: what the larger one paid, the smaller may owe.
//!
//! If nothing is owed, that run is fair. *Enabled* is meant in the whole graph, *taken* of edges
//! inside. A single state without an edge to itself counts as a component: to stay there is to
//! stop. It owes nothing exactly if no fair action is enabled.

use super::components::{ALL, NOWHERE, Regions};
use super::graph::{Fairness, Graph};
use super::question::Question;
use super::walk::Walk;

/// By state, which fair component it is in that answers the question, or [`NOWHERE`].
pub(super) fn fair_components(graph: &Graph, question: &Question, walk: &Walk) -> Vec<u32> {
    let states: Vec<u32> = walk.end_states().map(|(_, state)| state).collect();
    let mut regions = Regions::new(graph, &states);
    let mut account = Account::new(graph);
    let mut work = vec![(ALL, states)];
    while let Some((region, states)) = work.pop() {
        regions.split(region, &states, &question.repeatable, |regions, region, component| {
            if !component.iter().any(|state| question.touch.has(*state)) {
                return false;
            }
            let busy = account.settle(regions, region, component, &question.repeatable);
            if !busy && !question.may_stop {
                return false;
            }
            let owed = account.owed();
            let owed_when = |fairness| owed.iter().any(|a| graph.fairness(*a) == fairness);
            if owed_when(Fairness::Weak) {
                return false;
            }
            if owed_when(Fairness::Strong) {
                let must_go = |state| owed.iter().any(|action| graph.enabled(state, *action));
                let (gone, rest): (Vec<u32>, Vec<u32>) =
                    component.iter().partition(|state| must_go(**state));
                gone.iter().for_each(|state| regions[*state as usize] = NOWHERE);
                work.push((region, rest));
            }
            true
        });
    }
    regions.into_inner()
}

/// Who is owed a step in one component.
pub(super) struct Account<'g> {
    graph: &'g Graph,
    entries: Vec<Entry>,
    /// The fair actions that are enabled somewhere in the component.
    enabled: Vec<u32>,
    states: u32,
}

#[derive(Clone, Default)]
struct Entry {
    /// In how many states it is enabled.
    states: u32,
    /// The last of them, plus one, so that two edges of one action count once.
    last: u32,
    taken: bool,
}

impl<'g> Account<'g> {
    pub fn new(graph: &'g Graph) -> Self {
        let entries = vec![Entry::default(); graph.actions().len()];
        Self { graph, entries, enabled: Vec::new(), states: 0 }
    }

    /// Draws up the account of a component: these states, which are `region`. Returns whether any
    /// of the `passable` actions leads from inside to inside.
    pub fn settle(
        &mut self,
        regions: &[u32],
        region: u32,
        states: &[u32],
        passable: &[bool],
    ) -> bool {
        self.enabled.drain(..).for_each(|a| self.entries[a as usize] = Entry::default());
        self.states = states.len() as u32;
        let mut busy = false;
        for edge in states.iter().flat_map(|state| self.graph.leaving(*state)) {
            let inside = passable[edge.action as usize] && regions[edge.to as usize] == region;
            busy |= inside;
            if self.graph.fairness(edge.action) == Fairness::None {
                continue;
            }
            let entry = &mut self.entries[edge.action as usize];
            if entry.states == 0 {
                self.enabled.push(edge.action);
            }
            if entry.last != edge.from + 1 {
                entry.states += 1;
                entry.last = edge.from + 1;
            }
            entry.taken |= inside;
        }
        busy
    }

    /// The actions that the component, all of it visited again and again, owes a step.
    pub fn owed(&self) -> Vec<u32> {
        let is_owed = |action: &u32| {
            let entry = &self.entries[*action as usize];
            let everywhere = entry.states == self.states;
            let strong = self.graph.fairness(*action) == Fairness::Strong;
            !entry.taken && (everywhere || strong)
        };
        self.enabled.iter().copied().filter(is_owed).collect()
    }
}
