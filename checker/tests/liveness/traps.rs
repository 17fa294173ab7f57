//! What is easily got wrong, one trap a test.

use quorate_checker::liveness::{
    Action, Fairness, Goal, Graph, GraphBuilder, States, Violation, violation, zeno,
};

// The actions of these graphs, named by what is owed to them.
const WEAK: u32 = 0;
const WEAK_TOO: u32 = 1;
const STRONG: u32 = 2;
const STRONG_TOO: u32 = 3;
const FAULT: u32 = 4;
const TICK: u32 = 5;

/// A graph that begins in state 0. Each row: state, then action and target of its edges.
fn graph(rows: &[(u32, &[(u32, u32)])]) -> Graph {
    use Fairness::{None, Strong, Weak};
    let action = |fairness| Action { fairness, tick: false };
    let mut actions: Vec<_> = [Weak, Weak, Strong, Strong, None].map(action).into();
    actions.push(Action { fairness: Weak, tick: true });
    let mut graph = GraphBuilder::new(actions, vec![0], 0, 0);
    for (state, edges) in rows {
        graph.row(*state, edges.iter().copied());
    }
    graph.finish()
}

fn set(states: &[u32]) -> States {
    states.iter().copied().collect()
}

/// The states of the cycle of a lasso: those its edges lead to, in order.
fn lasso(found: Option<Violation>) -> Vec<u32> {
    let Some(Violation::Lasso { cycle, .. }) = found else { panic!("no lasso: {found:?}") };
    cycle.iter().map(|edge| edge.to).collect()
}

/// The states of the run that stops, without the first.
fn stop(found: Option<Violation>) -> Vec<u32> {
    let Some(Violation::Stop { stem }) = found else { panic!("no stop: {found:?}") };
    stem.edges.iter().map(|edge| edge.to).collect()
}

#[test]
fn a_step_that_changes_nothing_is_neither_taken_nor_enabled() {
    // The weak action would change nothing in 1 and so has no edge: going round owes it nothing.
    let round = graph(&[(0, &[(WEAK, 2), (WEAK_TOO, 1)]), (1, &[(WEAK_TOO, 0)])]);
    assert_eq!(lasso(violation(&round, Goal::Eventually(&set(&[2])))), [1, 0]);
    // And in a state where every step would change nothing, the run stops rather than going on.
    let dead = graph(&[(0, &[(WEAK, 1)])]);
    assert_eq!(stop(violation(&dead, Goal::AlwaysEventually(&set(&[0])))), [1]);
}

#[test]
fn an_edge_from_a_state_to_itself_is_a_step() {
    // An age or a budget that is not part of the numbering may still be what changes.
    let graph = graph(&[(0, &[(WEAK, 0)])]);
    assert_eq!(lasso(violation(&graph, Goal::Eventually(&set(&[])))), [0]);
}

#[test]
fn fairness_is_judged_on_the_part_that_violates() {
    // The whole takes the strong action, but through the goal 3. The part without the goal does
    // not, and is unfair; and so is the part of it that is left when 1 is avoided, where a weak
    // action is enabled all along.
    let graph = graph(&[
        (0, &[(WEAK, 1), (WEAK_TOO, 2)]),
        (1, &[(STRONG, 3), (WEAK_TOO, 0)]),
        (2, &[(WEAK, 1), (WEAK_TOO, 0)]),
        (3, &[(WEAK, 0)]),
    ]);
    assert_eq!(violation(&graph, Goal::AlwaysEventually(&set(&[3]))), None);
}

#[test]
fn strong_fairness_takes_components_apart_again_and_again() {
    // Strong never happens inside, so 3 must be avoided. Without 3, STRONG_TOO, which was taken on
    // the way there, is owed in 2, so 2 must be avoided as well: what is left is 0 and 1.
    let rows: &[(u32, &[(u32, u32)])] = &[
        (0, &[(WEAK, 1)]),
        (1, &[(WEAK, 0), (WEAK, 2)]),
        (2, &[(STRONG_TOO, 3), (WEAK, 1)]),
        (3, &[(STRONG, 4), (WEAK, 1)]),
        (4, &[(WEAK, 0)]),
    ];
    let goal = Goal::AlwaysEventually(&set(&[4]));
    assert_eq!(lasso(violation(&graph(rows), goal)), [1, 0]);
    // If nothing can avoid 2, nothing is left.
    let mut rows = rows.to_vec();
    rows[1].1 = &[(WEAK, 2)];
    assert_eq!(violation(&graph(&rows), Goal::AlwaysEventually(&set(&[4]))), None);
}

#[test]
fn one_state_where_it_is_disabled_frees_from_weak_fairness_not_from_strong() {
    let with = |action| {
        graph(&[(0, &[(action, 3), (WEAK_TOO, 1)]), (1, &[(WEAK_TOO, 2)]), (2, &[(WEAK_TOO, 0)])])
    };
    let goal = set(&[3]);
    assert_eq!(lasso(violation(&with(WEAK), Goal::Eventually(&goal))), [1, 2, 0]);
    assert_eq!(violation(&with(STRONG), Goal::Eventually(&goal)), None);
}

#[test]
fn a_run_stops_where_nothing_is_owed_though_a_fault_is_enabled() {
    let graph = graph(&[(0, &[(WEAK, 1)]), (1, &[(FAULT, 2)])]);
    let goal = set(&[2]);
    assert_eq!(stop(violation(&graph, Goal::Eventually(&goal))), [1]);
    // It does not stop where something is owed.
    assert_eq!(violation(&graph, Goal::EventuallyAlways(&set(&[1, 2]))), None);
}

