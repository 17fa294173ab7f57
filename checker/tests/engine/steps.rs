//! What a spec's steps mean, on actors small enough to count by hand.

use std::collections::BTreeSet;
use std::sync::Arc;

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, INTERRUPTED, Limits, Report, Verdict};
use quorate_checker::spec::{
    Action, Faults, SAVED_BEFORE_SENT, Spec, WITHOUT_DEADLOCK, WITHOUT_PANIC,
};
use stateright::actor::{ActorModel, ActorModelState};
use stateright::{Expectation, Model, Path};

use super::toy::{Answer, Cause, Order, PANIC, Toy};

type ToySpec = Spec<Toy, (), u8>;

/// Sends `messages` at its start; counts, and stores, what it receives from the other.
#[derive(Clone, Default)]
struct Counter {
    messages: Vec<u8>,
    timer: bool,
    saves_late: bool,
    panics: bool,
}

impl Counter {
    /// As a table. A 0 is ignored, and no larger number than 8 is sent.
    fn toy(&self, own: usize) -> Toy {
        let other = 1 - own;
        let mut start: Vec<Order> =
            self.messages.iter().map(|message| Order::Send(other, *message)).collect();
        start.extend(self.timer.then_some(Order::Set(0)));
        let mut toy = Toy::default().starting(&start);
        for count in 0..=u8::MAX {
            let tick = vec![Order::Set(0), Order::Send(other, 1)];
            let answer = Answer { commands: tick, ..Answer::default() };
            toy.answers.insert((count, Cause::Timer(0)), answer);
            for message in 1..=8 {
                let Some(sum) = count.checked_add(message) else { continue };
                let answer = if self.panics {
                    Answer { panics: true, ..Answer::default() }
                } else {
                    let reply = self.saves_late.then_some(Order::Send(other, 0));
                    let commands = reply.into_iter().chain([Order::Save(sum)]).collect();
                    Answer { state: Some(sum), commands, ..Answer::default() }
                };
                toy.answers.insert((count, Cause::Message(message)), answer);
            }
        }
        toy
    }
}

fn system(first: &Counter, second: &Counter) -> ActorModel<Toy, (), u8> {
    ActorModel::new((), 0).actor(first.toy(0)).actor(second.toy(1))
}

fn spec(first: Counter, second: Counter) -> ToySpec {
    let below_three = |_: &_, state: &ActorModelState<Toy, u8>| {
        state.actor_states.iter().all(|count| **count < 3)
    };
    let system = system(&first, &second);
    Spec::new("counters", system.property(Expectation::Always, "below three", below_three), 2)
}

fn sending(messages: &[u8]) -> Counter {
    Counter { messages: messages.to_vec(), ..Counter::default() }
}

/// The counts of both actors in every reachable state.
fn reachable(spec: &ToySpec) -> BTreeSet<(u8, u8)> {
    let mut found = BTreeSet::new();
    let (mut states, mut next) = (spec.init_states(), 0);
    while next < states.len() {
        let actors = &states[next].system.actor_states;
        found.insert((*actors[0], *actors[1]));
        for successor in spec.next_states(&states[next]) {
            if !states.contains(&successor) {
                states.push(successor);
            }
        }
        next += 1;
    }
    found
}

fn check(spec: ToySpec, limits: &Limits) -> Report {
    check_by(Engine::Quorate, spec, limits)
}

fn check_by(engine: Engine, spec: ToySpec, limits: &Limits) -> Report {
    Box::new(spec).check(engine, limits, &mut |_| {})
}

#[test]
fn the_network_is_a_set() {
    let spec = spec(sending(&[1, 1]), Counter::default());
    assert_eq!(reachable(&spec), BTreeSet::from([(0, 0), (0, 1)]));
}

#[test]
fn a_duplicate_keeps_a_delivered_message_in_flight() {
    let spec = spec(sending(&[1]), Counter::default())
        .faults(Faults { duplicates: 2, ..Faults::default() });
    assert_eq!(reachable(&spec), BTreeSet::from([(0, 0), (0, 1), (0, 2), (0, 3)]));
}

