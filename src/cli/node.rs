//! `quorate node`: one node of a cluster, until it is told to stop.

pub mod console;
mod limiter;
mod taken_out;

use std::io::Read;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use quorate_models::raft;
use stateright::actor::Actor;

use super::exit::{self, Code, Failure};
use super::log;
use super::setup;
use crate::node::board::Board;
use crate::node::config::{Config, Node};
use crate::node::event_loop::{EventLoop, NodeError};
use crate::node::http::Http;
use crate::node::snapshot::Snapshot;
use crate::node::storage::{self, Store};
use crate::node::transport::Transport;
use console::Console;

/// What a node remembers: the storage of the actor that is checked.
type Saved = <raft::protocol::Node as Actor>::Storage;

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
    /// Listen for UDP on this address instead of the one in the config: 0.0.0.0:7401, say, where
    /// the address by which others reach the node is not one of this machine's
    #[arg(long, value_name = "IP:PORT")]
    bind: Option<SocketAddr>,
    /// Create the node's store if there is none. Only for a node that never ran: one that comes
    /// back without its memory may vote twice
    #[arg(long)]
    init: bool,
    /// Stop when the standard input ends: it does when whoever started the node is gone, even
    /// killed
    #[arg(long, hide = true)]
    stop_with_stdin: bool,
}

/// Runs one node.
pub fn run(args: Args) -> ExitCode {
    exit::report(node(&args))
}

fn node(args: &Args) -> Result<(), Failure> {
    let config = Config::load(&args.config)?;
    let member = bound(setup::node(&config, args.id)?.clone(), args.bind)?;
    let members = setup::members(&config)?;
    taken_out::refuse(&member.store)?;
    let identity = setup::identity(&config, args.id);
    if args.init && !member.store.exists() {
        storage::create(&member.store, identity.clone())?;
    }
    let (store, storage) = Store::<Saved>::open(&member.store, identity)?;
    let io = |error: &dyn std::fmt::Display| Failure::new(Code::Io, error);
    let transport =
        Transport::server_at(&members, args.id, member.bind).map_err(|error| io(&error))?;
    let board = Board::default();
    let _http = Http::start(&config, args.id, board.clone()).map_err(|error| io(&error))?;
    stop_when_told(&board, args.stop_with_stdin)?;
    let saved = if storage.is_some() { "resumes" } else { "is new" };
    let (address, file) = (member.bind, member.store.display());
    log::event(&format!("started on {address}; {file} {saved}; process {}", std::process::id()));
    for line in exposure(&member) {
        log::event(&line);
    }
    let actor = setup::actor(&config);
    let ended = EventLoop::start(actor, transport, store, &storage, Console::new(board))
        .and_then(|node| node.run());
    if let Err(NodeError::GivesUp(why)) = &ended {
        taken_out::note(&member.store, why)?;
    }
    let ended = ended.map_err(Failure::from);
    log::event(if ended.is_ok() { "stopped" } else { "stopped by an error" });
    ended
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        let code = match error {
            NodeError::Panic { .. } | NodeError::GivesUp(_) => Code::NodeFailed,
            NodeError::Transport(_) | NodeError::NoRandom(_) | NodeError::Disk(_) => Code::Io,
        };
        Failure::new(code, error)
    }
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
             whoever asks; nothing can be changed there",
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
