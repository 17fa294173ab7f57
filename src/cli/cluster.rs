//! `quorate cluster`: a cluster on this machine, one process per node.

mod children;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use clap::builder::RangedI64ValueParser;
use quorate_models::RUNNING;
use quorate_models::kv::Kv;
use quorate_models::protocol::{NewStore, Protocol, Settings, Visit};

use super::exit::{Code, Failure};
use super::log::{Log, Options};
use super::setup;
use crate::node::UNNAMED;
use crate::node::config::{Config, FILE, Runs};
use crate::node::storage::Store;
use children::{End, LOOK, Node};

/// How many nodes a new cluster has, unless told otherwise.
pub const NODES: u16 = 3;

/// How many nodes a new cluster may have.
pub const SIZES: RangeInclusive<u16> = 1..=9;

/// The port before that of the first node of a new cluster, unless told otherwise.
pub const PORT: u16 = 7_400;

/// What it does, for `--help`.
fn notes() -> String {
    let by_default = Outlives(BTreeMap::new());
    let forget = |name: &&&str| quorate_models::named(name, by_default.clone()) == Some(false);
    let lost: Vec<_> = RUNNING.iter().filter(forget).copied().collect();
    format!(
        "\
Creates the cluster, or resumes it if DIR has one, and runs it until Ctrl-C. A node that is killed
is not started again; one that gives up ends the cluster, which then exits 70. What is stored under
{} is lost when all nodes stop, unless options in cluster.toml say otherwise: such a cluster is not
resumed, and DIR is to be deleted.",
        lost.join(", ")
    )
}

/// Which cluster, and where.
#[derive(clap::Args)]
#[command(after_help = notes())]
pub struct Args {
    /// The protocol that the nodes run
    #[arg(long, help = format!("The protocol that the nodes run [default: {UNNAMED}]"))]
    protocol: Option<String>,
    /// How many nodes there are, 1 to 9 [default: 3]
    #[arg(long, value_name = "N", value_parser = sizes())]
    nodes: Option<u16>,
    /// Where config, key and stores are
    #[arg(long, default_value = "quorate-cluster")]
    dir: PathBuf,
    /// Node i listens on port P+i of 127.0.0.1, UDP and TCP [default: 7400]
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(u16).range(1..=65_000))]
    port: Option<u16>,
    /// Node i serves Redis clients (RESP2 and RESP3 over TCP) on port R+i of 127.0.0.1, for as
    /// long as the cluster runs now
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u16).range(1..=65_000))]
    redis: Option<u16>,
    /// Create the cluster, and start none of its nodes
    #[arg(long, conflicts_with = "redis")]
    only_create: bool,
    #[command(flatten)]
    log: Options,
}

fn sizes() -> RangedI64ValueParser<u16> {
    let (least, most) = (i64::from(*SIZES.start()), i64::from(*SIZES.end()));
    clap::value_parser!(u16).range(least..=most)
}

/// Runs a cluster.
pub fn run(args: Args) -> ExitCode {
    let log = Log::new(args.log, None);
    log.report(cluster(&args, log))
}

fn cluster(args: &Args, log: Log) -> Result<(), Failure> {
    if args.only_create {
        return only_create(args, log);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    ctrlc::set_handler(move || told.store(true, Ordering::SeqCst))
        .map_err(|error| Failure::new(Code::Io, format!("cannot listen for Ctrl-C: {error}")))?;
    let path = args.dir.join(FILE);
    let config = if path.exists() { resume(args, &path)? } else { create(args)? };
    if let Some(node) = config.nodes.iter().find(|node| !node.address.ip().is_loopback()) {
        let message = format!(
            "{}: node {} is at {}, perhaps on another machine; start each node where it is, with \
             `quorate node`",
            path.display(),
            node.id,
            node.address
        );
        return Err(Failure::new(Code::Config, message));
    }
    has_stores(&config)?;
    let (count, shown) = (config.nodes.len(), path.display());
    let text = format!("{count} nodes; `quorate kv --config {shown} put KEY VALUE` writes");
    log.info(&text, &[]);
    let redis: Vec<_> =
        config.nodes.iter().map(|node| redis(args.redis, node.id)).collect::<Result<_, _>>()?;
    let mut nodes = Vec::new();
    for (node, redis) in config.nodes.iter().zip(redis) {
        match Node::start(&path, node.id, redis, log) {
            Ok(started) => nodes.push(started),
            Err(failure) => {
                children::stop_all(&mut nodes, log);
                return Err(failure);
            }
        }
    }
    let ended = watch(&mut nodes, &stop, &path, log);
    children::stop_all(&mut nodes, log);
    ended
}

/// Creates a cluster whose nodes others start, perhaps on other machines.
fn only_create(args: &Args, log: Log) -> Result<(), Failure> {
    let path = args.dir.join(FILE);
    let shown = path.display();
    if path.exists() {
        let message = format!("--only-create: {shown} is there already");
        return Err(Failure::new(Code::Usage, message));
    }
    create(args)?;
    let text = format!("created; `quorate node --config {shown} --id 1` starts node 1");
    log.info(&text, &[]);
    Ok(())
}

/// Where node `id` serves Redis clients, if `first` is the port before that of the first node.
fn redis(first: Option<u16>, id: u64) -> Result<Option<SocketAddr>, Failure> {
    let Some(first) = first else { return Ok(None) };
    match u16::try_from(u64::from(first) + id) {
        Ok(port) => Ok(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))),
        Err(_) => {
            let message = format!("--redis {first}: there is no port {first} + {id} for node {id}");
            Err(Failure::new(Code::Usage, message))
        }
    }
}

