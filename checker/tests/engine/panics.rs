//! Properties that panic, that are too many or have one name, or are about runs: none is taken for
//! one that holds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use quorate_checker::AnySpec;
use quorate_checker::engine::{Answer, Options, Stop, explore, explore_claims, explore_model};
use quorate_checker::report::{Engine, Limits, Report, Verdict};
use quorate_checker::spec::{
    Claim, FORGOTTEN_IS_IGNORED, Fault, MOST_PROPERTIES, STORAGE_AGREES, Sees, Spec, TIME_PASSES,
    WITHOUT_DEADLOCK, WITHOUT_PANIC,
};
use stateright::Expectation::{Always, Eventually, Sometimes};
use stateright::Property;
use stateright::actor::{ActorModel, ActorModelState};

use crate::toy::Cause::{Message, Timer};
use crate::toy::Order::{Send, Set};
use crate::toy::{self, Toy};

type State = ActorModelState<Toy, u8>;
type ToySpec = Spec<Toy, (), u8>;

/// Counts to `last`, a message to itself each time.
fn counter(last: u8) -> ActorModel<Toy, (), u8> {
    let mut toy = Toy::default().starting(&[Send(0, 0)]);
    for count in 0..last {
        toy = toy.on(count, Message(count), count + 1, &[Send(0, count + 1)]);
    }
    ActorModel::new((), 0).actor(toy)
}

fn count(state: &State) -> u8 {
    *state.actor_states[0]
}

/// A condition that panics when the count is 2.
fn below_two(_: &ActorModel<Toy, (), u8>, state: &State) -> bool {
    assert!(count(state) < 2, "two is too much");
    true
}

fn check(spec: ToySpec, engine: Engine, threads: usize) -> Report {
    let limits = Limits { threads, keep_going: true, ..Limits::default() };
    Box::new(spec).check(engine, &limits, &mut |_| {})
}

fn refusal<T>(work: impl FnOnce() -> T) -> String {
    let refused = catch_unwind(AssertUnwindSafe(work)).err().expect("it is refused");
    refused.downcast_ref::<String>().expect("a text").clone()
}

const NAMES: [&str; MOST_PROPERTIES] = {
    // Any text will do, as long as it is another one each time.
    let all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
    let mut names = [""; MOST_PROPERTIES];
    let mut place = 0;
    while place < MOST_PROPERTIES {
        names[place] = all.split_at(place).1.split_at(1).0;
        place += 1;
    }
    names
};

/// A spec with so many properties of its own, of which only the last is violated, with 3 steps.
fn with_properties(own: usize) -> ToySpec {
    let mut system = counter(3);
    for name in &NAMES[..own] {
        system = match *name == NAMES[own - 1] {
            true => system.property(Always, name, |_, state| count(state) < 3),
            false => system.property(Always, name, |_, _| true),
        };
    }
    Spec::new("many", system, 1)
}

/// As many as are possible besides the built-in ones.
const MOST: usize = MOST_PROPERTIES - 6;

#[test]
fn the_last_of_the_most_properties_is_looked_at_by_both_engines() {
    for own in [32, MOST] {
        for engine in [Engine::Quorate, Engine::Stateright] {
            let report = check(with_properties(own), engine, 2);
            let last = report.property(NAMES[own - 1]);
            assert_eq!((last.verdict, last.steps), (Verdict::Violated, Some(3)), "{engine:?}");
            // Built-in ones come after the others.
            let end = report.property(WITHOUT_DEADLOCK);
            assert_eq!((end.verdict, end.steps), (Verdict::Violated, Some(3)), "{engine:?}");
        }
    }
}

#[test]
fn more_properties_than_can_be_looked_at_are_refused() {
    let words = refusal(|| with_properties(MOST + 1));
    let expected = "many: 65 properties of states, the built-in ones included; at most 64";
    assert!(words.starts_with(expected), "{words}");
}

#[test]
fn two_properties_of_one_name_are_refused() {
    // Stateright refuses the second one only where it is added in the usual way.
    let twice = || {
        let mut model = counter(1).property(Always, "so", |_, _| true);
        model.properties.push(Property::sometimes("so", |_, _| true));
        model
    };
    let words = r#"two properties are called "so""#;
    assert_eq!(refusal(|| Spec::new("spec", twice(), 1)), format!("spec: {words}"));
    let model = || explore_model(&twice(), &Options::default(), &mut |_| {});
    assert_eq!(refusal(model), format!("the model: {words}"));
    for name in [STORAGE_AGREES, FORGOTTEN_IS_IGNORED, WITHOUT_DEADLOCK, TIME_PASSES] {
        let built_in = || Spec::new("spec", counter(1).property(Always, name, |_, _| true), 1);
        assert!(refusal(built_in).ends_with(&format!("called {name:?}")));
    }
    let once = || Spec::new("spec", counter(1).property(Always, "so", |_, _| true), 1);
    assert_eq!(
        refusal(|| once().eventually("so", Sees::ACTORS, |_, _| true)),
        format!("spec: {words}")
    );
}

