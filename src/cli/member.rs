//! `quorate member`: changes which nodes a cluster has, while it runs.

mod come;
mod list;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use quorate_models::order::{Change, Order};
use stateright::actor::Id;

use super::exit::{self, Code, Failure};
use super::order::{give, report};
use super::{kv, setup};
use crate::node::config::Config;

/// What is said of all changes, for `--help`.
const NOTES: &str = "\
One change at a time: it is done when a majority has it. A node that comes is added, started, and
promoted when it has caught up. One that was removed may come back under its number, with its store
or with a new one. One that has lost its store is removed first, and then added and promoted again.

Exits 1 if the change is refused, with the reason, and 3 if nobody says in time that it is done: it
may be under way then.";

/// What may be so if nobody says in time that a change is done.
const UNKNOWN: &str = "the change may be under way";

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
    /// Shows the members, and how far each of them is
    List,
    /// Has a node store what the others store, without a vote
    Add {
        /// The node's number in the config
        node: u64,
        /// Where the others reach the node over UDP. Writes it into the config, if that does not
        /// have the node: on other machines that is yours to do
        #[arg(long, value_name = "HOST:PORT")]
        address: Option<String>,
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
    /// What is asked for, and what is so when it is done; `None` if nothing is to change.
    fn change(&self) -> Option<(Change, String)> {
        let id = |node: &u64| Id::from(*node as usize);
        Some(match self {
            What::List => return None,
            What::Add { node, .. } => {
                (Change::Add { id: id(node) }, format!("node {node} is a member"))
            }
            What::Promote { node } => {
                (Change::Promote { id: id(node) }, format!("node {node} has a vote"))
            }
            What::Remove { node } => {
                (Change::Remove { id: id(node) }, format!("node {node} is no member"))
            }
            What::Replace { nodes } => {
                let voters: BTreeSet<Id> = nodes.iter().map(id).collect();
                (Change::Replace { voters }, format!("the nodes with a vote are {nodes:?}"))
            }
        })
    }

    /// A node that is named more than once: another one was meant.
    fn named_twice(&self) -> Option<u64> {
        let mut named = BTreeSet::new();
        self.nodes().iter().copied().find(|node| !named.insert(*node))
    }

    /// The nodes that are named.
    fn nodes(&self) -> &[u64] {
        match self {
            What::List => &[],
            What::Add { node, .. } | What::Promote { node } | What::Remove { node } => {
                std::slice::from_ref(node)
            }
            What::Replace { nodes } => nodes,
        }
    }
}

/// Changes a cluster, or shows its members.
pub fn run(args: Args) -> ExitCode {
    exit::report(member(&args))
}

fn member(args: &Args) -> Result<(), Failure> {
    let config = Config::load(&args.config)?;
    setup::check(&config)?;
    let Some((change, done)) = args.what.change() else {
        return list::show(&config);
    };
    if !setup::changes_members(&config)? {
        return Err(Failure::new(Code::No, setup::keeps_members(&config)));
    }
    if let What::Add { node, address: Some(address) } = &args.what {
        return report(come::add(&config, *node, address, args.timeout)?, &done);
    }
    for node in args.what.nodes() {
        setup::node(&config, *node).map_err(|failure| match args.what {
            What::Add { .. } => come::told_how(failure),
            _ => failure,
        })?;
    }
    if let Some(twice) = args.what.named_twice() {
        let message = format!("node {twice} is named twice");
        return Err(Failure::new(Code::Usage, message));
    }
    give(&config, Order::Change(change), args.timeout, &done, UNKNOWN)
}
