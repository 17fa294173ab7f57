//! The contract of `quorate cluster`, `node`, `status` and `kv`: what they do, and how they refuse.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use quorate::cli::cluster::PORT;
use support::cluster::{
    Cluster, Process, QUORATE, expect, finish, free_ports, quorate, stderr, wait_for,
};

fn kv(config: &str, arguments: &[&str]) -> Output {
    quorate(["kv", "--config", config].into_iter().chain(arguments.iter().copied()))
}

/// `kv put KEY -` with `value` on the standard input.
fn put_from_input(config: &str, key: &str, value: &[u8]) -> Output {
    let mut child = Command::new(QUORATE)
        .args(["kv", "--config", config, "put", key, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // It may stop reading before the end, if there is too much.
    let _ = child.stdin.take().expect("a pipe").write_all(value);
    finish(child)
}

#[test]
fn usage_errors_are_64_and_help_is_0() {
    for arguments in [
        &["nonsense"][..],
        &[],
        &["kv", "put", "a", "b"],
        &["kv", "--config", "x", "--timeout", "-1", "get", "a"],
        &["node", "--config", "x", "--id", "one"],
        &["cluster", "--nodes", "0"],
        &["cluster", "--dir", "no/such", "--protocol", "primary-backup", "--nodes", "1"],
    ] {
        assert_eq!(quorate(arguments.iter().copied()).status.code(), Some(64), "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["--version"], &["kv", "--help"], &["help"]] {
        assert_eq!(quorate(arguments.iter().copied()).status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn the_key_value_store_answers_and_refuses() {
    let cluster = Cluster::start(3);
    let config = cluster.config();
    expect(&kv(&config, &["get", "colour"]), 1, &["no key \"colour\""]);
    expect(&kv(&config, &["put", "colour", "red"]), 0, &[]);
    assert_eq!(kv(&config, &["get", "colour"]).stdout, b"red");
    expect(&kv(&config, &["cas", "colour", "blue", "green"]), 1, &["\"colour\" holds \"red\""]);
    expect(&kv(&config, &["cas", "colour", "red", "green"]), 0, &[]);
    assert_eq!(kv(&config, &["get", "colour"]).stdout, b"green");
    expect(&kv(&config, &["cas", "shape", "round", "square"]), 1, &["no key \"shape\""]);
    expect(&kv(&config, &["put", "degrees", "-5", "--timeout", "9"]), 0, &[]);
    expect(&kv(&config, &["--timeout", "9", "cas", "degrees", "-5", "--warm"]), 0, &[]);
    assert_eq!(kv(&config, &["get", "degrees"]).stdout, b"--warm");
    expect(&kv(&config, &["delete", "colour"]), 0, &[]);
    expect(&kv(&config, &["delete", "colour"]), 1, &["no key \"colour\""]);

    large_values(&config);
    any_bytes(&config);

    let rows = cluster.status();
    assert_eq!(rows.len(), 3);
    let leader = cluster.leader();
    for (row, id) in rows.iter().zip(1..) {
        assert_eq!((&row["id"], &row["reachable"]), (&id.into(), &true.into()), "{row}");
        assert_eq!(row["role"], if id == leader { "leader" } else { "follower" });
        assert!(row["term"].as_u64() >= Some(1) && row["last"].as_u64() >= row["commit"].as_u64());
    }

    for id in 1..=3 {
        cluster.kill(id);
    }
    let rows = cluster.status();
    assert_eq!(rows[0]["reachable"], false);
    assert!(rows[0]["role"].is_null() && rows[0]["term"].is_null());
    let unknown = kv(&config, &["--timeout", "0.3", "put", "colour", "red"]);
    expect(&unknown, 3, &["unknown outcome: no answer within 300ms", "may have taken effect"]);
    let unread = kv(&config, &["--timeout", "0.3", "get", "colour"]);
    expect(&unread, 3, &["no answer within 300ms"]);
    assert!(!stderr(&unread).contains("effect"), "a read has none");
}

/// What was put comes back byte for byte: from the input, as an argument, and where it is a dash.
fn any_bytes(config: &str) {
    let all: Vec<u8> = (0..=255).collect();
    for value in [&b""[..], b"\n", b"line\n", "gr\u{fc}n".as_bytes(), b"\xff\xfe", &all] {
        expect(&put_from_input(config, "bytes", value), 0, &[]);
        assert_eq!(kv(config, &["get", "bytes"]).stdout, value);
    }
    expect(&kv(config, &["cas", "bytes", "x", "y"]), 1, &["holds \"\\u{0}\\u{1}"]);
    let mut put = Command::new(QUORATE);
    put.args(["kv", "--config", config, "put"]);
    let bytes = |bytes: &'static [u8]| std::ffi::OsStr::from_bytes(bytes);
    assert!(put.args([bytes(b"\xfe"), bytes(b"a\xffb")]).status().unwrap().success());
    let mut get = Command::new(QUORATE);
    get.args(["kv", "--config", config, "get"]).arg(bytes(b"\xfe"));
    assert_eq!(get.output().unwrap().stdout, b"a\xffb");

    expect(&kv(config, &["put", "dash", "-", "--literal"]), 0, &[]);
    assert_eq!(kv(config, &["get", "dash"]).stdout, b"-");
    expect(&kv(config, &["cas", "dash", "--literal", "-", "--"]), 64, &[]);
    expect(&kv(config, &["cas", "--literal", "dash", "-", "-5"]), 0, &[]);
    assert_eq!(kv(config, &["get", "dash"]).stdout, b"-5");
    // The input of `kv` is empty here.
    expect(&kv(config, &["cas", "dash", "-5", "-"]), 0, &[]);
    assert_eq!(kv(config, &["get", "dash"]).stdout, b"");
    expect(&kv(config, &["cas", "dash", "-", "-"]), 64, &["only one", "standard input"]);
    for key in ["-", "-5", "--literal"] {
        expect(&kv(config, &["put", "--", key, "of a dash"]), 0, &[]);
        assert_eq!(kv(config, &["get", "--", key]).stdout, b"of a dash");
    }
}

/// Values up to the limit come back whole; beyond it they are refused.
fn large_values(config: &str) {
    let largest = vec![b'x'; 1 << 20];
    expect(&put_from_input(config, "large", &largest), 0, &[]);
    let read = kv(config, &["get", "large"]);
    assert!(read.stdout == largest, "1 MiB comes back");
    let too_large = put_from_input(config, "large", &vec![b'x'; (1 << 20) + 1]);
    expect(&too_large, 64, &["value", "1048576"]);
    expect(&kv(config, &["get", &"k".repeat((64 << 10) + 1)]), 64, &["key", "65537", "65536"]);
}

#[test]
fn a_node_refuses_what_it_cannot_run_on() {
    let cluster = Cluster::create(2);
    let config = cluster.config();
    let address = cluster.members().servers[&1];
    let node = |config: &str, id: &str| quorate(["node", "--config", config, "--id", id]);
    expect(&node(&config, "7"), 64, &[&config, "7", "1, 2"]);
    expect(&node("/nonexistent/cluster.toml", "1"), 74, &["/nonexistent/cluster.toml"]);
    expect(&kv("/nonexistent/cluster.toml", &["get", "a"]), 74, &["/nonexistent/cluster.toml"]);

    let key = cluster.loaded().key_file;
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    expect(&node(&config, "1"), 78, &[key.to_str().unwrap(), "0600"]);
    expect(&kv(&config, &["get", "a"]), 78, &[key.to_str().unwrap(), "0600"]);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();

    let taken = UdpSocket::bind(address).expect("it is free");
    expect(&node(&config, "1"), 74, &["UDP", &address.to_string()]);
    drop(taken);
    let taken = TcpListener::bind(address).expect("it is free");
    expect(&node(&config, "1"), 74, &["TCP", &address.to_string()]);
    drop(taken);

    cluster.restart(1);
    wait_for("node 1 to run", || cluster.status()[0]["reachable"].as_bool().filter(|up| *up));
    let store = cluster.loaded().nodes[0].store.clone();
    expect(&node(&config, "1"), 74, &[store.to_str().unwrap()]);
    cluster.kill(1);

    let whole = std::fs::read(&store).unwrap();
    std::fs::write(&store, &whole[..whole.len() / 2]).unwrap();
    expect(&node(&config, "1"), 74, &[store.to_str().unwrap()]);
    expect(&node(&config, "1"), 74, &[store.to_str().unwrap()]);
    std::fs::remove_file(&store).unwrap();
    expect(&node(&config, "1"), 74, &[store.to_str().unwrap()]);
    assert!(!store.exists(), "a missing store is not replaced");
    let arguments = ["node", "--config", &config, "--id", "1", "--init"];
    let _new = Process::start(arguments);
    wait_for("a new node", || cluster.status()[0]["reachable"].as_bool().filter(|up| *up));
}

#[test]
fn a_node_counts_garbage_and_does_not_answer_it() {
    let cluster = Cluster::start(1);
    let address = cluster.members().servers[&1];
    let attacker = UdpSocket::bind("127.0.0.1:0").unwrap();
    attacker.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    for length in 0..200 {
        attacker.send_to(&vec![length as u8; length * 7], address).unwrap();
        // No more at once than its socket holds, so that it can count them all.
        if length % 20 == 19 {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    assert!(attacker.recv(&mut [0; 2_048]).is_err(), "no answer");
    let counted = "quorate_datagrams_rejected_total{reason=\"malformed\"} 200";
    wait_for("the metrics to say so", || metrics(address).contains(counted).then_some(()));
    expect(&kv(&cluster.config(), &["put", "still", "works"]), 0, &[]);
}

/// What a node answers to `GET /metrics`.
fn metrics(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    text
}

/// A running `quorate cluster`, and its lines as they come.
fn run_cluster(arguments: &[&str]) -> (Process, std::sync::mpsc::Receiver<String>) {
    let mut child = Command::new(QUORATE)
        .arg("cluster")
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let (sender, receiver) = std::sync::mpsc::channel();
    let lines = BufReader::new(child.stderr.take().expect("a pipe"));
    std::thread::spawn(move || {
        for line in lines.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    (Process(child), receiver)
}

/// The next line that has all of `words`.
fn line(lines: &std::sync::mpsc::Receiver<String>, words: &[&str]) -> String {
    let limit = Instant::now() + Duration::from_secs(20);
    let mut seen = Vec::new();
    loop {
        match lines.recv_timeout(limit.saturating_duration_since(Instant::now())) {
            Ok(line) if words.iter().all(|word| line.contains(word)) => return line,
            Ok(line) => seen.push(line),
            Err(_) => panic!("no line with {words:?} in {seen:#?}"),
        }
    }
}

/// The process of a node, from the line it says when it starts.
fn process_of(lines: &std::sync::mpsc::Receiver<String>, node: &str) -> String {
    let started = line(lines, &[node, "started"]);
    started.split_whitespace().last().expect("a number").to_owned()
}

fn all_free(first: u16, count: u16) -> Option<()> {
    (first + 1..=first + count)
        .all(|port| UdpSocket::bind(("127.0.0.1", port)).is_ok())
        .then_some(())
}

#[test]
fn a_cluster_resumes_and_leaves_no_process_behind_however_it_ends() {
    let directory = tempfile::TempDir::new().unwrap();
    let (dir, port) = (directory.path().to_str().unwrap(), free_ports(3));
    let arguments = ["--dir", dir, "--port", &port.to_string()];
    let config = format!("{dir}/cluster.toml");

    let (mut all, lines) = run_cluster(&arguments);
    line(&lines, &["leader in term"]);
    expect(&kv(&config, &["put", "a", "1"]), 0, &[]);
    all.terminate();
    assert!(all.0.wait().unwrap().success());
    all_free(port, 3).expect("all nodes are gone");
    let before: Vec<_> = files(directory.path());

    // Killed itself, it cannot stop its nodes: they notice.
    let (mut all, lines) = run_cluster(&arguments);
    line(&lines, &["leader in term"]);
    assert_eq!(kv(&config, &["get", "a"]).stdout, b"1");
    all.0.kill().unwrap();
    all.0.wait().unwrap();
    wait_for("the nodes to notice", || all_free(port, 3));
    assert_eq!(files(directory.path()), before, "nothing but the stores was written");

    let other = quorate(["cluster", "--dir", dir, "--nodes", "5"]);
    expect(&other, 64, &[&config, "--nodes 3, not 5", "leave out --nodes", "another --dir"]);
}

/// The way that is told is gone.
#[test]
fn a_cluster_that_lacks_a_store_starts_no_node_and_says_how_to_mend_it() {
    let cluster = Cluster::create(3);
    let (config, loaded) = (cluster.config(), cluster.loaded());
    let dir = Path::new(&config).parent().unwrap().to_str().unwrap();
    let resume = ["--dir", dir];
    let store = loaded.nodes[1].store.to_str().unwrap();
    std::fs::remove_file(store).unwrap();
    let init = ["node", "--config", &config, "--id", "2", "--init"];
    let new =
        format!("put it back if it was moved, or make a new one with `quorate {}`", init.join(" "));
    let member = format!("`quorate member --config {config} remove 2`, `add 2` and `promote 2`");
    let told = quorate(["cluster", "--dir", dir]);
    expect(&told, 74, &[store, "the store of node 2 is missing", &new, &member]);
    let said = stderr(&told);
    assert!(!said.contains("started on") && !said.contains("[[node]]"), "{said}");

    let mut node = Process::start(init);
    wait_for("a new node", || cluster.status()[1]["reachable"].as_bool().filter(|up| *up));
    node.terminate();
    assert!(node.0.wait().unwrap().success());
    let (mut all, lines) = run_cluster(&resume);
    line(&lines, &["leader in term"]);
    for what in ["remove", "add", "promote"] {
        wait_for(what, || {
            quorate(["member", "--config", &config, what, "2"]).status.success().then_some(())
        });
    }
    all.terminate();
    assert!(all.0.wait().unwrap().success());

    let mut text = std::fs::read_to_string(&config).unwrap();
    let address = &cluster.free_addresses::<1>()[0];
    text += &format!("[[node]]\nid = 4\naddress = {address:?}\nstore = \"4\"\njoins = true\n");
    std::fs::write(&config, text).unwrap();
    let gone = "if it was removed for good, delete its [[node]] from";
    expect(&quorate(["cluster", "--dir", dir]), 74, &["the store of node 4 is missing", gone]);
}

#[test]
fn a_cluster_is_created_for_ports_that_it_can_have_or_not_at_all() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("new");
    let dir = path.to_str().unwrap();
    let port = free_ports(3);
    let create = |dir: &str| quorate(["cluster", "--dir", dir, "--port", &port.to_string()]);
    let last = ("127.0.0.1", port + 3);
    let address = format!("127.0.0.1:{}", port + 3);
    let udp = UdpSocket::bind(last).unwrap();
    expect(&create(dir), 74, &["UDP", &address, "--port"]);
    drop(udp);
    let tcp = TcpListener::bind(last).unwrap();
    expect(&create(dir), 74, &["TCP", &address, "--port"]);
    drop(tcp);
    assert!(!path.exists(), "a retry with other ports begins anew");

    std::fs::write(&path, "a file").unwrap();
    expect(&create(dir), 74, &[dir, "cannot create it"]);
}

#[test]
fn the_port_is_everywhere_the_same() {
    let help = String::from_utf8(quorate(["cluster", "--help"]).stdout).unwrap();
    assert!(help.contains(&format!("[default: {PORT}]")), "{help}");
    let readme = include_str!("../README.md");
    assert!(readme.contains(&format!("127.0.0.1, port {PORT} + *i*")), "the README");
    let config = include_str!("../src/node/config.rs");
    assert!(config.contains(&format!("127.0.0.1:{}\"", PORT + 1)), "the example of a config");
}

/// The files in a directory, and what they hold but for the stores.
fn files(directory: &std::path::Path) -> Vec<(std::path::PathBuf, Option<Vec<u8>>)> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            let is_store = path.extension().is_some_and(|extension| extension == "store");
            let content = (!is_store).then(|| std::fs::read(&path).unwrap());
            (path, content)
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_killed_node_is_reported_and_not_started_again_and_a_failing_one_ends_the_cluster() {
    let directory = tempfile::TempDir::new().unwrap();
    let (dir, port) = (directory.path().to_str().unwrap(), free_ports(3));
    let arguments = ["--dir", dir, "--port", &port.to_string()];
    let config = format!("{dir}/cluster.toml");
    let (mut all, lines) = run_cluster(&arguments);
    let process = process_of(&lines, "n2 |");
    assert!(Command::new("kill").args(["-9", &process]).status().unwrap().success());
    line(&lines, &["node 2 ended", "9", "--id 2"]);
    expect(&kv(&config, &["put", "a", "1"]), 0, &[]);
    all.terminate();
    assert!(all.0.wait().unwrap().success());

    let taken = TcpListener::bind(("127.0.0.1", port + 3)).expect("it is free");
    let (mut all, lines) = run_cluster(&arguments);
    line(&lines, &["n3 |", "TCP", &taken.local_addr().unwrap().to_string()]);
    line(&lines, &["node 3 failed with exit code 74"]);
    assert_eq!(all.0.wait().unwrap().code(), Some(70));
    all_free(port, 3).expect("all nodes are gone");
}
