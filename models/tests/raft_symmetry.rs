//! Raft's servers may change places: what is found is what is found without, in a smaller space.

use std::panic::{AssertUnwindSafe, catch_unwind};

use quorate_checker::engine::{Options, Outcome, Symmetry, explore, explore_symmetric};
use quorate_checker::spec::Faults;
use quorate_models::raft::specs::{self, Bounds, EVERY_RULE, RaftSpec};

fn options() -> Options {
    Options { keep_going: true, has_boundary: false, ..Options::default() }
}

/// What must be the same with and without symmetry: the depth, how many states there are in all,
/// and by property the length of the shortest path that decides it.
type Decided = (u64, u64, Vec<(&'static str, Option<usize>)>);

fn decided<S: Clone, Action: Clone>(outcome: &Outcome<S, Action>) -> Decided {
    let lengths = outcome.findings.iter().map(|finding| {
        let path = finding.path().cloned();
        (finding.name, path.map(|path| path.into_actions().len()))
    });
    (outcome.depth, outcome.whole, lengths.collect())
}

/// Explores with and without symmetry, and compares. Returns how many states there are, and how
/// many of them are searched with symmetry.
fn compare(spec: &RaftSpec) -> (u64, u64) {
    let whole = explore(spec, &options(), &mut |_| {});
    let symmetry = Symmetry::over(0..spec.servers);
    let reduced = explore_symmetric(spec, symmetry, &options(), &mut |_| {});
    assert_eq!(decided(&reduced), decided(&whole));
    assert_eq!((whole.stopped, reduced.stopped), (None, None));
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

/// A client tries the servers in their order: to it they are not alike.
#[test]
fn servers_that_clients_tell_apart_do_not_change_places() {
    let spec = specs::readers();
    let symmetry = Symmetry::over(0..spec.servers);
    let search = || explore_symmetric(&spec, symmetry, &options(), &mut |_| {});
    let panic = catch_unwind(AssertUnwindSafe(search)).expect_err("they are not alike");
    let words = panic.downcast_ref::<String>().expect("a text");
    assert!(words.contains("cannot change places"), "{words}");
}
