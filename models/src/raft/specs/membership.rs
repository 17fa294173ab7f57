//! Clusters that change their servers while leaders change.
//!
//! The orders are on their way from the start and arrive at any moment, each at one server. Only a
//! leader carries one out. No client asks for anything: the entries are no-ops and configurations.

use quorate_checker::AnySpec;
use quorate_checker::spec::Claim;

use super::cut::BOTH;
use super::live::{self, timed};
use super::{Book, EVERY_RULE, Fact, RaftSpec, SEEN, directions, fact, safety};
use crate::kv::{Command, put};
use crate::operator::Operator;
pub use crate::operator::{Asked, add, promote, remove, replace};
use crate::raft::claims::membership::{self, claims};
use crate::system::{Boxed, servers_mut, with_operator};
use quorate_checker::spec::Faults;

/// What a spec lets happen, how many of its servers take part at first, and what is asked of them.
#[derive(Clone, Debug)]
pub struct Bounds<'a> {
    pub founders: usize,
    pub changes: Vec<Asked>,
    pub safety: safety::Bounds<'a>,
}

/// Raft within `bounds`, whose timers fire at any moment: its safety, and the `facts` that must be
/// reachable.
pub fn raft(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> RaftSpec {
    let spec = safety::raft(name, rules, bounds.safety, facts);
    let claims = claims().into_iter().map(|(name, claim)| Claim::always(name, SEEN, claim));
    changing(spec.claims(claims), bounds.founders, bounds.changes, false)
}

/// `spec` with the first servers at first, and an operator that asks for `changes`.
pub(super) fn changing(
    mut spec: RaftSpec,
    founders: usize,
    changes: Vec<Asked>,
    waits: bool,
) -> RaftSpec {
    for server in servers_mut(&mut spec) {
        server.servers.truncate(founders);
    }
    with_operator(spec, Operator::asking(changes, waits))
}

/// So many servers, elections, and nothing else.
pub fn elections(servers: usize, elections: u8) -> safety::Bounds<'static> {
    safety::Bounds { servers, elections, ..safety::Bounds::default() }
}

/// The specs of changes. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        single_change().counts(30_255, 60_763).boxed(),
        removed_leader().counts(740_277, 1_843_192).boxed(),
        joint().counts(24_985, 50_687).boxed(),
        joint_of_nodes().counts(21_004, 66_696).boxed(),
        learner().counts(204_288, 505_287).boxed(),
        disjoint("raft/disjoint-majorities", EVERY_RULE).counts(358, 1_160).boxed(),
        leaver("raft/leaver", EVERY_RULE).counts(66_320, 325_778).boxed(),
        comes_back("raft/comes-back", EVERY_RULE).counts(263_935, 794_537).boxed(),
        removed_plain("raft/removed-plain-live", EVERY_RULE).counts(901, 1_481).boxed(),
        removed("raft/removed-live", EVERY_RULE).counts(22_586, 43_992).boxed(),
        learner_live().counts(175_360, 440_148).boxed(),
        leader_leaves("raft/leader-leaves-live", EVERY_RULE).counts(1_356, 2_026).boxed(),
        out_of_reach("raft/out-of-reach-live", EVERY_RULE).counts(109, 143).boxed(),
        unheard("raft/unheard-live", EVERY_RULE).counts(2_118, 2_932).boxed(),
        learner_of_nodes().counts(3_493, 5_948).boxed(),
        joint_live().counts(455_691, 1_412_549).boxed(),
    ]
}

/// Three servers become two, or one.
fn single_change() -> RaftSpec {
    let changes = vec![(0, remove(1)), (0, remove(2)), (1, remove(0))];
    let bounds = Bounds { founders: 3, changes, safety: elections(3, 2) };
    let facts: &[Fact] = &[A_CHANGE, TWO_CHANGES, REMOVED_STANDS];
    raft("raft/single-change", EVERY_RULE, bounds, facts)
        .summary("servers leave, one after the other, while leaders change")
}

/// The leader leaves.
fn removed_leader() -> RaftSpec {
    let changes = vec![(0, remove(0))];
    let bounds = Bounds { founders: 3, changes, safety: elections(3, 3) };
    let facts: &[Fact] = &[A_CHANGE, REMOVED_LEADS, REMOVED_STANDS];
    raft("raft/removed-leader", EVERY_RULE, bounds, facts)
        .summary("a leader is removed, and leads until that is committed")
}

/// Three servers become one at once, and another two.
fn joint() -> RaftSpec {
    let changes = vec![(0, replace(&[0])), (1, replace(&[1, 2]))];
    let bounds = Bounds { founders: 3, changes, safety: elections(3, 2) };
    let facts: &[Fact] = &[A_CHANGE, JOINT_STAYS];
    raft("raft/joint", EVERY_RULE, bounds, facts)
        .summary("the voters change all at once, through a joint configuration")
}

