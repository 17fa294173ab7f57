//! Checks a spec: explores it with one engine or the other, and says what that decides.

use std::sync::Arc;
use std::time::Instant;

use stateright::Path;
use stateright::actor::Actor;

use crate::engine::{
    self, Explorable, History, Miss, Options, Outcome, Run, RunFinding, Stop, WorstCase, WorstCases,
};
use crate::report::{
    Component, Counterexample, Details, Engine, Limits, Longest, Progress, PropertyReport, Report,
    Verdict, WorstCaseReport, grouped,
};
use crate::spec::{Action, ActionOf, FORGOTTEN_IS_IGNORED, Kind, PropertyInfo, Spec, State};
use crate::stateright_engine;

/// For each property of states the path to one that decides it.
pub(crate) type Found<A, G> = Vec<Option<Path<State<A, G>, ActionOf<A>>>>;

/// A property of runs, and a run that misses it.
type Runs<A, G> = Vec<RunFinding<State<A, G>, ActionOf<A>>>;

/// What one search came to.
pub(crate) struct Search<A: Actor, G> {
    pub(crate) found: Found<A, G>,
    /// None if they were not decided.
    pub(crate) runs: Runs<A, G>,
    pub(crate) worst: Option<WorstCases<State<A, G>, ActionOf<A>>>,
    pub(crate) states: u64,
    pub(crate) transitions: u64,
    pub(crate) depth: u64,
    /// Why it ended before it had explored everything, if not at a counterexample.
    pub(crate) cut_short: Option<String>,
    pub(crate) details: Option<Details>,
}

/// True if a path that decides the property is one that breaks it.
pub(crate) fn is_counterexample(info: &PropertyInfo) -> bool {
    info.kind == Kind::Always
}

/// Explores `spec` with `engine`, within `limits`.
pub(crate) fn check<A, C, G>(
    spec: Spec<A, C, G>,
    engine: Engine,
    limits: &Limits,
    progress: &mut dyn FnMut(&Progress),
) -> Report
where
    A: Explorable + Send + 'static,
    C: Send + Sync + 'static,
    G: History + 'static,
{
    let start = Instant::now();
    let infos = spec.property_infos();
    let spec = Arc::new(spec);
    let mut search = match engine {
        Engine::Quorate => explore(&spec, limits, progress),
        Engine::Stateright => stateright_engine::explore(&spec, limits, progress),
    };
    // No search of states decides a temporal property.
    search.found.resize_with(infos.len(), || None);
    if !limits.keep_going {
        keep_the_shortest(&infos, &mut search.found);
    }
    let broken = infos.iter().zip(&search.found);
    if broken.into_iter().any(|(info, path)| is_counterexample(info) && path.is_some())
        && !limits.keep_going
    {
        search.cut_short = Some("stopped at the first counterexample".to_owned());
    }
    let (properties, counterexamples) = decide(&spec, &infos, &search);
    let verdict = if properties.iter().any(|p| p.verdict == Verdict::Violated) {
        Verdict::Violated
    } else if search.cut_short.is_none() && properties.iter().all(|p| p.verdict == Verdict::Holds) {
        Verdict::Holds
    } else {
        Verdict::Incomplete
    };
    Report {
        spec: spec.name.clone(),
        engine,
        verdict,
        expected: expected(!spec.expected_violations.is_empty()),
        states: search.states,
        transitions: search.transitions,
        depth: search.depth,
        seconds: start.elapsed().as_secs_f64(),
        on_record: spec.counts,
        properties,
        worst_case: worst_case(&spec, search.worst.as_ref()),
        details: search.details,
        cut_short: search.cut_short,
        counterexamples,
    }
}

/// Explores `spec` with our own engine.
fn explore<A: Explorable, C: Sync, G: History>(
    spec: &Spec<A, C, G>,
    limits: &Limits,
    progress: &mut dyn FnMut(&Progress),
) -> Search<A, G> {
    let options = Options {
        threads: limits.threads,
        keep_going: limits.keep_going,
        max_states: limits.max_states,
        max_memory: limits.max_memory.map(|mebibytes| mebibytes << 20),
        max_time: limits.max_time,
        sees: spec.sees,
        has_boundary: false,
    };
    let outcome = engine::explore(spec, &options, &mut |now| {
        // What is on record tells it from the beginning.
        let on_record = spec.counts.and_then(|counts| counts.states.checked_sub(now.states));
        progress(&Progress {
            states: now.states,
            transitions: now.transitions,
            depth: now.depth,
            queue: Some(now.queue),
            left: on_record.or(now.left),
            memory: now.memory,
            elapsed: now.elapsed,
        });
    });
    Search {
        details: Some(details(&outcome)),
        cut_short: outcome.stopped.and_then(|stop| reason(stop, outcome.states, limits)),
        found: outcome.findings.into_iter().map(|finding| finding.path).collect(),
        runs: outcome.runs,
        worst: outcome.worst,
        states: outcome.states,
        transitions: outcome.transitions,
        depth: outcome.depth,
    }
}

/// Why a search ended at a limit, if it did. Each limit gives a reason: without one, what was
/// explored would be read as the whole.
fn reason(stop: Stop, states: u64, limits: &Limits) -> Option<String> {
    let reason = match stop {
        Stop::Violation => return None,
        Stop::States => format!("{} states reached", grouped(states)),
        Stop::Memory => {
            let limit = limits.max_memory.unwrap_or_default();
            format!("no room for more in the {limit} MiB of memory allowed")
        }
        Stop::Time => {
            let limit = limits.max_time.unwrap_or_default();
            format!("the {} s allowed have passed", limit.as_secs_f64())
        }
    };
    Some(reason)
}

