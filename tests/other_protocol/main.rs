//! Whatever protocol it is: a cluster of another one than Raft keeps what it is told, shows the
//! numbers that its protocol names, and is not mistaken for a cluster of Raft.

mod page;
mod register;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use quorate::cli::exit::{Code, Failure};
use quorate::cli::log::{Log, Options};
use quorate::cli::node::Site;
use quorate::cli::setup;
use quorate::node::board::Board;
use quorate::node::client::Client;
use quorate::node::config::{Config, ConfigError, Runs};
use quorate::node::snapshot::Snapshot;
use quorate::node::storage;
use quorate_models::kv::{Command, Kv, Output};
use register::Register;
use support::cluster::{expect, free_ports, quorate, wait_for};
use support::http::get;
use tempfile::TempDir;

/// A cluster of registers, two nodes, none of which runs yet.
struct Cluster {
    _folder: TempDir,
    config: Config,
}

impl Cluster {
    fn create() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (port, runs) = (free_ports(2), Runs::by_default::<Register>());
        let stores = |config: &Config| {
            setup::create_stores::<Register>(config).expect("stores");
            Ok::<_, ConfigError>(())
        };
        let config = Config::create(folder.path(), 2, port, &runs, stores);
        Cluster { config: config.expect("it is valid"), _folder: folder }
    }

    fn path(&self) -> &str {
        self.config.path.to_str().expect("text")
    }

    /// What the config says with `old` in it replaced by `new`.
    fn rewritten(&self, old: &str, new: &str) -> Config {
        let text = fs::read_to_string(self.path()).unwrap();
        assert!(text.contains(old), "{text}");
        fs::write(self.path(), text.replace(old, new)).unwrap();
        Config::load(self.path().as_ref()).unwrap()
    }
}

/// A node in a thread.
struct Running {
    board: Board<Snapshot>,
    thread: JoinHandle<Result<(), Failure>>,
}

impl Running {
    fn start(config: &Config, id: u64) -> Self {
        let (board, config) = (Board::default(), config.clone());
        let shown = board.clone();
        let node = config.node(id).expect("it is there").clone();
        let thread = thread::spawn(move || {
            let log = Log::new(Options::default(), Some(id));
            Site { config: &config, node, init: false, board: shown, log }.run::<Register>()
        });
        Running { board, thread }
    }

    fn stop(self) {
        self.board.stop();
        self.thread.join().expect("no panic").expect("it was told to");
    }
}

fn failure(config: &Config) -> Failure {
    Running::start(config, 1).thread.join().expect("no panic").expect_err("it cannot run")
}

fn put(value: &str) -> Command {
    Command::Put { key: "key".into(), value: value.into() }
}

#[test]
fn it_keeps_what_it_is_told() {
    let cluster = Cluster::create();
    let members = setup::members(&cluster.config).unwrap();
    let limit = Duration::from_secs(10);
    let bystander = Running::start(&cluster.config, 2);
    for round in 1..=2_u64 {
        let keeper = Running::start(&cluster.config, 1);
        // Some begin with the one that only knows whom to ask.
        for _ in 0..8 {
            let mut client = Client::<Kv>::open(&members).unwrap();
            assert_eq!(client.call(put(&round.to_string()), limit).unwrap(), Output::Stored);
        }
        keeper.stop();
    }
    let keeper = Running::start(&cluster.config, 1);
    let mut client = Client::<Kv>::open(&members).unwrap();
    let value = client.call(Command::Get { key: "key".into() }, limit).unwrap();
    assert_eq!(value, Output::Value(Some("2".into())));
    wait_for("the bystander to hear of the third start", || {
        let status = bystander.board.latest()?.status.clone();
        (status.number("epoch") == Some(3)).then_some(())
    });
    keeper.stop();
    bystander.stop();
}

