//! What runs do: properties of runs, decided on the graph of what was explored.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::edges::{Asked, Explored, explored};
use super::kind::{Kind, action};
use super::outcome::{Miss, Run, RunAnswer, RunFinding, WorstCase, WorstCases};
use super::parts::{Explorable, History};
use super::replay::{Face, path_along, path_to};
use super::shared::Shared;
use crate::liveness::{self, Edge, Goal, Path, States, Violation};
use crate::spec::{ActionOf, Condition, Form, Sees, Spec, State, TIME_PASSES};

/// What was found out about runs.
type Told<A, G> =
    (Vec<RunFinding<State<A, G>, ActionOf<A>>>, Option<WorstCases<State<A, G>, ActionOf<A>>>);

/// Decides the properties of runs, each with a run that misses it if there is one, and finds the
/// worst cases.
pub(super) fn decide<A: Explorable, C: Sync, G: History>(
    shared: &Shared<'_, A, C, G>,
    spec: &Spec<A, C, G>,
    face: &Face<A, G, State<A, G>>,
    initial: &State<A, G>,
    threads: usize,
) -> Told<A, G> {
    let mut asked = Vec::new();
    let mut ask = |sees: Sees, condition: Condition<A, C, G>| {
        asked.push(Asked { sees, condition });
        asked.len() - 1
    };
    let forms: Vec<(&'static str, Form<usize>)> = spec
        .temporal_properties()
        .map(|property| (property.name, property.form.map(|it| ask(property.sees, it))))
        .collect();
    let worst = spec.worst_case.as_ref().map(|goal| ask(goal.sees, goal.condition));
    let has_time = spec.says_that_time_passes();
    if forms.is_empty() && worst.is_none() && !has_time {
        return (Vec::new(), None);
    }
    let explored = explored(shared, spec, initial, &asked, threads);
    let leaves = shared.system.leaves(&shared.parts, initial);
    let path = |ids: &[u32]| path_along(shared, spec, face, (initial, &leaves), ids);
    let zeno = has_time.then_some((TIME_PASSES, None));
    let forms = forms.into_iter().map(|(name, form)| (name, Some(form)));
    let questions: Vec<(&str, Option<Form<usize>>)> = zeno.into_iter().chain(forms).collect();
    let answers = answers(&questions, threads, |(_, form)| match form {
        None => liveness::zeno(&explored.graph),
        Some(form) => missed(&explored, *form),
    });
    let retold = questions.into_iter().zip(answers).map(|((name, form), violation)| {
        let panic = form.and_then(|form| panic_in(&explored, form));
        let answer = match (panic, violation) {
            (Some((state, words)), _) => {
                RunAnswer::Panicked(path_to(shared, spec, face, (initial, &leaves), state), words)
            }
            (None, None) => RunAnswer::Met,
            (None, Some(violation)) => {
                let (miss, ids, stem) = tell(&violation, &explored.unbounded);
                RunAnswer::Missed(Run { miss, path: path(&ids), stem })
            }
        };
        RunFinding { name, answer }
    });
    let runs = retold.collect();
    let worst = worst.map(|goal| {
        let panic = explored.panics[goal].as_ref();
        assert!(panic.is_none(), "the goal of the worst case panicked: {}", panic.unwrap().1);
        let used = shared.visited.used().into_iter().flatten();
        let pending = used.filter(|state| !explored.truths[goal].contains(*state)).collect();
        WorstCases {
            calm: worst_case(shared, &explored, &pending, false, path),
            with_early: worst_case(shared, &explored, &pending, true, path),
        }
    });
    (runs, worst)
}

/// Answers questions that have nothing to do with each other, as many at a time as there are
/// threads.
fn answers<Q: Sync, T: Send + Sync>(
    questions: &[Q],
    threads: usize,
    answer: impl Fn(&Q) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let answers: Vec<OnceLock<T>> = questions.iter().map(|_| OnceLock::new()).collect();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, questions.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(question) = questions.get(place) else { return };
                    answers[place].get_or_init(|| answer(question));
                }
            });
        }
    });
    answers.into_iter().map(|one| one.into_inner().expect("all were answered")).collect()
}

/// How long a goal can be `pending`, without faults, and without early timeouts unless
/// these are to come still.
fn worst_case<A: Explorable, C, G: History>(
    shared: &Shared<'_, A, C, G>,
    explored: &Explored,
    pending: &States,
    early: bool,
    path: impl Fn(&[u32]) -> stateright::Path<State<A, G>, ActionOf<A>>,
) -> Option<WorstCase<State<A, G>, ActionOf<A>>> {
    let Explored { graph, labels, .. } = explored;
    let counts = |label: u32| {
        let kind = labels.get(label).0;
        !kind.is_fault() || early && matches!(kind, Kind::Early { .. })
    };
    let action = |label: &u32| {
        let (kind, actor, event) = *labels.get(*label);
        action(&shared.parts, kind, event, actor.into())
    };
    let worst = liveness::worst_case(graph, counts, pending)?;
    let (ticks, stem, rest, owed) = match worst {
        liveness::WorstCase::Bound { ticks, stem, path } => (Some(ticks), stem, path, Vec::new()),
        liveness::WorstCase::NoBound { stem, cycle, owed } => (None, stem, cycle, owed),
    };
    Some(WorstCase {
        ticks,
        path: path(&states_along(&stem, &rest)),
        stem: stem.edges.len(),
        owed: owed.iter().map(action).collect(),
    })
}

/// The first state in which a condition of `form` panics, and with which words.
fn panic_in(explored: &Explored, form: Form<usize>) -> Option<(u32, Arc<str>)> {
    let mut panics = Vec::new();
    form.map(|index| panics.extend(explored.panics[index].clone()));
    panics.into_iter().min()
}

/// A run that misses what `form` says of the explored truths.
fn missed(explored: &Explored, form: Form<usize>) -> Option<Violation> {
    let Explored { graph, truths, unbounded, .. } = explored;
    let goal = match form.map(|index| &truths[index]) {
        Form::Eventually(goal) => Goal::Eventually(goal),
        Form::LeadsTo(cause, goal) => Goal::LeadsTo(cause, goal),
        Form::EventuallyAlways(goal) => Goal::EventuallyAlways(goal),
        Form::AlwaysEventually(goal) => Goal::AlwaysEventually(goal),
    };
    let missed = liveness::violation(graph, goal);
    match goal {
        // A state where what must end does not is one where the run stops, the goal still pending.
        Goal::Eventually(_) | Goal::LeadsTo(..) => missed,
        // Whatever is true there, it does not stay so.
        Goal::EventuallyAlways(_) | Goal::AlwaysEventually(_) => {
            missed.or_else(|| liveness::unbounded(graph, unbounded))
        }
    }
}

/// How it is missed, the states along the run, and how many steps come before what is repeated.
fn tell(violation: &Violation, unbounded: &States) -> (Miss, Vec<u32>, usize) {
    let miss = match violation {
        Violation::Lasso { .. } => Miss::Lasso,
        Violation::Zeno { .. } => Miss::Zeno,
        Violation::Unbounded { .. } => Miss::Unbounded,
        Violation::Stop { stem } if unbounded.contains(stem.end()) => Miss::Unbounded,
        Violation::Stop { .. } => Miss::Stop,
    };
    let stem = violation.stem();
    (miss, states_along(stem, violation.cycle()), stem.edges.len())
}

/// The states along a path and what follows it.
fn states_along(path: &Path, rest: &[Edge]) -> Vec<u32> {
    let edges = path.edges.iter().chain(rest);
    std::iter::once(path.start).chain(edges.map(|edge| edge.to)).collect()
}