/// Waits until the cluster is to stop, or there is no use in going on.
fn watch(nodes: &mut Vec<Node>, stop: &AtomicBool, config: &Path, log: Log) -> Result<(), Failure> {
    while !stop.load(Ordering::SeqCst) {
        for index in (0..nodes.len()).rev() {
            let Some(end) = nodes[index].ended() else {
                continue;
            };
            let id = nodes.remove(index).id;
            match end {
                // Ctrl-C reaches the nodes as well, perhaps before us.
                End::Stopped => log.info(&format!("node {id} stopped"), &[]),
                End::Killed(how) => {
                    let config = config.display();
                    let again = format!("`quorate node --config {config} --id {id}` restarts it");
                    log.warn(&format!("node {id} ended by {how}; {again}"), &[]);
                }
                End::Failed(code) => {
                    let message =
                        format!("node {id} failed with exit code {code}; see its last line");
                    return Err(Failure::new(Code::NodeFailed, message));
                }
            }
        }
        if nodes.is_empty() && !stop.load(Ordering::SeqCst) {
            return Err(Failure::new(Code::NodeFailed, "no node is left"));
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// The cluster that there is. What the arguments say of it must be so.
fn resume(args: &Args, path: &Path) -> Result<Config, Failure> {
    let config = Config::load(path)?;
    setup::check(&config)?;
    let outlives = Outlives(config.options.clone());
    if quorate_models::named(&config.protocol, outlives) == Some(false) {
        setup::visit(&config, ForgetsNothing(&config))??;
        let (path, protocol, dir) = (path.display(), &config.protocol, args.dir.display());
        let message = format!(
            "{path} is a cluster of {protocol}, which keeps its data in memory: all of it was lost \
             when the nodes stopped, and none of them would answer; delete {dir} to create the \
             cluster anew, or name another --dir"
        );
        return Err(Failure::new(Code::Usage, message));
    }
    let first = config.nodes[0].address.port() - 1;
    let count = config.nodes.len() as u16;
    let differs = |option: &str, has: &str, asked: &str| {
        let path = path.display();
        let message = format!(
            "{path} is a cluster with {option} {has}, not {asked}; \
             leave out {option} to resume it, or name another --dir to create a new one"
        );
        Err(Failure::new(Code::Usage, message))
    };
    match (&args.protocol, args.nodes, args.port) {
        (Some(asked), ..) if *asked != config.protocol => {
            differs("--protocol", &config.protocol, asked)
        }
        (_, Some(asked), _) if asked != count => {
            differs("--nodes", &count.to_string(), &asked.to_string())
        }
        (.., Some(asked)) if asked != first => {
            differs("--port", &first.to_string(), &asked.to_string())
        }
        _ => Ok(config),
    }
}

/// Refuses a cluster in which a node lacks its store, and says how it comes by one.
fn has_stores(config: &Config) -> Result<(), Failure> {
    let Some(node) = config.nodes.iter().find(|node| !node.store.exists()) else {
        return Ok(());
    };
    let (id, store, file) = (node.id, node.store.display(), config.path.display());
    let mut message = format!(
        "{store}: the store of node {id} is missing, and no node was started; put it back if it \
         was moved, or make a new one with `quorate node --config {file} --id {id} --init`: stop \
         that when it runs, and resume the cluster"
    );
    message += &match setup::visit(config, OfANewStore)? {
        NewStore::IsAsGood => String::new(),
        NewStore::Recovers => "; what it held it learns from the others then".to_owned(),
        NewStore::IsTakenBack => format!(
            "; if node {id} has run before, it counts for nothing until `quorate member \
             --config {file} remove {id}`, `add {id}` and `promote {id}`"
        ),
        NewStore::NeverCounts => {
            format!("; if node {id} has run before, it has no vote any more, and that is for good")
        }
    };
    if node.joins {
        message +=
            &format!("; if it was removed for good, delete its [[node]] from {file} instead");
    }
    Err(Failure::new(Code::Io, message))
}

/// A new cluster, its stores empty.
fn create(args: &Args) -> Result<Config, Failure> {
    let protocol = args.protocol.as_deref().unwrap_or(UNNAMED);
    let Some(runs) = quorate_models::named(protocol, ByDefault) else {
        let known = RUNNING.join(", ");
        let message = format!("no protocol {protocol:?} runs as a cluster, only: {known}");
        return Err(Failure::new(Code::Usage, message));
    };
    let (nodes, port) = (args.nodes.unwrap_or(NODES), args.port.unwrap_or(PORT));
    if let Some(Err(problem)) = quorate_models::named(protocol, Suffice(nodes.into())) {
        return Err(Failure::new(Code::Usage, format!("--nodes {nodes}: {problem}")));
    }
    for id in 1..=nodes {
        probe(SocketAddr::from((Ipv4Addr::LOCALHOST, port + id)))?;
    }
    Config::create(&args.dir, nodes, port, &runs, |config| setup::visit(config, Stores(config))?)
}

/// Creates the stores of a cluster.
struct Stores<'a>(&'a Config);

impl Visit for Stores<'_> {
    type Output = Result<(), Failure>;

    fn visit<P: Protocol<Machine = Kv>>(self) -> Self::Output {
        Ok(setup::create_stores::<P>(self.0)?)
    }
}

/// Asks a protocol whether so many nodes are enough.
struct Suffice(usize);

impl Visit for Suffice {
    type Output = Result<(), String>;

    fn visit<P: Protocol<Machine = Kv>>(self) -> Self::Output {
        if self.0 < P::LEAST_NODES { Err(setup::too_few::<P>(self.0)) } else { Ok(()) }
    }
}

/// Asks a protocol whether its data outlives a stop of all nodes, with these options.
#[derive(Clone)]
struct Outlives(BTreeMap<String, bool>);

impl Visit for Outlives {
    type Output = bool;

    fn visit<P: Protocol<Machine = Kv>>(self) -> Self::Output {
        P::outlives_a_stop(&Settings { options: self.0, ..Settings::default() })
    }
}

/// Asks a protocol whether nodes that are set up so would forget what is in their stores.
struct ForgetsNothing<'a>(&'a Config);

