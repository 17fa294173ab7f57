//! Fast leader election alone: what holds whatever becomes of the messages, and what only time
//! brings.
//!
//! Nothing but votes is delivered. So no history changes, and a server that has finished a round
//! hears of no epoch. Messages have no order, and one that is never delivered is lost.

use std::sync::Arc;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Action, ActionOf, Claim, Spec, State};

use super::safety::is_silence;
use super::{Book, Checked, Disk, EVERY_RULE, Fact, SEEN, ZabSpec, fact, storages, system};
use crate::member::Timer::Server;
use crate::service::Message::Peer;
use crate::system::{Boxed, suspended};
use crate::zab::claims::ghost::Ghost;
use crate::zab::claims::{obsolete, votes};
use crate::zab::message::Message::Notification;
use crate::zab::{Elections, Flow, Timer, Zab};

/// What a spec of votes lets happen, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    /// What is on the servers' disks: there are as many servers.
    pub disks: &'a [Disk<'a>],
    /// How often somebody has waited long enough for a better vote, in total.
    pub decisions: u8,
    /// How often somebody misses its leader, or its followers, in total.
    pub silences: u8,
}

/// S1 and S2 have different transactions behind the same one, and S3 has fewer: S1 the longer log,
/// and S2 that of the later epoch.
pub const FORKED: &[Disk<'_>] = &[
    Disk { epoch: 1, log: &[(1, 1), (1, 2)], in_snapshot: 0 },
    Disk { epoch: 2, log: &[(1, 1)], in_snapshot: 0 },
    Disk { epoch: 1, log: &[(1, 1)], in_snapshot: 0 },
];

/// The first two of them.
const TWO: &[Disk<'_>] = &[
    Disk { epoch: 1, log: &[(1, 1), (1, 2)], in_snapshot: 0 },
    Disk { epoch: 2, log: &[(1, 1)], in_snapshot: 0 },
];

/// Three servers with different histories elect.
pub const ELECTING: Bounds<'_> = Bounds { disks: FORKED, decisions: 3, silences: 0 };

/// Two servers elect, and look again when they hear nothing of each other.
pub const AGAIN: Bounds<'_> = Bounds { disks: TWO, decisions: 3, silences: 2 };

/// Fast leader election within `bounds`, and the facts that must be reachable.
pub fn zab(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> ZabSpec {
    let prunes = obsolete::applies(&rules);
    let suspended = suspended(&rules);
    let claims = [
        Claim::always(votes::ELECTED, SEEN, votes::elected),
        Claim::always(votes::NEWEST, SEEN, votes::newest),
    ];
    let (servers, fast) = (bounds.disks.len(), Elections::Fast { first: None });
    let system = system(rules, servers, fast, (Flow::PLAIN, None), (&[], &[]));
    let mut spec = Spec::new(name, system, servers)
        .claims(claims.into_iter().chain(facts.iter().cloned()))
        .suspending(suspended)
        .ghost(votes::observe)
        .timeouts("decisions", |timer| *timer == Server(Timer::Elect), bounds.decisions)
        .timeouts("silences", is_silence, bounds.silences)
        .timeouts("words said again", |timer| *timer == Server(Timer::Again), 0)
        .directed(NOTHING_BUT_VOTES, is_vote);
    spec.storages = storages(servers, bounds.disks);
    if prunes { spec.obsolete(obsolete::is_obsolete) } else { spec }
}

/// What [`is_vote`] restricts, in words.
const NOTHING_BUT_VOTES: &str = "nothing but votes is delivered";

/// False of a message that is no vote.
fn is_vote((): &(), _: &State<Zab<Checked>, Arc<Ghost>>, action: &ActionOf<Zab<Checked>>) -> bool {
    !matches!(action, Action::Deliver { msg, .. } if !matches!(msg, Peer(Notification(_))))
}

/// The specs of fast leader election. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        electing().counts(184_285, 695_227).boxed(),
        electing_again().counts(2_017, 3_471).boxed(),
        disagreeing().boxed(),
    ]
}

/// Three servers with different histories elect.
pub fn electing() -> ZabSpec {
    let facts: &[Fact] = &[
        fact("all have finished", votes::all_finished),
        fact("a server joins those that have elected", votes::a_joiner),
    ];
    zab("zab/votes", EVERY_RULE, ELECTING, facts)
        .summary("three servers with different histories elect, whatever becomes of their votes")
}

/// One looks again.
pub fn electing_again() -> ZabSpec {
    let facts: &[Fact] = &[
        fact("all have finished", votes::all_finished),
        fact("a second round", votes::a_second_round),
    ];
    zab("zab/votes-again", EVERY_RULE, AGAIN, facts)
        .summary("two servers elect, and look again when they hear nothing of each other")
}

/// A vote that comes too late leaves two leaders of one round. That is no fault of the votes: an
/// epoch takes a majority that has accepted it.
fn disagreeing() -> ZabSpec {
    let agreement = Claim::always(votes::AGREEMENT, SEEN, votes::agreement);
    zab("zab/votes-late", EVERY_RULE, ELECTING, &[])
        .claim(agreement)
        .only(votes::AGREEMENT)
        .summary(
            "a better vote comes too late, and two servers lead that were elected in one round",
        )
        .expect_violation(votes::AGREEMENT)
}
