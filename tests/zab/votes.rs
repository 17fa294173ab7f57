//! Fast leader election: which of its rules its guarantees need, and what it does not guarantee.

use std::sync::Arc;

use quorate_checker::report::{Engine, Verdict};
use quorate_models::zab::Zab;
use quorate_models::zab::claims::ghost::Ghost;
use quorate_models::zab::claims::votes::{AGREEMENT, ELECTED, NEWEST};
use quorate_models::zab::rules::Rule;
use quorate_models::zab::specs::votes::{AGAIN, Bounds, ELECTING, zab};
use quorate_models::zab::specs::{Book, Checked, ZabSpec, live};

use crate::proofs::{Within, necessary};
use crate::support::specs::explore;

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = Zab<Checked>;
    type Ghost = Arc<Ghost>;

    fn spec(&self, rules: Book) -> ZabSpec {
        zab("proof", rules, *self, &[])
    }
}

/// Three servers on the clock that have never started, and of whose messages none is lost.
fn on_the_clock<'a>() -> live::Bounds<'a> {
    live::Bounds { servers: 3, elects: true, ..live::Bounds::default() }
}

necessary! {
    majority_elects: MajorityElects breaks ELECTED in 1 within ELECTING;
    rounds_apart: RoundsApart breaks ELECTED in 6 within AGAIN;
    vote_for_newest: VoteForNewest breaks NEWEST in 1 within ELECTING;
    epoch_before_zxid: EpochBeforeZxid breaks NEWEST in 1 within ELECTING;
    better_vote_is_awaited: BetterVoteIsAwaited breaks AGREEMENT in 2 within on_the_clock();
}

/// Where a vote may come at any time, two servers of a round may follow two leaders.
#[test]
fn a_better_vote_that_comes_too_late_leaves_two_leaders() {
    let report = explore("zab/votes-late", Engine::Quorate);
    assert!(!report.is_surprise(), "{report:#?}");
    let found = report.property(AGREEMENT);
    assert_eq!((found.verdict, found.steps), (Verdict::Violated, Some(4)));
}
