//! Three members of etcd, each a process of its own, and the sessions that ask them by gRPC.

mod rpc;

use std::fmt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use quorate::bench::load::Plan;
use quorate::bench::record::Record;
use quorate::cli::exit::{Code, Failure};
use tokio::runtime::Runtime;
use tonic::transport::Endpoint;

use crate::cell::{System, TIMEOUT};
use crate::process::{Process, free_ports, wait_for};
use crate::progress::Progress;
use rpc::Asker;

/// How many members there are.
const MEMBERS: u16 = 3;

/// How many connections sessions share to each member that is asked.
const CHANNELS: usize = 4;

/// How much the database of a member may hold, in bytes: it keeps all that was ever written.
const QUOTA: &str = "8589934592";

/// Whom the sessions ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All members, each as many sessions as any other.
    All,
    /// The leader only.
    Leader,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Asked::All => "all members",
            Asked::Leader => "its leader",
        })
    }
}

/// The cluster.
pub struct Etcd {
    runtime: Runtime,
    members: Vec<Process>,
    /// The connections to each member.
    channels: Vec<Vec<Asker>>,
    /// Whom sessions ask.
    pub asked: Asked,
}

impl Etcd {
    /// Starts a new cluster in `dir`, with the defaults but for the size of its database.
    pub fn start(binary: &Path, dir: &Path) -> Result<Self, Failure> {
        if !binary.exists() {
            let binary = binary.display();
            let message = format!("{binary} is missing: `apt-get install etcd-server`, or --etcd");
            return Err(Failure::new(Code::Usage, message));
        }
        let failed = |error: std::io::Error| Failure::new(Code::Io, format!("etcd: {error}"));
        std::fs::create_dir(dir.join("etcd")).map_err(failed)?;
        let first = free_ports(2 * MEMBERS)?;
        let client = |member| format!("http://127.0.0.1:{}", first + 2 * member - 1);
        let peer = |member| format!("http://127.0.0.1:{}", first + 2 * member);
        let name = |member| format!("etcd-{member}");
        let all: Vec<_> = (1..=MEMBERS).map(|m| format!("{}={}", name(m), peer(m))).collect();
        let start = |member| {
            let dir = dir.join("etcd");
            let mut command = Command::new(binary);
            command.args(["--name", &name(member), "--initial-cluster", &all.join(",")]);
            command.arg("--data-dir").arg(dir.join(name(member)));
            for flag in ["--listen-client-urls", "--advertise-client-urls"] {
                command.args([flag, &client(member)]);
            }
            for flag in ["--listen-peer-urls", "--initial-advertise-peer-urls"] {
                command.args([flag, &peer(member)]);
            }
            command.args(["--quota-backend-bytes", QUOTA, "--logger", "zap"]);
            command.args(["--log-level", "error"]);
            Process::start(command, &name(member), &dir)
        };
        let members = (1..=MEMBERS).map(start).collect::<Result<_, _>>()?;
        let runtime = Runtime::new().map_err(failed)?;
        let channels = {
            let _inside = runtime.enter();
            let endpoint = |member| {
                let endpoint = Endpoint::from_shared(client(member)).expect("a URL");
                endpoint.tcp_nodelay(true)
            };
            let asker = |member| Asker::new(endpoint(member).connect_lazy(), TIMEOUT);
            let channels = |member| (0..CHANNELS).map(|_| asker(member)).collect();
            (1..=MEMBERS).map(channels).collect()
        };
        let mut etcd = Etcd { runtime, members, channels, asked: Asked::All };
        etcd.leader()?;
        Ok(etcd)
    }

    /// Waits until all members know of a leader, and tells which of them it is.
    fn leader(&mut self) -> Result<usize, Failure> {
        wait_for("a leader of etcd", || {
            self.must_run()?;
            let leads = self.channels.iter().map(|member| self.runtime.block_on(member[0].leads()));
            let leads: Vec<_> = leads.map(|leads| leads.ok().flatten()).collect();
            let all_know = leads.iter().all(Option::is_some);
            Ok(leads.iter().position(|leads| *leads == Some(true)).filter(|_| all_know))
        })
    }

    /// The connections over which sessions ask, one after the other.
    fn askers(&mut self) -> Result<Vec<Asker>, Failure> {
        if self.asked == Asked::Leader {
            let leader = self.leader()?;
            return Ok(self.channels[leader].clone());
        }
        let of = |number| self.channels.iter().map(move |member: &Vec<Asker>| &member[number]);
        Ok((0..CHANNELS).flat_map(of).cloned().collect())
    }
}

/// One session until the plan's time is over, or one of its requests fails: that one might be
/// carried out later, and be taken for a write that was lost.
async fn ask(
    asker: Asker,
    mut progress: Progress,
    reads: bool,
    plan: Plan,
    record: Arc<Mutex<Record>>,
) -> Progress {
    while Instant::now() < plan.begin + plan.length {
        let since = Instant::now();
        let answer = if reads {
            asker.get(progress.key()).await.map(drop)
        } else {
            let value = progress.next();
            asker.put(progress.key(), value).await
        };
        let now = Instant::now();
        let mut record = record.lock().expect("nobody panics");
        match answer {
            Ok(()) => {
                if !reads {
                    progress.acknowledge();
                }
                let at = now.checked_duration_since(plan.begin);
                if let Some(at) = at.filter(|at| *at < plan.length) {
                    record.answer(reads, at, now - since);
                }
            }
            Err(why) => {
                record.error(why);
                break;
            }
        }
    }
    progress
}

impl System for Etcd {
    fn name(&self) -> &'static str {
        "etcd"
    }

    fn processes(&self) -> Vec<u32> {
        self.members.iter().map(Process::id).collect()
    }

    fn load(
        &mut self,
        progress: &mut [Progress],
        reads: bool,
        plan: Plan,
    ) -> Result<Record, Failure> {
        assert!(plan.pace.is_none(), "etcd is asked as fast as it answers");
        let record = Arc::new(Mutex::new(Record::of(plan.length)));
        let askers = self.askers()?;
        let start = |(progress, asker): (&Progress, &Asker)| {
            let asks = ask(asker.clone(), progress.clone(), reads, plan, record.clone());
            self.runtime.spawn(asks)
        };
        let tasks: Vec<_> = progress.iter().zip(askers.iter().cycle()).map(start).collect();
        for (progress, task) in progress.iter_mut().zip(tasks) {
            *progress = self.runtime.block_on(task).expect("no session panics");
        }
        let record = record.lock().expect("nobody panics").clone();
        Ok(record)
    }

    fn read(&mut self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        let read = self.runtime.block_on(self.channels[0][0].get(key));
        read.map_err(|why| Failure::new(Code::Unknown, format!("etcd: {key}: {why}")))
    }

    fn must_run(&mut self) -> Result<(), Failure> {
        self.members.iter_mut().try_for_each(Process::must_run)
    }
}
