//! Writes on and on to a cluster of Raft, and measures that what a node holds stays bounded:
//!
//! ```text
//! cargo bench --bench writes                  # a million writes
//! cargo bench --bench writes -- 200000
//! ```
//!
//! Three nodes on this machine, each a process of its own, and clients that write small values to a
//! thousand keys, each one at a time. In the end each node in turn is killed and started again. The
//! memory is that of the process, the store is its file.

#[allow(dead_code, reason = "this program uses a part of it")]
#[path = "../tests/support/cluster.rs"]
mod cluster;

use std::fs;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cluster::Cluster;
use quorate::node::client::Client;
use quorate_models::kv::{Command, Kv, Text};
use quorate_models::number::{Index, Term};
use quorate_models::raft::config::Config;
use quorate_models::raft::log::Position;
use quorate_models::raft::protocol::COMPACTION;
use quorate_models::raft::snapshot::Snapshot;
use quorate_models::session::Sessions;
use quorate_models::state_machine::StateMachine;

const NODES: u64 = 3;
const CLIENTS: u64 = 128;
const KEYS: u64 = 1_000;

/// How many lines tell of the nodes while clients write.
const LINES: u64 = 10;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` starts this program too, for no numbers.
    if !arguments.iter().any(|word| word == "--bench") {
        return ExitCode::SUCCESS;
    }
    let mut words = arguments.iter().filter(|word| *word != "--bench");
    let Ok(writes) = words.next().map_or(Ok(1_000_000), |word| word.parse()) else {
        eprintln!("how many writes?");
        return ExitCode::FAILURE;
    };
    let cluster = Cluster::start(NODES);
    println!("  writes  seconds  memory in MiB, then store in MiB, of each node");
    write(&cluster, writes);
    for id in 1..=NODES {
        let began = Instant::now();
        cluster.kill(id);
        cluster.restart(id);
        cluster.wait_until_caught_up(id);
        println!("node {id} is killed, and has caught up after {:.2?}", began.elapsed());
    }
    println!("{}", line(&cluster));
    time_snapshots();
    ExitCode::SUCCESS
}

/// Has the clients write so much, and tells of the nodes meanwhile.
fn write(cluster: &Cluster, writes: u64) {
    let (begun, done, began) = (AtomicU64::new(0), AtomicU64::new(0), Instant::now());
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
                loop {
                    let number = begun.fetch_add(1, Ordering::Relaxed);
                    if number >= writes {
                        return;
                    }
                    client.call(put(number), Duration::from_secs(60)).expect("an answer");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for part in 0..=LINES {
            while done.load(Ordering::Relaxed) < writes * part / LINES {
                thread::sleep(Duration::from_millis(50));
            }
            let (done, seconds) = (done.load(Ordering::Relaxed), began.elapsed().as_secs_f64());
            println!("{done:>8}  {seconds:>7.1}  {}", line(cluster));
        }
    });
}

/// A small value for one of a thousand keys.
fn put(number: u64) -> Command {
    let key = Text::from(&*format!("key-{}", number % KEYS));
    Command::Put { key, value: Text::from(&*format!("{number}")) }
}

/// The memory and the store of each node.
fn line(cluster: &Cluster) -> String {
    let memory = (1..=NODES).map(|id| memory(cluster.process(id)));
    let stores = cluster
        .loaded()
        .nodes
        .into_iter()
        .map(|node| fs::metadata(node.store).expect("a store").len());
    let show = |bytes: Vec<u64>| -> String {
        bytes.iter().map(|bytes| format!("{:>7.1}", *bytes as f64 / f64::from(1 << 20))).collect()
    };
    format!("{}  |{}", show(memory.collect()), show(stores.collect()))
}

/// What a process holds in memory, in bytes.
fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}

/// How long a node does nothing else while it takes a snapshot: it encodes what it has computed.
fn time_snapshots() {
    for (keys, bytes) in [(KEYS, 10), (100_000, 100), (1_000, 100_000)] {
        let mut machine = Kv::default();
        for number in 0..keys {
            let (key, value) = (Text::from(&*format!("key-{number}")), "x".repeat(bytes));
            machine.apply(&Command::Put { key, value: Text::from(&*value) });
        }
        let last = Position { index: Index(1), term: Term(1) };
        let config = (Index::ZERO, Config::default());
        let began = Instant::now();
        let snapshot = Snapshot::of(last, config, &machine, &Sessions::default(), COMPACTION.piece);
        let took = began.elapsed();
        println!(
            "a snapshot of {keys} values of {bytes} bytes: {} bytes in {took:.1?}",
            snapshot.size()
        );
    }
}
