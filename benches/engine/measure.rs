//! One measurement: a space, explored once by one engine.

use std::fmt::{self, Debug};
use std::hash::Hash;
use std::time::Instant;

use quorate_checker::engine::{self, Explorable, History, Options, Outcome, RunAnswer};
use quorate_checker::spec::{Claim, Faults, Sees, Spec};
use quorate_models::kv::put;
use quorate_models::raft::specs::live;
use quorate_models::raft::specs::{self, Bounds, EVERY_RULE, RaftSpec, large};
use serde::{Deserialize, Serialize};
use stateright::{Checker, Expectation, Model};

use crate::once::Once;
use crate::paxos;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Three servers and three clients.
    Paxos,
    Lossy,
    Replication,
    /// Three elections and a heartbeat.
    Elections,
    /// With time, and properties of runs.
    FailoverLive,
    /// The same, but who dies comes back.
    LargeLive,
}

impl Space {
    pub const ALL: [Space; 6] = [
        Space::Paxos,
        Space::Lossy,
        Space::Replication,
        Space::Elections,
        Space::FailoverLive,
        Space::LargeLive,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Space::Paxos => "paxos",
            Space::Lossy => "raft/lossy-2",
            Space::Replication => "raft/elections-3",
            Space::Elections => "raft/elections",
            Space::FailoverLive => "raft/failover-live",
            Space::LargeLive => "raft/large-live",
        }
    }

    /// The states and transitions, where others have counted them too.
    pub fn known(self) -> Option<(u64, u64)> {
        (self == Space::Paxos).then_some(paxos::COUNTS_OF_THREE_CLIENTS)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Quorate,
    Stateright,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Engine::Quorate => "quorate",
            Engine::Stateright => "Stateright",
        }
    }
}

/// What is asked about the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Properties {
    None,
    /// Each says what it reads.
    Declared,
    /// Each may read everything; but for the two that every spec has.
    Opaque,
}

impl Properties {
    pub fn name(self) -> &'static str {
        match self {
            Properties::None => "none",
            Properties::Declared => "declared",
            Properties::Opaque => "opaque",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    pub space: Space,
    pub engine: Engine,
    pub threads: usize,
    pub properties: Properties,
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.space.name(), self.engine.name(), self.threads)?;
        match self.properties {
            Properties::Declared => Ok(()),
            other => write!(f, " {}", other.name()),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub name: String,
    pub engine: String,
    pub threads: usize,
    pub states: u64,
    pub transitions: u64,
    pub seconds: f64,
    /// Of memory, in bytes, above what the process held before; where the system tells.
    pub peak: Option<u64>,
}

impl Measured {
    pub fn counts(&self) -> (u64, u64) {
        (self.states, self.transitions)
    }

    pub fn states_per_second(&self) -> f64 {
        self.states as f64 / self.seconds
    }

    pub fn bytes_per_state(&self) -> Option<f64> {
        Some(self.peak? as f64 / self.states as f64)
    }
}

/// A clock, and the memory before the search.
struct Meter {
    before: Option<u64>,
    start: Instant,
}

impl Meter {
    fn start() -> Self {
        Meter { before: memory("VmRSS:"), start: Instant::now() }
    }

