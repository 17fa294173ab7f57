//! Three nodes of quorate, each a process of its own, and the sessions that ask them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use quorate::bench::front::Own;
use quorate::bench::load::{self, Plan, Seen};
use quorate::bench::record::Record;
use quorate::cli::exit::{Code, Failure};
use quorate::cli::setup;
use quorate::node::client::Client;
use quorate::node::config::{Config, Runs};
use quorate::node::transport::Members;
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Kv, Output, get};
use quorate_models::raft::protocol::Node;
use serde_json::Value;

use crate::cell::{System, TIMEOUT};
use crate::process::{Process, free_ports, wait_for};
use crate::progress::{AtOwnKeys, Progress};

/// How many nodes there are.
const NODES: u16 = 3;

/// On how many threads sessions ask, at most.
const THREADS: usize = 4;

/// The cluster.
pub struct Cluster {
    dir: PathBuf,
    binary: PathBuf,
    config: PathBuf,
    members: Members,
    nodes: BTreeMap<u64, Process>,
    /// The sessions that ask, those of each thread over one socket. A session is always at the same
    /// key, and gives up what it has under way when it goes on, so that takes no effect after what
    /// it asks for next.
    fronts: Vec<Own>,
    reader: Client<Kv>,
}

/// Sessions with the cluster of these members.
fn open(members: &Members) -> Result<Own, Failure> {
    Own::new(members, Freshness::Linearizable).map_err(|error| Failure::new(Code::Io, error))
}

impl Cluster {
    /// Creates a cluster in `dir`, with the defaults, and starts its nodes.
    pub fn start(binary: &Path, dir: &Path) -> Result<Self, Failure> {
        let dir = dir.join("quorate");
        let runs = Runs::by_default::<Node>();
        let stores = |config: &Config| setup::create_stores::<Node>(config).map_err(Failure::from);
        let config = Config::create(&dir, NODES, free_ports(NODES)?, &runs, stores)?;
        let members = setup::members(&config)?;
        // The servers run on the same machine, and are to have half of it at least.
        let threads = thread::available_parallelism().map_or(1, |count| count.get() / 2);
        let fronts =
            (0..threads.clamp(1, THREADS)).map(|_| open(&members)).collect::<Result<_, _>>()?;
        let reader = Client::open(&members).map_err(|error| Failure::new(Code::Io, error))?;
        let (config, nodes, binary) = (config.path, BTreeMap::new(), binary.to_owned());
        let mut cluster = Cluster { dir, binary, config, members, nodes, fronts, reader };
        (1..=u64::from(NODES)).try_for_each(|id| cluster.restart(id))?;
        cluster.leader()?;
        Ok(cluster)
    }

    /// Starts node `id`, which does not run.
    pub fn restart(&mut self, id: u64) -> Result<(), Failure> {
        let mut command = Command::new(&self.binary);
        command.arg("node").arg("--config").arg(&self.config);
        command.args(["--id", &id.to_string(), "--stop-with-stdin"]);
        let node = Process::start(command, &format!("node-{id}"), &self.dir)?;
        self.nodes.insert(id, node);
        Ok(())
    }

    /// Ends node `id` as a power cut would: it notices nothing.
    pub fn kill(&mut self, id: u64) {
        self.nodes.remove(&id);
    }

    /// Opens sessions that are not of the cluster's own.
    pub fn open(&self) -> Result<Own, Failure> {
        open(&self.members)
    }

    /// What the nodes say of themselves.
    fn status(&mut self) -> Result<Vec<Value>, Failure> {
        self.must_run()?;
        let mut command = Command::new(&self.binary);
        let output = command.arg("status").arg("--json").arg("--config").arg(&self.config).output();
        let output = output.map_err(|error| {
            Failure::new(Code::Io, format!("{}: {error}", self.binary.display()))
        })?;
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
    }

    /// Waits until all nodes that run agree on a leader, and tells which.
    pub fn leader(&mut self) -> Result<u64, Failure> {
        wait_for("a leader of quorate", || {
            let (count, rows) = (self.nodes.len(), self.status()?);
            let leads = rows.iter().find(|row| row["role"] == "leader");
            let Some(leader) = leads.and_then(|row| row["id"].as_u64()) else { return Ok(None) };
            let agree = rows.iter().filter(|row| row["leader"].as_u64() == Some(leader)).count();
            Ok((agree == count).then_some(leader))
        })
    }

    /// Waits until node `id` knows to be committed what any node now knows to be.
    pub fn wait_until_caught_up(&mut self, id: u64) -> Result<(), Failure> {
        let commit = |row: &Value| row["commit"].as_u64();
        let target = self.status()?.iter().filter_map(commit).max();
        wait_for("a restarted node of quorate to catch up", || {
            let rows = self.status()?;
            let row = rows.iter().find(|row| row["id"] == id);
            Ok((row.and_then(commit) >= target).then_some(()))
        })
    }
}

impl System for Cluster {
    fn name(&self) -> &'static str {
        "quorate"
    }

    fn processes(&self) -> Vec<u32> {
        self.nodes.values().map(Process::id).collect()
    }

    fn load(
        &mut self,
        progress: &mut [Progress],
        reads: bool,
        plan: Plan,
    ) -> Result<Record, Failure> {
        let mut crews: Vec<Vec<_>> = self.fronts.iter().map(|_| Vec::new()).collect();
        for (progress, thread) in progress.iter_mut().zip((0..crews.len()).cycle()) {
            crews[thread].push(progress);
        }
        let (seen, mut record) = (Seen::default(), Record::of(plan.length));
        thread::scope(|scope| {
            let mut threads = Vec::new();
            for (front, progress) in self.fronts.iter_mut().zip(crews) {
                let (seen, count) = (&seen, progress.len());
                let mut requests = AtOwnKeys { progress, reads };
                let asks = move || load::run(front, count, &mut requests, plan, seen);
                threads.extend((count > 0).then(|| scope.spawn(asks)));
            }
            for thread in threads {
                record.add(&thread.join().expect("it does not panic")?);
            }
            Ok(record)
        })
    }

    fn read(&mut self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self.reader.read(get(key), Freshness::Linearizable, TIMEOUT) {
            Ok(Output::Value(value)) => Ok(value.map(|value| value.to_vec())),
            Ok(other) => unreachable!("a get gives a value, not {other:?}"),
            Err(error) => Err(Failure::new(Code::from(&error), format!("{key}: {error}"))),
        }
    }

    fn must_run(&mut self) -> Result<(), Failure> {
        self.nodes.values_mut().try_for_each(Process::must_run)
    }
}
