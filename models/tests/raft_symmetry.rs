//! Raft's servers may change places: what is found is what is found without, in a smaller space.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use quorate_checker::engine::{Options, Outcome, Symmetry, explore, explore_symmetric};
use quorate_checker::spec::{Faults, State};
use quorate_models::client::Tries;
use quorate_models::kv::{Command, Kv, get, put};
use quorate_models::raft::Raft;
use quorate_models::raft::claims::ghost::Ghost;
use quorate_models::raft::specs::{self, Bounds, Checked, EVERY_RULE, RaftSpec, large, snapshot};
use quorate_models::system::clients_mut;
use stateright::actor::{ActorModelState, Id, Timers};
use stateright::util::DenseNatMap;
use stateright::{Model, Rewrite, RewritePlan};

fn options() -> Options {
    Options { keep_going: true, has_boundary: false, ..Options::default() }
}

/// What must be the same with and without symmetry: by property, the length of the shortest path
/// that decides it.
type Decided = Vec<(&'static str, Option<usize>)>;

fn decided<S: Clone, Action: Clone>(outcome: &Outcome<S, Action>) -> Decided {
    let lengths = outcome.findings.iter().map(|finding| {
        let path = finding.path().cloned();
        (finding.name, path.map(|path| path.into_actions().len()))
    });
    lengths.collect()
}

/// Explores with and without symmetry, and compares. Returns how many states there are, and how
/// many of them are searched with symmetry.
fn compare(spec: &RaftSpec) -> (u64, u64) {
    let whole = explore(spec, &options(), &mut |_| {});
    let symmetry = spec.symmetry().expect("servers are alike").clone();
    let reduced = explore_symmetric(spec, symmetry, &options(), &mut |_| {});
    assert_eq!(decided(&reduced), decided(&whole));
    assert_eq!((whole.stopped, reduced.stopped), (None, None));
    if spec.system.actors.len() == spec.servers {
        assert_eq!((reduced.whole, reduced.depth), (whole.states, whole.depth));
    } else {
        // A client asks the first server first: that server stands out in the initial state, from
        // which some renamings of a state are farther than others, or not reached at all.
        assert!((reduced.states..reduced.whole).contains(&whole.states));
        assert!(reduced.depth <= whole.depth);
    }
    (whole.states, reduced.states)
}

#[test]
fn elections_of_three() {
    assert_eq!(compare(&specs::election()), (338_804, 56_503));
}

#[test]
fn elections_of_five() {
    assert_eq!(compare(&specs::five()), (4_696, 91));
}

#[test]
fn crashes_of_three() {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::default() };
    let bounds = Bounds { servers: 3, elections: 2, faults, ..Bounds::default() };
    let spec = specs::raft("raft/crashes", EVERY_RULE, bounds, &[]);
    assert_eq!(compare(&spec), (40_880, 6_859));
}

#[test]
fn clients_of_three() {
    for (spec, states) in [
        (specs::failover(), (419_541, 149_599)),
        (specs::lossy(), (135_296, 34_754)),
        (specs::two(), (77_513, 50_234)),
        (large::retry_2(), (14_892, 3_028)),
        (large::batches(), (1_514_291, 419_297)),
    ] {
        assert_eq!(compare(&spec), states, "{}", spec.name);
    }
}

/// Two writers of one script, and a reader, who ask again.
fn writers(elections: u8, retries: u8) -> RaftSpec {
    let (write, read) = (&[put("x", "1")][..], &[get("x")][..]);
    let scripts: &[&[Command]] = &[write, read, write];
    let bounds = Bounds { servers: 3, scripts, elections, retries, ..Bounds::default() };
    specs::raft("raft/writers", EVERY_RULE, bounds, &[])
}

/// Clients of one script change places as servers do.
#[test]
fn clients_of_one_script() {
    let spec = writers(1, 0);
    let groups: Vec<&[usize]> = spec.symmetry().expect("they are alike").groups().collect();
    assert_eq!(groups, [&[0, 1, 2][..], &[3, 5]]);
    let (whole, reduced) = compare(&spec);
    assert!(3 * reduced < whole, "{reduced} of {whole}");
}

/// A snapshot is encoded, and has the sessions of clients, so they keep their names. Servers change
/// places.
#[test]
fn clients_of_whom_a_snapshot_tells() {
    assert_eq!(compare(&snapshot::late("raft/snapshot", EVERY_RULE)), (61_744, 18_595));
    let write: &[Command] = &[put("x", "1")];
    let scripts: &[&[Command]] = &[write, write];
    let bounds = Bounds { servers: 3, scripts, elections: 1, ..Bounds::default() };
    let spec = snapshot::raft("raft/snapshot-writers", EVERY_RULE, bounds, &[]);
    let groups: Vec<&[usize]> = spec.symmetry().expect("servers are alike").groups().collect();
    assert_eq!(groups, [&[0, 1, 2][..]]);
    assert_eq!(compare(&spec), (10_474, 3_633));
}

