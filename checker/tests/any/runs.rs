//! What must hold eventually, in fair runs.

use quorate_checker::engine::{AnyAnswer, AnyOptions, AnyOutcome, Miss, weakly_fair};
use quorate_checker::liveness::Fairness;
use stateright::{Checker, Model, Property};

use crate::explore_all;

/// A graph by hand: by state, its actions and where they lead. The goal is state 9.
#[derive(Clone, Debug)]
struct Drawn(&'static [(u8, char, u8)]);

impl Model for Drawn {
    type State = u8;
    type Action = char;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, state: &u8, actions: &mut Vec<char>) {
        actions.extend(self.0.iter().filter(|(from, ..)| from == state).map(|(_, name, _)| name));
    }

    fn next_state(&self, state: &u8, action: char) -> Option<u8> {
        let mut edges = self.0.iter();
        edges.find(|(from, name, _)| (*from, *name) == (*state, action)).map(|(_, _, to)| *to)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::eventually("arrives", |_, state| *state == 9),
            Property::<Self>::always("small", |_, state| *state < 10),
        ]
    }
}

fn fair(drawn: &'static [(u8, char, u8)], fairness: fn(&char) -> Fairness) -> AnyOutcome<u8, char> {
    explore_all(&Drawn(drawn), &AnyOptions { fairness: Some(fairness), ..AnyOptions::default() })
}

/// How the goal is missed, after how many steps, and the actions.
fn missed(outcome: &AnyOutcome<u8, char>) -> (Miss, usize, String) {
    let AnyAnswer::Missed(run) = &outcome.finding("arrives").answer else { panic!("{outcome}") };
    assert!(outcome.fails());
    (run.miss, run.stem, run.path.clone().into_actions().into_iter().collect())
}

#[test]
fn what_is_not_asked_for_is_not_looked_at() {
    let outcome = explore_all(&Drawn(&[(0, 'a', 9)]), &AnyOptions::default());
    assert!(matches!(outcome.finding("arrives").answer, AnyAnswer::NotLookedAt));
    assert!(!outcome.holds() && !outcome.fails(), "no verdict is no success");
}

#[test]
fn a_run_that_arrives_or_must_is_well() {
    assert!(fair(&[(0, 'a', 1), (1, 'b', 9)], weakly_fair).holds());
    // Round and round, but 'c' is possible all the time.
    assert!(fair(&[(0, 'a', 1), (1, 'a', 0), (0, 'c', 9), (1, 'c', 9)], weakly_fair).holds());
}

#[test]
fn a_run_that_stops_is_shown() {
    let outcome = fair(&[(0, 'a', 1), (0, 'b', 9)], weakly_fair);
    assert_eq!(missed(&outcome), (Miss::Stop, 1, "a".to_owned()));
}

#[test]
fn a_run_that_goes_round_is_shown_which_stateright_does_not_see() {
    // 'c' is possible every other time only: weak fairness owes it nothing.
    const ROUND: &[(u8, char, u8)] = &[(0, 'a', 1), (1, 'b', 2), (2, 'd', 1), (1, 'c', 9)];
    assert_eq!(missed(&fair(ROUND, weakly_fair)), (Miss::Lasso, 1, "abd".to_owned()));
    assert!(fair(ROUND, |_| Fairness::Strong).holds());
    let checker = Drawn(ROUND).checker().spawn_bfs().join();
    assert!(checker.discovery("arrives").is_none());
}

#[test]
fn a_run_may_stop_where_nothing_is_owed() {
    let unfair = |action: &char| if *action == 'x' { Fairness::None } else { Fairness::Weak };
    let outcome = fair(&[(0, 'a', 1), (1, 'x', 9)], unfair);
    assert_eq!(missed(&outcome), (Miss::Stop, 1, "a".to_owned()));
}

#[test]
fn a_step_to_the_same_state_is_a_step_and_no_step_is_none() {
    assert_eq!(missed(&fair(&[(0, 'a', 0)], weakly_fair)), (Miss::Lasso, 0, "a".to_owned()));
    // It goes on with 'a' alone; 'b' is owed.
    assert!(fair(&[(0, 'a', 0), (0, 'b', 9)], weakly_fair).holds());
}

#[test]
fn a_search_that_was_cut_short_decides_nothing() {
    let options = AnyOptions {
        fairness: Some(weakly_fair as fn(&char) -> Fairness),
        max_depth: Some(1),
        ..AnyOptions::default()
    };
    let outcome = explore_all(&Drawn(&[(0, 'a', 1), (1, 'b', 9)]), &options);
    assert!(matches!(outcome.finding("arrives").answer, AnyAnswer::Undecided));
}

#[test]
fn a_boundary_cuts_off_what_leads_beyond() {
    let options = AnyOptions {
        fairness: Some(weakly_fair as fn(&char) -> Fairness),
        boundary: Some(|state: &u8| *state < 5),
        ..AnyOptions::default()
    };
    let outcome = explore_all(&Drawn(&[(0, 'a', 1), (1, 'b', 9)]), &options);
    assert_eq!(missed(&outcome), (Miss::Stop, 1, "a".to_owned()));
}
