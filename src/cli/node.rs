//! `quorate node`: one node of a cluster, until it is told to stop.

pub mod console;
mod etcd;
pub mod file;
mod lately;
mod limiter;
mod redis;
mod taken_out;

use std::io::Read;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;

use quorate_models::durable::Durable;
use quorate_models::kv::Kv;
use quorate_models::protocol::{Protocol, Visit};

use super::exit::{Code, Failure};
use super::log::{Log, Options};
use super::setup;
use crate::node::board::Board;
use crate::node::config::{Config, Node};
use crate::node::event_loop::{EventLoop, NodeError};
use crate::node::http::{Answers, Http, Settings};
use crate::node::seal::NoRandom;
use crate::node::snapshot::Snapshot;
use crate::node::storage::{self, Store};
use crate::node::tls::{Tls, TlsError};
use crate::node::transport::Transport;
use crate::redis::Counters;
use crate::redis::password::Password;
use console::Console;
use file::Places;

/// Which node of which cluster.
#[derive(clap::Args)]
#[command(after_help = "Runs until Ctrl-C or SIGTERM, and exits 0 then.")]
pub struct Args {
    /// The cluster's config
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Which of its nodes to run
    #[arg(long, value_name = "N")]
    id: u64,
    /// The protocol that the cluster must run, or nothing is started
    #[arg(long)]
    protocol: Option<String>,
    /// Listen for UDP on this address instead of the one in the config: 0.0.0.0:7401, say, where
    /// the address by which others reach the node is not one of this machine's
    #[arg(long, value_name = "IP:PORT")]
    bind: Option<SocketAddr>,
    #[command(flatten)]
    redis: redis::Options,
    /// The file that holds the password that Redis clients and those of etcd's JSON gateway must
    /// know, one line that only its owner can read; without it both are served on loopback
    /// addresses only
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The file with the certificate, in PEM, by which the node is known to clients that speak TLS.
    /// Those of Redis and of etcd must then; who asks for status and metrics may
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The file with the key of that certificate, in PEM, which only its owner can read
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Create the node's store if there is none: of a node that never ran, or has lost its store.
    /// The others know that one by the `store_id` lines of the config. In Raft and Multi-Paxos it
    /// counts for nothing until it is removed, added and promoted, in ZAB for good, and in
    /// Viewstamped Replication and a quorum-store it recovers from the others
    #[arg(long)]
    init: bool,
    /// Stop when the standard input ends: it does when whoever started the node is gone, even
    /// killed
    #[arg(long, hide = true)]
    stop_with_stdin: bool,
    #[command(flatten)]
    log: Options,
}

/// Runs one node.
pub fn run(args: Args) -> ExitCode {
    let log = Log::new(args.log, Some(args.id));
    log.tell_of_panics();
    log.report(node(&args, log))
}

fn node(args: &Args, log: Log) -> Result<(), Failure> {
    let config = Config::load(&args.config)?;
    if let Some(asked) = args.protocol.as_ref().filter(|asked| **asked != config.protocol) {
        let (path, has) = (config.path.display(), &config.protocol);
        let message = format!("{path} is a cluster with --protocol {has}, not {asked}");
        return Err(Failure::new(Code::Usage, message));
    }
    let node = bound(setup::node(&config, args.id)?.clone(), args.bind)?;
    let password = args.password_file.as_deref().map(Password::load).transpose()?;
    let files = args.tls_cert.as_deref().zip(args.tls_key.as_deref());
    let tls = files.map(|(cert, key)| Tls::load(cert, key)).transpose()?;
    let redis = args.redis.settings(password.clone(), tls.clone())?;
    let board = Board::default();
    stop_when_told(&board, args.stop_with_stdin)?;
    let site = Site { config: &config, node, init: args.init, board, log };
    setup::visit(&config, Served { site, redis, password, tls })?
}

