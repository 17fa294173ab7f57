//! Links that are down while all servers are up: what it takes that a majority of servers that
//! reach each other has a leader, keeps it, and gets on.
//!
//! Basic Raft lets whoever does not hear the leader depose it. A pre-vote mends that, and leaves a
//! leader in office that reaches too few; that a leader checks its quorum mends this, and leaves a
//! server that is cut off standing for ever. Both together hold, unless the only server that
//! reaches a majority lacks an entry (thesis §9.6, §6.2; the last is that of Omni-Paxos).

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Cut, Faults};

use super::live::{ALL_FOLLOW, Bounds, LATER_LEADER, timed};
use super::{BASIC, Book, EVERY_RULE, Fact, RaftSpec, SEEN, directions, fact};
use crate::kv::{Command, put};
use crate::raft::Options;
use crate::raft::claims::properties;
use crate::system::Boxed;

/// The options of a node.
pub const BOTH: Options =
    Options { pre_vote: true, check_quorum: true, follower_reads: true, ..BASIC };

/// A majority follows a leader in its term, and goes on to.
pub const MAJORITY_FOLLOWS: &str = "a majority follows a leader";
/// Nobody stands any more.
pub const NOBODY_STANDS: &str = "nobody stands any more";
/// Nobody stands where the first leader is heard.
pub const ONE_TERM: &str = "there is one term";

/// Raft with these options, of which a majority must have a leader whatever is cut.
pub fn raft(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> RaftSpec {
    let spec = timed(name, rules, bounds, facts);
    spec.eventually_always(MAJORITY_FOLLOWS, SEEN, properties::a_majority_follows)
}

/// The specs of cut links. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        partition("raft/partition-live", EVERY_RULE, BOTH).counts(2_058, 3_032).boxed(),
        partition_basic().counts(1_517, 2_735).boxed(),
        one_way("raft/one-way-live", EVERY_RULE, BOTH).counts(2_193, 3_318).boxed(),
        one_way_basic().counts(826, 1_406).boxed(),
        bridge("raft/bridge-live", EVERY_RULE, BOTH).counts(325_310, 861_445).boxed(),
        pre_vote_alone().counts(33_036, 77_059).boxed(),
        cut_off("raft/cut-off-live", EVERY_RULE, BOTH).counts(67_886, 100_120).boxed(),
        check_quorum_alone().counts(197_482, 261_921).boxed(),
        returning("raft/returning-live", EVERY_RULE, BOTH).counts(6_622, 12_265).boxed(),
        deaf("raft/deaf-live", EVERY_RULE, BOTH).counts(283, 354).boxed(),
        deaf_to_the_leader().counts(516, 652).boxed(),
        unequal("raft/unequal-live", EVERY_RULE, BOTH).counts(248_429, 666_180).boxed(),
        star().counts(1_828_183, 3_231_498).boxed(),
    ]
}

/// One link of three is down.
pub fn partition(name: &str, rules: Book, options: Options) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, options, ..Bounds::default() };
    raft(name, rules, bounds, &[ASKS_THOUGH_LED])
        .without_link_between(0, 1)
        .summary("one link of three is down, and nobody deposes the leader that a majority hears")
}

/// Whoever does not hear the leader deposes it, for ever.
fn partition_basic() -> RaftSpec {
    let bounds = Bounds { servers: 3, ..Bounds::default() };
    raft("raft/partition-basic-live", EVERY_RULE, bounds, &[])
        .without_link_between(0, 1)
        .summary("one link of three is down, and two servers of basic Raft depose each other")
        .expect_violation(MAJORITY_FOLLOWS)
}

/// One link of three is down one way.
pub fn one_way(name: &str, rules: Book, options: Options) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, options, ..Bounds::default() };
    raft(name, rules, bounds, &[])
        .without_link(0, 1)
        .summary("one link of three is down one way, and a majority has a leader all the same")
}

/// If the sender leads, the other deposes it, for ever.
fn one_way_basic() -> RaftSpec {
    let bounds = Bounds { servers: 3, ..Bounds::default() };
    raft("raft/one-way-basic-live", EVERY_RULE, bounds, &[])
        .without_link(0, 1)
        .summary("one link of three is down one way, and a server of basic Raft deposes leaders")
        .expect_violation(MAJORITY_FOLLOWS)
}

/// Of four servers the first reaches one, at a moment of the search's choice, and the others reach
/// each other. If it leads by then, it must go.
pub fn bridge(name: &str, rules: Book, options: Options) -> RaftSpec {
    let bounds = Bounds { servers: 4, options, ..Bounds::default() };
    raft(name, rules, bounds, &[LATER_LEADER])
        .cut(Cut::between([0], [2, 3]))
        .summary("a leader reaches one of three that reach each other, and they elect another")
}

