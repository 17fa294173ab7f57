//! Whatever differs between what is checked and what a node runs: read from both, so that nothing
//! differs unnoticed. A field that one of them gets must be placed here, or this does not compile.

use std::fmt::Debug;
use std::ops::Range;
use std::time::Duration;

use quorate::cli::{cluster, setup};
use quorate::node::client::{PATIENCE, Patience};
use quorate::node::config::{Config, ConfigError};
use quorate_models::client::{Client, Habits};
use quorate_models::member::{self, Member};
use quorate_models::protocol::Protocol;
use quorate_models::raft::protocol::Node;
use quorate_models::raft::specs::{self, large, live};
use quorate_models::raft::specs::{Checked, RaftSpec};
use quorate_models::raft::{Batch, Server, Timer, Timing};
use quorate_models::rules::AllRules;

/// How a difference is dealt with.
enum Answer {
    /// This spec is on the node's side of it.
    Spec(&'static str),
    /// No spec is, and this is why.
    None(&'static str),
}

/// What differs, and why that is no gap.
const DIFFERENCES: &[(&str, Answer)] = &[
    ("entries a message", Answer::Spec("raft/batches")),
    ("bytes a message", Answer::Spec("raft/batches")),
    (
        "how many servers there may be",
        Answer::None(
            "Four and six to nine differ from one, two, three and five in how many servers may \
             be missing, which `is_majority` alone decides: its own test tries all sets of up to \
             six.",
        ),
    ),
    (
        "how much longer a client waits for a large command",
        Answer::None(
            "Commands of a spec are small. In the specs of safety a client asks again at any \
             moment.",
        ),
    ),
    (
        "how long a client waits when no leader is known",
        Answer::None(
            "A client of a spec waits for its retry timer then, which is longer: what it would ask \
             sooner it asks at any moment in the specs of safety.",
        ),
    ),
    (
        "how many redirects a client follows at once",
        Answer::None(
            "A second one is a request to another server sooner than the retry timer would send \
             it: in the specs of safety that fires at any moment. Where it leads to a leader it \
             saves time, and where it does not, the retry timer ends it as before.",
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

/// One thing that specs and node have each their own of.
struct Compared {
    what: &'static str,
    node: String,
    specs: String,
}

fn compared(what: &'static str, node: impl Debug, specs: impl Debug) -> Compared {
    Compared { what, node: format!("{node:?}"), specs: format!("{specs:?}") }
}

/// A new cluster's config, as the command writes it.
fn config() -> Config {
    let directory = tempfile::tempdir().expect("a directory");
    let stores = |_: &Config| Ok::<_, ConfigError>(());
    let (name, timers) = (Node::NAME, Node::TIMERS);
    Config::create(directory.path(), cluster::NODES, cluster::PORT, name, timers, stores)
        .expect("valid")
}

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

fn server(spec: &RaftSpec) -> &Server<Checked> {
    match &spec.system.actors[0] {
        Member::Server(server) => server,
        Member::Client(_) => panic!("{} begins with a server", spec.name),
    }
}

/// What all of `values` are, if they are the same.
fn one<T: PartialEq + Debug>(values: impl IntoIterator<Item = T>) -> T {
    let mut values = values.into_iter();
    let first = values.next().expect("there is one");
    assert!(values.all(|value| value == first), "specs differ from each other in {first:?}");
    first
}

fn of_servers() -> Vec<Compared> {
    let all = specs_of_raft();
    let Config { path: _, cluster: _, protocol: _, key_file: _, timers, nodes } = config();
    let node: Node = setup::actor(&config()).expect("its timers are Raft's");
    let Server { servers, timing, batch, rules: AllRules } = &node;
    assert_eq!(servers.len(), nodes.len());
    let Timing { heartbeat: node_heartbeat, election: node_election } = timing;
    let heartbeat = *node_heartbeat..*node_heartbeat;
    let set = [("heartbeat", heartbeat), ("election", node_election.clone())];
    assert_eq!(timers, set.map(|(name, range)| (name.to_owned(), range)).into());
    // A node's rule book cannot suspend a rule; those of these specs do not.
    assert!(all.iter().all(|spec| server(spec).rules.0.is_empty()));
    let timing = one(all.iter().map(|spec| server(spec).timing.clone()));
    let spec_batch = one(all.iter().map(|spec| server(spec).batch));
    let Batch { entries, bytes } = batch;
    let mut sizes: Vec<_> = all.iter().map(|spec| spec.servers).collect();
    sizes.sort_unstable();
    sizes.dedup();
    assert!(sizes.contains(&servers.len()), "a new cluster is as large as most specs");
    vec![
        compared("heartbeat", node_heartbeat, timing.heartbeat),
        compared("election timeout", node_election, timing.election),
        compared("entries a message", entries, spec_batch.entries),
        compared("bytes a message", bytes, spec_batch.bytes),
        compared("how many servers there may be", cluster::SIZES.collect::<Vec<_>>(), sizes),
    ]
}

fn of_clients() -> Vec<Compared> {
    let all = specs_of_raft();
    let clients = || {
        all.iter()
            .flat_map(|spec| spec.system.actors.iter().map(move |actor| (spec, actor)))
            .filter_map(|(spec, actor)| match actor {
                Member::Client(client) => Some((spec, client)),
                Member::Server(_) => None,
            })
    };
    let Client { servers: _, script: _, retry: _, habits: _ } = clients().next().expect("one").1;
    let first = one(clients().map(|(spec, client)| {
        assert_eq!(client.servers.len(), spec.servers, "it knows all servers");
        usize::from(client.servers[0])
    }));
    let waits: Range<Duration> = one(clients().map(|(_, client)| client.retry.clone()));
    // What the node's client does, too: see `Client::call`.
    for (_, client) in clients() {
        let Habits { asks_again, tries_another, follows_redirect, knows_its_answer } =
            client.habits;
        assert!(asks_again && tries_another && follows_redirect && knows_its_answer);
    }
    let Patience { retry, retry_per, pause, redirects } = PATIENCE;
    vec![
        compared("how long a client waits", retry..retry, &waits),
        compared("how much longer a client waits for a large command", retry_per, "none"),
        compared("how long a client waits when no leader is known", pause, waits.start),
        compared("how many redirects a client follows at once", redirects, 1),
        compared("whom a client asks first", "anyone", first),
    ]
}

#[test]
fn whatever_differs_has_a_spec_or_a_reason() {
    let compared: Vec<_> = of_servers().into_iter().chain(of_clients()).collect();
    let differs: Vec<_> = compared.iter().filter(|it| it.node != it.specs).collect();
    for it in &differs {
        let is_listed = DIFFERENCES.iter().any(|(what, _)| *what == it.what);
        let Compared { what, node, specs } = it;
        assert!(is_listed, "{what}: a node has {node}, the specs have {specs}");
    }
    for (what, answer) in DIFFERENCES {
        assert!(differs.iter().any(|it| it.what == *what), "no difference any more: {what}");
        match answer {
            Answer::Spec(name) => {
                let listed = quorate_models::specs();
                assert!(listed.iter().any(|spec| spec.name() == *name), "there is no spec {name}");
            }
            Answer::None(why) => assert!(why.ends_with('.'), "{what}: no reason"),
        }
    }
}

#[test]
fn a_spec_has_the_batch_of_a_node() {
    let node: Node = setup::actor(&config()).expect("its timers are Raft's");
    assert_eq!(server(&large::batches()).batch, node.batch);
}

#[test]
fn time_on_the_nodes_side_is_the_nodes() {
    let spec = live::failover();
    let timely = spec.timely.as_ref().expect("it has time");
    let tick = timely.tick.expect("it tells how long a tick is");
    let in_ticks = |range: &Range<Duration>| {
        let ticks = |time: Duration| (time.as_millis() / tick.as_millis()) as u8;
        ticks(range.start)..=ticks(range.end)
    };
    let config = config();
    let retry = PATIENCE.retry;
    for (timer, range) in [
        (member::Timer::Server(Timer::Heartbeat), config.timers["heartbeat"].clone()),
        (member::Timer::Server(Timer::Election), config.timers["election"].clone()),
        (member::Timer::Retry, retry..retry),
    ] {
        assert_eq!((timely.range)(&timer), in_ticks(&range), "{timer:?}");
    }
}