/// The same of servers that ask before they stand, and of leaders that mind whether they are heard.
fn joint_of_nodes() -> RaftSpec {
    let changes = vec![(0, replace(&[0])), (1, replace(&[1, 2]))];
    let safety = safety::Bounds { options: BOTH, ..elections(3, 1) };
    let bounds = Bounds { founders: 3, changes, safety };
    raft("raft/joint-node", EVERY_RULE, bounds, &[A_CHANGE])
        .summary("the voters change all at once, of servers that ask before they stand")
}

/// A third server comes, learns and gets a vote.
fn learner() -> RaftSpec {
    let changes = vec![(0, add(2)), (0, promote(2))];
    let bounds = Bounds { founders: 2, changes, safety: elections(3, 3) };
    let facts: &[Fact] = &[A_CHANGE, TWO_CHANGES, PROMOTED_LEADS];
    raft("raft/learner", EVERY_RULE, bounds, facts)
        .summary("a server comes, catches up and gets a vote")
}

/// Two leaders each remove the other (Ongaro, raft-dev, 2015): the first alone, the second with the
/// third server. If each might do so at the start of its term, their majorities would not meet.
pub fn disjoint(name: &str, rules: Book) -> RaftSpec {
    let changes = vec![(0, remove(1)), (1, remove(0))];
    raft(name, rules, Bounds { founders: 4, changes, safety: elections(4, 3) }, &[])
        .summary("of four servers two remove each other, and their majorities must meet")
        .directed(
            "S1, S2 and S1 stand in turn; S1 reaches nobody, and S2 only S3",
            directions::disjoint,
        )
}

/// Of four servers the leader leaves, and still takes a command. Who is elected next knows of its
/// removal alone, and needs a majority of the other three: so the leader does, without itself.
pub fn leaver(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let safety = safety::Bounds { scripts, ..elections(4, 2) };
    let bounds = Bounds { founders: 4, changes: vec![(0, remove(0))], safety };
    let mut spec = raft(name, rules, bounds, &[A_CHANGE]);
    // The command is stored before the leader hears that its removal is.
    servers_mut(&mut spec).for_each(|server| server.window = 2);
    spec.summary("the leader of four servers leaves and takes a command, and another is elected")
        .directed("S1 stands, then S3; S1 reaches S2, and S3 until it leaves", directions::leaver)
}

/// A server leaves, loses its store and comes back, all in one term. What it said before is late.
pub fn comes_back(name: &str, rules: Book) -> RaftSpec {
    let faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };
    let safety = safety::Bounds { faults, ..elections(3, 1) };
    let bounds = Bounds { founders: 3, changes: vec![(0, remove(2)), (0, add(2))], safety };
    let mut spec = raft(name, rules, bounds, &[A_CHANGE]);
    // It says more than once what it has.
    servers_mut(&mut spec).for_each(|server| server.window = 2);
    let (claim, holds) = (membership::MATCHED_IS_STORED, membership::matched_is_stored);
    spec.claims([Claim::always(claim, SEEN, holds)])
        .summary("a server leaves and comes back with nothing on its disk")
        .directed("S1 stands, and S3 is wiped when S1 has let it go", directions::comes_back)
}

/// A server is removed, of servers that do not ask before they stand: it must be told, and rest.
pub fn removed_plain(name: &str, rules: Book) -> RaftSpec {
    let bounds = live::Bounds { servers: 3, ..live::Bounds::default() };
    live(name, rules, bounds, 3, vec![(0, remove(2))], &[])
        .summary("a server that is removed rests, where it would not ask before it stands")
}

/// A server is removed and misses it, or that it is for good: it deposes nobody, and in the end it
/// is told and asks nobody any more.
pub fn removed(name: &str, rules: Book) -> RaftSpec {
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds = live::Bounds { servers: 3, faults, options: BOTH, ..live::Bounds::default() };
    live(name, rules, bounds, 3, vec![(0, remove(2))], &[])
        .eventually_always(NOBODY_ASKS, SEEN, membership::nobody_asks)
        .eventually_always(MEMBERS_ALONE, SEEN, membership::followers_are_members)
        .summary("a server that is removed is told so though a message is lost, and deposes nobody")
}

/// A server comes and gets a vote, and another one dies.
fn learner_live() -> RaftSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, drops: 1, ..Faults::NONE };
    let bounds = live::Bounds {
        servers: 3,
        faults,
        recovery: Some(live::RECOVERY),
        ..live::Bounds::default()
    };
    live("raft/learner-live", EVERY_RULE, bounds, 2, vec![(0, add(2)), (0, promote(2))], &[])
        .summary("a server comes and gets a vote, and another one crashes and comes back")
}

