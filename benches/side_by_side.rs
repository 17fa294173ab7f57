//! Asks a cluster of each protocol that runs for the same, one after the other, and prints the
//! table of `docs/side-by-side.md`:
//!
//! ```text
//! cargo bench --bench side_by_side            # 17 minutes, and nothing else is to run meanwhile
//! cargo bench --bench side_by_side -- --quick # a look
//! ```
//!
//! Three nodes on this machine, each a process of its own, and beside them the one that asks. Each
//! figure is the median of three rounds, in each of which every protocol has its turn. Then the
//! leader is killed again and again while 64 sessions write, and a gap is a time in which none of
//! them had an answer. Ends with 1 if a request came to nothing.

#[allow(dead_code, reason = "this program uses a part of it")]
#[path = "../tests/support/cluster.rs"]
mod cluster;

use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use cluster::{Cluster, QUORATE, quorate, wait_for};
use quorate_models::protocol::Protocol;
use quorate_models::{multi_paxos, primary_backup, raft, viewstamped, zab};
use serde_json::Value;

const NODES: u64 = 3;

/// How many ask at a time.
const SESSIONS: [u64; 3] = [1, 64, 256];

/// How often each cluster is asked for its rates.
const ROUNDS: usize = 3;

/// Between two kills of a leader: it is back, and has what it lacks.
const REST: Duration = Duration::from_secs(2);

/// How long clusters are asked, and how often their leaders are killed.
struct Plan {
    seconds: u64,
    kills: u64,
}

/// What one protocol has shown.
#[derive(Default)]
struct Shown {
    /// By number of sessions, the writes a second of each round, and their medians in milliseconds.
    rates: [(Vec<f64>, Vec<f64>); SESSIONS.len()],
    /// The gaps, in milliseconds.
    gaps: Vec<f64>,
    errors: u64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` starts this program too, for no numbers.
    if !arguments.iter().any(|word| word == "--bench") {
        return ExitCode::SUCCESS;
    }
    let is_quick = arguments.iter().any(|word| word == "--quick");
    let plan =
        if is_quick { Plan { seconds: 1, kills: 2 } } else { Plan { seconds: 8, kills: 20 } };
    let protocols: [(&str, Start); 5] = [
        ("Raft", start::<raft::protocol::Node>),
        ("Multi-Paxos", start::<multi_paxos::protocol::Node>),
        ("Viewstamped Replication", start::<viewstamped::protocol::Node>),
        ("ZAB", start::<zab::protocol::Node>),
        ("Primary and backup", start::<primary_backup::protocol::Node>),
    ];
    let mut shown = protocols.map(|_| Shown::default());
    for _ in 0..ROUNDS {
        for ((name, start), shown) in protocols.iter().zip(&mut shown) {
            eprintln!("{name}");
            shown.see_rates(&start(), &plan);
        }
    }
    for ((name, start), shown) in protocols.iter().zip(&mut shown) {
        eprintln!("{name}, killed");
        shown.see_gaps(&start(), &plan);
        println!("{}", shown.row(name));
    }
    if shown.iter().all(|shown| shown.errors == 0) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Starts a cluster.
type Start = fn() -> Cluster;

/// A cluster of three.
fn start<P: Protocol>() -> Cluster {
    Cluster::start_of::<P>(NODES)
}

impl Shown {
    /// How fast the cluster answers.
    fn see_rates(&mut self, cluster: &Cluster, plan: &Plan) {
        for (sessions, (rates, medians)) in SESSIONS.into_iter().zip(&mut self.rates) {
            let said = ask(cluster, sessions, plan.seconds, || {});
            rates.push(said["writes"]["per_second"].as_f64().expect("a rate"));
            medians.push(said["writes"]["latency"]["p50_ms"].as_f64().expect("a time"));
            self.errors += said["errors"].as_u64().expect("a number");
        }
    }

    /// How long nobody is answered when the leader dies.
    fn see_gaps(&mut self, cluster: &Cluster, plan: &Plan) {
        let seconds = (plan.kills + 1) * (2 * REST.as_secs() + 1);
        let said = ask(cluster, 64, seconds, || {
            for _ in 0..plan.kills {
                thread::sleep(REST);
                let leader = cluster.leader();
                cluster.kill(leader);
                thread::sleep(REST);
                cluster.restart(leader);
                wait_for("a cluster that serves", || {
                    let status = quorate(["status", "--config", &cluster.config()]);
                    status.status.success().then_some(())
                });
            }
        });
        let gaps = said["gaps"].as_array().expect("gaps").iter();
        self.gaps.extend(gaps.map(|gap| gap["length_ms"].as_f64().expect("a time")));
        self.errors += said["errors"].as_u64().expect("a number");
    }

    /// The row of the table.
    fn row(&self, name: &str) -> String {
        let rates = self.rates.iter().map(|(rates, _)| format!("{:.0}", median(rates)));
        let medians = self.rates.iter().map(|(_, medians)| format!("{:.2}", median(medians)));
        let longest = self.gaps.iter().copied().fold(0.0, f64::max);
        format!(
            "| {name} | {} | {} | {:.0}, {longest:.0} ms of {} |",
            rates.collect::<Vec<_>>().join(" / "),
            medians.collect::<Vec<_>>().join(" / "),
            median(&self.gaps),
            self.gaps.len(),
        )
    }
}

/// What `quorate bench` tells of that many seconds, in which `meanwhile` is done.
fn ask(cluster: &Cluster, sessions: u64, seconds: u64, meanwhile: impl FnOnce()) -> Value {
    let mut command = Command::new(QUORATE);
    command.args(["bench", "--json", "--config", &cluster.config()]);
    command.args(["--sessions", &sessions.to_string(), "--duration", &seconds.to_string()]);
    let asks = command.stdout(Stdio::piped()).spawn().expect("the binary runs");
    meanwhile();
    let output = asks.wait_with_output().expect("it can be waited for");
    serde_json::from_slice(&output.stdout).expect("what it says is JSON")
}

/// The one in the middle; of an even number of them the upper one.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
