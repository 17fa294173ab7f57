//! The search against an oracle that tries everything, and by example.

use super::remaining::Remaining;
use super::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;

/// Operations of a register that holds a small number, initially 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Read,
    Write(u8),
    Swap(u8, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Value(u8),
    Done(bool),
}

fn step(state: &u8, ask: &Ask) -> (u8, Answer) {
    match *ask {
        Ask::Read => (*state, Answer::Value(*state)),
        Ask::Write(value) => (value, Answer::Done(true)),
        Ask::Swap(old, new) if old == *state => (new, Answer::Done(true)),
        Ask::Swap(..) => (*state, Answer::Done(false)),
    }
}

fn register() -> FromFn<u8, Ask, Answer, impl Fn(&u8, &Ask) -> (u8, Answer)> {
    sequential(0, step)
}

/// One operation of a run, as plain as can be.
#[derive(Clone, Debug)]
struct Record {
    client: usize,
    ask: Ask,
    invoked: usize,
    /// When the client stopped waiting, and with which answer, if any.
    over: Option<(usize, Option<Answer>)>,
}

impl Record {
    fn answer(&self) -> Option<Answer> {
        self.over.and_then(|(_, answer)| answer)
    }

    fn precedes(&self, other: &Record) -> bool {
        self.answer().is_some() && self.over.is_some_and(|(at, _)| at < other.invoked)
    }
}

/// Tries every order of every set of operations that includes all those of known outcome.
fn oracle(run: &[Record], placed: &mut Vec<usize>, state: u8) -> bool {
    let open: Vec<_> = (0..run.len()).filter(|op| !placed.contains(op)).collect();
    open.iter().all(|&op| run[op].answer().is_none())
        || open.iter().any(|&op| {
            let (next, answer) = step(&state, &run[op].ask);
            let in_order = open.iter().all(|&other| !run[other].precedes(&run[op]));
            let fits = run[op].answer().is_none_or(|seen| seen == answer);
            placed.push(op);
            let found = in_order && fits && oracle(run, placed, next);
            placed.pop();
            found
        })
}

fn intervals(run: &[Record]) -> Intervals<Ask, Answer> {
    let mut history = Intervals::default();
    for record in run {
        let returned = record.over.and_then(|(at, answer)| Some((at as u64, answer?)));
        history.push(record.invoked as u64, record.ask, returned);
    }
    history
}

