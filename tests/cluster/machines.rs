//! A cluster of several machines: network namespaces with a switch between them, where the system
//! lets the test make some, and several addresses of the loopback interface.

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use quorate::node::UNNAMED;
use quorate::node::config::{Config, ConfigError, Runs};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::cluster::{Process, QUORATE, expect, finish, free_ports, wait_for};

/// Runs `ip` with `words` and says what went wrong, if anything did.
fn ip(words: &str) -> Result<(), String> {
    let output = Command::new("ip").args(words.split(' ')).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("ip: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("ip {words}: {}", said.trim())) }
}

/// Namespaces of this test's own, which are gone when it is dropped. Machine 0 is the switch.
struct Network(usize);

impl Network {
    fn name(machine: usize) -> String {
        format!("quorate-{}-{machine}", std::process::id())
    }

    /// `machines` machines, of which number i has the address 10.77.0.i.
    fn create(machines: usize) -> Result<Self, String> {
        let network = Network(machines);
        let switch = Self::name(0);
        ip(&format!("netns add {switch}"))?;
        ip(&format!("-n {switch} link add name switch type bridge"))?;
        ip(&format!("-n {switch} link set switch up"))?;
        for machine in 1..=machines {
            let (name, port) = (Self::name(machine), format!("port{machine}"));
            ip(&format!("netns add {name}"))?;
            let veth = format!("link add {port} type veth peer name eth0 netns {name}");
            ip(&format!("-n {switch} {veth}"))?;
            ip(&format!("-n {switch} link set {port} master switch up"))?;
            ip(&format!("-n {name} addr add 10.77.0.{machine}/24 dev eth0"))?;
            ip(&format!("-n {name} link set lo up"))?;
            ip(&format!("-n {name} link set eth0 up"))?;
        }
        Ok(network)
    }

    /// Takes the cable out of a machine, or puts it back in.
    fn cable(&self, machine: usize, state: &str) {
        ip(&format!("-n {} link set eth0 {state}", Self::name(machine))).expect("a cable");
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for machine in 0..=self.0 {
            let _ = ip(&format!("netns del {}", Self::name(machine)));
        }
    }
}

/// A cluster whose config is not as `quorate cluster` makes it, and its nodes, started by hand.
struct Nodes {
    directory: TempDir,
    running: Vec<Process>,
    machines: bool,
}

impl Nodes {
    /// Three nodes with these lines in the config instead of `address = "..."`.
    fn create(places: [&str; 3], machines: bool) -> Self {
        let directory = TempDir::new().expect("a directory");
        let none = |_: &Config| Ok::<(), ConfigError>(());
        let made = Config::create(directory.path(), 3, 20_000, &Runs::bare(UNNAMED), none)
            .expect("a cluster");
        let mut text = fs::read_to_string(&made.path).unwrap();
        for (node, place) in made.nodes.iter().zip(places) {
            let before = format!("address = \"{}\"", node.address);
            assert!(text.contains(&before));
            text = text.replace(&before, place);
        }
        fs::write(&made.path, text).unwrap();
        Nodes { directory, running: Vec::new(), machines }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The command on the machine of node `id`, if nodes have machines.
    fn command(&self, id: usize, words: &[&str]) -> Command {
        let mut command = if self.machines {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &Network::name(id), QUORATE]);
            command
        } else {
            Command::new(QUORATE)
        };
        command.arg(words[0]).arg("--config").arg(self.path("cluster.toml")).args(&words[1..]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts node `id`, whose lines go to a file.
    fn start(&mut self, id: usize, more: &[&str]) {
        let id_text = id.to_string();
        let words = [&["node", "--id", &id_text, "--init"], more].concat();
        let log = fs::File::create(self.path(&format!("log-{id}"))).unwrap();
        let child: Child = self.command(id, &words).stderr(log).spawn().expect("it starts");
        self.running.push(Process(child));
    }

    fn run(&self, on: usize, words: &[&str]) -> Output {
        finish(self.command(on, words).spawn().expect("the binary runs"))
    }

    fn log(&self, id: usize) -> String {
        fs::read_to_string(self.path(&format!("log-{id}"))).unwrap()
    }

    fn wait_for_line(&self, id: usize, words: &str) {
        let within = || self.log(id).contains(words).then_some(());
        let mut tries = 0;
        wait_for(&format!("{words:?} in the log of node {id}"), || {
            tries += 1;
            if tries == 1_500 {
                let _ = writeln!(std::io::stderr(), "{}", self.log(id));
            }
            within()
        });
    }

    /// What the nodes say, asked from the machine of node `on`.
    fn status(&self, on: usize) -> Vec<Value> {
        serde_json::from_slice(&self.run(on, &["status", "--json"]).stdout).unwrap_or_default()
    }

    /// Waits until the majority that machine `on` sees agrees on a leader.
    fn leader(&self, on: usize) -> usize {
        wait_for("a leader", || {
            let rows = self.status(on);
            let leader = rows.iter().filter_map(|row| row["leader"].as_u64()).max()?;
            let agree = rows.iter().filter(|row| row["leader"].as_u64() == Some(leader)).count();
            (agree >= 2).then_some(leader as usize)
        })
    }
}

#[test]
fn three_machines_agree_and_go_on_without_the_one_that_is_cut_off() {
    let network = match Network::create(3) {
        Ok(network) => network,
        Err(why) => {
            println!("skipped: this system makes no network namespaces: {why}");
            return;
        }
    };
    let mut nodes = Nodes::create(
        [
            // Each in a way of its own: as it is, told where to listen, told on the command line.
            "address = \"10.77.0.1:7401\"\nhttp = \"10.77.0.1:7401\"",
            "address = \"10.77.0.2:7401\"\nbind = \"0.0.0.0:7401\"\nhttp = \"0.0.0.0:8080\"",
            "address = \"10.77.0.3:7401\"",
        ],
        true,
    );
    nodes.start(1, &[]);
    nodes.start(2, &[]);
    nodes.start(3, &["--bind", "0.0.0.0:7401"]);
    // From machine 3 all three can be asked, from the others two.
    let leader = nodes.leader(3);
    expect(&nodes.run(3, &["status"]), 0, &[]);
    let seen: Vec<bool> = nodes.status(1).iter().map(|row| row["reachable"] == true).collect();
    assert_eq!(seen, [true, true, false], "HTTP of node 3 is on loopback, as nothing else is said");
    for (id, says_http) in [(1, true), (2, true), (3, false)] {
        let log = nodes.log(id);
        assert!(log.contains("sealed with the cluster's key"), "{log}");
        assert_eq!(log.contains("it asks for no key"), says_http, "{log}");
    }
    let put = |on: usize, value: &str| nodes.run(on, &["kv", "put", "colour", value]);
    expect(&put(1, "blue"), 0, &[]);
    for on in 1..=3 {
        assert_eq!(nodes.run(on, &["kv", "get", "colour"]).stdout, b"blue", "from {on}");
    }

    network.cable(leader, "down");
    let other = leader % 3 + 1;
    let next = wait_for("another leader", || {
        let found = nodes.status(3).iter().chain(&nodes.status(other)).find_map(|row| {
            (row["role"] == "leader" && row["id"] != leader).then(|| row["id"].as_u64())
        });
        found.flatten()
    });
    assert_ne!(next as usize, leader);
    expect(&put(other, "green"), 0, &[]);
    let lost = format!("cannot send to node {other} at 10.77.0.{other}:7401: ");
    nodes.wait_for_line(leader, &lost);
    assert_eq!(nodes.log(leader).matches(&lost).count(), 1, "{}", nodes.log(leader));
    let alone = nodes.run(leader, &["kv", "get", "colour", "--timeout", "0.5"]);
    expect(&alone, 3, &["no answer within 500ms: cannot send to node "]);

    network.cable(leader, "up");
    nodes.wait_for_line(leader, "sends to node ");
    wait_for("the old leader to follow", || {
        let answer = nodes.run(leader, &["kv", "get", "colour", "--timeout", "1"]);
        (answer.stdout == b"green").then_some(())
    });
    nodes.leader(3);
}

#[test]
fn nodes_have_names_and_addresses_of_their_own_on_one_machine() {
    let port = free_ports(2) + 1;
    let place = |host: &str| format!("address = \"{host}:{port}\"");
    let (one, two, three) = (place("localhost"), place("127.0.0.2"), place("127.0.0.3"));
    let mut nodes = Nodes::create([&one, &two, &three], false);
    nodes.start(1, &[]);
    nodes.start(2, &[]);
    nodes.leader(1);
    expect(&nodes.run(1, &["kv", "put", "colour", "blue"]), 0, &[]);
    assert_eq!(nodes.run(1, &["kv", "get", "colour"]).stdout, b"blue");
    let rows = nodes.status(1);
    assert_eq!(rows[0]["address"], format!("127.0.0.1:{port}"));
    let log = nodes.log(1);
    assert!(log.contains("started on ") && !log.contains("other machines"), "{log}");

    // From another port than the others know it by: they do not listen, and say so.
    nodes.start(3, &["--bind", &format!("127.0.0.3:{}", port + 1)]);
    let astray = format!("datagrams of node 3 come from 127.0.0.3:{} and are refused", port + 1);
    nodes.wait_for_line(1, &astray);
    nodes.running.pop();
    nodes.start(3, &[]);
    wait_for("node 3 to follow", || {
        let row = nodes.status(1).into_iter().nth(2)?;
        (row["leader"].is_u64() && row["commit"].as_u64() >= Some(2)).then_some(())
    });
    let http: SocketAddr = format!("127.0.0.3:{port}").parse().unwrap();
    assert!(TcpStream::connect_timeout(&http, Duration::from_secs(1)).is_ok());
    assert!(Path::new(&nodes.path("node-3.store")).exists());
}
