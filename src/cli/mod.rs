//! The command line: one file per subcommand.

pub mod bench;
pub mod bounds;
pub mod check;
pub mod cluster;
pub mod exit;
pub mod explore;
pub mod kv;
pub mod list;
pub mod log;
pub mod member;
pub mod node;
pub mod order;
pub mod output;
pub mod setup;
pub mod specs;
pub mod status;
pub mod transfer;
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
    /// Shows specs, their bounds and their properties
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
    /// Has another node lead
    Transfer(transfer::Args),
    /// Changes which nodes a cluster has
    Member(member::Args),
    /// Reads and writes the replicated key-value store
    Kv(kv::Args),
    /// Measures how fast a cluster answers
    Bench(bench::Args),
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
        Command::Transfer(args) => transfer::run(args),
        Command::Member(args) => member::run(args),
        Command::Kv(args) => kv::run(args),
        Command::Bench(args) => bench::run(args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// The arguments of a command and its subcommands that say nothing of themselves.
    fn unexplained(command: &clap::Command) -> Vec<String> {
        let visible = command.get_arguments().filter(|argument| !argument.is_hide_set());
        let silent = visible.filter(|argument| argument.get_help().is_none());
        let own = silent.map(|argument| format!("{} {}", command.get_name(), argument.get_id()));
        own.chain(command.get_subcommands().flat_map(unexplained)).collect()
    }

    #[test]
    fn every_argument_of_every_command_is_explained() {
        let mut command = Cli::command();
        command.build();
        assert_eq!(unexplained(&command), [""; 0]);
        let ends = command.find_subcommand_mut("check").unwrap().render_help().to_string();
        assert!(ends.contains("exits 130") && ends.contains("--elections <N>"), "{ends}");
    }
}