#[test]
fn a_drop_is_spent() {
    let spec =
        spec(sending(&[1, 2]), Counter::default()).faults(Faults { drops: 1, ..Faults::default() });
    let mut actions = Vec::new();
    spec.actions(&spec.init_states()[0], &mut actions);
    assert_eq!(actions.len(), 4, "two to deliver, two to drop");
    let drop = actions.into_iter().find(|action| matches!(action, Action::Drop { .. })).unwrap();
    let after = spec.next_state(&spec.init_states()[0], drop).expect("a message is gone");
    let mut actions = Vec::new();
    spec.actions(&after, &mut actions);
    assert_eq!(actions.len(), 1, "the other one to deliver");
}

#[test]
fn a_crash_forgets_all_but_the_storage() {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::default() };
    let spec = spec(sending(&[2]), Counter::default()).faults(faults);
    // The second actor keeps its 2; the first sends its message again when it recovers.
    assert_eq!(reachable(&spec), BTreeSet::from([(0, 0), (0, 2), (0, 4)]));
}

#[test]
fn an_ignored_message_is_not_a_step() {
    let spec = spec(sending(&[0]), Counter::default());
    assert!(spec.next_states(&spec.init_states()[0]).is_empty());
}

#[test]
fn timeouts_are_budgeted() {
    let ticking = Counter { timer: true, ..Counter::default() };
    let spec = spec(ticking, Counter::default()).timeouts("ticks", |_| true, 2);
    assert_eq!(reachable(&spec), BTreeSet::from([(0, 0), (0, 1), (0, 2)]));
}

#[test]
fn what_is_sent_over_a_link_that_is_down_is_lost() {
    let both = || spec(sending(&[1]), sending(&[2]));
    let counts = |spec: ToySpec| reachable(&spec);
    let one_way = BTreeSet::from([(0, 0), (2, 0)]);
    assert_eq!(counts(both().without_link(0, 1)), one_way);
    assert_eq!(counts(both().without_link_between(0, 1)), BTreeSet::from([(0, 0)]));
    assert_eq!(both().without_link(1, 0).bounds()[1], "no link from S2 to S1");
    assert_eq!(both().without_link_between(1, 0).bounds()[1..], ["no link between S1 and S2"]);
}

#[test]
fn a_message_lost_for_want_of_a_link_is_shown_as_such() {
    let answering = Counter { saves_late: true, ..Counter::default() };
    let spec = spec(sending(&[1]), answering).without_link(1, 0);
    let delivery = Action::Deliver { src: 0.into(), dst: 1.into(), msg: 1 };
    let path = Path::from_actions(&spec, spec.init_states().remove(0), &[delivery]).unwrap();
    let trace = spec.trace("", path);
    assert!(trace.steps[0].sent[0].lost);
}

#[test]
fn a_save_behind_a_send_is_reported() {
    let late = Counter { saves_late: true, ..Counter::default() };
    let report = check(spec(sending(&[1]), late), &Limits::default());
    assert_eq!(report.property(SAVED_BEFORE_SENT).verdict, Verdict::Violated);
    assert_eq!(report.property(SAVED_BEFORE_SENT).steps, Some(1));
}

#[test]
fn a_panic_is_a_counterexample() {
    let panicking = Counter { panics: true, ..Counter::default() };
    let report = check(spec(sending(&[1]), panicking), &Limits::default());
    assert_eq!(report.property(WITHOUT_PANIC).verdict, Verdict::Violated);
    assert!(report.counterexamples[0].trace.text(false).contains(PANIC));
}

#[test]
fn a_search_without_properties_counts_the_same() {
    let panicking = || {
        let panicking = Counter { panics: true, ..Counter::default() };
        spec(sending(&[1, 2]), panicking)
    };
    for engine in [Engine::Quorate, Engine::Stateright] {
        let limits = Limits { keep_going: true, ..Limits::default() };
        let with = check_by(engine, panicking(), &limits);
        let without = check_by(engine, panicking().without_properties(), &limits);
        assert!(without.properties.is_empty());
        let counts = |report: &Report| (report.states, report.transitions, report.depth);
        assert_eq!(counts(&without), counts(&with));
    }
}

