//! A search that is plainly right, and what is compared.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};

use quorate_checker::engine::Outcome;
use quorate_checker::spec::FORGOTTEN_IS_IGNORED;
use stateright::{Expectation, Model};

/// What a search counts and finds: what must be the same for all searches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    pub states: u64,
    pub transitions: u64,
    pub depth: u64,
    /// By property, the length of the shortest path to a state that decides it.
    pub lengths: Vec<(&'static str, Option<usize>)>,
}

impl Counts {
    /// What the engine counted and found.
    pub fn of<S: Clone, Action: Clone>(outcome: &Outcome<S, Action>) -> Self {
        let lengths = outcome.findings.iter().map(|finding| {
            let path = finding.path.clone();
            (finding.name, path.map(|path| path.into_actions().len()))
        });
        Counts {
            states: outcome.states,
            transitions: outcome.transitions,
            depth: outcome.depth,
            lengths: lengths.collect(),
        }
    }
}

impl Counts {
    /// These counts, but for what was forgotten and is heeded later: that shows in no state, so the
    /// naive search does not know it. `forgotten.rs` compares it.
    pub fn without_later(mut self, naive: &Counts) -> Self {
        for (own, naive) in self.lengths.iter_mut().zip(&naive.lengths) {
            if own.0 == FORGOTTEN_IS_IGNORED && naive.1.is_none() {
                own.1 = None;
            }
        }
        self
    }
}

/// Whole states that are compared as such.
pub struct Whole<S>(pub S);

impl<S: PartialEq> PartialEq for Whole<S> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<S: PartialEq> Eq for Whole<S> {}

impl<S: Hash> Hash for Whole<S> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

/// Searches `model` level by level; gives up when there are more than `limit` states.
pub fn naive<M>(model: &M, limit: usize) -> Option<Counts>
where
    M: Model<State: Clone + PartialEq + Hash>,
{
    let properties = model.properties();
    let mut lengths: Vec<_> = properties.iter().map(|p| (p.name, None)).collect();
    let mut seen = HashSet::new();
    let mut level = model.init_states();
    level.retain(|state| model.within_boundary(state) && seen.insert(Whole(state.clone())));
    let (mut transitions, mut depth) = (0, 0);
    loop {
        for state in &level {
            for (property, (_, length)) in properties.iter().zip(&mut lengths) {
                let decides = property.expectation == Expectation::Sometimes;
                if length.is_none() && (property.condition)(model, state) == decides {
                    *length = Some(depth);
                }
            }
        }
        let mut next = Vec::new();
        for state in &level {
            let mut successors = model.next_states(state);
            successors.retain(|state| model.within_boundary(state));
            transitions += successors.len() as u64;
            successors.retain(|state| seen.insert(Whole(state.clone())));
            next.append(&mut successors);
        }
        if seen.len() > limit {
            return None;
        }
        if next.is_empty() {
            return Some(Counts {
                states: seen.len() as u64,
                transitions,
                depth: depth as u64,
                lengths,
            });
        }
        level = next;
        depth += 1;
    }
}
