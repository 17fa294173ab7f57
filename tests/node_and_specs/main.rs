//! Whatever differs between what is checked and what a node runs: read from both, so that nothing
//! differs unnoticed. A field that one of them gets must be placed here, or this does not compile.

mod multi_paxos;
mod primary_backup;
mod quorum_store;
mod raft;
mod zab;

use std::fmt::{self, Debug};
use std::hash::Hash;
use std::ops::Range;
use std::time::Duration;

use quorate::cli::{cluster, setup};
use quorate::node::client::{PATIENCE, Patience};
use quorate::node::config::{Config, ConfigError, Runs};
use quorate_checker::spec::{Spec, Timely};
use quorate_models::client::{Client, Habits};
use quorate_models::member::{self, Member};
use quorate_models::protocol::Protocol;
use quorate_models::service::Service;

/// How a difference is dealt with.
enum Answer {
    /// This spec is on the node's side of it.
    Spec(&'static str),
    /// No spec is, and this is why.
    None(&'static str),
}

/// What differs, and why that is no gap.
type Differences = [(&'static str, Answer)];

/// What differs whatever the protocol is: the clients of nodes and those of specs.
const OF_CLIENTS: &Differences = &[
    (
        "how long a client waits that no member has answered yet",
        Answer::None(
            "It asks each server once, sooner than the retry timer would have it: in the specs of \
             safety that fires at any moment. From then on it waits as long as the specs' clients.",
        ),
    ),
    (
        "how long a client waits where answers take longer",
        Answer::None(
            "In the specs of safety a client asks again at any moment, and in those of liveness \
             answers take less.",
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
        "which part of that a client waits for a server that was silent",
        Answer::None(
            "It asks another sooner than the retry timer would have it, and goes round: in the \
             specs of safety that fires at any moment.",
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
        "for how long a client counts on what it knows of the log",
        Answer::Spec("raft/sessions-anew"),
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

/// A new cluster's config, as the command writes it, of so many nodes.
fn config_of<P: Protocol>(nodes: u16) -> Config {
    let directory = tempfile::tempdir().expect("a directory");
    let stores = |_: &Config| Ok::<_, ConfigError>(());
    Config::create(directory.path(), nodes, cluster::PORT, &Runs::by_default::<P>(), stores)
        .expect("valid")
}

/// A new cluster's config, as large as it is unless told otherwise.
fn config<P: Protocol>() -> Config {
    config_of::<P>(cluster::NODES)
}

/// What a node of `config` runs.
fn node<P: Protocol>(config: &Config) -> P {
    setup::actor(config).expect("its timers are those of the protocol")
}

/// What all of `values` are, if they are the same.
fn one<T: PartialEq + Debug>(values: impl IntoIterator<Item = T>) -> T {
    let mut values = values.into_iter();
    let first = values.next().expect("there is one");
    assert!(values.all(|value| value == first), "specs differ from each other in {first:?}");
    first
}

/// All of `values`, each once, in their order.
fn all<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// The first server of a spec. All its servers are set up the same.
fn server<A: Service, G: Clone + Debug + Hash>(spec: &Spec<Member<A>, (), G>) -> &A
where
    A::Msg: Ord,
{
    match &spec.system.actors[0] {
        Member::Server(server) => server,
        Member::Client(_) | Member::Operator(_) => panic!("{} begins with a server", spec.name),
    }
}

/// What the clients of nodes and those of `specs` have each their own of.
fn of_clients<A, G>(specs: &[Spec<Member<A>, (), G>]) -> Vec<Compared>
where
    A: Service,
    A::Msg: Ord,
    G: Clone + Debug + Hash,
{
    let clients = || {
        specs
            .iter()
            .flat_map(|spec| spec.system.actors.iter().map(move |actor| (spec, actor)))
            .filter_map(|(spec, actor)| match actor {
                Member::Client(client) => Some((spec, client)),
                Member::Server(_) | Member::Operator(_) => None,
            })
    };
    let Client { servers: _, script: _, reads: _, retry: _, tries: _, begins_anew: _, habits: _ } =
        clients().next().expect("one").1;
    let beginning = all(clients().map(|(spec, client)| {
        assert_eq!(client.servers.len(), spec.servers, "it knows all servers");
        usize::from(client.servers[0])
    }));
    let waits: Range<Duration> = one(clients().map(|(_, client)| client.retry.clone()));
    // What the node's client does, too: see `Client::call`.
    for (_, client) in clients() {
        let Habits { asks_again, tries_another, follows_redirect, knows_its_answer, begins_once } =
            client.habits;
        assert!(asks_again && tries_another && follows_redirect && knows_its_answer && begins_once);
        assert!(!client.begins_anew);
    }
    let Patience { retry, slow, first, retry_per, doubt, pause, redirects, fresh } = PATIENCE;
    vec![
        compared("how long a client waits", retry..retry, &waits),
        compared("how long a client waits where answers take longer", slow, "as ever"),
        compared("how long a client waits that no member has answered yet", first..first, &waits),
        compared("how much longer a client waits for a large command", retry_per, "none"),
        compared("which part of that a client waits for a server that was silent", doubt, 1),
        compared("how long a client waits when no leader is known", pause, waits.start),
        compared("how many redirects a client follows at once", redirects, 1),
        compared("whom a client asks first", "anyone", beginning),
        compared("for how long a client counts on what it knows of the log", fresh, "for ever"),
    ]
}

/// Asserts that each difference has a spec or a reason, and that each of those is needed.
fn assert_placed(compared: &[Compared], differences: &[&Differences]) {
    let listed = || differences.iter().flat_map(|list| list.iter());
    let differs: Vec<_> = compared.iter().filter(|it| it.node != it.specs).collect();
    for it in &differs {
        let is_listed = listed().any(|(what, _)| *what == it.what);
        let Compared { what, node, specs } = it;
        assert!(is_listed, "{what}: a node has {node}, the specs have {specs}");
    }
    for (what, answer) in listed() {
        assert!(differs.iter().any(|it| it.what == *what), "no difference any more: {what}");
        match answer {
            Answer::Spec(name) => {
                let specs = quorate_models::specs();
                assert!(specs.iter().any(|spec| spec.name() == *name), "there is no spec {name}");
            }
            Answer::None(why) => assert!(why.ends_with('.'), "{what}: no reason"),
        }
    }
}

/// Asserts that the timers of `spec` take as many ticks as those of `config`, each of which has a
/// name there, and that a client asks again as soon as a node's does.
fn assert_timed<T>(spec: &Timely<member::Timer<T>>, config: &Config, timers: &[(T, &str)])
where
    T: Copy + fmt::Debug,
{
    let tick = spec.tick.expect("it tells how long a tick is");
    let in_ticks = |range: &Range<Duration>| {
        let ticks = |time: Duration| (time.as_millis() / tick.as_millis()) as u8;
        ticks(range.start)..=ticks(range.end)
    };
    let servers = timers.iter().map(|(timer, name)| {
        assert!(config.timers.contains_key(*name), "a config has no timer {name}");
        (member::Timer::Server(*timer), config.timers[*name].clone())
    });
    let retry = PATIENCE.retry;
    for (timer, range) in servers.chain([(member::Timer::Retry, retry..retry)]) {
        assert_eq!((spec.range)(&timer), in_ticks(&range), "{timer:?}");
    }
    assert_eq!(timers.len(), config.timers.len(), "a timer is not compared");
}