/// One node of a cluster, where it is to run.
pub struct Site<'a> {
    /// The cluster.
    pub config: &'a Config,
    /// The node of it.
    pub node: Node,
    /// Whether its store is created if there is none.
    pub init: bool,
    /// Where it publishes what it does, and is told to stop.
    pub board: Board<Snapshot>,
    /// Where it says what goes on.
    pub log: Log,
}

/// A node of the key-value store, how it serves Redis clients, if it does, what password these and
/// clients of etcd must know, and by what the latter know the node.
struct Served<'a> {
    site: Site<'a>,
    redis: Option<redis::At>,
    password: Option<Password>,
    tls: Option<Tls>,
}

impl Visit for Served<'_> {
    type Output = Result<(), Failure>;

    fn visit<P: Protocol<Machine = Kv>>(self) -> Result<(), Failure> {
        let Served { site, redis, password, tls } = self;
        if redis.is_some() && !P::KNOWS_ALL {
            let message = format!("--redis: {} knows too few of the commands of Redis", P::NAME);
            return Err(Failure::new(Code::Usage, message));
        }
        site.serve::<P, _>(|site, [places, also], board| {
            let etcd = etcd::start(site, password, also)?;
            let more = Some(etcd.answers());
            let redis = redis.map(|at| at.start(site, places, board)).transpose()?;
            let settings = Settings { tls, ..Settings::default() };
            Ok(Begun { runs: (etcd, redis), more, settings })
        })
    }
}

/// Where the servers are, told to each of two others.
type TwoPlaces = [Receiver<Places>; 2];

/// What has begun beside a node.
struct Begun<T> {
    /// What ends when the node does.
    runs: T,
    /// What else answers over HTTP.
    more: Option<Arc<dyn Answers>>,
    /// How HTTP is served.
    settings: Settings,
}

impl Site<'_> {
    /// Runs a server of `P` here, until it is told to stop.
    ///
    /// # Errors
    /// If it cannot start, or not go on.
    pub fn run<P: Protocol>(self) -> Result<(), Failure> {
        let settings = Settings::default();
        self.serve::<P, _>(|_, _, _| Ok(Begun { runs: (), more: None, settings }))
    }

    /// The same, with what `begin` begins before the node says that it has started.
    fn serve<P: Protocol, T>(
        self,
        begin: impl FnOnce(&Self, TwoPlaces, Board<Counters>) -> Result<Begun<T>, Failure>,
    ) -> Result<(), Failure> {
        let actor = setup::actor::<P>(self.config)?;
        self.prepare()?;
        let identity = setup::identity(self.config, self.node.id);
        let (mut store, mut storage) = Store::<P::Storage>::open(&self.node.store, identity)?;
        if let Some(saved) = &storage {
            setup::forgets_nothing::<P>(self.config, &self.node, saved)?;
        }
        let made = self.node.store_id.and_then(P::first_storage);
        let is_as_made =
            |saved: &P::Storage| made.is_some_and(|made| saved.changes(Some(&made)).is_empty());
        let resumes = storage.as_ref().is_some_and(|saved| !is_as_made(saved));
        if storage.is_none() {
            storage = first_storage::<P>(&mut store)?;
        }
        let members = setup::members(self.config)?;
        let transport = Transport::server_at(&members, self.node.id, self.node.bind)
            .map_err(|error| Failure::new(Code::Io, error))?;
        let [places, one, other] = file::follow(self.config.clone(), self.node.id, self.log);
        let counters = Board::default();
        let Begun { runs: _runs, more, settings } = begin(&self, [one, other], counters.clone())?;
        let _http = self.listen(resumes, more, settings)?;
        let watch = Console::new(transport.id(), self.log, self.board.clone(), counters, places);
        let ended =
            EventLoop::start(actor, transport, store, &storage, watch).and_then(|node| node.run());
        self.conclude(ended)
    }

    /// Refuses a node that was taken out, and creates a store if that is wanted.
    fn prepare(&self) -> Result<(), Failure> {
        let store = &self.node.store;
        taken_out::refuse(store)?;
        if self.init && !store.exists() {
            storage::create(store, setup::identity(self.config, self.node.id))?;
        }
        Ok(())
    }

    /// Serves HTTP, and says that the node has started.
    fn listen(
        &self,
        resumes: bool,
        more: Option<Arc<dyn Answers>>,
        settings: Settings,
    ) -> Result<Http, Failure> {
        let node = &self.node;
        let http = Http::start(self.config, node.id, self.board.clone(), more, settings)
            .map_err(|error| Failure::new(Code::Io, error))?;
        let saved = if resumes { "resumes" } else { "is new" };
        let (address, file, process) = (node.bind, node.store.display(), std::process::id());
        let text = format!("started on {address}; {file} {saved}; process {process}");
        let fields = [
            ("address", address.to_string().into()),
            ("store", file.to_string().into()),
            ("resumes", resumes.into()),
            ("process", process.into()),
        ];
        self.log.info(&text, &fields);
        for line in exposure(node) {
            self.log.warn(&line, &[]);
        }
        Ok(http)
    }

    /// Says how it ended, and writes down if it must not run again.
    fn conclude(&self, ended: Result<(), NodeError>) -> Result<(), Failure> {
        if let Err(NodeError::GivesUp(why)) = &ended {
            taken_out::note(&self.node.store, why)?;
        }
        match &ended {
            Ok(()) => self.log.info("stopped", &[]),
            Err(_) => self.log.error("stopped by an error", &[]),
        }
        ended.map_err(Failure::from)
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        let code = if matches!(error, TlsError::Io { .. }) { Code::Io } else { Code::Config };
        Failure::new(code, error)
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        let code = match error {
            NodeError::Panic { .. } | NodeError::GivesUp(_) => Code::NodeFailed,
            NodeError::Transport(_)
            | NodeError::NoRandom(_)
            | NodeError::Thread(_)
            | NodeError::Disk(_) => Code::Io,
        };
        Failure::new(code, error)
    }
}

