//! The command line: one file per subcommand.

pub mod check;
pub mod cluster;
pub mod exit;
pub mod explore;
pub mod kv;
pub mod list;
pub mod log;
pub mod node;
pub mod output;
pub mod setup;
pub mod specs;
pub mod status;
pub mod unanswered;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Code;

/// Cluster protocols written once: checked exhaustively, explored in a browser, run over UDP.
#[derive(Parser)]
#[command(name = "quorate", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows every spec, its bounds and its properties
    List(list::Args),
    /// Explores specs to their end and says whether they hold
    Check(check::Args),
    /// Shows a spec in the browser, step by step
    Explore(explore::Args),
    /// Runs a cluster on this machine, one process per node
    Cluster(cluster::Args),
    /// Runs one node of a cluster
    Node(node::Args),
    /// Shows what every node of a cluster is doing
    Status(status::Args),
    /// Reads and writes the replicated key-value store
    Kv(kv::Args),
}

/// Runs the command that the process's arguments name, and gives its exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // If nobody reads the message, there is nobody to tell.
            let _ = error.print();
            // Help and version are not errors, although clap returns them as such.
            let code = if error.use_stderr() { Code::Usage } else { Code::Success };
            return code.into();
        }
    };
    match cli.command {
        Command::List(args) => list::run(args),
        Command::Check(args) => check::run(args),
        Command::Explore(args) => explore::run(args),
        Command::Cluster(args) => cluster::run(args),
        Command::Node(args) => node::run(args),
        Command::Status(args) => status::run(args),
        Command::Kv(args) => kv::run(args),
    }
}
