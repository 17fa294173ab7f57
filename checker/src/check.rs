//! Checks a spec: explores it with one engine or the other, and says what that decides.

use std::sync::Arc;
use std::sync::mpsc::{RecvError, channel};
use std::time::Instant;

use stateright::Path;
use stateright::actor::Actor;

use crate::caught::words_of;
use crate::engine::{
    self, Answer, Explorable, History, Miss, Options, Outcome, Run, RunAnswer, Stop, WorstCase,
    WorstCases,
};
use crate::found::{Found, Search, counterexample_in};
use crate::report::{
    Component, Counterexample, Details, Engine, INTERRUPTED, Limits, Longest, PANICKED, Progress,
    PropertyReport, Report, Verdict, WorstCaseReport, grouped,
};
use crate::spec::{
    Action, ActionOf, FORGOTTEN_IS_IGNORED, Kind, PropertyInfo, Spec, State, one_of,
};
use crate::stateright_engine;

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
    // Stateright's search looks at every state.
    let is_reduced = engine == Engine::Quorate
        && (limits.symmetry || spec.is_reduced)
        && spec.symmetry().is_ok();
    let infos = spec.property_infos();
    let spec = Arc::new(spec);
    let mut search = match engine {
        Engine::Quorate => explore(&spec, limits, is_reduced, progress),
        Engine::Stateright => stateright_engine::explore(&spec, limits, progress),
    };
    // No search of states decides a temporal property.
    search.found.resize_with(infos.len(), || Answer::NotLookedAt);
    if !limits.keep_going {
        keep_the_shortest(&infos, &mut search.found);
    }
    let mut all = infos.iter().zip(&search.found);
    if all.any(|(info, answer)| counterexample_in(info, answer).is_some()) && !limits.keep_going {
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
        on_record: spec.counts.filter(|_| is_reduced || !spec.is_reduced),
        whole: (is_reduced && !spec.is_reduced).then_some(search.whole),
        properties,
        worst_case: worst_case(&spec, search.worst.as_ref()),
        details: search.details,
        cut_short: search.cut_short,
        counterexamples,
    }
}

/// What a search that runs on a thread of its own tells.
enum Told<A: Actor, G> {
    Progress(engine::Progress),
    /// Something does not return, in words, and so the search will not end.
    Stuck(String),
    Outcome(Box<Outcome<State<A, G>, ActionOf<A>>>),
}

/// Explores `spec` with our own engine, by symmetry if it `is_reduced`, on a thread of its own:
/// if a handler does not return, the thread that runs it cannot be ended, and is left behind.
fn explore<A, C, G>(
    spec: &Arc<Spec<A, C, G>>,
    limits: &Limits,
    is_reduced: bool,
    progress: &mut dyn FnMut(&Progress),
) -> Search<A, G>
where
    A: Explorable + Send + 'static,
    C: Send + Sync + 'static,
    G: History + 'static,
{
    let options = Options {
        threads: limits.threads,
        keep_going: limits.keep_going,
        max_states: limits.max_states,
        max_memory: limits.max_memory.map(|mebibytes| mebibytes << 20),
        max_time: limits.max_time,
        interrupt: Arc::clone(&limits.interrupt),
        max_depth: None,
        has_boundary: false,
    };
    let (tell, told) = channel();
    let shared = Arc::clone(spec);
    let searching = std::thread::spawn(move || {
        // Nobody listens any more once something was stuck.
        let send = |it: Told<A, G>| drop(tell.send(it));
        let mut progress = |now: &engine::Progress| send(Told::Progress(*now));
        let stuck = |words| send(Told::Stuck(words));
        let outcome = engine::explore_watched(&shared, is_reduced, &options, &mut progress, &stuck);
        send(Told::Outcome(Box::new(outcome)));
    });
    let mut last = Progress::default();
    loop {
        match told.recv() {
            Ok(Told::Progress(now)) => {
                // What is on record tells it from the beginning.
                let counts = spec.counts.filter(|_| is_reduced == spec.is_reduced);
                let on_record = counts.and_then(|it| it.states.checked_sub(now.states));
                last = Progress {
                    states: now.states,
                    transitions: now.transitions,
                    depth: now.depth,
                    queue: Some(now.queue),
                    left: on_record.or(now.left),
                    memory: now.memory,
                    elapsed: now.elapsed,
                };
                progress(&last);
            }
            Ok(Told::Stuck(words)) => return Search::cut_short(words, &last),
            Ok(Told::Outcome(outcome)) => return found_by(*outcome, limits),
            Err(RecvError) => {
                let panic = searching.join().expect_err("it has told no outcome");
                return Search::cut_short(format!("{PANICKED}: {}", words_of(&*panic)), &last);
            }
        }
    }
}

impl<A: Actor, G> Search<A, G> {
    /// A search that decided nothing.
    fn cut_short(reason: String, last: &Progress) -> Self {
        Search {
            found: Vec::new(),
            runs: Vec::new(),
            worst: None,
            states: last.states,
            whole: last.states,
            transitions: last.transitions,
            depth: last.depth,
            cut_short: Some(reason),
            details: None,
        }
    }
}

