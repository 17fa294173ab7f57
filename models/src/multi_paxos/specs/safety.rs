//! Safety: what is checked while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults, Spec};

use super::{
    Book, EVERY_RULE, Fact, MultiPaxosSpec, SEEN, fact, keeps_all_durable, same_durable, system,
};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::member::Timer::Server;
use crate::multi_paxos::claims::{ghost, obsolete, properties};
use crate::multi_paxos::{Limits, Timer};
use crate::system::{Boxed, suspended};

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    pub limits: Limits,
    /// How often a server stands by itself, in total.
    pub silences: u8,
    /// How often something is said again, in total.
    pub agains: u8,
    pub retries: u8,
    pub faults: Faults,
}

impl Default for Bounds<'_> {
    fn default() -> Self {
        Bounds {
            servers: 3,
            scripts: &[],
            limits: LIMITS,
            silences: 1,
            agains: 0,
            retries: 0,
            faults: Faults::NONE,
        }
    }
}

/// Two slots are open at most, and a message tells of so many.
pub const LIMITS: Limits = Limits { window: 2, batch: 2 };

/// Multi-Paxos within `bounds`: its safety, and the facts that must be reachable.
pub fn multi_paxos(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> MultiPaxosSpec {
    let forgets = obsolete::applies(&rules);
    let is_durable = keeps_all_durable(&rules);
    let suspended = suspended(&rules);
    let claims = properties::safety().into_iter();
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let system = system(rules, bounds.servers, bounds.limits, bounds.scripts);
    let spec = Spec::new(name, system, bounds.servers)
        .claims(claims.chain(facts.iter().cloned()))
        .suspending(suspended)
        .ghost(ghost::observe)
        .faults(bounds.faults)
        .timeouts("silences", |timer| *timer == Server(Timer::Silence), bounds.silences)
        .timeouts("words said again", |timer| *timer == Server(Timer::Again), bounds.agains)
        .timeouts("client retries", |timer| timer.is_retry(), bounds.retries);
    let spec = if is_durable { spec.durable(same_durable) } else { spec };
    if forgets { spec.obsolete(obsolete::is_obsolete) } else { spec }
}

/// The specs of safety. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![one_slot().boxed(), conflict().boxed()]
}

/// One crash of one server.
pub const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// One decree, as in Paxos Made Simple §2: two clients ask for one command each.
pub fn one_slot() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let limits = Limits { window: 1, batch: 1 };
    let bounds = Bounds { scripts, limits, silences: 2, ..Bounds::default() };
    let facts: &[Fact] = &[fact("all answered", all_answered)];
    multi_paxos("multi-paxos/one-slot", EVERY_RULE, bounds, facts).summary("one slot")
}

/// Two clients write, and two servers stand.
pub fn conflict() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { scripts, silences: 2, retries: 1, ..Bounds::default() };
    let facts: &[Fact] = &[fact("all answered", all_answered)];
    multi_paxos("multi-paxos/conflict", EVERY_RULE, bounds, facts).summary("two")
}