/// The history as the clients of a model would keep it, with the numbers its operations have here
/// listed by the numbers they have there.
fn with_precedence<T>(
    run: &[Record],
    clients: usize,
    then: impl FnOnce(&Precedence<'_, Ask, Answer>, &[usize]) -> T,
) -> T {
    let answers: Vec<_> = run.iter().map(Record::answer).collect();
    let mut history = Precedence::default();
    let mut numbers = Vec::new();
    for client in 0..clients {
        history.client();
        for (op, record) in run.iter().enumerate().filter(|(_, r)| r.client == client) {
            let over = (0..clients).map(|other| {
                let earlier = |r: &Record| r.over.is_some_and(|(at, _)| at < record.invoked);
                run.iter().filter(|r| r.client == other && earlier(r)).count()
            });
            history.operation(&record.ask, answers[op].as_ref(), over);
            numbers.push(op);
        }
    }
    then(&history, &numbers)
}

/// A verdict says how to see that it is right: check that.
fn assert_justified(run: &[Record], numbers: &[usize], verdict: &Verdict<u8, Answer>) {
    let (order, complete) = match verdict {
        Verdict::Linearizable(order) => (order, true),
        Verdict::Violated(violation) => (&violation.prefix, false),
        Verdict::Unknown => panic!("there was no limit"),
    };
    let order: Vec<_> = order.iter().map(|&op| numbers[op]).collect();
    let mut state = 0;
    for (place, &op) in order.iter().enumerate() {
        for &later in &order[place..] {
            assert!(!run[later].precedes(&run[op]), "{order:?} is against the real-time order");
        }
        let (next, answer) = step(&state, &run[op].ask);
        assert!(run[op].answer().is_none_or(|seen| seen == answer), "{order:?} at {op}");
        state = next;
    }
    let missing = (0..run.len()).filter(|op| run[*op].answer().is_some() && !order.contains(op));
    assert_eq!(missing.count() == 0, complete);
    if let Verdict::Violated(violation) = verdict {
        assert_eq!(violation.state, state);
        assert!(!violation.refused.is_empty());
        for (op, answer) in &violation.refused {
            assert_ne!(run[numbers[*op]].answer().as_ref(), Some(answer));
        }
    }
}

/// What a client does next: invoke if idle, otherwise stop waiting, with or without an answer.
type Move = (usize, Ask, Option<Answer>);

fn moves(values: u8, length: usize) -> impl Strategy<Value = Vec<Move>> {
    let ask = prop_oneof![
        2 => Just(Ask::Read),
        1 => (1..values).prop_map(Ask::Write),
        1 => (0..values, 1..values).prop_map(|(old, new)| Ask::Swap(old, new)),
    ];
    let answer = prop::option::weighted(0.8, (0..values).prop_map(Answer::Value));
    prop::collection::vec((0..3usize, ask, answer), 0..length)
}

fn run_of(moves: &[Move]) -> Vec<Record> {
    let mut run = Vec::<Record>::new();
    for (now, &(client, ask, answer)) in moves.iter().enumerate() {
        match run.iter_mut().find(|r| r.client == client && r.over.is_none()) {
            None => run.push(Record { client, ask, invoked: now, over: None }),
            Some(record) => {
                let answer = answer.map(|answer| match (record.ask, answer) {
                    (Ask::Write(_), _) => Answer::Done(true),
                    (Ask::Swap(..), Answer::Value(value)) => Answer::Done(value > 0),
                    (_, answer) => answer,
                });
                record.over = Some((now, answer));
            }
        }
    }
    run
}

/// The verdict three times: told which operations are reads, not told, and with hardly a memory.
fn check_with<R: Remaining>(
    history: &impl History<Input = Ask, Output = Answer>,
    mut remaining: impl FnMut() -> R,
) -> [Verdict<u8, Answer>; 3] {
    let told = register().with_reads(|ask| *ask == Ask::Read);
    let (ample, poor) = (Bounds::tries(u64::MAX), Bounds { tries: u64::MAX, bytes: 40 });
    [
        search::search(&told, history, &mut remaining(), ample),
        search::search(&register(), history, &mut remaining(), ample),
        search::search(&register(), history, &mut remaining(), poor),
    ]
}

#[test]
fn agrees_with_trying_everything() {
    let (total, linearizable) = (Cell::new(0), Cell::new(0));
    let config = Config { cases: 20_000, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&moves(3, 15), |moves| {
        let run = run_of(&moves);
        let expected = oracle(&run, &mut Vec::new(), 0);
        total.set(total.get() + 1);
        linearizable.set(linearizable.get() + usize::from(expected));
        let numbers: Vec<_> = (0..run.len()).collect();
        let recorded = intervals(&run);
        let mut verdicts = vec![
            (check_with(&recorded, || Small::new(&recorded)), numbers.clone()),
            (check_with(&recorded, || Large::new(&recorded)), numbers),
        ];
        with_precedence(&run, 3, |kept, numbers| {
            verdicts.push((check_with(kept, || Small::new(kept)), numbers.to_vec()));
            verdicts.push((check_with(kept, || Large::new(kept)), numbers.to_vec()));
        });
        for (verdicts, numbers) in verdicts {
            for verdict in verdicts {
                prop_assert_eq!(verdict.is_linearizable(), expected);
                assert_justified(&run, &numbers, &verdict);
            }
        }
        Ok(())
    });
    result.unwrap();
    let share = linearizable.get() * 100 / total.get();
    assert!((25..=75).contains(&share), "{share} percent are linearizable: too one-sided");
}

#[test]
fn accepts_long_histories_of_a_real_register() {
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&moves(5, 1000), |moves| {
        let mut run = run_of(&moves);
        // Let every operation take effect when its client stops waiting, answered or not.
        let mut state = 0;
        let mut order: Vec<_> = (0..run.len()).filter(|&op| run[op].over.is_some()).collect();
        order.sort_by_key(|&op| run[op].over.map(|(at, _)| at));
        for op in order {
            let (next, answer) = step(&state, &run[op].ask);
            state = next;
            let over = run[op].over.as_mut().unwrap();
            over.1 = over.1.map(|_| answer);
        }
        let history = intervals(&run);
        let verdict = check(&register(), &history, None);
        prop_assert!(verdict.is_linearizable());
        assert_justified(&run, &(0..run.len()).collect::<Vec<_>>(), &verdict);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn explains_a_stale_read() {
    let mut history = Intervals::default();
    let write = history.invoke(Ask::Write(1));
    history.respond(write, Answer::Done(true));
    let read = history.invoke(Ask::Read);
    history.respond(read, Answer::Value(0));
    let refused = vec![(read, Answer::Value(1))];
    let violation = Violation { prefix: vec![write], state: 1, refused };
    assert_eq!(check(&register(), &history, None), Verdict::Violated(violation));
}

#[test]
fn an_unknown_write_may_take_effect_much_later_or_never() {
    for (later_reads, expected) in [([0, 0], true), ([0, 1], true), ([1, 0], false)] {
        let mut history = Intervals::default();
        history.invoke(Ask::Write(1));
        for value in later_reads {
            let read = history.invoke(Ask::Read);
            history.respond(read, Answer::Value(value));
        }
        assert_eq!(is_linearizable(&register(), &history), expected, "{later_reads:?}");
    }
}

#[test]
fn an_operation_without_an_answer_does_not_take_effect_before_it_is_invoked() {
    let mut history = Intervals::default();
    let read = history.invoke(Ask::Read);
    history.respond(read, Answer::Value(1));
    history.invoke(Ask::Write(1));
    assert!(!is_linearizable(&register(), &history));
}

#[test]
fn a_limit_is_never_a_pass() {
    let mut history = Intervals::default();
    let write = history.invoke(Ask::Write(1));
    history.respond(write, Answer::Done(true));
    assert_eq!(check(&register(), &history, Some(0)), Verdict::Unknown);
    assert_eq!(check(&register(), &history, Some(1)), Verdict::Linearizable(vec![write]));
}

#[test]
fn keys_are_checked_one_by_one() {
    let spec = sequential(0, |state: &u8, (_, ask): &(char, Ask)| step(state, ask));
    let mut history = Intervals::default();
    let a = history.invoke(('a', Ask::Write(1)));
    let b = history.invoke(('b', Ask::Read));
    history.respond(a, Answer::Done(true));
    history.respond(b, Answer::Value(0));
    assert_eq!(check_parts(&spec, &history.clone().partition(|(key, _)| *key), None), None);

    let b = history.invoke(('b', Ask::Read));
    history.respond(b, Answer::Value(1));
    let (key, verdict) = check_parts(&spec, &history.partition(|(key, _)| *key), None).unwrap();
    assert_eq!(key, 'b');
    assert!(verdict.is_violated());
}

/// Writes that all overlap, and then a read of what nobody wrote: refuted once all orders of the
/// writes have failed.
fn hopeless(writes: u8) -> Intervals<Ask, Answer> {
    let mut history = Intervals::default();
    let all: Vec<usize> = (0..writes).map(|value| history.invoke(Ask::Write(value))).collect();
    all.into_iter().for_each(|write| history.respond(write, Answer::Done(true)));
    let read = history.invoke(Ask::Read);
    history.respond(read, Answer::Value(writes));
    history
}

#[test]
fn a_key_that_is_plainly_wrong_does_not_wait_for_one_that_takes_for_ever() {
    let (hard, wrong) = (hopeless(60), hopeless(1));
    // 60 writes have 2^60 sets of them that may be placed.
    let parts = BTreeMap::from([("a", hard.clone()), ("b", wrong)]);
    let (key, verdict) = check_parts(&register(), &parts, None).unwrap();
    assert_eq!((key, verdict.is_violated()), ("b", true));
    // A limit is reached for every key before anything is unknown.
    let parts = BTreeMap::from([("a", hard), ("b", hopeless(12))]);
    let decides = |limit: u64| check(&register(), &parts["b"], Some(limit)).is_violated();
    let (mut least, mut step) = (0, 1 << 30);
    while step > 0 {
        // The fewest tries that decide it, by halves.
        least += if decides(least + step - 1) { 0 } else { step };
        step /= 2;
    }
    assert!(least > FIRST_ROUND, "{least}: decided in the first round");
    for (limit, decided) in [(least, "b"), (least - 1, "a")] {
        let (key, verdict) = check_parts(&register(), &parts, Some(limit)).unwrap();
        assert_eq!((key, verdict.is_violated()), (decided, decided == "b"));
    }
}

#[test]
fn dead_ends_that_are_remembered_have_a_bound() {
    let history = hopeless(7);
    let mut remaining = Large::new(&history);
    let bounds = Bounds { tries: u64::MAX, bytes: 1000 };
    assert!(search::search(&register(), &history, &mut remaining, bounds).is_violated());
    assert!(remaining.dead_end_bytes() < 1100, "{}", remaining.dead_end_bytes());
}