fn details<S, Action>(outcome: &Outcome<S, Action>) -> Details {
    let is_cut_short = outcome.stopped.is_some();
    let pairs = outcome.sizes.components().into_iter().zip(outcome.half.components());
    let components = pairs.map(|((name, values), (_, half))| Component {
        name,
        values: values as u64,
        values_at_half: half as u64,
        growing: is_cut_short && values * 10 > half * 11,
    });
    Details {
        levels: outcome.levels.clone(),
        actions: outcome.actions.clone(),
        components: components.collect(),
        handler_calls: outcome.sizes.handler_calls as u64,
        endless_timers: outcome.endless.clone(),
    }
}

/// A search ends a little after the first counterexample: forgets those it met in the meantime.
fn keep_the_shortest<A: Actor, G: Clone>(infos: &[PropertyInfo], found: &mut Found<A, G>) {
    let broken = infos.iter().zip(&*found).enumerate().filter(|(_, (i, _))| is_counterexample(i));
    let lengths =
        broken.filter_map(|(index, (_, path))| Some((path.clone()?.into_actions().len(), index)));
    let Some((_, shortest)) = lengths.min() else { return };
    for (index, info) in infos.iter().enumerate() {
        if is_counterexample(info) && index != shortest {
            found[index] = None;
        }
    }
}

/// The verdict of each property, and the counterexamples.
fn decide<A: Explorable, C, G: History>(
    spec: &Spec<A, C, G>,
    infos: &[PropertyInfo],
    search: &Search<A, G>,
) -> (Vec<PropertyReport>, Vec<Counterexample>) {
    let exhausted = search.cut_short.is_none();
    let mut properties = Vec::new();
    let mut counterexamples = Vec::new();
    let mut found = search.found.iter();
    for info in infos {
        let (verdict, path, run) = if info.kind.is_temporal() {
            let decided = search.runs.iter().find(|finding| finding.name == info.name);
            match decided.filter(|_| exhausted) {
                None => (Verdict::Incomplete, None, None),
                Some(RunFinding { run: None, .. }) => (Verdict::Holds, None, None),
                Some(RunFinding { run: Some(run), .. }) => {
                    (Verdict::Violated, Some(&run.path), Some(run))
                }
            }
        } else {
            let path = found.next().expect("each property of states has its place").as_ref();
            let verdict = match (is_counterexample(info), path.is_some()) {
                (true, true) => Verdict::Violated,
                (false, true) => Verdict::Holds,
                (_, false) if !exhausted => Verdict::Incomplete,
                (true, false) => Verdict::Holds,
                (false, false) => Verdict::Violated,
            };
            (verdict, path, None)
        };
        properties.push(PropertyReport {
            name: info.name,
            kind: info.kind,
            verdict,
            expected: expected(info.violation_expected),
            steps: path.cloned().map(|path| path.into_actions().len()),
            miss: run.map(|run| run.miss),
        });
        if let Some(path) = path.filter(|_| info.kind != Kind::Reachable) {
            counterexamples.push(counterexample(spec, info.name, path, run));
        }
    }
    (properties, counterexamples)
}

/// A path that breaks a property, ready to be shown; of a run, with what is repeated marked.
fn counterexample<A: Explorable, C, G: History>(
    spec: &Spec<A, C, G>,
    property: &'static str,
    path: &Path<State<A, G>, ActionOf<A>>,
    run: Option<&Run<State<A, G>, ActionOf<A>>>,
) -> Counterexample {
    let explorer = format!("/#/steps/{}", path.encode(spec));
    let mut trace = spec.trace(&format!("{}: {property}", spec.name), path.clone());
    if property == FORGOTTEN_IS_IGNORED
        && let Some(last) = trace.steps.last_mut()
    {
        last.notes = spec.heeded_at_end(path);
    }
    trace.loop_start = run.filter(|run| run.miss != Miss::Unbounded).map(|run| run.stem);
    Counterexample { property, miss: run.map(|run| run.miss), trace, explorer }
}

/// The worst cases in figures.
fn worst_case<A: Explorable, C, G: History>(
    spec: &Spec<A, C, G>,
    worst: Option<&WorstCases<State<A, G>, ActionOf<A>>>,
) -> Option<WorstCaseReport> {
    let (goal, _) = spec.worst_case?;
    let WorstCases { calm, with_early } = worst?;
    let longest = |case: &WorstCase<State<A, G>, ActionOf<A>>| {
        let title = format!("{}: the longest time until {goal}", spec.name);
        let trace = spec.trace(&title, case.path.clone());
        let is_election = |action: &ActionOf<A>| match (action, &spec.timely) {
            (Action::Timeout(_, timer) | Action::EarlyTimeout(_, timer), Some(timely)) => {
                (timely.is_election)(timer)
            }
            _ => false,
        };
        let actions = case.path.clone().into_actions();
        Longest {
            ticks: case.ticks,
            elections: actions[case.stem..].iter().filter(|action| is_election(action)).count(),
            message_delays: trace.longest_chain(case.stem),
            owed: case.owed.iter().map(|action| spec.in_words(action)).collect(),
            trace,
            start: case.stem,
        }
    };
    let (calm, with_early) = (calm.as_ref().map(longest), with_early.as_ref().map(longest));
    let tick_ms = spec.timely.as_ref()?.tick.map(|tick| tick.as_millis() as u64);
    Some(WorstCaseReport { goal, tick_ms, calm, with_early })
}

fn expected(violation: bool) -> Verdict {
    if violation { Verdict::Violated } else { Verdict::Holds }
}