#[test]
fn a_limit_is_never_a_pass() {
    let ticking = || Counter { timer: true, ..Counter::default() };
    let endless = || {
        spec(ticking(), ticking())
            .timeouts("ticks", |_| true, 200)
            .faults(Faults { drops: 250, ..Faults::default() })
            .only(SAVED_BEFORE_SENT)
    };
    for engine in [Engine::Quorate, Engine::Stateright] {
        let limits = Limits { max_states: Some(5_000), ..Limits::default() };
        let report = check_by(engine, endless(), &limits);
        assert_eq!(report.verdict, Verdict::Incomplete);
        assert_eq!(report.property(SAVED_BEFORE_SENT).verdict, Verdict::Incomplete);
        let time = std::time::Duration::from_millis(5);
        let limits = Limits { threads: 1, max_time: Some(time), ..Limits::default() };
        let report = check_by(engine, endless(), &limits);
        assert_eq!(report.verdict, Verdict::Incomplete, "also on one thread");
        let limits = Limits { interrupt: Arc::new(true.into()), ..Limits::default() };
        let report = check_by(engine, endless(), &limits);
        assert_eq!(report.verdict, Verdict::Incomplete);
        assert_eq!(report.cut_short.as_deref(), Some(INTERRUPTED));
    }
}

#[test]
fn nobody_may_be_stuck_unless_the_spec_allows_it() {
    for engine in [Engine::Quorate, Engine::Stateright] {
        let stuck = || spec(sending(&[1]), Counter::default());
        let report = check_by(engine, stuck(), &Limits::default());
        let deadlock = report.property(WITHOUT_DEADLOCK);
        assert_eq!((deadlock.verdict, deadlock.steps), (Verdict::Violated, Some(1)), "{engine:?}");
        let report = check_by(engine, stuck().may_end(), &Limits::default());
        assert_eq!(report.verdict, Verdict::Holds);
        // Who is down can be waited for, a drop cannot.
        let crashes = Faults { crashes: 1, down_at_once: 1, drops: 1, ..Faults::default() };
        let report = check_by(engine, stuck().faults(crashes), &Limits::default());
        assert_eq!(report.property(WITHOUT_DEADLOCK).steps, Some(1));
        // A timer that is set may fire, though its budget is spent.
        let set = spec(Counter { timer: true, ..sending(&[1]) }, Counter::default());
        let report = check_by(engine, set.timeouts("timeouts", |_| true, 0), &Limits::default());
        assert_eq!(report.property(WITHOUT_DEADLOCK).verdict, Verdict::Holds, "{engine:?}");
    }
}

#[test]
fn what_is_reachable_must_be_found() {
    let system = system(&sending(&[1]), &Counter::default());
    let three = |_: &_, state: &ActorModelState<Toy, u8>| {
        state.actor_states.iter().any(|count| **count == 3)
    };
    let system = system.property(Expectation::Sometimes, "three", three);
    let report = check(Spec::new("counters", system, 2).may_end(), &Limits::default());
    assert_eq!(report.property("three").verdict, Verdict::Violated);
    assert_eq!(report.property("three").steps, None);
}

#[test]
fn a_counterexample_is_the_shortest_on_any_number_of_threads() {
    let spec = || spec(sending(&[1, 2, 4, 8]), Counter::default());
    for (threads, engine) in [1, 2, 4]
        .into_iter()
        .flat_map(|threads| [Engine::Quorate, Engine::Stateright].map(|engine| (threads, engine)))
    {
        let limits = Limits { threads, ..Limits::default() };
        let report = check_by(engine, spec(), &limits);
        assert_eq!(report.property("below three").steps, Some(1));
    }
}
