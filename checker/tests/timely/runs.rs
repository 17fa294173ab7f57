//! Properties of runs, decided on what the engine explored.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use quorate_checker::engine::Miss;
use quorate_checker::liveness::{self, Goal, GraphBuilder, States};
use quorate_checker::report::{Engine, Limits, Report, Verdict};
use quorate_checker::spec::{Action, Faults, Sees, Spec, TIME_PASSES, Timely};
use quorate_checker::{AnySpec, liveness::Violation};
use stateright::Model;
use stateright::actor::{ActorModel, ActorModelState, Id};

use super::random::{cuts, early, toys};
use super::toy::Do::{self, Count, Send, Set};
use super::toy::{Toy, elections, one_crash, spec, timing};

type Now = ActorModelState<Toy>;
type Rules = ActorModel<Toy>;

fn first_counted(_: &Rules, now: &Now) -> bool {
    *now.actor_states[0] > 0
}

fn last_counted(_: &Rules, now: &Now) -> bool {
    **now.actor_states.last().expect("an actor") > 0
}

fn checked(spec: Spec<Toy>) -> Report {
    Box::new(spec).check(Engine::Quorate, &Limits::default(), &mut |_| {})
}

/// How the property is missed; `None` if it holds.
fn miss(report: &Report, name: &str) -> Option<Miss> {
    let property = report.property(name);
    assert_ne!(property.verdict, Verdict::Incomplete, "{name}");
    assert_eq!(property.miss.is_some(), property.verdict == Verdict::Violated, "{name}");
    property.miss
}

/// Whose timer `h` fires again and again, doing this.
fn beats(what: &[Do]) -> Toy {
    Toy::starts([Set('h')]).fires('h', [what, &[Set('h')]].concat())
}

#[test]
fn going_round_without_reaching_the_goal_is_a_lasso_and_is_shown_as_one() {
    let report =
        checked(spec(timing(), [beats(&[])]).eventually("counts", Sees::ACTORS, first_counted));
    assert_eq!(miss(&report, "counts"), Some(Miss::Lasso));
    assert_eq!(miss(&report, TIME_PASSES), None);
    let [example] = &report.counterexamples[..] else { panic!("one counterexample") };
    assert_eq!(report.property("counts").steps, Some(2));
    assert_eq!(example.trace.loop_start, Some(0));
    let text = example.trace.text(false);
    assert!(text.contains("the loop begins here") && text.contains("repeat for ever"), "{text}");
    assert_eq!(example.trace.itf()["loop"], 0);
    assert!(example.trace.diagram().contains("loop"));

    let report = checked(spec(timing(), [beats(&[Count])]).eventually(
        "counts",
        Sees::ACTORS,
        first_counted,
    ));
    assert_eq!(report.verdict, Verdict::Holds);
}

#[test]
fn doing_nothing_any_more_is_a_stop() {
    let once = Toy::starts([Set('h')]).fires('h', []);
    let report = checked(spec(timing(), [once]).eventually("counts", Sees::ACTORS, first_counted));
    assert_eq!(miss(&report, "counts"), Some(Miss::Stop));
    assert!(report.counterexamples[0].trace.text(false).contains("nothing more happens"));

    // A fault may happen still, but nobody can wait for it.
    let crashes = spec(timing(), [Toy::default(), Toy::default(), Toy::default()])
        .faults(one_crash())
        .eventually("counts", Sees::ACTORS, first_counted);
    assert_eq!(miss(&checked(crashes), "counts"), Some(Miss::Stop));
}

#[test]
fn elections_without_end_are_unbounded() {
    let timely = Timely { restless: elections(3), ..timing() };
    let elects = || Toy::starts([Set('e')]).fires('e', [Set('e')]);
    let report = checked(
        spec(timely.clone(), [elects()])
            .eventually("counts", Sees::ACTORS, first_counted)
            .eventually_always("never counts", Sees::ACTORS, |_, now| *now.actor_states[0] == 0),
    );
    assert_eq!(miss(&report, "counts"), Some(Miss::Unbounded));
    // What is true in the last state would not stay so for ever.
    assert_eq!(miss(&report, "never counts"), Some(Miss::Unbounded));
    assert_eq!(report.counterexamples[0].trace.loop_start, None);
    assert_eq!(report.counterexamples[0].endless, Some("elections"));
}

/// Where nothing is said to come to an end, they go round.
#[test]
fn nothing_has_to_come_to_an_end() {
    let timely = Timely { restless: None, ..timing() };
    let elects = Toy::starts([Set('e')]).fires('e', [Set('e')]);
    let report = checked(spec(timely, [elects]).eventually("counts", Sees::ACTORS, first_counted));
    assert_eq!(miss(&report, "counts"), Some(Miss::Lasso));
    assert_eq!(report.counterexamples[0].endless, None);
}

