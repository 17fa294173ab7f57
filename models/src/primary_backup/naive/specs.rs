//! The smallest bounds in which the flaw of each design shows, and what is claimed there.

use std::ops::RangeInclusive;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Cut, Faults, Restless, Sees, Spec, Timely};
use stateright::actor::Id;

use super::claims::{
    self, COPY_KEPT, Ghost, LINEARIZABILITY, LIVE_LEADER_LEADS, LOG_MATCHING, NO_WRITE_LOST, Named,
    ONE_ALONE, ONE_LEADER, SAME_READS,
};
use super::rules::Rule;
use super::{Naive, Plan, Server, Timer};
use crate::claims::all_answered;
use crate::client::Habits;
use crate::kv::{Command, get, put};
use crate::member::{self, Member};
use crate::operator;
use crate::rules::AllBut;
use crate::system::{Boxed, suspended, system};

/// A spec of any of the designs.
pub type NaiveSpec = Spec<Naive, (), Ghost>;

/// Which rules are in force.
pub type Book = AllBut<Rule>;

impl Boxed for NaiveSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// Whoever is down is found down.
pub const SEEN_DOWN: &str = "the monitor finds out who is down";
/// A leader that is down is replaced.
pub const REPLACED: &str = "a dead leader is replaced";
/// Every command is answered.
pub const ANSWERED: &str = "all answered in the end";
/// Every command is answered when the leader has died.
pub const ANSWERED_AFTER: &str = "all answered when the leader is dead";
/// Somebody is elected.
pub const ELECTED: &str = "a leader is elected";

