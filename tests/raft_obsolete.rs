//! To forget obsolete messages changes nothing that a property can see: checked against the space
//! that keeps them all.

use std::collections::{BTreeSet, HashSet, VecDeque};

use quorate_checker::spec::Faults;
use quorate_models::raft::specs::{self, Bounds, RaftSpec, put};
use quorate_models::rules::AllRules;
use stateright::Model;
use stateright::actor::Envelope;

type Spec = RaftSpec<AllRules>;
type State = <Spec as Model>::State;

/// All that properties read: the actors, who is down, what is stored, the history.
fn seen(state: &State) -> String {
    let system = &state.system;
    let actors = &system.actor_states;
    format!("{actors:?} {:?} {:?} {:?}", system.crashed, system.actor_storages, system.history)
}

/// Every state of `spec`, handed to `visit` with its successors.
fn walk(spec: &Spec, mut visit: impl FnMut(&State, &[State])) {
    let mut queue: VecDeque<State> = spec.init_states().into();
    let mut known: HashSet<State> = HashSet::default();
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

fn assert_nothing_is_lost(bounds: Bounds<'_>) {
    let pruned = specs::raft("pruned", AllRules, bounds, &[]);
    let mut kept = specs::raft("kept", AllRules, bounds, &[]);
    let obsolete = std::mem::replace(&mut kept.obsolete, |_, _, _| false);
    let is_obsolete = |state: &State, message: &Envelope<_>| {
        obsolete(&state.system.actor_states[usize::from(message.dst)], message.src, &message.msg)
    };

    let mut with = BTreeSet::new();
    walk(&pruned, |state, _| {
        with.insert(seen(state));
    });
    let (mut without, mut met) = (BTreeSet::new(), 0);
    walk(&kept, |state, successors| {
        without.insert(seen(state));
        let in_flight = state.system.network.iter_all().map(|message| message.to_cloned_msg());
        for message in in_flight.filter(|message| is_obsolete(state, message)) {
            met += 1;
            for successor in successors {
                assert!(is_obsolete(successor, &message), "heeded after all: {message:?}");
                let in_flight = successor.system.network.iter_all();
                let still = in_flight.map(|m| m.to_cloned_msg()).any(|m| m == message);
                assert!(still, "an obsolete message was taken: {message:?}");
            }
        }
    });
    assert!(met > 1000, "only {met} obsolete messages");
    assert!(with == without, "{} states seen with, {} without", with.len(), without.len());
}

#[test]
fn elections() {
    assert_nothing_is_lost(Bounds { servers: 3, elections: 2, ..Bounds::default() });
}

#[test]
fn a_command_and_a_crash() {
    assert_nothing_is_lost(Bounds {
        servers: 2,
        elections: 2,
        heartbeats: 1,
        retries: 0,
        scripts: &[&[put("x", "1")]],
        faults: Faults { crashes: 1, down_at_once: 1, drops: 0, duplicates: 0 },
    });
}
