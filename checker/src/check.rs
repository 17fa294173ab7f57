//! Checks a spec: explores it with one engine or the other, and says what that decides.

use std::sync::Arc;
use std::time::Instant;

use stateright::Path;
use stateright::actor::Actor;

use crate::engine::{self, Explorable, History, Options, Stop};
use crate::report::{Counterexample, Engine, Limits, Progress, PropertyReport, Report, Verdict};
use crate::spec::{ActionOf, Kind, PropertyInfo, Spec, State};
use crate::stateright_engine;

/// For each property the path to a state that decides it.
pub(crate) type Found<A, G> = Vec<Option<Path<State<A, G>, ActionOf<A>>>>;

/// What one search came to.
pub(crate) struct Search<A: Actor, G> {
    pub(crate) found: Found<A, G>,
    pub(crate) states: u64,
    pub(crate) transitions: u64,
    pub(crate) depth: u64,
    /// Why it ended before it had explored everything, if not at a counterexample.
    pub(crate) cut_short: Option<String>,
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
        properties,
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
    if let Some(reason) = spec.beyond_engine() {
        let cut_short = Some(reason.to_owned());
        return Search { found: Vec::new(), states: 0, transitions: 0, depth: 0, cut_short };
    }
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
        progress(&Progress {
            states: now.states,
            transitions: now.transitions,
            depth: now.depth,
            elapsed: now.elapsed,
        });
    });
    let cut_short = match outcome.stopped {
        None | Some(Stop::Violation) => None,
        Some(Stop::States) => Some(format!("{} states reached", outcome.states)),
        Some(Stop::Memory) => Some("the memory allowed is in use".to_owned()),
        Some(Stop::Time) => Some("the time allowed has passed".to_owned()),
    };
    Search {
        found: outcome.findings.into_iter().map(|finding| finding.path).collect(),
        states: outcome.states,
        transitions: outcome.transitions,
        depth: outcome.depth,
        cut_short,
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
    for (info, path) in infos.iter().zip(&search.found) {
        let verdict = match (is_counterexample(info), path.is_some()) {
            (true, true) => Verdict::Violated,
            (false, true) => Verdict::Holds,
            (_, false) if !exhausted || info.kind.is_temporal() => Verdict::Incomplete,
            (true, false) => Verdict::Holds,
            (false, false) => Verdict::Violated,
        };
        properties.push(PropertyReport {
            name: info.name,
            kind: info.kind,
            verdict,
            expected: expected(info.violation_expected),
            steps: path.clone().map(|path| path.into_actions().len()),
        });
        if let Some(path) = path.clone().filter(|_| is_counterexample(info)) {
            let explorer = format!("/#/steps/{}", path.encode(spec));
            let title = format!("{}: {}", spec.name, info.name);
            let trace = spec.trace(&title, path);
            counterexamples.push(Counterexample { property: info.name, trace, explorer });
        }
    }
    (properties, counterexamples)
}

fn expected(violation: bool) -> Verdict {
    if violation { Verdict::Violated } else { Verdict::Holds }
}
