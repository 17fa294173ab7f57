//! The rules of liveness of Viewstamped Replication: without each of them there is a run in which
//! something never happens, or it takes longer than it has to.

use std::sync::Arc;

use quorate_checker::engine::Miss;
use quorate_checker::spec::Faults;
use quorate_models::claims::all_answered;
use quorate_models::kv::{get, put};
use quorate_models::viewstamped::Viewstamped;
use quorate_models::viewstamped::claims::ghost::Ghost;
use quorate_models::viewstamped::claims::properties::all_caught_up;
use quorate_models::viewstamped::rules::Rule;
use quorate_models::viewstamped::specs::live::{
    ALL_ANSWERED, Bounds, CAUGHT_UP, ONE_VIEW, viewstamped,
};
use quorate_models::viewstamped::specs::{Book, CRASH, Checked, ViewstampedSpec, short_of_room};

use crate::proofs::{Within, missed, slower};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = Viewstamped<Checked>;
    type Ghost = Arc<Ghost>;

    fn spec(&self, rules: Book) -> ViewstampedSpec {
        viewstamped("proof", rules, self.clone(), &[])
    }
}

/// So many replicas, and a client that writes.
macro_rules! of {
    ($replicas:literal, $($field:ident: $value:expr),*) => {
        Bounds {
            replicas: $replicas,
            scripts: &[&[put("x", "1")]],
            $($field: $value,)*
            ..Bounds::default()
        }
    };
}

const DROP: Faults = Faults { drops: 1, ..Faults::NONE };
const CRASH_AND_DROP: Faults = Faults { drops: 1, ..CRASH };
const TWO_CRASHES: Faults = Faults { crashes: 2, down_at_once: 2, ..Faults::NONE };

missed! {
    primary_is_heard: PrimaryIsHeard lets ONE_VIEW be missed by Unbounded in 132
        within of!(3, faults: DROP);
    silence_is_noticed: SilenceIsNoticed lets ONE_VIEW be missed by Lasso in 21
        within of!(3, faults: CRASH, recovery: Some(1..=7));
    next_view_is_wanted: NextViewIsWanted lets ONE_VIEW be missed by Lasso in 147
        within of!(5, faults: TWO_CRASHES);
    others_join: OthersJoin lets ONE_VIEW be missed by Unbounded in 93
        within of!(3, faults: CRASH);
    prepares_are_sent_again: PreparesAreSentAgain lets CAUGHT_UP be missed by Lasso in 17
        within of!(3, early: 1, faults: DROP);
    asks_for_state: AsksForState lets CAUGHT_UP be missed by Lasso in 12
        within of!(3, faults: DROP);
    recovery_is_sent_again: RecoveryIsSentAgain lets ONE_VIEW be missed by Lasso in 30
        within of!(3, faults: CRASH, recovery: Some(1..=7));
    retry_is_answered: RetryIsAnswered lets ALL_ANSWERED be missed by Lasso in 23
        within of!(3, faults: DROP);
    client_asks_again: ClientAsksAgain lets ALL_ANSWERED be missed by Lasso in 12
        within of!(3, faults: CRASH);
    client_tries_another: ClientTriesAnother lets ALL_ANSWERED be missed by Lasso in 17
        within of!(3, faults: CRASH);
}

slower! {
    next_is_asked_at_once: NextIsAskedAtOnce lets CAUGHT_UP take 4 ticks instead of 2
        until all_caught_up
        within Bounds {
            scripts: &[&[put("x", "1"), get("x")]],
            ..of!(3, faults: DROP, limits: short_of_room(12))
        };
    view_change_is_sent_again: ViewChangeIsSentAgain lets ALL_ANSWERED take 10 ticks instead of 8
        until all_answered within of!(3, faults: CRASH_AND_DROP);
    primary_is_named: PrimaryIsNamed lets ALL_ANSWERED take 6 ticks instead of 2
        until all_answered within of!(3, faults: DROP);
    client_follows_redirect: ClientFollowsRedirect lets ALL_ANSWERED take 6 ticks instead of 2
        until all_answered within of!(3, faults: DROP);
}
