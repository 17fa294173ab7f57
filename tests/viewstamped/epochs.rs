//! The rules of reconfigurations: without each of them there is a run in which replicas of two
//! epochs decide different things, or in which something never happens.

use std::sync::Arc;

use quorate_checker::engine::Miss;
use quorate_checker::report::Verdict;
use quorate_checker::spec::{Action, ActionOf, Faults, State};
use quorate_models::kv::put;
use quorate_models::member;
use quorate_models::rules::AllBut;
use quorate_models::service::Message::{Peer, Request};
use quorate_models::viewstamped::claims::ghost::Ghost;
use quorate_models::viewstamped::claims::properties::{
    GROUP_FOLLOWS, LOGS_AGREE, MAJORITY_HOLDS, NOTHING_IS_LOST, the_group_takes_part,
};
use quorate_models::viewstamped::message::Message;
use quorate_models::viewstamped::rules::Rule;
use quorate_models::viewstamped::specs::live::{self, ONE_VIEW};
use quorate_models::viewstamped::specs::{
    Asked, Book, Bounds, CRASH, Checked, Epochs, REPLACED_MAY_GO, TAKES_PART, ViewstampedSpec,
    epochs, epochs_live, short_of_room,
};
use quorate_models::viewstamped::{Limits, Timer, Viewstamped};

use crate::proofs::{Within, assert_breaks, explore, missed, necessary, slower};

impl Within for Epochs<'_, live::Bounds<'_>> {
    type Rule = Rule;
    type Actor = Viewstamped<Checked>;
    type Ghost = Arc<Ghost>;

    fn spec(&self, rules: Book) -> ViewstampedSpec {
        epochs_live("proof", rules, self, &[])
    }
}

impl Within for Epochs<'_, Bounds<'_>> {
    type Rule = Rule;
    type Actor = Viewstamped<Checked>;
    type Ghost = Arc<Ghost>;

    fn spec(&self, rules: Book) -> ViewstampedSpec {
        epochs("proof", rules, self, &[])
    }
}

/// So many replicas at first, of so many; one order, to the first of them; and a client that
/// writes, or two that do.
macro_rules! from {
    ($founders:literal of $replicas:literal, $asked:expr $(, $field:ident: $value:expr)*) => {
        from!(@ &[&[put("x", "1")]], $founders, $replicas, $asked $(, $field: $value)*)
    };
    (two, $founders:literal of $replicas:literal, $asked:expr $(, $field:ident: $value:expr)*) => {
        from!(@ &[&[put("x", "1")], &[put("x", "2")]], $founders, $replicas, $asked
            $(, $field: $value)*)
    };
    (@ $scripts:expr, $founders:literal, $replicas:literal, $asked:expr
        $(, $field:ident: $value:expr)*) => {
        Epochs {
            founders: $founders,
            changes: &[(0, $asked)],
            bounds: Bounds {
                replicas: $replicas,
                scripts: $scripts,
                $($field: $value,)*
                ..Bounds::default()
            },
        }
    };
}

necessary! {
    epoch_stops_old: EpochStopsOld breaks LOGS_AGREE in 14
        within from!(two, 2 of 3, Asked::Replace(&[2]), retries: 2);
    epoch_begins_with_state: EpochBeginsWithState breaks GROUP_FOLLOWS in 9
        within from!(2 of 3, Asked::Add(2), silences: 1);
    group_decides: GroupDecides breaks MAJORITY_HOLDS in 9
        within from!(1 of 3, Asked::Replace(&[1, 2]), retries: 1);
    group_travels: GroupTravels breaks GROUP_FOLLOWS in 18
        within from!(1 of 3, Asked::Replace(&[0, 1, 2]), agains: 1,
            limits: Limits { keep: 64, ..short_of_room(1 << 20) });
}

/// So many replicas at first, of so many; one order; and a client that writes.
macro_rules! in_time {
    ($founders:literal of $replicas:literal, $asked:expr $(, $field:ident: $value:expr)*) => {
        Epochs {
            founders: $founders,
            changes: &[(0, $asked)],
            bounds: live::Bounds {
                replicas: $replicas,
                scripts: &[&[put("x", "1")]],
                $($field: $value,)*
                ..live::Bounds::default()
            },
        }
    };
}