impl Visit for ForgetsNothing<'_> {
    type Output = Result<(), Failure>;

    fn visit<P: Protocol<Machine = Kv>>(self) -> Self::Output {
        let ForgetsNothing(config) = self;
        for node in config.nodes.iter().filter(|node| node.store.exists()) {
            let identity = setup::identity(config, node.id);
            let (_store, storage) = Store::<P::Storage>::open(&node.store, identity)?;
            if let Some(saved) = &storage {
                setup::forgets_nothing::<P>(config, node, saved)?;
            }
        }
        Ok(())
    }
}

/// Asks a protocol what becomes of a node that is given a new store.
struct OfANewStore;

impl Visit for OfANewStore {
    type Output = NewStore;

    fn visit<P: Protocol<Machine = Kv>>(self) -> Self::Output {
        P::NEW_STORE
    }
}

/// Asks a protocol how it is run unless told otherwise.
struct ByDefault;

impl Visit for ByDefault {
    type Output = Runs<'static>;

    fn visit<P: Protocol<Machine = Kv>>(self) -> Self::Output {
        Runs::by_default::<P>()
    }
}

/// Finds out whether a node could listen there. A cluster keeps the ports that it is created with,
/// so it is not created for ports that it cannot have.
fn probe(address: SocketAddr) -> Result<(), Failure> {
    let taken = |kind: &str, error: io::Error| {
        let message = format!(
            "cannot bind {kind} {address}: {error}; nothing was created; --port takes other ports"
        );
        Failure::new(Code::Io, message)
    };
    UdpSocket::bind(address).map_err(|error| taken("UDP", error))?;
    TcpListener::bind(address).map_err(|error| taken("TCP", error))?;
    Ok(())
}
