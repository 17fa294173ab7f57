//! To forget obsolete messages changes nothing that a property can see: a space that forgets them
//! is compared with the space that keeps them all.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::fmt::Debug;
use std::hash::Hash;

use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_checker::spec::{FORGOTTEN_IS_IGNORED, Obsolete, Spec, State};
use quorate_models::system::Boxed;
use stateright::Model;
use stateright::actor::{Actor, Envelope};

/// All that properties read: the actors, who is down, what is stored, the history.
fn seen<A: Actor, G: Clone + Debug + Hash>(state: &State<A, G>) -> String {
    let system = &state.system;
    let actors = &system.actor_states;
    format!("{actors:?} {:?} {:?} {:?}", system.crashed, system.actor_storages, system.history)
}

/// Every state of `spec`, handed to `visit` with its successors.
fn walk<M: Model<State: Clone + Eq + Hash>>(
    spec: &M,
    mut visit: impl FnMut(&M::State, &[M::State]),
) {
    let mut queue: VecDeque<M::State> = spec.init_states().into();
    let mut known: HashSet<M::State> = HashSet::default();
    while let Some(state) = queue.pop_front() {
        let successors = spec.next_states(&state);
        visit(&state, &successors);
        for successor in successors {
            if known.insert(successor.clone()) {
                queue.push_back(successor);
            }
        }
    }
}

/// Asserts that `spec`, which forgets what is obsolete, loses nothing by that, and that nobody
/// takes an obsolete message. Returns how many obsolete messages it met. `within` says in a failure
/// of what the spec is.
pub fn assert_nothing_is_lost<A, G>(within: &str, mut spec: Spec<A, (), G>) -> u64
where
    A: Actor<Msg: Ord, Timer: Ord>,
    G: Clone + Debug + Hash,
    Spec<A, (), G>: Model<State = State<A, G>>,
    State<A, G>: Clone + Eq + Hash,
{
    let mut with = BTreeSet::new();
    walk(&spec, |state, _| {
        with.insert(seen(state));
    });
    let obsolete = spec.obsolete.take().expect("the spec says what is obsolete");
    let is_obsolete = |state: &State<A, G>, message: &Envelope<A::Msg>| {
        obsolete(&state.system.actor_states[usize::from(message.dst)], message.src, &message.msg)
    };
    let (mut without, mut met) = (BTreeSet::new(), 0);
    walk(&spec, |state, successors| {
        without.insert(seen(state));
        let in_flight = state.system.network.iter_all().map(|message| message.to_cloned_msg());
        for message in in_flight.filter(|message| is_obsolete(state, message)) {
            met += 1;
            for successor in successors {
                assert!(is_obsolete(successor, &message), "{within}: heeded: {message:?}");
                let in_flight = successor.system.network.iter_all();
                let still = in_flight.map(|m| m.to_cloned_msg()).any(|m| m == message);
                assert!(still, "{within}: an obsolete message was taken: {message:?}");
            }
        }
    });
    let counts = (with.len(), without.len());
    assert!(with == without, "{within}: {} states seen with, {} without", counts.0, counts.1);
    met
}

/// Asserts that a filter which repeats the guard of a rule stands in for no guard: `without` the
/// rule somebody heeds what `filter` calls obsolete, and `with` it, within the same bounds, nobody
/// does.
pub fn assert_heeded<A, G>(
    rule: &impl Debug,
    filter: Obsolete<A>,
    without: Spec<A, (), G>,
    with: Spec<A, (), G>,
) where
    A: Actor<Msg: Ord, Timer: Ord>,
    G: Clone + Debug + Hash,
    Spec<A, (), G>: Boxed,
{
    let explore = |spec: Spec<A, (), G>| {
        let limits = Limits { threads: 1, max_states: Some(6_000_000), ..Limits::default() };
        let spec = spec.obsolete(filter).only(FORGOTTEN_IS_IGNORED);
        spec.boxed().check(Engine::Quorate, &limits, &mut |_| {})
    };
    assert!(without.obsolete.is_none(), "the filter does not apply without {rule:?}");
    let report = explore(without);
    assert_eq!(report.verdict, Verdict::Violated, "without {rule:?}");
    let trace = report.counterexamples[0].trace.text(false);
    assert!(trace.contains("called obsolete, and heeded: "), "without {rule:?}: {trace}");
    assert_eq!(explore(with).verdict, Verdict::Holds, "the bounds of {rule:?}");
}
