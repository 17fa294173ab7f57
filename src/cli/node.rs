//! `quorate node`: one node of a cluster, until it is told to stop.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use quorate_models::kv::Kv;
use quorate_models::raft::Raft;
use quorate_models::service::Status;
use stateright::actor::Actor;

use super::exit::{self, Code, Failure};
use super::log::{self, Colour};
use super::setup;
use crate::node::board::Board;
use crate::node::config::Config;
use crate::node::event_loop::{Counts, EventLoop, Watch};
use crate::node::http::{Http, Snapshot};
use crate::node::storage::{Identity, Store};
use crate::node::transport::{Counters, Transport};

/// What a node remembers: the storage of the actor that is checked.
pub(super) type Saved = <Raft<Kv> as Actor>::Storage;

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
    let member = setup::node(&config, args.id)?;
    let members = setup::members(&config)?;
    let identity = Identity { cluster: config.cluster, node: args.id };
    if args.init && !member.store.exists() {
        Store::<Saved>::create(&member.store, identity)?;
    }
    let (store, storage) = Store::<Saved>::open(&member.store, identity)?;
    let io = |error: &dyn std::fmt::Display| Failure::new(Code::Io, error);
    let transport = Transport::server(&members, args.id).map_err(|error| io(&error))?;
    let board = Board::default();
    let _http = Http::start(&config, args.id, board.clone()).map_err(|error| io(&error))?;
    stop_when_told(&board, args.stop_with_stdin)?;
    let saved = if storage.is_some() { "resumes" } else { "is new" };
    let (address, file) = (member.address, member.store.display());
    log::event(&format!("started on {address}; {file} {saved}; process {}", std::process::id()));
    let watch = Console { board, last: None };
    let actor = setup::actor(&config);
    let ended = EventLoop::start(actor, transport, store, &storage, watch)
        .and_then(|node| node.run())
        .map_err(|error| io(&error));
    log::event(if ended.is_ok() { "stopped" } else { "stopped by an error" });
    ended
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

/// Passes on what the node does: all of it to the board, the turns of its life to stderr.
struct Console {
    board: Board<Snapshot>,
    last: Option<(String, u64)>,
}

impl Watch for Console {
    fn publish(&mut self, status: Status, counts: Counts, transport: Counters) {
        let now = (status.role.clone(), status.term);
        if self.last.as_ref() != Some(&now) {
            let same_role = self.last.as_ref().is_some_and(|(role, _)| *role == status.role);
            let colour = if status.role == "leader" { Colour::Green } else { Colour::Yellow };
            let role =
                if same_role { status.role.clone() } else { log::paint(&status.role, colour) };
            log::event(&format!("{role} in term {}", status.term));
            self.last = Some(now);
        }
        let metrics = setup::metrics(counts, transport);
        self.board.publish(Snapshot { status, metrics });
    }

    fn is_stopping(&self) -> bool {
        self.board.is_stopping()
    }
}
