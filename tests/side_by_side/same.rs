//! One scenario, whatever the protocol: three servers, one client that writes once, one crash after
//! which the server may come back, and one reason to choose another leader. Where a leader must be
//! chosen first, there are two reasons.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;
use quorate_models::kv::put;
use quorate_models::system::Boxed;

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// By protocol, the spec of the scenario.
pub fn specs() -> [(&'static str, Box<dyn AnySpec>); 6] {
    [
        ("Raft", raft()),
        ("Multi-Paxos", multi_paxos()),
        ("Viewstamped Replication", viewstamped()),
        ("ZAB", zab()),
        ("Primary and backup", primary_backup()),
        ("Chain replication", chain()),
    ]
}

fn raft() -> Box<dyn AnySpec> {
    use quorate_models::raft::specs::{self, Bounds, EVERY_RULE};
    let bounds = Bounds {
        servers: 3,
        scripts: &[&[put("x", "1")]],
        elections: 2,
        faults: CRASH,
        ..Bounds::default()
    };
    specs::raft("same", EVERY_RULE, bounds, &[]).boxed()
}

fn multi_paxos() -> Box<dyn AnySpec> {
    use quorate_models::multi_paxos::specs::{self, Bounds, EVERY_RULE};
    let bounds = Bounds {
        servers: 3,
        scripts: &[&[put("x", "1")]],
        silences: 2,
        faults: CRASH,
        ..Bounds::default()
    };
    specs::multi_paxos("same", EVERY_RULE, bounds, &[]).boxed()
}

fn viewstamped() -> Box<dyn AnySpec> {
    use quorate_models::viewstamped::specs::{self, Bounds, EVERY_RULE};
    let bounds = Bounds {
        replicas: 3,
        scripts: &[&[put("x", "1")]],
        silences: 1,
        faults: CRASH,
        ..Bounds::default()
    };
    specs::viewstamped("same", EVERY_RULE, bounds, &[]).boxed()
}

fn zab() -> Box<dyn AnySpec> {
    use quorate_models::zab::specs::{self, Bounds, EVERY_RULE};
    let bounds = Bounds {
        servers: 3,
        scripts: &[&[put("x", "1")]],
        elections: 2,
        faults: CRASH,
        ..Bounds::default()
    };
    specs::zab("same", EVERY_RULE, bounds, &[]).boxed()
}

fn primary_backup() -> Box<dyn AnySpec> {
    use quorate_models::primary_backup::specs::{self, Bounds, EVERY_RULE};
    let bounds = Bounds {
        servers: 2,
        scripts: &[&[put("x", "1")]],
        suspicions: 1,
        faults: CRASH,
        ..Bounds::default()
    };
    specs::primary_backup("same", EVERY_RULE, bounds, &[]).boxed()
}

fn chain() -> Box<dyn AnySpec> {
    use quorate_models::chain::specs::{self, Bounds, EVERY_RULE};
    let bounds = Bounds {
        servers: 3,
        scripts: &[&[put("x", "1")]],
        suspicions: 1,
        faults: CRASH,
        ..Bounds::default()
    };
    specs::chain("same", EVERY_RULE, bounds, &[]).boxed()
}