#[test]
fn to_stop_in_the_goal_violates_nothing_but_the_run_that_never_came_there() {
    let graph = graph(&[(0, &[(WEAK, 1)])]);
    let goal = set(&[1]);
    for goal in [Goal::Eventually(&goal), Goal::EventuallyAlways(&goal)] {
        assert_eq!(violation(&graph, goal), None);
    }
    let never = set(&[]);
    assert_eq!(stop(violation(&graph, Goal::LeadsTo(&set(&[0]), &never))), [1]);
}

#[test]
fn a_goal_pending_at_a_join_is_not_forgotten() {
    // Two ways to 3: by 1 the goal has been met before, by 2 it is still pending.
    let graph = graph(&[(0, &[(WEAK, 1), (WEAK, 2)]), (1, &[(WEAK, 3)]), (2, &[(WEAK, 3)])]);
    assert_eq!(stop(violation(&graph, Goal::Eventually(&set(&[1])))), [2, 3]);
    // And the other way round: the run that pends may come by where another was met.
    let (cause, goal) = (set(&[2]), set(&[1]));
    assert_eq!(stop(violation(&graph, Goal::LeadsTo(&cause, &goal))), [2, 3]);
    assert_eq!(violation(&graph, Goal::LeadsTo(&goal, &set(&[3]))), None);
}

#[test]
fn what_a_run_has_met_before_its_cause_does_not_count() {
    // 1 is the goal and lies on the only way to the cause 2.
    let graph = graph(&[(0, &[(WEAK, 1)]), (1, &[(WEAK, 2)])]);
    assert_eq!(stop(violation(&graph, Goal::LeadsTo(&set(&[2]), &set(&[1])))), [1, 2]);
    // A state that is both pends at no time.
    assert_eq!(violation(&graph, Goal::LeadsTo(&set(&[2]), &set(&[2]))), None);
}

#[test]
fn a_component_is_not_printed_as_if_it_were_one_cycle() {
    // Two loops through 0, each of which owes to the action of the other: only both are fair.
    // The third owes nothing to anybody, nor is it needed.
    let graph = graph(&[
        (0, &[(STRONG, 1), (STRONG_TOO, 2), (FAULT, 3)]),
        (1, &[(WEAK, 0)]),
        (2, &[(WEAK, 0)]),
        (3, &[(WEAK, 0)]),
    ]);
    let never = set(&[]);
    assert_eq!(lasso(violation(&graph, Goal::Eventually(&never))), [1, 0, 2, 0]);
    // To be outside of the goal again and again, the walk makes another detour.
    let all_but = set(&[0, 1, 2]);
    let mut states = lasso(violation(&graph, Goal::EventuallyAlways(&all_but)));
    states.sort_unstable();
    assert_eq!(states, [0, 0, 0, 1, 2, 3]);
}

#[test]
fn a_loop_of_faults_is_a_fair_run_if_it_owes_nobody() {
    // Nothing forbids it but a budget, and that would be part of the graph.
    let rows: &[(u32, &[(u32, u32)])] = &[(0, &[(FAULT, 1)]), (1, &[(FAULT, 0), (WEAK, 2)])];
    assert!(stop(violation(&graph(rows), Goal::Eventually(&set(&[2])))).is_empty());
    // With something to do in 0 it cannot stop there, but still go round.
    let mut rows = rows.to_vec();
    rows[0].1 = &[(FAULT, 1), (WEAK_TOO, 2)];
    assert_eq!(lasso(violation(&graph(&rows), Goal::Eventually(&set(&[2])))), [1, 0]);
}

#[test]
fn time_that_is_passed_over_for_ever_is_unfair_and_not_zeno() {
    // The tick is due all along.
    let due = graph(&[(0, &[(WEAK, 1), (TICK, 2)]), (1, &[(WEAK, 0), (TICK, 2)])]);
    assert_eq!(zeno(&due), None);
    // Time is held up again and again.
    let held_up = graph(&[(0, &[(TICK, 1)]), (1, &[(WEAK, 2), (TICK, 0)]), (2, &[(WEAK, 1)])]);
    let Some(Violation::Zeno { stem, cycle }) = zeno(&held_up) else { panic!("zeno") };
    assert_eq!((stem.end(), cycle.len()), (1, 2));
    // A run that stops is not zeno.
    assert_eq!(zeno(&graph(&[(0, &[(WEAK, 1)])])), None);
}

#[test]
fn states_that_do_not_occur_are_never_where_a_run_stops() {
    let graph = graph(&[(0, &[(WEAK, 7)]), (7, &[(WEAK, 0)])]);
    assert_eq!(violation(&graph, Goal::AlwaysEventually(&set(&[0]))), None);
    assert_eq!(graph.states(), 8);
}

#[test]
fn a_deep_graph_needs_no_deep_stack() {
    let last = 1_000_000;
    let action = Action { fairness: Fairness::Strong, tick: false };
    let mut line = GraphBuilder::new(vec![action], vec![0], last as usize + 1, last as usize);
    (0..last).for_each(|state| line.row(state, [(0, state + 1)]));
    line.row(last, [(0, last / 2)]);
    let found = violation(&line.finish(), Goal::AlwaysEventually(&set(&[0])));
    let Some(Violation::Lasso { stem, cycle }) = found else { panic!("a lasso") };
    assert_eq!((stem.end(), cycle.len()), (500_000, 500_001));
}
