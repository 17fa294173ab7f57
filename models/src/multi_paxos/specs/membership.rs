//! Clusters that change their servers while leaders change.
//!
//! The orders are on their way from the start and arrive at any moment, each at one server. Only a
//! leader carries one out.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Action, ActionOf, Claim, Faults};
use stateright::actor::Id;

use super::{
    Book, COMPACT, CRASH, Checked, EVERY_RULE, Fact, LIMITS, MultiPaxosSpec, NOTHING_KEPT, Now,
    SEEN, WIPE, fact, founders, live, safety,
};
use crate::kv::{Command, put};
use crate::member::Timer::Server;
use crate::multi_paxos::ballot::Ballot;
use crate::multi_paxos::claims::membership::{self, claims};
use crate::multi_paxos::claims::obsolete;
use crate::multi_paxos::claims::properties::{self, ONE_VALUE, QUORUM_PROMISED};
use crate::multi_paxos::log::Value;
use crate::multi_paxos::message::Message;
use crate::multi_paxos::rules::Rule;
use crate::multi_paxos::{Limits, MultiPaxos, Timer};
use crate::number::{Index, Round};
use crate::operator::Operator;
pub use crate::operator::{Asked, add, promote, remove, replace};
use crate::rules::AllBut;
use crate::service;
use crate::system::{Boxed, servers_mut, with_operator};

/// What a spec lets happen, how many of its servers vote at first and how many learn, and what is
/// asked of them.
#[derive(Clone, Debug)]
pub struct Bounds<'a> {
    pub founders: usize,
    pub learners: usize,
    pub changes: Vec<Asked>,
    pub safety: safety::Bounds<'a>,
}

/// A change takes effect so many slots behind its own.
pub const fn alpha(alpha: u64) -> Limits {
    Limits { alpha, ..LIMITS }
}

/// Multi-Paxos within `bounds`: its safety, and the facts that must be reachable. Who has promised
/// the ballot of a leader is not claimed: it began by the promises of those who decided then.
pub fn multi_paxos(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> MultiPaxosSpec {
    let mut spec = safety::multi_paxos(name, rules, bounds.safety, facts);
    spec.claims.retain(|claim| claim.name != QUORUM_PROMISED);
    let claims = claims().into_iter().map(|(name, claim)| Claim::always(name, SEEN, claim));
    changing(spec.claims(claims), bounds.founders, bounds.learners, bounds.changes, false)
}

/// `spec` with the first servers as voters, the next ones as learners, and an operator that asks
/// for `changes`.
fn changing(
    mut spec: MultiPaxosSpec,
    voters: usize,
    learners: usize,
    changes: Vec<Asked>,
    waits: bool,
) -> MultiPaxosSpec {
    for server in servers_mut(&mut spec) {
        server.founders = founders((0..voters).map(Id::from));
        server.founders.learners = (voters..voters + learners).map(Id::from).collect();
    }
    if spec.obsolete.is_some() {
        spec = spec.obsolete(obsolete::is_obsolete_among_members);
    }
    with_operator(spec, Operator::asking(changes, waits))
}

/// Of those who have a vote in the end one leads, and a majority follows it.
pub const MAJORITY_FOLLOWS: &str = "a majority of the voters follows one of them";
/// Who has a vote in the end and is up knows everything.
pub const VOTERS_KNOW: &str = "all voters know the same to be chosen, and nothing is open";
/// Who has no vote any more lets the others be.
pub const NOBODY_DISTURBS: &str = "nobody stands or leads who has no vote";
/// A change that a leader knows of takes effect.
pub const CHANGE_ENDS: &str = "no change is pending any more";

/// Multi-Paxos on the clock, whose cluster changes: what must happen whatever the faults were, and
/// the `facts` that must be reachable.
pub fn live(
    name: &str,
    rules: Book,
    bounds: live::Bounds<'_>,
    voters: usize,
    learners: usize,
    changes: Vec<Asked>,
    facts: &[Fact],
) -> MultiPaxosSpec {
    let mut spec = live::multi_paxos(name, rules, bounds, facts);
    spec.temporal.retain(|it| it.name == live::ALL_ANSWERED);
    let spec = spec
        .eventually_always(MAJORITY_FOLLOWS, SEEN, membership::a_majority_follows)
        .eventually_always(VOTERS_KNOW, SEEN, membership::members_caught_up)
        .eventually_always(NOBODY_DISTURBS, SEEN, membership::nobody_disturbs)
        .eventually_always(CHANGE_ENDS, SEEN, membership::nothing_pending);
    changing(spec, voters, learners, changes, true)
}

/// The specs of changes. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        members_add().counts(88_996, 230_659).boxed(),
        members_remove().counts(316_832, 980_601).boxed(),
        members_write().counts(396_140, 1_290_991).boxed(),
        members_swap().counts(548_468, 2_516_563).boxed(),
        members_swap_one().counts(8_599, 24_299).boxed(),
        members_at_once().boxed(),
        members_snapshot().counts(8_028, 22_465).boxed(),
        members_wiped().counts(599_859, 1_297_875).boxed(),
        members_forget().counts(4_103, 8_106).boxed(),
        members_live().counts(65_259, 253_060).boxed(),
        members_replace_live().counts(879, 1_273).boxed(),
        members_away_live().counts(291_213, 790_008).boxed(),
        members_away_snapshot_live().counts(1_367, 2_292).boxed(),
        members_remove_live().counts(8_952, 17_464).boxed(),
    ]
}

