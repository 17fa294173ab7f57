//! `quorate transfer`: has another node lead.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use quorate_models::order::Order;
use stateright::actor::Id;

use super::exit::{self, Failure};
use super::{kv, order, setup};
use crate::node::config::Config;

/// What is said of it, for `--help`.
const NOTES: &str = "\
The leader takes no more commands until the other node has all of its log; then that one stands for
election, and clients go on with it. If it has not taken over within an election timeout, the leader
goes on.

Exits 1 if it is refused, with the reason, and 3 if nobody answers in time: the node may lead then,
or may come to.";

/// Which node is to lead which cluster.
#[derive(clap::Args)]
#[command(after_help = NOTES)]
pub struct Args {
    /// The cluster's config
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The node that is to lead
    #[arg(long, value_name = "N")]
    to: u64,
    /// How long to try, in seconds
    #[arg(long, value_name = "S", default_value = "10", value_parser = kv::seconds)]
    timeout: Duration,
}

/// Has another node lead.
pub fn run(args: Args) -> ExitCode {
    exit::report(transfer(&args))
}

fn transfer(args: &Args) -> Result<(), Failure> {
    let config = Config::load(&args.config)?;
    setup::check(&config)?;
    let to = setup::node(&config, args.to)?.id;
    let (order, done) = (Order::Transfer { to: Id::from(to as usize) }, format!("node {to} leads"));
    let unknown = format!("node {to} may lead, or may come to");
    order::give(&config, order, args.timeout, &done, &unknown)
}