/// What a store holds from now on that held nothing. It is on the disk when this returns.
fn first_storage<P: Protocol>(
    store: &mut Store<P::Storage>,
) -> Result<Option<P::Storage>, Failure> {
    let number = getrandom::u64().map_err(|error| NodeError::from(NoRandom(error)))?;
    let first = P::first_storage(number);
    if let Some(first) = &first {
        store.commit(first)?;
    }
    Ok(first)
}

/// The node, listening where the command line says, if it does.
fn bound(node: Node, bind: Option<SocketAddr>) -> Result<Node, Failure> {
    match bind {
        None => Ok(node),
        Some(bind) => node
            .bound_to(bind)
            .map_err(|problem| Failure::new(Code::Usage, format!("--bind: {problem}"))),
    }
}

/// What whoever runs the node should know of who can reach it.
fn exposure(node: &Node) -> Vec<String> {
    let mut lines = Vec::new();
    if !node.bind.ip().is_loopback() {
        lines.push(format!(
            "other machines reach UDP {}: every datagram is sealed with the cluster's key, and \
             whoever has the key is trusted, clients too",
            node.bind
        ));
    }
    if !node.http.ip().is_loopback() {
        lines.push(format!(
            "other machines reach HTTP {}: it asks for no key, and shows status and metrics to \
             whoever asks; the store is open there to who knows the password of --password-file, \
             and without one to nobody",
            node.http
        ));
    }
    lines
}

/// Has the board say so when the node is to stop.
fn stop_when_told(board: &Board<Snapshot>, with_stdin: bool) -> Result<(), Failure> {
    let told = board.clone();
    ctrlc::set_handler(move || told.stop())
        .map_err(|error| Failure::new(Code::Io, format!("cannot listen for Ctrl-C: {error}")))?;
    if with_stdin {
        let told = board.clone();
        thread::spawn(move || {
            let mut stdin = std::io::stdin().lock();
            // Whatever is said there does not matter, only its end, of which an error is one.
            while matches!(stdin.read(&mut [0; 64]), Ok(1..)) {}
            told.stop();
        });
    }
    Ok(())
}