/// A third server comes, learns and gets a vote, while two stand.
pub fn members_add() -> MultiPaxosSpec {
    let changes = vec![(0, add(2)), (0, promote(2))];
    let safety = safety::Bounds { agains: 1, ..of(3, alpha(2)) };
    let bounds = Bounds { founders: 2, learners: 0, changes, safety };
    multi_paxos("multi-paxos/members-add", EVERY_RULE, bounds, &[A_CHANGE, NEW_LEADS])
        .summary("a server comes, catches up and gets a vote")
}

/// So many servers, two of which stand.
pub fn of(servers: usize, limits: Limits) -> safety::Bounds<'static> {
    safety::Bounds { servers, limits, silences: 2, ..safety::Bounds::default() }
}

/// The leader leaves.
pub fn members_remove() -> MultiPaxosSpec {
    let bounds =
        Bounds { founders: 3, learners: 0, changes: vec![(0, remove(0))], safety: of(3, alpha(2)) };
    multi_paxos("multi-paxos/members-remove", EVERY_RULE, bounds, &[A_CHANGE, OTHER_LEADS])
        .summary("a leader is removed, and leads until that takes effect")
}

/// The leader leaves, and a client writes. A change takes effect with the next slot.
pub fn members_write() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let safety = safety::Bounds { scripts, ..of(3, alpha(1)) };
    let bounds = Bounds { founders: 3, learners: 0, changes: vec![(0, remove(0))], safety };
    multi_paxos("multi-paxos/members-write", EVERY_RULE, bounds, &[A_CHANGE, BY_NEW])
        .summary("a leader is removed while a client writes, and those who are left decide")
}

/// A server takes the place of another one, and two clients write.
pub fn swap<'a>(scripts: &'a [&'a [Command]], limits: Limits) -> Bounds<'a> {
    let safety = safety::Bounds { scripts, agains: 1, ..of(4, limits) };
    Bounds { founders: 3, learners: 1, changes: vec![(0, replace(&[0, 1, 3]))], safety }
}

/// Of three servers one leaves and another one comes, at once: that a majority of those before and
/// one of those behind have one server in common is not said.
pub fn members_swap() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let facts: &[Fact] = &[A_CHANGE, BY_NEW];
    multi_paxos("multi-paxos/members-swap", EVERY_RULE, swap(scripts, alpha(2)), facts)
        .directed(HALF_IS_TOLD, half_is_told)
        .summary("a server takes the place of another one, and the next leader has to find out")
}

/// The same bounds, and one slot is open at a time.
pub fn members_swap_one() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let facts: &[Fact] = &[A_CHANGE, BY_NEW];
    multi_paxos("multi-paxos/members-swap-one", EVERY_RULE, swap(scripts, alpha(1)), facts)
        .directed(HALF_IS_TOLD, half_is_told)
        .summary("a server takes the place of another one, whose effect waits for one slot")
}

/// The bounds of [`members_swap`], and the change takes effect at once: the leader has proposed
/// something for the next slot, and does not know that others decide about it.
pub fn members_at_once() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let rules = AllBut(vec![Rule::TakesEffectLater]);
    multi_paxos("multi-paxos/members-at-once", rules, swap(scripts, alpha(2)), &[])
        .directed(HALF_IS_TOLD, half_is_told)
        .summary("a change that takes effect at once, though the next slot is open")
        .only(ONE_VALUE)
        .expect_violation(ONE_VALUE)
}

/// What [`half_is_told`] restricts, in words.
pub const HALF_IS_TOLD: &str = "S1 stands, then S2; S1 reaches S4, and S2 with the change and \
                                no-ops only, and is reached by nothing of S2 but answers";