/// The bridge hears the old leader, and refuses the others, which are no majority without it.
fn pre_vote_alone() -> RaftSpec {
    let options = Options { pre_vote: true, ..BASIC };
    let bounds = Bounds { servers: 4, options, ..Bounds::default() };
    raft("raft/pre-vote-alone-live", EVERY_RULE, bounds, &[])
        .cut(Cut::between([0], [2, 3]))
        .summary("pre-vote alone: a leader that reaches one server keeps three from electing")
        .expect_violation(MAJORITY_FOLLOWS)
}

/// A server is cut off from the two others, at a moment of the search's choice.
pub fn cut_off(name: &str, rules: Book, options: Options) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, options, ..Bounds::default() };
    timed(name, rules, bounds, &[LATER_LEADER])
        .cut(Cut::between([0], [1, 2]))
        .eventually_always(NOBODY_STANDS, SEEN, properties::nobody_stands)
        .summary("a server is cut off, and asks without end, but stands no more")
}

/// A server that is cut off stands again and again, and each time in a newer term. The others do
/// not mind.
fn check_quorum_alone() -> RaftSpec {
    let options = Options { check_quorum: true, ..BASIC };
    let mut spec = cut_off("raft/check-quorum-alone-live", EVERY_RULE, options);
    // The one that is cut off adds elections of its own to those of the others.
    if let Some(restless) = spec.timely.as_mut().and_then(|timely| timely.restless.as_mut()) {
        restless.bound *= 2;
    }
    spec.summary("check-quorum alone: the term of a server that is cut off grows without end")
        .expect_violation(NOBODY_STANDS)
}

/// A follower is cut off and comes back, before it has missed its leader or after.
pub fn returning(name: &str, rules: Book, options: Options) -> RaftSpec {
    let bounds = Bounds { servers: 3, options, ..Bounds::default() };
    let one_term = Claim::always(ONE_TERM, SEEN, properties::one_term);
    raft(name, rules, bounds, &[ASKS_THOUGH_LED])
        .claims([one_term])
        .cut(Cut::between([2], [0, 1]).healing(1..=5))
        .directed("S1 leads first, and then links are cut", directions::first_leads_first)
        .eventually_always(ALL_FOLLOW, SEEN, properties::all_follow_a_leader)
        .summary("a server that comes back deposes no leader")
}

/// A server that hears nobody asks all the others, for ever.
pub fn deaf(name: &str, rules: Book, options: Options) -> RaftSpec {
    let bounds = Bounds { servers: 3, options, ..Bounds::default() };
    raft(name, rules, bounds, &[ASKS_THOUGH_LED])
        .without_link(0, 2)
        .without_link(1, 2)
        .summary("a server that hears nobody asks all, and the others elect a leader all the same")
}

/// With check-quorum alone it stands, and those that hear the leader do not mind.
fn deaf_to_the_leader() -> RaftSpec {
    let options = Options { check_quorum: true, ..BASIC };
    deaf_and_led("raft/deaf-follower-live", EVERY_RULE, options)
        .summary("a server that hears nobody stands, and those that hear a leader keep to it")
}

/// The same, when the first server leads already.
pub fn deaf_and_led(name: &str, rules: Book, options: Options) -> RaftSpec {
    let bounds = Bounds { servers: 3, options, ..Bounds::default() };
    timed(name, rules, bounds, &[])
        .without_link(0, 2)
        .without_link(1, 2)
        .claims([Claim::always(ONE_TERM, SEEN, properties::one_term_of_two)])
        .directed("S1 leads first", directions::first_leads_first)
}

/// A server is cut off, and when it is back another one is gone for good: of the two that are left
/// one may be in the newer term, and the other have the newer log.
pub fn unequal(name: &str, rules: Book, options: Options) -> RaftSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let bounds = Bounds { servers: 3, faults, options, ..Bounds::default() };
    raft(name, rules, bounds, &[LATER_LEADER])
        .cut(Cut::between([0], [1, 2]).healing(1..=6))
        .summary("a server comes back, another one is gone, and the two that are left agree")
}

/// Only the second of four servers reaches a majority, and it lacks an entry of the first, which is
/// cut off: nobody can be elected.
fn star() -> RaftSpec {
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds = Bounds { servers: 4, faults, options: BOTH, ..Bounds::default() };
    let mut all_but_the_star = Cut::between([0], [1, 2, 3]);
    all_but_the_star.links.extend(Cut::between([2], [3]).links);
    raft("raft/star-live", EVERY_RULE, bounds, &[])
        .cut(all_but_the_star)
        .directed("S1 leads first, and then links are cut", directions::first_leads_first)
        .summary("only one of four servers reaches a majority, and it lacks an entry")
        .expect_violation(MAJORITY_FOLLOWS)
}

const ASKS_THOUGH_LED: Fact =
    fact("a server asks to stand while a majority is led", properties::asks_though_led);