#[test]
fn messages_without_end_in_no_time_are_zeno() {
    let answers = |other: usize| Toy::starts([Set('h')]).receives(1, [Send(other, 1)]);
    let report = checked(spec(timing(), [answers(1).fires('h', [Send(1, 1)]), answers(0)]));
    assert_eq!(miss(&report, TIME_PASSES), Some(Miss::Zeno));
    let trace = &report.counterexamples[0].trace;
    let cycle = &trace.steps[trace.loop_start.expect("a loop")..];
    assert_eq!(cycle.len(), 2);
}

#[test]
fn a_goal_may_have_to_follow_to_stay_or_to_recur() {
    let report = checked(
        spec(timing(), [beats(&[Count])])
            .leads_to(
                "counts again",
                Sees::ACTORS,
                |_, now| *now.actor_states[0] == 2,
                first_counted,
            )
            .leads_to("reaches 3", Sees::ACTORS, first_counted, |_, now| *now.actor_states[0] == 3)
            .eventually_always("stays", Sees::ACTORS, first_counted)
            .always_eventually("recurs", Sees::ACTORS, first_counted)
            .always_eventually("3 recurs", Sees::ACTORS, |_, now| *now.actor_states[0] == 3),
    );
    let found = ["counts again", "reaches 3", "stays", "recurs", "3 recurs"];
    let lasso = Some(Miss::Lasso);
    assert_eq!(found.map(|name| miss(&report, name)), [None, lasso, lasso, None, lasso]);
}

#[test]
fn who_is_ready_for_ever_acts_however_busy_the_others_are() {
    // No time here: the first one's timer fires freely, a message to the second is in flight.
    let toys = [beats(&[Count]).receives(0, []), Toy::starts([Send(1, 1)]).receives(1, [Count])];
    let busy = || Spec { timely: None, ..spec(timing(), toys.clone()) };
    let report = checked(busy().eventually("the second counts", Sees::ACTORS, last_counted));
    assert_eq!(report.verdict, Verdict::Holds);
    // Unless the message is lost, which is no step that anybody owes.
    let drops = busy().faults(Faults { drops: 1, ..Faults::default() });
    let report = checked(drops.eventually("the second counts", Sees::ACTORS, last_counted));
    assert_eq!(miss(&report, "the second counts"), Some(Miss::Lasso));
}

#[test]
fn who_is_ready_again_and_again_acts_only_if_strong_fairness_is_asked_for() {
    // The first sets and cancels the timer of its own that would let it count.
    let toggles = Toy::starts([Set('h')])
        .fires('h', [Set('x'), Set('i')])
        .fires('i', [Do::Cancel('x'), Set('h')])
        .fires('x', [Count]);
    let toggling = || Spec { timely: None, ..spec(timing(), [toggles.clone()]) };
    let goal = "counts";
    let report = checked(toggling().eventually(goal, Sees::ACTORS, first_counted));
    assert_eq!(miss(&report, goal), Some(Miss::Lasso));
    let strong = toggling().strongly_fair(|action| matches!(action, Action::Timeout(_, 'x')));
    assert_eq!(
        checked(strong.eventually(goal, Sees::ACTORS, first_counted)).verdict,
        Verdict::Holds
    );
}

#[test]
fn a_step_that_changes_nothing_is_owed_to_nobody() {
    // The message is ignored as long as the first does nothing else: it never "arrives".
    let ignores = [Toy::starts([Set('h')]).fires('h', [Set('h')]), Toy::starts([Send(0, 1)])];
    let spec = Spec { timely: None, ..spec(timing(), ignores) };
    let report = checked(spec.eventually("counts", Sees::ACTORS, first_counted));
    assert_eq!(miss(&report, "counts"), Some(Miss::Stop));
}

#[test]
fn what_is_not_explored_to_its_end_never_holds() {
    let limits = Limits { max_states: Some(3), ..Limits::default() };
    let spec = spec(timing(), [beats(&[Count]), beats(&[Count])]);
    let spec = Box::new(spec.eventually("counts", Sees::ACTORS, first_counted));
    let report = spec.check(Engine::Quorate, &limits, &mut |_| {});
    assert_eq!(report.property("counts").verdict, Verdict::Incomplete);
    assert_eq!(report.verdict, Verdict::Incomplete);
}

