//! Reads that no transaction is spent on: within which bounds, and what ZooKeeper's `sync` is not.

use std::sync::Arc;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Action, ActionOf, Claim, Faults, Sees, State};
use stateright::actor::Id;

use super::{Book, CRASH, Checked, EVERY_RULE, Fact, SEEN, ZabSpec, fact, safety};
use crate::claims::all_answered;
use crate::consistency::Freshness;
use crate::kv::{Command, get, put};
use crate::member::Timer::Server;
use crate::rules::AllBut;
use crate::service::Message::{Peer, Read, Request};
use crate::system::{Boxed, clients_mut, servers_mut};
use crate::zab::claims::ghost::Ghost;
use crate::zab::claims::{properties, reads};
use crate::zab::message::Message::Elected;
use crate::zab::rules::Rule;
use crate::zab::{Timer, Zab};

/// What a spec of reads lets happen, and how often.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub servers: usize,
    /// By client, the numbers of the servers that it asks, the first one first, and its script.
    pub clients: Vec<(Vec<usize>, Vec<Command>)>,
    /// What the clients ask of their reads.
    pub freshness: Freshness,
    pub elections: u8,
    pub retries: u8,
    pub faults: Faults,
    /// S1 leads, and then S3, of which S1 does not hear.
    pub deposes: bool,
}

/// A client writes at the first leader, another one reads there, and one reads at a follower.
pub fn follower() -> Bounds {
    Bounds {
        servers: 2,
        clients: vec![
            (vec![0], vec![put("x", "1")]),
            (vec![0], vec![get("x")]),
            (vec![1], vec![get("x"), get("x")]),
        ],
        freshness: Freshness::Linearizable,
        elections: 1,
        retries: 0,
        faults: Faults::NONE,
        deposes: false,
    }
}

/// A client writes at the second leader, and another one reads at the first, which is deposed.
pub fn deposed() -> Bounds {
    Bounds {
        servers: 3,
        clients: vec![(vec![2], vec![put("x", "1")]), (vec![0], vec![get("x"), get("x")])],
        elections: 2,
        deposes: true,
        ..follower()
    }
}

/// A client writes at the leader, and another one reads at a follower. The leader crashes, and
/// leads again.
pub fn again() -> Bounds {
    let clients = vec![(vec![0], vec![put("x", "1")]), (vec![1], vec![get("x"), get("x")])];
    Bounds { clients, elections: 2, faults: CRASH, ..follower() }
}

/// Clients read what may be stale, and ask another server if none answers.
pub fn stale() -> Bounds {
    Bounds {
        clients: vec![
            (vec![0, 1], vec![put("x", "1"), get("x")]),
            (vec![1, 0], vec![get("x"), get("x")]),
        ],
        freshness: Freshness::Stale,
        retries: 1,
        ..follower()
    }
}

/// ZAB within `bounds`: its safety, what is promised of reads, and the facts that must be
/// reachable.
pub fn zab(name: &str, rules: Book, bounds: &Bounds, facts: &[Fact]) -> ZabSpec {
    let scripts: Vec<&[Command]> = bounds.clients.iter().map(|(_, script)| &**script).collect();
    let within = safety::Bounds {
        servers: bounds.servers,
        scripts: &scripts,
        elections: bounds.elections,
        retries: bounds.retries,
        faults: bounds.faults,
        ..safety::Bounds::default()
    };
    let mut spec = safety::zab(name, rules, within, facts);
    for (client, (asked, _)) in clients_mut(&mut spec).zip(&bounds.clients) {
        client.servers = asked.iter().map(|number| Id::from(*number)).collect();
        client.reads = Some(bounds.freshness);
    }
    servers_mut(&mut spec).for_each(|server| server.follower_reads = true);
    let spec = spec.claim(Claim::always(reads::ONE_ORDER, SEEN, reads::one_order));
    if bounds.deposes { spec.directed(DEPOSES, deposes) } else { spec }
}

/// What [`deposes`] restricts, in words.
const DEPOSES: &str = "all follow S1, then S3 leads, of which S1 does not hear, and is written to";

