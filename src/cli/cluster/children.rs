//! The node processes of `quorate cluster`: started, listened to, stopped.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::cli::exit::{Code, Failure};
use crate::cli::log::Log;

/// How long a node may take to stop when it is told to.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the processes are looked at.
pub const LOOK: Duration = Duration::from_millis(20);

/// One node process. When this is dropped, whatever the reason, the node is told to stop: its
/// standard input ends.
pub struct Node {
    pub id: u64,
    child: Child,
    lifeline: Option<ChildStdin>,
    listener: Option<JoinHandle<()>>,
}

/// How a node ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As it was told to.
    Stopped,
    /// It was killed; the words say by what.
    Killed(String),
    /// It gave up, with this exit code.
    Failed(i32),
}

impl Node {
    /// Starts node `id` of the cluster that `config` describes, which passes on to `log` what it
    /// says. It serves Redis clients on the address `redis`, if there is one.
    ///
    /// # Errors
    /// If there is no process to be had.
    pub fn start(
        config: &Path,
        id: u64,
        redis: Option<SocketAddr>,
        log: Log,
    ) -> Result<Self, Failure> {
        let failed =
            |error| Failure::new(Code::Io, format!("cannot start node {id} as a process: {error}"));
        let mut child = Command::new(std::env::current_exe().map_err(failed)?)
            .arg("node")
            .arg("--config")
            .arg(config)
            .args(["--id", &id.to_string(), "--stop-with-stdin"])
            .args(redis.iter().flat_map(|at| ["--redis".to_owned(), at.to_string()]))
            .args(log.as_arguments())
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let lifeline = child.stdin.take();
        let stderr = child.stderr.take();
        let listener =
            stderr.map(|stderr| thread::spawn(move || relay(id, log, BufReader::new(stderr))));
        Ok(Node { id, child, lifeline, listener })
    }

    /// How the process ended, if it has.
    pub fn ended(&mut self) -> Option<End> {
        // An error here means that the process cannot be waited for, so it is not there.
        let status = self.child.try_wait().transpose()?;
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        Some(status.map_or_else(|error| End::Killed(error.to_string()), end))
    }

    /// Tells the process to stop.
    pub fn tell_to_stop(&mut self) {
        self.lifeline.take();
    }
}

/// Tells all of `nodes` to stop and waits until they have; kills those that do not.
pub fn stop_all(nodes: &mut Vec<Node>, log: Log) {
    for node in nodes.iter_mut() {
        node.tell_to_stop();
    }
    let deadline = Instant::now() + PATIENCE;
    while !nodes.is_empty() && Instant::now() < deadline {
        nodes.retain_mut(|node| node.ended().is_none());
        thread::sleep(LOOK);
    }
    for node in nodes.iter_mut() {
        log.error(&format!("node {} does not stop and is killed", node.id), &[]);
        let _ = node.child.kill();
        let _ = node.child.wait();
    }
    nodes.clear();
}

fn end(status: ExitStatus) -> End {
    match status.code() {
        Some(0) => End::Stopped,
        Some(code) => End::Failed(code),
        None => End::Killed(status.to_string()),
    }
}

/// Shows what a node says, line by line, until it says no more.
fn relay(id: u64, log: Log, lines: impl BufRead) {
    for line in lines.split(b'\n').map_while(Result::ok) {
        log.pass_on(id, &String::from_utf8_lossy(&line));
    }
}
