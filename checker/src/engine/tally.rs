//! How often each kind of action was taken.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::kind::Kind;
use super::parts::{Explorable, History, Parts};
use super::values::Values;

/// One thread's counts: by kind of step, and by the number of the message, timer or choice.
#[derive(Debug, Default)]
pub(super) struct Tally {
    taken: [Vec<u64>; KINDS.len()],
    /// By timer: how many states of the next level it led to first, fired without a budget.
    endless: Vec<u64>,
}

/// What the kinds of steps are called, by [`Kind::index`].
const KINDS: [&str; 16] = [
    "deliver",
    "duplicate",
    "drop",
    "timeout",
    "early timeout",
    "random",
    "crash",
    "recover",
    "tick",
    "back up",
    ROLL_BACK,
    "cut",
    "heal",
    "slow tick",
    "pause",
    "resume",
];

/// What a rollback is called, which may be a wipe.
pub(super) const ROLL_BACK: &str = "roll back";

impl Tally {
    /// Counts a step; whether it led to a new state.
    pub fn count(&mut self, kind: Kind, about: u32, is_new: bool) {
        add(&mut self.taken[kind.index()], about, 1);
        if is_new && kind == Kind::Timeout(None) {
            add(&mut self.endless, about, 1);
        }
    }

    /// Begins another level.
    pub fn next_level(&mut self) {
        self.endless.clear();
    }

    /// Adds the counts of another thread.
    pub fn join(&mut self, other: &Tally) {
        let mine = self.taken.iter_mut().chain([&mut self.endless]);
        for (mine, theirs) in mine.zip(other.taken.iter().chain([&other.endless])) {
            theirs.iter().enumerate().for_each(|(number, count)| add(mine, number as u32, *count));
        }
    }

    /// How often each action was taken, by name. Of the `possible` kinds, what was never taken is
    /// among them, but for what may never happen. The `cuts` are
    /// what cuts are called.
    pub fn actions<A: Explorable, G: History>(
        &self,
        parts: &Parts<A, G>,
        possible: &[Kind],
        cuts: &[String],
        may_happen: impl Fn(Kind, u32) -> bool,
    ) -> BTreeMap<String, u64> {
        let mut actions = BTreeMap::new();
        for kind in possible {
            let (verb, taken) = (KINDS[kind.index()], &self.taken[kind.index()]);
            let objects = match kind {
                Kind::Deliver | Kind::Duplicate | Kind::Drop => {
                    objects(&parts.envelopes, |envelope| word(&envelope.msg))
                }
                Kind::Timeout(_) | Kind::Due { .. } | Kind::Early { .. } => {
                    objects(&parts.timer, word)
                }
                Kind::Random => objects(&parts.choice, |choice| word(&choice.1)),
                Kind::Cut | Kind::Heal => cuts.to_vec(),
                _ => vec![String::new()],
            };
            for (number, object) in objects.into_iter().enumerate() {
                if !may_happen(*kind, number as u32) {
                    continue;
                }
                let name = format!("{verb} {object}").trim_end().to_owned();
                *actions.entry(name).or_insert(0) += taken.get(number).copied().unwrap_or(0);
            }
        }
        actions
    }

    /// The free timers that led to states of the last level.
    pub fn endless<A: Explorable, G: History>(&self, parts: &Parts<A, G>) -> BTreeSet<String> {
        let counts = (0..).zip(&self.endless).filter(|(_, count)| **count > 0);
        counts.map(|(number, _)| word(parts.timer.get(number))).collect()
    }
}

impl Kind {
    fn index(self) -> usize {
        match self {
            Kind::Deliver => 0,
            Kind::Duplicate => 1,
            Kind::Drop => 2,
            Kind::Timeout(_) | Kind::Due { .. } => 3,
            Kind::Early { .. } => 4,
            Kind::Random => 5,
            Kind::Crash => 6,
            Kind::Recover => 7,
            Kind::Tick => 8,
            Kind::Backup => 9,
            Kind::Rollback => 10,
            Kind::Cut => 11,
            Kind::Heal => 12,
            Kind::SlowTick => 13,
            Kind::Pause => 14,
            Kind::Resume => 15,
        }
    }
}

fn add(counts: &mut Vec<u64>, number: u32, count: u64) {
    let number = number as usize;
    if counts.len() <= number {
        counts.resize(number + 1, 0);
    }
    counts[number] += count;
}

fn objects<T>(values: &Values<T>, name: impl Fn(&T) -> String) -> Vec<String>
where
    T: std::hash::Hash + PartialEq,
{
    (0..values.len() as u32).map(|number| name(values.get(number))).collect()
}

/// The first word of a value's `Debug` text: the name of its variant.
fn word(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}