/// The oracle has S1 lead first; and S3 once all follow S1, which nobody tells S1. The writer is
/// heard after that, the reader not before all follow S1.
fn deposes(
    (): &(),
    now: &State<Zab<Checked>, Arc<Ghost>>,
    action: &ActionOf<Zab<Checked>>,
) -> bool {
    let led = now.spent.timeouts[0];
    let is_settled = || led > 1 || properties::follow_one_leader(&now.system);
    match action {
        Action::Timeout(id, Server(Timer::Elect)) => match led {
            0 => usize::from(*id) == 0,
            _ => usize::from(*id) == 2 && is_settled(),
        },
        Action::Deliver { dst, msg: Peer(Elected(_)), .. } => usize::from(*dst) != 0,
        Action::Deliver { msg: Request(_), .. } => led > 1,
        Action::Deliver { msg: Read(_), .. } => is_settled(),
        _ => true,
    }
}

/// The specs of reads. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        follower_reads().counts(4_400, 10_034).boxed(),
        deposed_reads().counts(1_297, 2_961).boxed(),
        restarted_reads().counts(36_648, 78_453).boxed(),
        stale_reads().counts(4_542, 9_299).boxed(),
        stale_is_not_new().boxed(),
        sync_of_one().boxed(),
    ]
}

const ANSWERED: Fact = fact("all answered", all_answered);

/// A writer, and a reader that asks a follower twice.
pub fn follower_reads() -> ZabSpec {
    let facts: &[Fact] = &[
        fact("a read before the write", reads::nothing_read),
        fact("a follower holds a read until more has taken effect", reads::a_read_is_held),
        fact("a read begins after the write is over", reads::read_after_write),
        fact("a read waits for the next round", reads::a_read_waits),
        ANSWERED,
    ];
    zab("zab/follower-reads", EVERY_RULE, &follower(), facts).summary(
        "a writer, and readers at the leader and at a follower, which asks the leader first",
    )
}

/// A leader that is deposed, and does not know it, is asked for reads.
pub fn deposed_reads() -> ZabSpec {
    let facts: &[Fact] =
        &[fact("two leaders at once", reads::two_at_once), fact("a read", reads::nothing_read)];
    zab("zab/deposed-reads", EVERY_RULE, &deposed(), facts)
        .summary("who leads no more, and does not know it, is asked for reads")
}

/// A leader crashes, leads again, and is asked for reads.
pub fn restarted_reads() -> ZabSpec {
    let two = fact("two leaders, one after the other", properties::two_leaders);
    zab("zab/restarted-reads", EVERY_RULE, &again(), &[two, ANSWERED])
        .summary("a leader is asked for a read before it crashes, and hears it when it leads again")
}

/// A client reads what it wrote, another one reads twice, and both read wherever they are answered.
pub fn stale_reads() -> ZabSpec {
    let lags = Claim::reachable(
        "a session has seen more than the server that it asks",
        SEEN.and(Sees::NETWORK),
        reads::lags,
    );
    let facts: &[Fact] = &[
        fact("a read before the write", reads::nothing_read),
        fact("what clients saw is not linearizable", reads::is_not_linearizable),
        lags,
        ANSWERED,
    ];
    let mut spec = zab("zab/stale-reads", EVERY_RULE, &stale(), facts);
    spec.claims.retain(|claim| claim.name != properties::LINEARIZABILITY);
    spec.summary("reads that may be stale: all clients see one order, each as far as it is told")
}

/// A read that may be stale misses what another client was told before.
fn stale_is_not_new() -> ZabSpec {
    zab("zab/stale-reads-late", EVERY_RULE, &stale(), &[])
        .only(properties::LINEARIZABILITY)
        .summary("a read that may be stale misses a write that was answered before it began")
        .expect_violation(properties::LINEARIZABILITY)
}

/// ZooKeeper's `sync`, which no majority confirms.
fn sync_of_one() -> ZabSpec {
    zab("zab/sync-of-one", AllBut(vec![Rule::MajorityConfirms]), &deposed(), &[])
        .only(properties::LINEARIZABILITY)
        .summary("ZooKeeper's sync: who leads no more, and does not know it, says how far to read")
        .expect_violation(properties::LINEARIZABILITY)
}
