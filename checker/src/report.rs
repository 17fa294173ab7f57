//! What a run reports: verdicts, counts, counterexamples.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Serialize;

use crate::AnySpec;
use crate::engine::Miss;
use crate::spec::{Counts, Kind, PropertyInfo};
use crate::trace::Trace;

/// Why a run ended that was told to.
pub const INTERRUPTED: &str = "interrupted";

/// How the reason begins of a run that ended because the search itself panicked.
pub const PANICKED: &str = "the search panicked";

/// What explores a spec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Our own: exact, and many times faster.
    #[default]
    Quorate,
    /// Stateright's breadth-first search, to compare with. It takes two states whose 64-bit
    /// fingerprints agree for one.
    Stateright,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The whole space was explored, and it is so.
    Holds,
    /// A counterexample was found; or the whole space lacks what must be reachable.
    Violated,
    /// The search ended before it was decided. Never a pass.
    Incomplete,
}

/// A property's verdict.
#[derive(Clone, Debug, Serialize)]
pub struct PropertyReport {
    pub name: &'static str,
    pub kind: Kind,
    pub verdict: Verdict,
    pub expected: Verdict,
    /// The actions of the counterexample, or of the path to what is reachable.
    pub steps: Option<usize>,
    /// Of a property of runs that is violated: how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miss: Option<Miss>,
    /// The words with which its condition panicked, if it did: that is a violation, and never an
    /// expected one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic: Option<String>,
}

impl PropertyReport {
    /// True if it was decided, and not as the spec expects.
    pub fn is_surprise(&self) -> bool {
        self.panic.is_some() || differs(self.verdict, self.expected)
    }
}

/// A path that breaks a property.
#[derive(Clone, Debug)]
pub struct Counterexample {
    pub property: &'static str,
    /// Of a property of runs: how the run misses it.
    pub miss: Option<Miss>,
    /// The words with which the condition panicked in the last state, if it did.
    pub panic: Option<String>,
    /// Of a run that has no bound: what happens for ever, "elections".
    pub endless: Option<&'static str>,
    pub trace: Trace,
    /// The path in the Explorer: "/#/steps/0/1/3".
    pub explorer: String,
}

/// How long it can take to meet a goal, from whatever state in which it is not met.
#[derive(Clone, Debug, Serialize)]
pub struct WorstCaseReport {
    pub goal: &'static str,
    /// How long a tick is on a real cluster, in milliseconds, if the spec has its durations.
    pub tick_ms: Option<u64>,
    /// Without any fault or early timeout meanwhile. `None`: the goal is met in every state.
    pub calm: Option<Longest>,
    /// With what is left of the early timeouts.
    pub with_early: Option<Longest>,
}

/// The longest time that something takes, and a path that takes it.
#[derive(Clone, Debug, Serialize)]
pub struct Longest {
    /// `None`: there is no bound.
    pub ticks: Option<u32>,
    /// What must come to an end and happened meanwhile, and how often.
    pub restless: Option<(String, usize)>,
    /// The longest chain of messages meanwhile, each sent on handling the one before.
    pub message_delays: usize,
    /// Where there is no bound: the actions that fairness has happen in the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<String>,
    /// The whole path, and how many of its steps come before the time begins to count.
    #[serde(skip)]
    pub trace: Trace,
    #[serde(skip)]
    pub start: usize,
}

/// What tells how a search went, and where its states come from.
#[derive(Clone, Debug, Serialize)]
pub struct Details {
    /// By depth, how many states there are.
    pub levels: Vec<u64>,
    /// How often each kind of action was taken: "deliver Vote". What could have been taken and
    /// never was has a 0.
    pub actions: BTreeMap<String, u64>,
    pub components: Vec<Component>,
    /// Handlers are called once for each distinct question, not once a step.
    pub handler_calls: u64,
    /// The timers without a budget that still led to new states when the search ended: if there is
    /// no end in sight, they are the reason.
    pub endless_timers: BTreeSet<String>,
}

/// A part of which states are made.
#[derive(Clone, Debug, Serialize)]
pub struct Component {
    /// "actor states"
    pub name: &'static str,
    /// How many distinct values it has.
    pub values: u64,
    /// How many it had when half of the states had been found.
    pub values_at_half: u64,
    /// True if the search was cut short, and this was still growing by more than a tenth.
    pub growing: bool,
}