#[test]
fn what_must_hold_eventually_is_not_looked_at() {
    let model = counter(3).property(Eventually, "nine", |_, state| count(state) == 9);
    let outcome = explore_model(&model, &Options::default(), &mut |_| {});
    let finding = outcome.finding("nine");
    assert!(matches!(finding.answer, Answer::NotLookedAt));
    assert_eq!(refusal(|| finding.path()), r#""nine" was not looked at"#);
}

#[test]
fn a_condition_that_panics_is_a_violation_by_both_engines() {
    for expectation in [Always, Sometimes] {
        let spec = || {
            let system = counter(3).property(expectation.clone(), "below two", below_two);
            Spec::new("spec", system, 1).expect_violation("below two")
        };
        for (engine, threads) in
            [Engine::Quorate, Engine::Stateright].map(|engine| [1, 2].map(|n| (engine, n))).concat()
        {
            // That something must be reachable is found in the first state, and not asked again.
            let only = if expectation == Always { spec() } else { never_below_two() };
            let report = check(only, engine, threads);
            let property = report.property("below two");
            assert_eq!((property.verdict, property.steps), (Verdict::Violated, Some(2)));
            assert_eq!(property.panic.as_deref(), Some("two is too much"), "{engine:?}");
            assert!(property.is_surprise(), "a violation was expected, and no panic");
            let example = &report.counterexamples[0];
            assert_eq!(example.property, "below two");
            assert_eq!(example.panic, property.panic);
            assert_eq!(example.trace.steps.len(), 2);
        }
    }
}

/// What must be reachable and never is before the condition panics.
fn never_below_two() -> ToySpec {
    let condition = |model: &_, state: &State| !below_two(model, state);
    let system = counter(3).property(Sometimes, "below two", condition);
    Spec::new("spec", system, 1).expect_violation("below two")
}

#[test]
fn a_condition_of_a_model_that_panics_is_an_answer_of_its_own() {
    for sees in [Sees::EVERYTHING, Sees::ACTORS] {
        for claim in [
            Claim::always("it", sees, below_two),
            Claim::reachable("it", sees, |model, state| !below_two(model, state)),
        ] {
            let options = Options::default();
            let outcome = explore_claims(&counter(200), &[claim], &options, &mut |_| {});
            let Answer::Panicked(path, words) = &outcome.finding("it").answer else {
                panic!("{:?}", outcome.finding("it").answer);
            };
            assert_eq!((count(path.last_state()), &**words), (2, "two is too much"));
            assert_eq!(outcome.stopped, Some(Stop::Violation));
            assert_eq!(
                refusal(|| outcome.finding("it").path()),
                r#""it" panicked: two is too much"#
            );
        }
    }
}

#[test]
fn a_ghost_that_panics_is_a_fault_of_the_step_that_it_sees() {
    let spec = || {
        Spec::new("spec", counter(3), 1).ghost(|_, ghost, step| {
            assert!(*step.after < 2, "the ghost has seen two");
            Some(ghost + 1)
        })
    };
    for engine in [Engine::Quorate, Engine::Stateright] {
        for threads in [1, 2] {
            let report = check(spec(), engine, threads);
            let property = report.property(WITHOUT_PANIC);
            assert_eq!((property.verdict, property.steps), (Verdict::Violated, Some(2)));
            assert_eq!(report.states, 3, "there is no way on");
            let text = report.counterexamples[0].trace.text(false);
            assert!(text.contains("GhostPanicked(\"the ghost has seen two\")"), "{text}");
        }
    }
    let outcome = explore(&spec(), &Options::default(), &mut |_| {});
    let last = outcome.finding(WITHOUT_PANIC).path().expect("it panics").last_state().clone();
    assert_eq!(last.fault, Some(Fault::GhostPanicked("the ghost has seen two".into())));
    // The step is done, and the ghost stays as it was.
    assert_eq!((count(&last.system), last.system.history), (2, 1));
}

#[test]
fn a_recorder_that_panics_is_told_with_the_way_to_it() {
    let recorders = [
        counter(3).record_msg_in(|_, _, envelope| {
            assert!(*envelope.msg < 1, "one is in");
            None
        }),
        counter(3).record_msg_out(|_, _, envelope| {
            assert!(*envelope.msg < 2, "two is out");
            None
        }),
    ];
    for model in recorders {
        let outcome = explore_model(&model, &Options::default(), &mut |_| {});
        let path = outcome.finding(WITHOUT_PANIC).path().expect("it panics");
        assert_eq!(count(path.last_state()), 1, "the next step is the one that panics");
    }
}

#[test]
fn a_path_leads_past_states_where_another_step_panics() {
    let mut toy = Toy::default().starting(&[Set(0), Set(1)]).on(0, Timer(1), 1, &[]);
    let answer = toy::Answer { panics: true, ..toy::Answer::default() };
    toy.answers.insert((0, Timer(0)), answer);
    let model = ActorModel::new((), 0_u8)
        .actor(toy)
        .property(Always, "none", |_, state| *state.actor_states[0] == 0);
    let options = Options { keep_going: true, ..Options::default() };
    let outcome = explore_model(&model, &options, &mut |_| {});
    assert_eq!(
        outcome.finding("none").path().expect("it is violated").clone().into_actions().len(),
        1
    );
    assert!(outcome.finding(WITHOUT_PANIC).path().is_some());
}

#[test]
fn a_condition_of_a_property_of_runs_that_panics_is_a_violation() {
    for threads in [1, 2] {
        let spec = Spec::new("spec", counter(3), 1).may_end();
        let spec = spec.always_eventually("it", Sees::ACTORS, below_two).eventually(
            "one",
            Sees::ACTORS,
            |_, _| true,
        );
        let report = check(spec, Engine::Quorate, threads);
        let property = report.property("it");
        assert_eq!((property.verdict, property.steps), (Verdict::Violated, Some(2)));
        assert_eq!(property.panic.as_deref(), Some("two is too much"));
        assert_eq!(report.property("one").verdict, Verdict::Holds);
        assert_eq!(report.counterexamples[0].trace.steps.len(), 2);
    }
}