/// Clients, each with the server that it asks first, and its commands.
type Clients<'a> = &'a [(usize, &'a [Command])];

/// The servers of a plan and their clients, with nothing said about timing, faults and claims.
fn pair_of(name: &str, rules: Book, plan: Plan, servers: usize, clients: Clients<'_>) -> NaiveSpec {
    let all: Vec<Id> = (0..servers).map(Id::from).collect();
    let suspended = suspended(&rules);
    let server = Server { servers: all.clone(), plan, rules };
    let scripts: Vec<&[Command]> = clients.iter().map(|(_, script)| *script).collect();
    let pair = &all[..2];
    let mut system = system(Ghost::default(), servers, server, pair, &scripts, Habits::ALL);
    for (actor, (first, _)) in system.actors[servers..].iter_mut().zip(clients) {
        if let Member::Client(client) = actor {
            client.servers.rotate_left(*first);
        }
    }
    Spec::new(name, system, servers).may_end().suspending(suspended).durable(|one, other| {
        match (one.server(), other.server()) {
            (Some(one), Some(other)) => one.log == other.log,
            _ => true,
        }
    })
}

/// How often timers fire where they may fire at any moment.
#[derive(Clone, Copy, Default)]
struct Firings {
    beats: u8,
    silences: u8,
    retries: u8,
}

/// Timers fire at any moment, so often.
fn at_any_moment(spec: NaiveSpec, firings: Firings) -> NaiveSpec {
    spec.timeouts("beats", |timer| is(timer, Timer::Beat), firings.beats)
        .timeouts("silences", |timer| is(timer, Timer::Silence), firings.silences)
        .timeouts("client retries", |timer| timer.is_retry(), firings.retries)
}

fn is(timer: &member::Timer<Timer>, sought: Timer) -> bool {
    *timer == member::Timer::Server(sought)
}

/// Time moves in beats. A server that crashes does so for good.
fn on_time(spec: NaiveSpec, restless: Option<Restless<MemberTimer>>) -> NaiveSpec {
    let tick = Some(Duration::from_millis(50));
    spec.timely(Timely { tick, restless, ..Timely::of(ticks) })
}

type MemberTimer = member::Timer<Timer>;

fn ticks(timer: &MemberTimer) -> RangeInclusive<u8> {
    match timer {
        member::Timer::Server(Timer::Beat) => 1..=1,
        member::Timer::Server(Timer::Silence | Timer::Check) => 2..=3,
        member::Timer::Retry | member::Timer::Try(_) => 2..=2,
        member::Timer::Orders => operator::TICKS,
    }
}

/// What most claims see: who is in which state.
const ACTORS: Sees = Sees::ACTORS;

fn always((name, condition): Named) -> Claim<Naive, (), Ghost> {
    Claim::always(name, ACTORS.and(Sees::GHOST), condition)
}

fn fact(name: &'static str, condition: claims::Condition) -> Claim<Naive, (), Ghost> {
    Claim::reachable(name, ACTORS, condition)
}

const ONE_CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

pub(super) fn async_copy(name: &str, rules: Book) -> NaiveSpec {
    let script = [put("x", "1"), get("x")];
    let spec = pair_of(name, rules, Plan::Pair, 2, &[(0, &script)]).ghost(claims::observe);
    on_time(spec.faults(ONE_CRASH), None)
        .claims([NO_WRITE_LOST, LINEARIZABILITY].map(always))
        .claim(fact("the follower leads", claims::the_follower_leads))
        .claim(fact("all answered", all_answered))
}

pub(super) fn follower_reads(name: &str, rules: Book) -> NaiveSpec {
    let script = [put("x", "1"), get("x")];
    let spec = pair_of(name, rules, Plan::Pair, 2, &[(0, &script)]).ghost(claims::observe);
    at_any_moment(spec, Firings { beats: 2, retries: 1, ..Firings::default() })
        .claim(always(LINEARIZABILITY))
        .claim(fact("all answered", all_answered))
}

pub(super) fn follower_writes(name: &str, rules: Book) -> NaiveSpec {
    let script = [put("x", "1"), get("x")];
    let spec = pair_of(name, rules, Plan::Pair, 2, &[(1, &script)]).ghost(claims::observe);
    at_any_moment(spec, Firings { beats: 4, ..Firings::default() })
        .claims([NO_WRITE_LOST, LINEARIZABILITY].map(always))
        .claim(fact("all answered", all_answered))
}

pub(super) fn push_back(name: &str, rules: Book) -> NaiveSpec {
    let spec = pair_of(name, rules, Plan::Pair, 2, &[(0, &[put("x", "1")])]);
    at_any_moment(spec, Firings { beats: 3, ..Firings::default() })
        .claim(always(NO_WRITE_LOST))
        .claim(fact("all answered", all_answered))
        .claim(fact("an entry is copied", claims::an_entry_is_copied))
}

pub(super) fn first_element(name: &str, rules: Book) -> NaiveSpec {
    let spec = pair_of(name, rules, Plan::Pair, 2, &[(0, &[put("x", "1")])]);
    at_any_moment(spec, Firings { beats: 2, ..Firings::default() })
        .claim(always(LOG_MATCHING))
        .claim(fact("all answered", all_answered))
}

pub(super) fn late_answer(name: &str, rules: Book) -> NaiveSpec {
    let spec = pair_of(name, rules, Plan::Pair, 2, &[(0, &[put("x", "1")])]);
    at_any_moment(spec, Firings { beats: 3, ..Firings::default() })
        .claim(always(COPY_KEPT))
        .claim(fact("all answered", all_answered))
}

pub(super) fn same_reads(name: &str, rules: Book) -> NaiveSpec {
    let script = [put("x", "1"), get("x")];
    let spec = pair_of(name, rules, Plan::Pair, 2, &[(0, &script)]).ghost(claims::observe);
    at_any_moment(spec, Firings { beats: 4, ..Firings::default() })
        .claims([SAME_READS, LINEARIZABILITY].map(always))
        .claim(fact("all answered", all_answered))
}

pub(super) fn one_of_two_dies(name: &str, rules: Book) -> NaiveSpec {
    let spec = pair_of(name, rules, Plan::Pair, 2, &[]).faults(ONE_CRASH);
    on_time(spec, None).claim(always(LIVE_LEADER_LEADS)).leads_to(
        REPLACED,
        ACTORS,
        claims::the_leader_is_down,
        claims::a_leader_is_up,
    )
}

pub(super) fn old_leaders_log(name: &str, rules: Book) -> NaiveSpec {
    let spec = pair_of(name, rules, Plan::Pair, 2, &[(0, &[put("x", "1")])]);
    on_time(spec.faults(ONE_CRASH), None)
        .claim(fact("the leader dies", claims::the_leader_is_down))
        .leads_to(ANSWERED_AFTER, ACTORS, claims::the_leader_is_down, all_answered)
}

pub(super) fn watched(name: &str, rules: Book) -> NaiveSpec {
    let spec = pair_of(name, rules, Plan::Watched, 3, &[(0, &[put("x", "1")])]);
    on_time(spec.faults(ONE_CRASH), None)
        .eventually_always(SEEN_DOWN, ACTORS, claims::the_monitor_knows)
        .leads_to(REPLACED, ACTORS, claims::the_leader_is_down, claims::a_leader_is_up)
        .eventually(ANSWERED, ACTORS, all_answered)
}

pub(super) fn all_votes(name: &str, rules: Book) -> NaiveSpec {
    let spec = pair_of(name, rules, Plan::Voters, 3, &[]).faults(ONE_CRASH);
    let timers: fn(&MemberTimer) -> bool = |timer| is(timer, Timer::Silence);
    let restless = Restless { name: "elections", timers, bound: 3 };
    on_time(spec, Some(restless)).eventually(ELECTED, ACTORS, claims::a_leader_is_up)
}

pub(super) fn votes_for_all(name: &str, rules: Book) -> NaiveSpec {
    let spec = pair_of(name, rules, Plan::Voters, 3, &[]);
    elections(spec)
}

pub(super) fn vote_twice(name: &str, rules: Book) -> NaiveSpec {
    let faults = Faults { duplicates: 2, ..Faults::NONE };
    elections(pair_of(name, rules, Plan::Voters, 4, &[]).faults(faults))
}

/// Two elections.
fn elections(spec: NaiveSpec) -> NaiveSpec {
    at_any_moment(spec, Firings { silences: 2, ..Firings::default() })
        .claim(always(ONE_LEADER))
        .claim(fact("two stand in one term", claims::two_stand))
        .claim(fact("a leader is up", claims::a_leader_is_up))
}

pub(super) fn promotes_itself(name: &str, rules: Book) -> NaiveSpec {
    let (writer, reader) = ([put("x", "1")], [get("x"), get("x")]);
    let clients: Clients<'_> = &[(0, &writer), (1, &reader)];
    let spec = pair_of(name, rules, Plan::Pair, 2, clients).ghost(claims::observe);
    on_time(spec.cut(Cut::between([0, 2], [1, 3])), None)
        .claims([ONE_ALONE, LINEARIZABILITY].map(always))
        .claim(fact("the follower leads", claims::the_follower_leads))
        .claim(fact("all answered", all_answered))
}