#[test]
fn the_worst_case_counts_ticks_elections_and_messages() {
    // The first asks when its election timer fires, and counts when the answer is there.
    let asks = Toy::starts([Set('e')]).fires('e', [Send(1, 1)]).receives(1, [Count]);
    let answers = Toy::default().receives(1, [Send(0, 1)]);
    let report = checked(spec(timing(), [asks, answers]).worst_case(
        "it counts",
        Sees::ACTORS,
        first_counted,
    ));
    let worst = report.worst_case.expect("it was asked for");
    let calm = worst.calm.expect("it is not met from the beginning");
    assert_eq!(calm.restless, Some(("election".to_owned(), 1)));
    let figures = (calm.ticks, calm.message_delays, calm.trace.steps.len());
    assert_eq!(figures, (Some(3), 2, 6));

    let report =
        checked(spec(timing(), [beats(&[])]).worst_case("it counts", Sees::ACTORS, first_counted));
    assert_eq!(report.worst_case.unwrap().calm.unwrap().ticks, None);
}

/// What the verdicts should be: the same questions, put to a graph that the model itself tells. And
/// how many states and steps it has.
fn by_the_model(spec: &Spec<Toy>) -> (BTreeMap<&'static str, bool>, (u64, u64)) {
    let mut states = spec.init_states();
    let mut numbers = HashMap::from([(states[0].clone(), 0_u32)]);
    let (mut rows, mut actions, mut labels) = (Vec::new(), Vec::new(), BTreeMap::new());
    while let Some(state) = states.get(rows.len()).cloned() {
        let mut enabled = Vec::new();
        spec.actions(&state, &mut enabled);
        let mut row = Vec::new();
        for action in enabled {
            let Some(next) = spec.next_state(&state, action.clone()) else { continue };
            let label = *labels.entry(action.clone()).or_insert_with(|| {
                let (fairness, tick) =
                    (spec.fairness_of(&action), matches!(action, Action::Tick | Action::SlowTick));
                actions.push(liveness::Action { fairness, tick });
                actions.len() as u32 - 1
            });
            let number = *numbers.entry(next.clone()).or_insert(states.len() as u32);
            if number as usize == states.len() {
                states.push(next);
            }
            row.push((label, number));
        }
        rows.push(row);
    }
    let counts = (rows.len() as u64, rows.iter().map(Vec::len).sum::<usize>() as u64);
    let mut graph = GraphBuilder::new(actions, vec![0], rows.len(), 0);
    (0..).zip(rows).for_each(|(number, row)| graph.row(number, row));
    let graph = graph.finish();
    let set = |is: &dyn Fn(usize) -> bool| -> States {
        (0..states.len()).filter(|number| is(*number)).map(|number| number as u32).collect()
    };
    let counted = set(&|number| *states[number].system.actor_states[0] > 0);
    let endless = set(&|number| spec.is_unbounded(&states[number]));
    let holds = |goal| {
        !matches!(
            liveness::violation(&graph, goal),
            Some(Violation::Lasso { .. } | Violation::Stop { .. })
        )
    };
    let bounded = liveness::unbounded(&graph, &endless).is_none();
    let verdicts = BTreeMap::from([
        (TIME_PASSES, liveness::zeno(&graph).is_none()),
        ("counts", holds(Goal::Eventually(&counted))),
        ("stays", holds(Goal::EventuallyAlways(&counted)) && bounded),
        ("recurs", holds(Goal::AlwaysEventually(&counted)) && bounded),
    ]);
    (verdicts, counts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_engine_says_of_runs_what_the_model_says(
        toys in toys(),
        faults in (0..2u8, 0..2u8, 0..2u8),
        early in early(),
        recovery in prop::sample::select(vec![Some(0..=1), Some(1..=2), None]),
        cuts in cuts(),
        forgets in any::<bool>(),
        threads in 1..3usize,
    ) {
        let (crashes, drops, duplicates) = faults;
        let faults = Faults { crashes, down_at_once: 1, drops, duplicates, ..Faults::default() };
        let timely = Timely { recovery, restless: elections(2), ..early };
        let spec = || {
            let spec = spec(timely.clone(), toys.clone()).faults(faults);
            let spec = cuts.iter().cloned().fold(spec, Spec::cut);
            let is_obsolete = |state: &u8, src: Id, message: &u8| {
                usize::from(src) == usize::from(*message) && *state > 0
            };
            let spec = if forgets { spec.obsolete(is_obsolete) } else { spec };
            spec
                .eventually("counts", Sees::ACTORS, first_counted)
                .eventually_always("stays", Sees::ACTORS, first_counted)
                .always_eventually("recurs", Sees::ACTORS, first_counted)
        };
        let max_states = Some(20_000);
        let limits = Limits { threads, keep_going: true, max_states, ..Limits::default() };
        let report = Box::new(spec()).check(Engine::Quorate, &limits, &mut |_| {});
        prop_assume!(report.cut_short.is_none());
        let (verdicts, counts) = by_the_model(&spec());
        prop_assert_eq!((report.states, report.transitions), counts);
        for (name, holds) in verdicts {
            let verdict = if holds { Verdict::Holds } else { Verdict::Violated };
            prop_assert_eq!(report.property(name).verdict, verdict, "{}", name);
        }
    }
}