/// True of what [`HALF_IS_TOLD`] says.
pub fn half_is_told((): &(), now: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    let Some(first) = now.system.actor_states[0].server() else { return false };
    match action {
        Action::Timeout(id, Server(Timer::Silence)) => match usize::from(*id) {
            0 => first.promised().round == Round::ZERO,
            id => id == 1,
        },
        Action::Timeout(id, Server(Timer::Again)) => usize::from(*id) == 0,
        Action::Deliver { src, dst, msg: service::Message::Peer(message) } => {
            match (usize::from(*src), usize::from(*dst), message) {
                (0, 2, _) | (2, 0, _) => false,
                (1, 0, message) => matches!(message, Message::Promise(_) | Message::Accepted(_)),
                (0, 1, Message::Prepare(_)) => true,
                (0, 1, Message::Accept(m)) => m.slot == Index(1) || m.value == Value::NoOp,
                (0, 1, _) => false,
                _ => true,
            }
        }
        _ => true,
    }
}

/// The third server leaves, each one takes a snapshot of each slot, and one crashes.
pub fn compacted() -> Bounds<'static> {
    let limits = Limits { alpha: 1, ..COMPACT };
    let safety = safety::Bounds { silences: 1, faults: CRASH, ..of(3, limits) };
    Bounds { founders: 3, learners: 0, changes: vec![(0, remove(2))], safety }
}

/// A server that starts again knows from its snapshot who takes part.
pub fn members_snapshot() -> MultiPaxosSpec {
    let facts: &[Fact] = &[A_CHANGE, STARTS_WITH_IT];
    multi_paxos("multi-paxos/members-snapshot", EVERY_RULE, compacted(), facts)
        .summary("a server is removed, and one that starts knows that from its snapshot alone")
}

/// A server that has lost its disk leaves, comes back, and gets a vote with its new store.
pub fn members_wiped() -> MultiPaxosSpec {
    let changes = vec![(0, remove(2)), (0, add(2)), (0, promote(2))];
    let safety = safety::Bounds { faults: WIPE, agains: 1, ..of(3, alpha(1)) };
    let bounds = Bounds { founders: 3, learners: 0, changes, safety };
    multi_paxos("multi-paxos/members-wiped", EVERY_RULE, bounds, &[A_CHANGE, BACK])
        .directed(THE_THIRD_IS_WIPED, the_third_is_wiped)
        .summary("a server that has lost its disk leaves, and has a vote again when it is back")
}

/// What [`the_third_is_wiped`] restricts, in words.
pub const THE_THIRD_IS_WIPED: &str = "S1 stands, and S2 when S3 is back; S3 loses its disk when \
                                      it has promised something, and then it leaves";

/// True of what [`THE_THIRD_IS_WIPED`] says.
pub fn the_third_is_wiped((): &(), now: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    let server = |number: usize| now.system.actor_states[number].server();
    let (Some(first), Some(third)) = (server(0), server(2)) else { return false };
    let has_vote = third.changes.iter().any(|config| config.stores.contains_key(&Id::from(2)));
    match action {
        Action::Rollback(id) => {
            usize::from(*id) == 2 && third.promised() > Ballot::none() && first.is_leader()
        }
        Action::Deliver { msg: service::Message::Order(_), .. } => third.storage.store == 0,
        Action::Timeout(id, Server(Timer::Again)) => usize::from(*id) == 0 && !has_vote,
        Action::Timeout(id, Server(Timer::Silence)) => match usize::from(*id) {
            0 => first.promised() == Ballot::none(),
            id => id == 1 && has_vote,
        },
        _ => true,
    }
}

/// A server that is new promises, loses its disk, and with that forgets that it has a vote.
pub fn members_forget() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let safety = safety::Bounds { scripts, faults: WIPE, agains: 1, ..of(3, alpha(1)) };
    let bounds = Bounds { founders: 2, learners: 1, changes: vec![(0, promote(2))], safety };
    let facts: &[Fact] = &[A_CHANGE, fact("two lead", properties::two_lead)];
    multi_paxos("multi-paxos/members-forget", EVERY_RULE, bounds, facts)
        .directed(PROMISES_AND_IS_WIPED, promises_and_is_wiped)
        .summary("a server that has lost its disk with its first promise accepts nothing")
}

/// What [`promises_and_is_wiped`] restricts, in words.
pub const PROMISES_AND_IS_WIPED: &str = "S1 stands, then S2; S1 reaches S2 before that only, and \
                                         hears nothing of its ballot; S3 loses its disk when S2 \
                                         leads";

