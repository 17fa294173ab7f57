//! Measures quorate beside etcd, on the same machine, the same disk and in the same minutes:
//!
//! ```text
//! cargo run --release --manifest-path benches/peers/Cargo.toml
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- --quick
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- --failovers 20
//! ```
//!
//! It builds the `quorate` binary and starts three nodes of it, and three members of Debian's etcd
//! (`apt-get install etcd-server`), with the defaults of both. Then it has the one and the other
//! asked in alternation, several rounds through. Only one of them is asked at a time. The other one
//! runs and is idle: it sends heartbeats, and stores nothing.
//!
//! The sessions of both ask closed-loop: each for one thing at a time, and for the next as soon as
//! it has the answer. quorate is asked by its own client over UDP, in the generator of
//! `quorate bench`. etcd is asked by gRPC, over several HTTP/2 connections to each member asked. It
//! is first tried whether it is faster if all members are asked or only the leader, and that is
//! done from then on. The sessions run on the machine of the servers, so what a client costs is
//! taken from both systems, and the JSON tells how much that was.
//!
//! Each session writes to keys of its own, and the values tell a number that rises. After each
//! measurement all its keys are read back. It exits with 1 if one of them holds less than was
//! acknowledged, of either system.

mod cell;
mod compare;
mod cpu;
mod disk;
mod etcd;
mod failover;
mod process;
mod progress;
mod quorate_cluster;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use quorate::cli::exit::{self, Code, Failure};
use rustix::fs::statfs;
use serde_json::Value;
use tempfile::TempDir;

/// What statfs says of a file system in memory: `TMPFS_MAGIC` of Linux.
const TMPFS: i64 = 0x0102_1994;

/// How many lines are shown of what is missing.
const SHOWN: usize = 10;

/// Measures quorate beside etcd, or how long clients wait when quorate's leader is killed.
#[derive(Parser)]
struct Args {
    /// Take seconds instead of minutes, to try it: the figures are worth little
    #[arg(long)]
    quick: bool,
    /// Kill the leader of the quorate cluster so often under load, and measure only that
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    failovers: Option<u32>,
    /// Write the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where the stores of both systems are, in a folder that is deleted in the end [default: below
    /// the target folder of this package]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The quorate binary [default: the one of this tree, built now]
    #[arg(long, value_name = "FILE")]
    quorate: Option<PathBuf>,
    /// The binary of etcd
    #[arg(long, value_name = "FILE", default_value = "/usr/bin/etcd")]
    etcd: PathBuf,
}

fn main() -> ExitCode {
    exit::report(run(&Args::parse()))
}

fn run(args: &Args) -> Result<(), Failure> {
    let binary = args.quorate.clone().map_or_else(process::build_quorate, Ok)?;
    let dir = folder(args.dir.as_deref())?;
    let outcome = match args.failovers {
        Some(count) => failover::run(&binary, dir.path(), count)?,
        None => compare::run(&binary, &args.etcd, dir.path(), args.quick)?,
    };
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&outcome.figures).expect("numbers have a form");
        let failed = |error| Failure::new(Code::Io, format!("{}: {error}", path.display()));
        fs::write(path, text + "\n").map_err(failed)?;
    }
    let missing = outcome.missing;
    if missing.is_empty() {
        println!("\nnothing that was acknowledged is missing");
        return Ok(());
    }
    let first = &missing[..missing.len().min(SHOWN)].join("\n");
    let count = missing.len();
    let message = format!("what was acknowledged is missing, {count} times; the first:\n{first}");
    Err(Failure::new(Code::No, message))
}

/// What came of it all.
struct Outcome {
    figures: Value,
    /// What was acknowledged and is not there, a line each.
    missing: Vec<String>,
}

/// A folder for the stores, on a disk.
fn folder(parent: Option<&Path>) -> Result<TempDir, Failure> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let parent = parent.unwrap_or(&default);
    let failed =
        |error: std::io::Error| Failure::new(Code::Io, format!("{}: {error}", parent.display()));
    let system = statfs(parent).map_err(|error| failed(error.into()))?;
    if system.f_type == TMPFS {
        let path = parent.display();
        let message = format!("{path} is in memory (tmpfs), and no disk is measured; name a --dir");
        return Err(Failure::new(Code::Usage, message));
    }
    tempfile::Builder::new().prefix("peers-").tempdir_in(parent).map_err(failed)
}
