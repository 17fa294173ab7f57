//! A cluster of real processes, killed and restarted at will.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use quorate::cli::setup;
use quorate::node::config::{Config, ConfigError, Runs};
use quorate::node::timers::Dice;
use quorate::node::transport::Members;
use quorate_models::protocol::Protocol;
use serde_json::Value;
use tempfile::TempDir;

/// The built binary.
pub const QUORATE: &str = env!("CARGO_BIN_EXE_quorate");

/// How long a test waits for what must happen.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Runs `quorate` with `arguments` to its end.
pub fn quorate<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Output {
    let mut command = Command::new(QUORATE);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    finish(command.spawn().expect("the binary runs"))
}

/// The output of a process that ends by itself in time.
pub fn finish(child: Child) -> Output {
    let id = child.id().to_string();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    receiver.recv_timeout(LIMIT).map(|output| output.expect("it can be waited for")).unwrap_or_else(
        |_| {
            let _ = Command::new("kill").args(["-9", &id]).status();
            panic!("quorate does not end");
        },
    )
}

/// What `output` says on stderr.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits until `done` gives something.
pub fn wait_for<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + LIMIT;
    loop {
        if let Some(found) = done() {
            return found;
        }
        assert!(Instant::now() < limit, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A port such that the `count` behind it are free, as far as one can know: below those that the
/// system gives to clients, and not given to another test of this program.
pub fn free_ports(count: u16) -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut dice = Dice::new(getrandom::u64().expect("a random number"));
    let is_free = |port| {
        UdpSocket::bind(("127.0.0.1", port)).is_ok()
            && TcpListener::bind(("127.0.0.1", port)).is_ok()
    };
    wait_for("free ports in a row", || {
        let first = 20_000 + dice.below(10_000) as u16;
        let mut given = GIVEN.lock().unwrap();
        let fits = (first + 1..=first + count).all(|port| !given.contains(&port) && is_free(port));
        fits.then(|| given.extend(first + 1..=first + count)).map(|()| first)
    })
}

/// A process that does not outlive the test, however that ends.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Starts `quorate` with `arguments`; its standard input stays open as long as this lives.
    pub fn start<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let mut command = Command::new(QUORATE);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Process(command.spawn().expect("the binary runs"))
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").arg(&id).status().expect("kill runs").success());
    }
}

/// The nodes of a cluster, each a process of its own.
pub struct Cluster {
    directory: TempDir,
    nodes: Mutex<BTreeMap<u64, Process>>,
}

impl Cluster {
    /// Creates a cluster and starts its nodes.
    pub fn start(count: u64) -> Self {
        Self::create(count).started(count)
    }

    /// The same, of a cluster that runs `P` and that never ran before: stopped as a whole, a
    /// protocol whose servers keep nothing on disk has lost everything.
    pub fn start_of<P: Protocol>(count: u64) -> Self {
        Self::made::<P>(count, &Runs::by_default::<P>()).started(count)
    }

    /// A cluster that runs `P`, as `runs` says, and none of whose nodes has been started.
    pub fn made<P: Protocol>(count: u64, runs: &Runs<'_>) -> Self {
        let directory = TempDir::new().expect("a directory");
        let port = free_ports(count as u16);
        let stores = |config: &Config| {
            setup::create_stores::<P>(config).expect("stores");
            Ok::<_, ConfigError>(())
        };
        Config::create(directory.path(), count as u16, port, runs, stores).expect("it is new");
        Cluster { directory, nodes: Mutex::default() }
    }

    /// The same, of a cluster in whose config the option `name` is off.
    pub fn start_without(name: &str, count: u64) -> Self {
        let cluster = Self::create(count);
        cluster.turn(name, false);
        cluster.started(count)
    }

    /// The same, of a cluster in whose config the option `name` is on.
    pub fn start_with(name: &str, count: u64) -> Self {
        let cluster = Self::create(count);
        cluster.turn(name, true);
        cluster.started(count)
    }

    /// Turns an option of the config on or off, which it is not.
    pub fn turn(&self, name: &str, on: bool) {
        let text = fs::read_to_string(self.config()).expect("a config");
        let (before, after) = (format!("{name} = {}", !on), format!("{name} = {on}"));
        assert!(text.contains(&before), "no option {name} in {text}");
        fs::write(self.config(), text.replace(&before, &after)).expect("a config");
    }

    /// Starts its nodes, which have been started before, or have their stores.
    pub fn started(self, count: u64) -> Self {
        let cluster = self.started_equal(count);
        cluster.leader();
        cluster
    }