/// What is searched is one state of each orbit of the space, as renaming whole states shows.
#[test]
fn orbits() {
    let (write, delete) = (put("x", "1"), Command::Delete { key: "x".into() });
    let scripts: &[&[Command]] = &[&[write, delete]];
    let bounds = Bounds { servers: 3, scripts, elections: 1, retries: 1, ..Bounds::default() };
    let retry = specs::raft("raft/retry", EVERY_RULE, bounds, &[]);
    for spec in [retry, writers(1, 0)] {
        let symmetry = spec.symmetry().expect("they are alike").clone();
        let plans = plans(&symmetry, spec.system.actors.len());
        let reduced = explore_symmetric(&spec, symmetry, &options(), &mut |_| {});
        assert_eq!((reduced.states, reduced.whole), orbits_of(&spec, &plans));
    }
}

type Now = State<Raft<Checked>, Arc<Ghost<Kv>>>;
type Plan = RewritePlan<Id, DenseNatMap<Id, Id>>;

/// How many orbits the space of `spec` has, and how many states these have.
fn orbits_of(spec: &RaftSpec, plans: &[Plan]) -> (u64, u64) {
    let (mut seen, mut orbits) = (HashSet::new(), 0);
    let mut waiting = spec.init_states();
    while let Some(state) = waiting.pop() {
        if seen.contains(&digest(&state)) {
            continue;
        }
        orbits += 1;
        waiting.extend(spec.next_states(&state));
        seen.extend(plans.iter().map(|plan| digest(&renamed(&state, plan))));
    }
    (orbits, seen.len() as u64)
}

/// Stands for a state in 16 bytes, where the states of a space as they are would fill the memory.
/// Two states of one digest would leave a count too low, and the test would fail.
fn digest(state: &Now) -> (u64, u64) {
    let salted = |salt: u64| {
        let mut hasher = DefaultHasher::new();
        (salt, state).hash(&mut hasher);
        hasher.finish()
    };
    (salted(0), salted(1))
}

/// Every way in which `symmetry` lets some of `count` actors change places.
fn plans<A: stateright::actor::Actor, G>(symmetry: &Symmetry<A, G>, count: usize) -> Vec<Plan> {
    let mut orders: Vec<Vec<usize>> = vec![(0..count).collect()];
    for group in symmetry.groups() {
        // Swaps of two are enough to come to every order.
        let mut next = 0;
        while let Some(order) = orders.get(next).cloned() {
            for (place, one) in group.iter().enumerate() {
                for other in &group[..place] {
                    let mut order = order.clone();
                    order.swap(*one, *other);
                    if !orders.contains(&order) {
                        orders.push(order);
                    }
                }
            }
            next += 1;
        }
    }
    orders.iter().map(Plan::from_values_to_sort).collect()
}

fn renamed(state: &Now, plan: &Plan) -> Now {
    let timers = |timers: &Timers<_>| {
        let mut renamed = Timers::new();
        timers.iter().for_each(|timer: &quorate_models::member::Timer<_>| {
            renamed.set(timer.rewrite(plan));
        });
        renamed
    };
    let ActorModelState { actor_states, network, timers_set, crashed, history, .. } = &state.system;
    let system = ActorModelState {
        actor_states: plan.reindex(actor_states),
        network: network.rewrite(plan),
        timers_set: plan.reindex(&timers_set.iter().map(timers).collect()),
        random_choices: state.system.random_choices.clone(),
        crashed: plan.reindex(crashed),
        history: history.rewrite(plan),
        actor_storages: plan.reindex(&state.system.actor_storages),
    };
    State { system, ..state.clone() }
}

/// A client that tries the servers in their order has them not be alike.
#[test]
fn servers_that_clients_tell_apart_do_not_change_places() {
    let mut spec = specs::readers();
    clients_mut(&mut spec).for_each(|client| client.tries = Tries::InOrder);
    let symmetry = Symmetry::over(0..spec.servers);
    let search = || explore_symmetric(&spec, symmetry, &options(), &mut |_| {});
    let panic = catch_unwind(AssertUnwindSafe(search)).expect_err("they are not alike");
    let words = panic.downcast_ref::<String>().expect("a text");
    assert!(words.contains("cannot change places"), "{words}");
}