const DROP: Faults = Faults { drops: 1, ..Faults::NONE };

mod liveness {
    use super::*;

    missed! {
        old_epoch_is_told: OldEpochIsTold lets ONE_VIEW be missed by Unbounded in 263
            within in_time!(3 of 4, Asked::Replace(&[0, 1, 3]), faults: DROP);
        replaced_gives: ReplacedGives lets ONE_VIEW be missed by Unbounded in 407
            within in_time!(3 of 4, Asked::Replace(&[1, 2, 3]), faults: CRASH);
        start_epoch_is_sent_again: StartEpochIsSentAgain lets REPLACED_MAY_GO be missed by
            Lasso in 30 within in_time!(3 of 4, Asked::Replace(&[0, 1, 3]), faults: DROP);
    }

    slower! {
        start_epoch_is_sent: StartEpochIsSent lets TAKES_PART take 1 ticks instead of 0
            until the_group_takes_part within in_time!(1 of 2, Asked::Add(1));
    }
}
pub use liveness::{MISSED, SLOWER};

/// A state of these specs.
type Now = State<Viewstamped<Checked>, Arc<Ghost>>;

/// S1 ends the first epoch with S2, and begins the next one with S4. That commits what the client
/// asks for. Then S1 forgets that, and S2 and S3 know of no next epoch.
fn the_first_forgets((): &(), now: &Now, action: &ActionOf<Viewstamped<Checked>>) -> bool {
    let states = &now.system.actor_states;
    let epoch = |id: usize| states[id].server().map_or(0, |replica| replica.epoch().0);
    let is_answered = states.iter().filter_map(|it| it.client()).all(|it| !it.answers.is_empty());
    match action {
        Action::Crash(id) | Action::Rollback(id) => usize::from(*id) == 0 && is_answered,
        Action::Timeout(id, member::Timer::Server(Timer::Silence)) => {
            let leads = states[0].server().is_some_and(|replica| replica.is_primary());
            usize::from(*id) == 1 && is_answered && !leads
        }
        Action::Deliver { msg: Request(_), .. } => epoch(0) == 1,
        Action::Deliver { src, dst, msg: Peer(message) } => {
            let [src, dst] = [*src, *dst].map(usize::from);
            let is_late = matches!(
                message,
                Message::Commit(_) | Message::StartEpoch(_) | Message::EpochStarted(_)
            );
            if is_answered {
                return src != 3 && dst != 3 && !(is_late && (src == 0 || dst == 2));
            }
            [0, 3].contains(&dst) || dst == 1 && matches!(message, Message::Prepare(_))
        }
        _ => true,
    }
}

fn assert_broken_when_the_first_forgets(rule: Rule, faults: Faults, steps: usize) {
    let bounds = from!(3 of 4, Asked::Replace(&[0, 1, 3]), silences: 1, faults: faults);
    let spec =
        |rules: Vec<Rule>| bounds.spec(AllBut(rules)).directed("some runs only", the_first_forgets);
    assert_breaks(spec(vec![rule]), NOTHING_IS_LOST, steps);
    let control = explore(spec(Vec::new()).only(NOTHING_IS_LOST));
    println!("control {} states {:.1} s", control.states, control.seconds);
    assert_eq!((control.verdict, control.cut_short), (Verdict::Holds, None));
}

#[test]
fn group_is_on_disk() {
    assert_broken_when_the_first_forgets(Rule::GroupIsOnDisk, CRASH, 20);
}

/// The same with a new disk, which cannot say so.
#[test]
fn new_store_counts() {
    let wipe = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };
    assert_broken_when_the_first_forgets(Rule::NewStoreCounts, wipe, 20);
}

/// What the tests above suspend, one by one.
pub const DIRECTED: &[(Rule, &str)] =
    &[(Rule::GroupIsOnDisk, NOTHING_IS_LOST), (Rule::NewStoreCounts, NOTHING_IS_LOST)];