/// What a run found out about a spec.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub spec: String,
    pub engine: Engine,
    pub verdict: Verdict,
    pub expected: Verdict,
    /// Distinct states.
    pub states: u64,
    /// Steps between them, each counted once for every state it leads from.
    pub transitions: u64,
    /// The steps to the states farthest from the initial one.
    pub depth: u64,
    pub seconds: f64,
    /// What the spec has, if all of it is explored, by its own word.
    pub on_record: Option<Counts>,
    /// Of a search by symmetry where what is on record is the whole space: how many states there
    /// are when each state that was searched stands for all its renamings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<u64>,
    pub properties: Vec<PropertyReport>,
    /// Where the spec asks for it, and everything was explored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst_case: Option<WorstCaseReport>,
    /// Stateright's search does not tell.
    #[serde(flatten)]
    pub details: Option<Details>,
    /// Why the run ended before it had explored everything.
    #[serde(skip)]
    pub cut_short: Option<String>,
    #[serde(skip)]
    pub counterexamples: Vec<Counterexample>,
}

impl Report {
    /// The report on a spec whose search has not begun; `why` it ended there.
    pub fn unfinished(spec: &dyn AnySpec, engine: Engine, why: &str) -> Self {
        let expected = |violation| if violation { Verdict::Violated } else { Verdict::Holds };
        let open = |info: PropertyInfo| PropertyReport {
            name: info.name,
            kind: info.kind,
            verdict: Verdict::Incomplete,
            expected: expected(info.violation_expected),
            steps: None,
            miss: None,
            panic: None,
        };
        let infos = spec.properties();
        Report {
            spec: spec.name().to_owned(),
            engine,
            verdict: Verdict::Incomplete,
            expected: expected(infos.iter().any(|info| info.violation_expected)),
            states: 0,
            transitions: 0,
            depth: 0,
            seconds: 0.0,
            on_record: spec.counts(),
            whole: None,
            properties: infos.into_iter().map(open).collect(),
            worst_case: None,
            details: None,
            cut_short: Some(why.to_owned()),
            counterexamples: Vec::new(),
        }
    }

    /// The search has come as far as `now`.
    pub fn advance(&mut self, now: &Progress) {
        (self.states, self.transitions, self.depth) = (now.states, now.transitions, now.depth);
        self.seconds = now.elapsed.as_secs_f64();
    }

    /// True if something was decided and is not what the spec expects.
    pub fn is_surprise(&self) -> bool {
        self.counts_differ()
            || differs(self.verdict, self.expected)
            || self.surprises().next().is_some()
    }

    /// The properties that were decided otherwise than the spec expects.
    pub fn surprises(&self) -> impl Iterator<Item = &PropertyReport> {
        self.properties.iter().filter(|property| property.is_surprise())
    }

    /// True if all of the spec was explored, and it has not what is on record. A search by symmetry
    /// does not tell how many states the whole space has where somebody stands out in the initial
    /// state: at least those that were searched, at most those and all their renamings.
    pub fn counts_differ(&self) -> bool {
        let counts = Counts { states: self.states, transitions: self.transitions };
        let differs = |record: Counts| match self.whole {
            None => record != counts,
            Some(whole) => !(counts.states..=whole).contains(&record.states),
        };
        self.cut_short.is_none() && self.on_record.is_some_and(differs)
    }

    pub fn is_incomplete(&self) -> bool {
        self.verdict == Verdict::Incomplete
    }

    /// The report of one property.
    ///
    /// # Panics
    /// If the spec has no property of this name.
    pub fn property(&self, name: &str) -> &PropertyReport {
        let found = self.properties.iter().find(|property| property.name == name);
        found.unwrap_or_else(|| panic!("{} has no property {name:?}", self.spec))
    }
}

/// What is open is no surprise: a search may stop at the first of several expected violations.
fn differs(verdict: Verdict, expected: Verdict) -> bool {
    verdict != Verdict::Incomplete && verdict != expected
}

/// How far a run may go. A run that reaches a limit is incomplete.
#[derive(Clone, Debug)]
pub struct Limits {
    pub threads: usize,
    pub max_states: Option<u64>,
    /// Of the whole process, in MiB.
    pub max_memory: Option<u64>,
    pub max_time: Option<Duration>,
    /// Set from outside, ends the run as a limit does.
    pub interrupt: Arc<AtomicBool>,
    /// Goes on after the first counterexample, to decide every property.
    pub keep_going: bool,
    /// Searches by symmetry the specs that have one, unless Stateright does it: of all states that
    /// are each other's renamings one.
    pub symmetry: bool,
}

impl Default for Limits {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Limits {
            threads,
            max_states: None,
            max_memory: None,
            max_time: None,
            interrupt: Arc::default(),
            keep_going: false,
            symmetry: false,
        }
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    pub states: u64,
    pub transitions: u64,
    pub depth: u64,
    /// States that wait to be expanded, where the engine tells.
    pub queue: Option<u64>,
    /// Roughly how many states are still to be found, where it can be told.
    pub left: Option<u64>,
    /// What the whole process holds, in bytes, where the system tells.
    pub memory: Option<u64>,
    pub elapsed: Duration,
}

/// A count with commas: "1,234,567".
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