    fn stop(&self, job: &Job, states: u64, transitions: u64) -> Measured {
        let seconds = self.start.elapsed().as_secs_f64();
        let peak =
            memory("VmHWM:").zip(self.before).map(|(peak, before)| peak.saturating_sub(before));
        Measured {
            name: job.to_string(),
            engine: job.engine.name().to_owned(),
            threads: job.threads,
            states,
            transitions,
            seconds,
            peak,
        }
    }
}

/// A line of what Linux says about this process, in bytes.
fn memory(line: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let value = status.lines().find_map(|text| text.strip_prefix(line))?;
    Some(value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// Does one measurement in this process.
///
/// # Panics
/// If the exploration does not end as it should: at its end, with every property true.
pub fn run(job: &Job) -> Measured {
    match job.space {
        Space::Paxos => run_paxos(job),
        Space::Lossy => run_spec(job, large::lossy_2()),
        Space::Replication => run_spec(job, large::elections_3()),
        Space::Elections => run_spec(job, elections()),
        Space::FailoverLive => run_spec(job, live::failover()),
        Space::LargeLive => run_spec(job, large_live()),
    }
}

/// A client's command, a crash and a recovery, a timer that fires too soon.
fn large_live() -> RaftSpec {
    let bounds = live::Bounds {
        servers: 3,
        scripts: &[&[put("x", "1")]],
        early: 1,
        faults: Faults { crashes: 1, down_at_once: 1, ..Faults::default() },
        recovery: Some(1..=1),
        ..live::Bounds::default()
    };
    live::raft(Space::LargeLive.name(), EVERY_RULE, bounds, &[])
}

/// Three elections and a heartbeat.
fn elections() -> RaftSpec {
    let bounds = Bounds { servers: 3, elections: 3, heartbeats: 1, ..Bounds::default() };
    specs::raft(Space::Elections.name(), EVERY_RULE, bounds, &[])
}

fn run_paxos(job: &Job) -> Measured {
    let model = paxos::model(3);
    if job.engine == Engine::Stateright {
        return run_stateright(job, model);
    }
    let mut claims: Vec<_> = model.properties.iter().map(Claim::of_property).collect();
    match job.properties {
        Properties::Declared => {
            for claim in claims.iter_mut().filter(|claim| claim.name == paxos::LINEARIZABLE) {
                claim.sees = Sees::GHOST;
            }
        }
        Properties::Opaque => {}
        Properties::None => panic!("{job}: not measured"),
    };
    let options = options(job);
    let meter = Meter::start();
    let outcome = engine::explore_claims(&model, &claims, &options, &mut |_| {});
    let measured = meter.stop(job, outcome.states, outcome.transitions);
    assert_complete(job, &outcome);
    let smaller = engine::explore_claims(&paxos::model(2), &claims, &options, &mut |_| {});
    assert_eq!(smaller.states, paxos::STATES_OF_TWO_CLIENTS);
    measured
}

fn run_spec<A, C, G>(job: &Job, spec: Spec<A, C, G>) -> Measured
where
    A: Explorable + Send + 'static,
    C: Send + Sync + 'static,
    G: History + 'static,
{
    let spec = match job.properties {
        Properties::Declared => spec,
        Properties::Opaque => opaque(spec),
        Properties::None => spec.without_properties(),
    };
    if job.engine == Engine::Stateright {
        return run_stateright(job, spec);
    }
    let options = options(job);
    let meter = Meter::start();
    let outcome = engine::explore(&spec, &options, &mut |_| {});
    let measured = meter.stop(job, outcome.states, outcome.transitions);
    assert_complete(job, &outcome);
    measured
}

/// The spec, of whose properties it is not known what they see.
fn opaque<A: Explorable, C, G: History>(mut spec: Spec<A, C, G>) -> Spec<A, C, G> {
    spec.claims.iter_mut().for_each(|claim| claim.sees = Sees::EVERYTHING);
    spec.temporal.iter_mut().for_each(|property| property.sees = Sees::EVERYTHING);
    spec
}

fn options(job: &Job) -> Options {
    Options { threads: job.threads, keep_going: true, has_boundary: false, ..Default::default() }
}

fn assert_complete<S, Action>(job: &Job, outcome: &Outcome<S, Action>) {
    assert_eq!(outcome.stopped, None, "{job}");
    for finding in &outcome.findings {
        let is_reachable = finding.expectation == Expectation::Sometimes;
        assert_eq!(finding.path().is_some(), is_reachable, "{job}: {}", finding.name);
    }
    for finding in &outcome.runs {
        assert!(matches!(finding.answer, RunAnswer::Met), "{job}: {}", finding.name);
    }
}

/// Stateright's breadth-first search, the fastest way it can be driven. It ends early once it has
/// an example of each property. The models have one of which there is none: it holds always.
fn run_stateright<M>(job: &Job, model: M) -> Measured
where
    M: Model<Action: Clone + Debug + PartialEq> + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
{
    let holds_always = model.properties().iter().any(|p| p.expectation == Expectation::Always);
    assert!(holds_always, "{job}: Stateright would stop at once");
    let model = Once::new(model);
    let meter = Meter::start();
    let checker = model.checker().threads(job.threads).spawn_bfs().join();
    // Stateright counts the initial state as generated.
    let (states, transitions) = (checker.unique_state_count(), checker.state_count() - 1);
    let measured = meter.stop(job, states as u64, transitions as u64);
    checker.assert_properties();
    measured
}