    /// The same, of a cluster in which nobody leads.
    pub fn started_equal(self, count: u64) -> Self {
        (1..=count).for_each(|id| self.restart(id));
        wait_for("all nodes to answer", || (self.status().len() == count as usize).then_some(()));
        self
    }

    /// Creates a cluster, with the command that users create one with, and stops it again.
    pub fn create(count: u64) -> Self {
        let directory = TempDir::new().expect("a directory");
        let cluster = Cluster { directory, nodes: Mutex::default() };
        let (port, nodes) = (free_ports(count as u16).to_string(), count.to_string());
        let directory = cluster.directory.path().to_str().expect("a path of text").to_owned();
        let mut all =
            Process::start(["cluster", "--dir", &directory, "--port", &port, "--nodes", &nodes]);
        cluster.leader();
        all.terminate();
        assert!(all.0.wait().expect("it ends").success(), "it stops when told to");
        cluster
    }

    /// The path of the config.
    pub fn config(&self) -> String {
        let path: PathBuf = self.directory.path().join("cluster.toml");
        path.to_str().expect("a path of text").to_owned()
    }

    /// The config as the nodes read it.
    pub fn loaded(&self) -> Config {
        Config::load(self.config().as_ref()).expect("a config")
    }

    /// What a client must know.
    pub fn members(&self) -> Members {
        setup::members(&self.loaded()).expect("a key")
    }

    /// Starts node `id`.
    pub fn restart(&self, id: u64) {
        self.restart_with(id, &[]);
    }

    /// Starts node `id`, with these arguments as well.
    pub fn restart_with(&self, id: u64, more: &[&str]) {
        let (config, id_text) = (self.config(), id.to_string());
        let arguments = ["node", "--config", &config, "--id", &id_text];
        let node = Process::start(arguments.into_iter().chain(more.iter().copied()));
        self.nodes.lock().unwrap().insert(id, node);
    }

    /// The process of node `id`.
    pub fn process(&self, id: u64) -> u32 {
        self.nodes.lock().unwrap().get(&id).expect("it runs").0.id()
    }

    /// Starts node `id`, which never ran.
    pub fn start_new(&self, id: u64) {
        let (config, id_text) = (self.config(), id.to_string());
        let node = Process::start(["node", "--config", &config, "--id", &id_text, "--init"]);
        self.nodes.lock().unwrap().insert(id, node);
    }

    /// Where nodes can be that are not in the config yet.
    pub fn free_addresses<const N: usize>(&self) -> [String; N] {
        let first = free_ports(N as u16);
        std::array::from_fn(|i| format!("127.0.0.1:{}", first + 1 + i as u16))
    }

    /// Ends node `id` as a power cut would: it notices nothing.
    pub fn kill(&self, id: u64) {
        let mut node = self.nodes.lock().unwrap().remove(&id).expect("it runs");
        node.0.kill().expect("a process of ours");
        node.0.wait().expect("it ends");
    }

    /// What the nodes say of themselves.
    pub fn status(&self) -> Vec<Value> {
        let output = quorate(["status", "--config", &self.config(), "--json"]);
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    /// What node `id` says of itself, if it is in the config.
    pub fn row(&self, id: u64) -> Option<Value> {
        self.status().into_iter().find(|row| row["id"] == id)
    }

    /// The number that node `id` says under `name`, if it answers.
    pub fn number(&self, id: u64, name: &str) -> Option<u64> {
        self.row(id)?[name].as_u64()
    }

    /// Waits until a majority of the nodes agrees on a leader, or a primary.
    pub fn leader(&self) -> u64 {
        wait_for("a leader", || {
            let rows = self.status();
            let leads =
                rows.iter().filter(|row| row["role"] == "leader" || row["role"] == "primary");
            let names = ["term", "view", "round", "epoch"];
            let period = |row: &&Value| names.iter().find_map(|name| row[name].as_u64());
            let leader = leads.max_by_key(period)?["id"].as_u64()?;
            let agree = rows.iter().filter(|row| row["leader"].as_u64() == Some(leader)).count();
            (agree * 2 > rows.len()).then_some(leader)
        })
    }

    /// Waits until node `id` knows to be committed what the others now know to be.
    pub fn wait_until_caught_up(&self, id: u64) {
        let commit = |row: &Value| row["commit"].as_u64();
        let target = self.status().iter().filter_map(commit).max().expect("a node");
        wait_for("a restarted node to catch up", || {
            (self.number(id, "commit")? >= target).then_some(())
        });
    }
}

/// Expects `output` to have ended with `code` and, on stderr, to have all of `words`.
#[track_caller]
pub fn expect(output: &Output, code: i32, words: &[&str]) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "no {word:?} in {said:?}");
    }
    assert!(!said.contains("panicked"), "{said}");
}