#[test]
fn its_own_numbers_are_shown() {
    let cluster = Cluster::create();
    let nodes = [1, 2].map(|id| Running::start(&cluster.config, id));
    let members = setup::members(&cluster.config).unwrap();
    let mut client = Client::<Kv>::open(&members).unwrap();
    client.call(put("value"), Duration::from_secs(10)).unwrap();
    let address = cluster.config.nodes[0].http;
    let status = wait_for("the status to say so", || {
        let status: serde_json::Value = serde_json::from_str(&get(address, "/status")?).ok()?;
        (status["kept"] == 1).then_some(status)
    });
    assert_eq!(status["numbers"], serde_json::json!(["epoch", "kept"]));
    assert_eq!((&status["role"], &status["epoch"]), (&"keeper".into(), &1.into()));
    let metrics = get(address, "/metrics").unwrap();
    for line in ["quorate_epoch 1", "quorate_kept_requests 1", "# TYPE quorate_epoch gauge"] {
        assert!(metrics.lines().any(|other| other == line), "{line} is not in:\n{metrics}");
    }
    assert!(metrics.contains("# HELP quorate_kept_requests What it keeps.\n"), "{metrics}");
    for other in ["quorate_term", "quorate_commit_index", "quorate_last_index"] {
        assert!(!metrics.contains(other), "{other} is another protocol's");
    }
    assert!(get(address, "/").unwrap().contains("\"protocol\":\"register\""));
    let output = quorate(["status", "--config", cluster.path()]);
    expect(&output, 0, &[]);
    let table = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][2..6], ["role", "leader", "epoch", "kept"], "{table}");
    assert_eq!(rows[1][2..6], ["keeper", "1", "1", "1"], "{table}");
    assert_eq!(rows[2][2..4], ["bystander", "1"], "{table}");
    nodes.into_iter().for_each(Running::stop);
}

#[test]
fn the_command_says_which_protocols_run() {
    let cluster = Cluster::create();
    let path = cluster.path();
    let refused = [path, "protocol: \"register\" is none of: raft"];
    expect(&quorate(["node", "--config", path, "--id", "1"]), 78, &refused);
    expect(&quorate(["kv", "--config", path, "get", "key"]), 78, &refused);
    let folder = Path::new(path).parent().unwrap().to_str().unwrap();
    expect(&quorate(["cluster", "--dir", folder]), 78, &refused);
    let new = cluster.config.path.with_file_name("new");
    let asked = ["cluster", "--protocol", "register", "--dir", new.to_str().unwrap()];
    expect(&quorate(asked), 64, &["no protocol \"register\" runs as a cluster, only: raft"]);
    assert!(!new.exists());
    let asked = ["node", "--config", path, "--id", "1", "--protocol", "raft"];
    expect(&quorate(asked), 64, &[path, "is a cluster with --protocol register, not raft"]);
}

#[test]
fn a_protocol_whose_stores_have_no_numbers_refuses_one() {
    let cluster = Cluster::create();
    let config = cluster.rewritten("id = 2", "id = 2\nstore_id = \"00000000000000ab\"");
    let words = "node 2: store_id: the stores of register have no numbers";
    let expected = format!("{}: {words}", cluster.path());
    assert_eq!(failure(&config), Failure::new(Code::Config, expected));
}

#[test]
fn a_store_is_not_opened_as_that_of_another_protocol() {
    let cluster = Cluster::create();
    let store = cluster.config.nodes[0].store.display().to_string();
    Running::start(&cluster.config, 1).stop();
    cluster.rewritten("protocol = \"register\"", "protocol = \"raft\"");
    cluster.rewritten("beat_ms = 20", "");
    let words = format!("{store}: the store belongs to the protocol register, not to raft");
    let output = quorate(["node", "--config", cluster.path(), "--id", "1"]);
    expect(&output, 74, &[&words]);

    // And the other way round.
    fs::remove_file(&store).unwrap();
    let raft = Config::load(cluster.path().as_ref()).unwrap();
    storage::create(store.as_ref(), setup::identity(&raft, 1)).unwrap();
    let failure = failure(&cluster.config);
    let words = format!("{store}: the store belongs to the protocol raft, not to register");
    assert_eq!(failure, Failure::new(Code::Io, words));
}

#[test]
fn timers_are_those_of_the_protocol() {
    let cluster = Cluster::create();
    let refused = |config: &Config, words: &str| {
        let expected = format!("{}: {words}", cluster.path());
        assert_eq!(failure(config), Failure::new(Code::Config, expected));
    };
    let config = cluster.rewritten("beat_ms = 20", "beat_ms = 60000");
    refused(&config, "beat_ms: nobody waits so long");
    let config = cluster.rewritten("beat_ms = 60000", "heartbeat_ms = 20");
    refused(&config, "timers: \"heartbeat_ms\" is none of: beat_ms");
    cluster.rewritten("protocol = \"register\"", "protocol = \"raft\"");
    cluster.rewritten("heartbeat_ms = 20", "election_ms = [50, 90]");
    let words = "election_ms: the shortest, 50ms, must exceed the heartbeat, 50ms";
    for command in [&["node", "--id", "1"][..], &["kv", "get", "key"]] {
        let words = [cluster.path(), words];
        let mut arguments = vec![command[0], "--config", cluster.path()];
        arguments.extend(&command[1..]);
        expect(&quorate(arguments), 78, &words);
    }
}