fn found_by<A: Actor, G>(
    outcome: Outcome<State<A, G>, ActionOf<A>>,
    limits: &Limits,
) -> Search<A, G> {
    Search {
        details: Some(details(&outcome)),
        cut_short: outcome
            .stopped
            .and_then(|stop| reason(stop, (outcome.states, outcome.depth), limits)),
        found: outcome.findings.into_iter().map(|finding| finding.answer).collect(),
        runs: outcome.runs,
        worst: outcome.worst,
        states: outcome.states,
        whole: outcome.whole,
        transitions: outcome.transitions,
        depth: outcome.depth,
    }
}

/// Why a search ended at a limit, if it did. Each limit gives a reason: without one, what was
/// explored would be read as the whole.
fn reason(stop: Stop, (states, depth): (u64, u64), limits: &Limits) -> Option<String> {
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
        Stop::Interrupt => INTERRUPTED.to_owned(),
        Stop::Depth => format!("{depth} steps deep"),
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
    let length = |info, answer| {
        counterexample_in(info, answer).map(|path| path.clone().into_actions().len())
    };
    let lengths = infos.iter().zip(&*found).enumerate();
    let lengths = lengths.filter_map(|(index, (info, it))| Some((length(info, it)?, index)));
    let Some((_, shortest)) = lengths.min() else { return };
    for (index, (info, answer)) in infos.iter().zip(found).enumerate() {
        if counterexample_in(info, answer).is_some() && index != shortest {
            *answer = Answer::NotFound;
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
    for (info, answer) in infos.iter().zip(&search.found) {
        let (mut run, mut panic) = (None, None);
        let (verdict, path) = match answer {
            Answer::NotLookedAt => {
                let decided = search.runs.iter().find(|finding| finding.name == info.name);
                match decided.filter(|_| exhausted).map(|finding| &finding.answer) {
                    None => (Verdict::Incomplete, None),
                    Some(RunAnswer::Met) => (Verdict::Holds, None),
                    Some(RunAnswer::Missed(missed)) => {
                        run = Some(missed);
                        (Verdict::Violated, Some(&missed.path))
                    }
                    Some(RunAnswer::Panicked(path, words)) => {
                        panic = Some(words.to_string());
                        (Verdict::Violated, Some(path))
                    }
                }
            }
            Answer::Panicked(path, words) => {
                panic = Some(words.to_string());
                (Verdict::Violated, Some(path))
            }
            Answer::Found(path) if info.kind == Kind::Always => (Verdict::Violated, Some(path)),
            Answer::Found(path) => (Verdict::Holds, Some(path)),
            Answer::NotFound if !exhausted => (Verdict::Incomplete, None),
            Answer::NotFound if info.kind == Kind::Always => (Verdict::Holds, None),
            Answer::NotFound => (Verdict::Violated, None),
        };
        if let Some(path) = path.filter(|_| verdict == Verdict::Violated) {
            counterexamples.push(counterexample(spec, info.name, path, run, panic.clone()));
        }
        properties.push(PropertyReport {
            name: info.name,
            kind: info.kind,
            verdict,
            expected: expected(info.violation_expected),
            steps: path.cloned().map(|path| path.into_actions().len()),
            miss: run.map(|run| run.miss),
            panic,
        });
    }
    (properties, counterexamples)
}

/// A path that breaks a property, ready to be shown; of a run, with what is repeated marked.
fn counterexample<A: Explorable, C, G: History>(
    spec: &Spec<A, C, G>,
    property: &'static str,
    path: &Path<State<A, G>, ActionOf<A>>,
    run: Option<&Run<State<A, G>, ActionOf<A>>>,
    panic: Option<String>,
) -> Counterexample {
    let explorer = format!("/#/steps/{}", path.encode(spec));
    let mut trace = spec.trace(&format!("{}: {property}", spec.name), path.clone());
    if property == FORGOTTEN_IS_IGNORED
        && let Some(last) = trace.steps.last_mut()
    {
        last.notes = spec.heeded_at_end(path);
    }
    trace.loop_start = run.filter(|run| run.miss != Miss::Unbounded).map(|run| run.stem);
    let miss = run.map(|run| run.miss);
    let endless = spec.restless().filter(|_| miss == Some(Miss::Unbounded));
    let endless = endless.map(|restless| restless.name);
    Counterexample { property, miss, panic, endless, trace, explorer }
}

/// The worst cases in figures.
fn worst_case<A: Explorable, C, G: History>(
    spec: &Spec<A, C, G>,
    worst: Option<&WorstCases<State<A, G>, ActionOf<A>>>,
) -> Option<WorstCaseReport> {
    let goal = spec.worst_case.as_ref()?.name;
    let WorstCases { calm, with_early } = worst?;
    let longest = |case: &WorstCase<State<A, G>, ActionOf<A>>| {
        let title = format!("{}: the longest time until {goal}", spec.name);
        let trace = spec.trace(&title, case.path.clone());
        let actions = case.path.clone().into_actions();
        let restless = spec.restless().map(|restless| {
            let counts = |action: &&ActionOf<A>| match action {
                Action::Timeout(_, timer) | Action::EarlyTimeout(_, timer) => {
                    (restless.timers)(timer)
                }
                _ => false,
            };
            let count = actions[case.stem..].iter().filter(counts).count();
            let name = if count == 1 { one_of(restless.name) } else { restless.name.to_owned() };
            (name, count)
        });
        Longest {
            ticks: case.ticks,
            restless,
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
