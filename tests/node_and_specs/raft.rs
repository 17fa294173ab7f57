//! Raft: what its nodes and its specs have each their own of.

use quorate::cli::cluster;
use quorate::node::config::Config;
use quorate_models::protocol::Protocol;
use quorate_models::raft::protocol::Node;
use quorate_models::raft::specs::{self, EVERY_RULE, RaftSpec, large, live, parallel};
use quorate_models::raft::{Batch, Options, Server, Timer, Timing};
use quorate_models::rules::AllRules;

use crate::{
    Answer, Compared, Differences, OF_CLIENTS, all, assert_placed, assert_timed, compared, config,
    node, of_clients, one, server,
};

/// What differs, and why that is no gap.
const DIFFERENCES: &Differences = &[
    ("entries a message", Answer::Spec("raft/batches")),
    ("bytes a message", Answer::Spec("raft/batches")),
    ("messages on their way to a follower", Answer::Spec("raft/batches")),
    ("when a log is compacted", Answer::Spec("raft/snapshot")),
    ("when a session ends", Answer::Spec("raft/sessions")),
    ("whether stores are known", Answer::Spec("raft/wiped")),
    ("of how many from the start", Answer::Spec("raft/wiped-at-once")),
    ("options", Answer::Spec("raft/sticky")),
    (
        "how many servers there may be",
        Answer::None(
            "Four and six to nine differ from one, two, three and five in how many servers may \
             be missing, which `is_majority` alone decides: its own test tries all sets of up to \
             six.",
        ),
    ),
    (
        "whom a client asks first",
        Answer::None(
            "Servers are all the same at the start, so one client that begins anywhere is one that \
             begins with the first. A second one that begins elsewhere is like one that has been \
             redirected there, or has asked again.",
        ),
    ),
];

/// The specs of Raft that have a type, from whose actors the others are made, too.
fn specs_of_raft() -> Vec<RaftSpec> {
    vec![
        specs::election(),
        specs::replication(),
        specs::readers(),
        specs::failover(),
        specs::lossy(),
        specs::one(),
        specs::two(),
        specs::five(),
        live::election(),
        live::unlucky(),
        live::failover(),
        live::lossy(),
        live::rejoin(),
        live::restarts(),
    ]
}

fn of_servers(specs: &[RaftSpec]) -> Vec<Compared> {
    let config = config::<Node>();
    let node: Node = node(&config);
    let Config { protocol, timers, options: set_options, nodes, .. } = config;
    assert_eq!(protocol, Node::NAME);
    let Server { servers, timing, batch, window, options, .. } = &node;
    let Server { compaction, session_length, knows_stores, first_stores, rules: AllRules, .. } =
        &node;
    assert_eq!(servers.len(), nodes.len());
    let Timing { heartbeat: node_heartbeat, election: node_election } = timing;
    let heartbeat = *node_heartbeat..*node_heartbeat;
    let set = [("heartbeat", heartbeat), ("election", node_election.clone())];
    assert_eq!(timers, set.map(|(name, range)| (name.to_owned(), range)).into());
    let Options { pre_vote, check_quorum, follower_reads, lease_reads, parallel_writes } = *options;
    let set = [
        ("pre_vote", pre_vote),
        ("check_quorum", check_quorum),
        ("follower_reads", follower_reads),
        ("lease_reads", lease_reads),
        ("parallel_writes", parallel_writes),
    ];
    assert_eq!(set_options, set.map(|(name, on)| (name.to_owned(), on)).into());
    // A node's rule book cannot suspend a rule; those of these specs do not.
    assert!(specs.iter().all(|spec| server(spec).rules.0.is_empty()));
    let timing = one(specs.iter().map(|spec| server(spec).timing.clone()));
    let spec_batch = one(specs.iter().map(|spec| server(spec).batch));
    let spec_window = one(specs.iter().map(|spec| server(spec).window));
    let spec_options = one(specs.iter().map(|spec| server(spec).options));
    let spec_compaction = one(specs.iter().map(|spec| server(spec).compaction));
    let spec_length = one(specs.iter().map(|spec| server(spec).session_length));
    let spec_stores = one(specs.iter().map(|spec| server(spec).knows_stores));
    let spec_first_stores = one(specs.iter().map(|spec| server(spec).first_stores.len()));
    let Batch { entries, bytes } = batch;
    let sizes = all(specs.iter().map(|spec| spec.servers));
    assert!(sizes.contains(&servers.len()), "a new cluster is as large as most specs");
    vec![
        compared("heartbeat", node_heartbeat, timing.heartbeat),
        compared("election timeout", node_election, timing.election),
        compared("entries a message", entries, spec_batch.entries),
        compared("bytes a message", bytes, spec_batch.bytes),
        compared("messages on their way to a follower", window, spec_window),
        compared("when a log is compacted", compaction, spec_compaction),
        compared("when a session ends", session_length, spec_length),
        compared("whether stores are known", knows_stores, spec_stores),
        compared("of how many from the start", first_stores.len(), spec_first_stores),
        compared("options", options, spec_options),
        compared("how many servers there may be", cluster::SIZES.collect::<Vec<_>>(), sizes),
    ]
}

#[test]
fn whatever_differs_has_a_spec_or_a_reason() {
    let specs = specs_of_raft();
    let compared: Vec<_> = of_servers(&specs).into_iter().chain(of_clients(&specs)).collect();
    assert_placed(&compared, &[DIFFERENCES, OF_CLIENTS]);
}

#[test]
fn specs_have_what_is_the_nodes() {
    let node: Node = node(&config::<Node>());
    let sends = large::batches();
    let Server { batch, window, .. } = server(&sends);
    assert_eq!((*batch, *window), (node.batch, node.window));
    let parallel = parallel::answered("raft/parallel-live", EVERY_RULE);
    assert_eq!(server(&parallel).options, node.options);
    for spec in [specs::sticky(), live::failover_of_nodes()] {
        let options = Options { parallel_writes: true, ..server(&spec).options };
        assert_eq!(options, node.options, "{}", spec.name);
    }
}

#[test]
fn time_on_the_nodes_side_is_the_nodes() {
    let spec = live::failover_of_nodes();
    let timely = spec.timely.as_ref().expect("it has time");
    let timers = [(Timer::Heartbeat, "heartbeat"), (Timer::Election, "election")];
    assert_timed(timely, &config::<Node>(), &timers);
}