/// True of what [`PROMISES_AND_IS_WIPED`] says.
pub fn promises_and_is_wiped((): &(), now: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    let server = |number: usize| now.system.actor_states[number].server();
    let (Some(first), Some(second)) = (server(0), server(1)) else { return false };
    let second_stood = second.promised() > first.promised();
    match action {
        Action::Rollback(id) => usize::from(*id) == 2 && second.is_leader(),
        Action::Timeout(id, Server(Timer::Again)) => usize::from(*id) == 0 && !second_stood,
        Action::Timeout(id, Server(Timer::Silence)) => match usize::from(*id) {
            0 => first.promised() == Ballot::none(),
            id => id == 1 && first.changes.last() > Index::ZERO,
        },
        Action::Deliver { src, dst, msg: service::Message::Peer(_) } => {
            match (usize::from(*src), usize::from(*dst)) {
                (0, 1) | (1, 0) => !second_stood,
                _ => true,
            }
        }
        _ => true,
    }
}

/// A server that learns gets a vote, and a message is lost.
pub fn members_live() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds = live::Bounds { scripts, limits: alpha(2), faults, ..Default::default() };
    let facts: &[Fact] = &[A_CHANGE];
    live("multi-paxos/members-live", EVERY_RULE, bounds, 2, 1, vec![(0, promote(2))], facts)
        .summary("a server gets a vote though a message is lost")
        .worst_case(MAJORITY_FOLLOWS, SEEN, membership::a_majority_follows)
}

/// The only server hands over to another one: until that takes effect the first one decides alone,
/// and then the second.
pub fn members_replace_live() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = live::Bounds { servers: 2, scripts, limits: alpha(2), ..Default::default() };
    let facts: &[Fact] = &[A_CHANGE];
    let changes = vec![(0, replace(&[1]))];
    live("multi-paxos/members-replace-live", EVERY_RULE, bounds, 1, 1, changes, facts)
        .summary("another server takes the place of the only one")
}

/// The leader leaves, and nobody asks for anything.
pub fn members_remove_live() -> MultiPaxosSpec {
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds = live::Bounds { limits: alpha(2), faults, ..Default::default() };
    let facts: &[Fact] = &[A_CHANGE];
    live("multi-paxos/members-remove-live", EVERY_RULE, bounds, 3, 0, vec![(0, remove(0))], facts)
        .summary("the leader is removed though a message is lost, and another one leads")
        .worst_case(MAJORITY_FOLLOWS, SEEN, membership::a_majority_follows)
}

/// The leader dies, is removed while it is down, and comes back. By then others may have promised a
/// later ballot than that with which it stands. An order is given once, so it may come to nothing.
pub fn members_away_live() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let recovery = Some(10..=10);
    let limits = alpha(1);
    let bounds = live::Bounds { scripts, limits, early: 1, faults, recovery, ..Default::default() };
    let facts: &[Fact] = &[A_CHANGE];
    live("multi-paxos/members-away-live", EVERY_RULE, bounds, 3, 0, vec![(1, remove(0))], facts)
        .summary("a leader that is removed while it is down is told so when it is back")
        .directed(LEADER_DIES, leader_dies)
        .only(NOBODY_DISTURBS)
}

/// The same, and a snapshot tells it: nothing else is there, and nobody asks for anything.
pub fn members_away_snapshot_live() -> MultiPaxosSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let limits = Limits { alpha: 1, ..NOTHING_KEPT };
    let bounds =
        live::Bounds { limits, faults, recovery: Some(10..=10), ..live::Bounds::default() };
    let name = "multi-paxos/members-away-snapshot-live";
    let facts: &[Fact] = &[fact("a snapshot is installed", properties::an_installed_snapshot)];
    live(name, EVERY_RULE, bounds, 3, 0, vec![(1, remove(0))], facts)
        .summary("a leader that is removed while it is down is told so by a snapshot")
        .directed(LEADER_DIES, leader_dies)
        .only(NOBODY_DISTURBS)
}

/// What [`leader_dies`] restricts, in words.
const LEADER_DIES: &str = "nobody crashes but S1, and that one only while it leads";

/// True of what [`LEADER_DIES`] says.
fn leader_dies((): &(), now: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    let first = now.system.actor_states[0].server();
    let leads = first.is_some_and(|first| first.is_leader());
    match action {
        Action::Crash(id) => usize::from(*id) == 0 && leads,
        _ => true,
    }
}

const A_CHANGE: Fact = fact("a change takes effect", membership::a_change);
const OTHER_LEADS: Fact = fact("who is left leads", membership::who_is_left_leads);
const NEW_LEADS: Fact = fact("who has come leads", membership::a_new_server_leads);
const BY_NEW: Fact = fact("the changed servers decide", membership::chosen_by_new);
const BACK: Fact = fact("who has a new store has a vote", membership::a_new_store_votes);
const STARTS_WITH_IT: Fact =
    fact("who starts has the change in its snapshot alone", membership::starts_with_a_change);
