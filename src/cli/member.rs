//! `quorate member`: changes which nodes a cluster has, while it runs.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use quorate_models::order::{Change, Order};
use stateright::actor::Id;

use super::exit::{self, Failure};
use super::{kv, order, setup};
use crate::node::config::Config;

/// What is said of all changes, for `--help`.
const NOTES: &str = "\
One change at a time: it is done when a majority has it. `quorate status` shows who learns and who
is removed.

Exits 1 if the change is refused, with the reason, and 3 if nobody says in time that it is done: it
may be under way then.";

/// Which change of which cluster.
#[derive(clap::Args)]
#[command(after_help = NOTES)]
pub struct Args {
    /// The cluster's config
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How long to try, in seconds
    #[arg(long, value_name = "S", default_value = "10", value_parser = kv::seconds, global = true)]
    timeout: Duration,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Has a node store what the others store, without a vote
    Add {
        /// The node's number in the config
        node: u64,
    },
    /// Gives a node a vote that has caught up
    Promote {
        /// The node's number in the config
        node: u64,
    },
    /// Takes a node out of the cluster; the last one that has a vote stays
    Remove {
        /// The node's number in the config
        node: u64,
    },
    /// Gives these nodes a vote, and takes all others out that have one, all at once
    Replace {
        /// The nodes' numbers in the config
        #[arg(required = true)]
        nodes: Vec<u64>,
    },
}

impl What {
    fn change(&self) -> Change {
        let id = |node: &u64| Id::from(*node as usize);
        match self {
            What::Add { node } => Change::Add { id: id(node) },
            What::Promote { node } => Change::Promote { id: id(node) },
            What::Remove { node } => Change::Remove { id: id(node) },
            What::Replace { nodes } => {
                Change::Replace { voters: nodes.iter().map(id).collect::<BTreeSet<Id>>() }
            }
        }
    }

    /// The nodes that are named.
    fn nodes(&self) -> &[u64] {
        match self {
            What::Add { node } | What::Promote { node } | What::Remove { node } => {
                std::slice::from_ref(node)
            }
            What::Replace { nodes } => nodes,
        }
    }

    /// What is so when it is done.
    fn done(&self) -> String {
        match self {
            What::Add { node } => format!("node {node} is a member"),
            What::Promote { node } => format!("node {node} has a vote"),
            What::Remove { node } => format!("node {node} is no member"),
            What::Replace { nodes } => format!("the nodes with a vote are {nodes:?}"),
        }
    }
}

/// Changes a cluster.
pub fn run(args: Args) -> ExitCode {
    exit::report(change(&args))
}

fn change(args: &Args) -> Result<(), Failure> {
    let config = Config::load(&args.config)?;
    setup::check(&config)?;
    for node in args.what.nodes() {
        setup::node(&config, *node)?;
    }
    let (order, done) = (Order::Change(args.what.change()), args.what.done());
    order::give(&config, order, args.timeout, &done, "the change may be under way")
}