/// The leader of two servers leaves, and the other one goes on alone.
pub fn leader_leaves(name: &str, rules: Book) -> RaftSpec {
    let bounds = live::Bounds { servers: 2, early: 1, ..live::Bounds::default() };
    live(name, rules, bounds, 2, vec![(0, remove(0))], &[])
        .summary("the leader of two servers leaves, and the other one leads alone")
}

/// A server learns that cannot be reached: it gets no vote, for without it nothing would be
/// committed any more.
pub fn out_of_reach(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = live::Bounds { servers: 2, scripts, ..live::Bounds::default() };
    live(name, rules, bounds, 1, vec![(0, add(1)), (0, promote(1))], &[])
        .without_link(0, 1)
        .eventually_always(CHANGE_ENDS, SEEN, membership::nothing_pending)
        .summary("a server that cannot be reached learns, and gets no vote")
}

/// Of three servers one cannot be reached, and another one is to leave. Those who stay could commit
/// nothing any more.
pub fn unheard(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = live::Bounds { servers: 3, scripts, options: BOTH, ..live::Bounds::default() };
    live(name, rules, bounds, 3, vec![(0, remove(1)), (1, remove(0))], &[])
        .without_link_between(0, 2)
        .without_link_between(1, 2)
        .summary("a server is to leave, and one of those who stay cannot be reached")
}

/// Of three servers one cannot be reached. A fourth one comes and gets a vote: with it those who
/// are heard are a majority.
fn learner_of_nodes() -> RaftSpec {
    let bounds = live::Bounds { servers: 4, options: BOTH, ..live::Bounds::default() };
    let facts: &[Fact] = &[FOUR_VOTE];
    live("raft/learner-node-live", EVERY_RULE, bounds, 3, vec![(0, add(3)), (0, promote(3))], facts)
        .without_link_between(0, 2)
        .without_link_between(1, 2)
        .without_link_between(2, 3)
        .summary("a server comes and gets a vote, while another one cannot be reached")
}

/// The voters change through a joint configuration, which is left in the end.
fn joint_live() -> RaftSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let bounds = live::Bounds {
        servers: 3,
        faults,
        options: BOTH,
        recovery: Some(live::RECOVERY),
        ..live::Bounds::default()
    };
    live("raft/joint-live", EVERY_RULE, bounds, 3, vec![(0, replace(&[1, 2]))], &[])
        .eventually_always(NOBODY_JOINT, SEEN, membership::nobody_is_joint)
        .eventually_always(NOBODY_ASKS, SEEN, membership::nobody_asks)
        .eventually_always(MEMBERS_ALONE, SEEN, membership::followers_are_members)
        .summary("a joint configuration is left, though its leader may die")
}

pub(super) const A_CHANGE: Fact = fact("a change", membership::a_change);
pub(super) const TWO_CHANGES: Fact = fact("two changes", membership::two_changes);
const JOINT_STAYS: Fact = fact(
    "a joint configuration is committed and not left",
    membership::a_joint_configuration_stays,
);
const REMOVED_STANDS: Fact =
    fact("a removed server still stands", membership::a_removed_server_stands);
const REMOVED_LEADS: Fact = fact("a removed leader leads yet", membership::a_removed_leader_leads);
pub(super) const PROMOTED_LEADS: Fact =
    fact("who learnt leads", membership::a_promoted_server_leads);

const FOUR_VOTE: Fact = fact("four have a vote", membership::four_vote);

/// Nobody stands, nor asks whether it may.
pub const NOBODY_ASKS: &str = "nobody asks any more";
/// A change that is begun comes to its end, or is undone.
pub const NOBODY_JOINT: &str = "no leader stays in a joint configuration";
/// Whoever is removed is sent nothing more once it knows.
pub const MEMBERS_ALONE: &str = "a leader sends entries to members alone";
/// A change that a leader has begun is committed.
pub const CHANGE_ENDS: &str = "no change is pending any more";
/// A quorum of the latest configuration follows a leader.
pub const QUORUM_FOLLOWS: &str = "a quorum follows a leader";

/// Raft on the clock, whose cluster changes.
pub fn live(
    name: &str,
    rules: Book,
    bounds: live::Bounds<'_>,
    founders: usize,
    changes: Vec<Asked>,
    facts: &[Fact],
) -> RaftSpec {
    let spec = timed(name, rules, bounds, facts).eventually_always(
        QUORUM_FOLLOWS,
        SEEN,
        membership::a_quorum_follows,
    );
    changing(spec, founders, changes, true)
}
