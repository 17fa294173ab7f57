//! Redis clients of a real cluster, on plain sockets.

#[path = "redis/batches.rs"]
mod batches;
#[path = "redis/bounds.rs"]
mod bounds;
#[path = "redis/tls.rs"]
mod tls;

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use quorate::node::board::Board;
use quorate::redis::password::{GUESSES, Password};
use quorate::redis::{Gateway, GatewayError, Settings};
use stateright::actor::Id;

use crate::support::cluster::{Cluster, LIMIT, Process, expect, free_ports, quorate, wait_for};
use crate::support::http::get;

/// A gateway to `cluster` by node `first`, with `settings`.
fn gateway(cluster: &Cluster, first: u64, settings: Settings) -> Gateway {
    let (_, places) = mpsc::channel();
    let (any, first) = ("127.0.0.1:0".parse().expect("an address"), Id::from(first as usize));
    let fails = |error: GatewayError| panic!("{error}");
    Gateway::start(any, cluster.members(), first, places, settings, Board::default(), fails)
        .expect("a gateway")
}

/// A client.
struct Redis(TcpStream);

impl Redis {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("somebody listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a socket");
        Redis(stream)
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("it is taken");
    }

    /// Reads as many bytes as `expected` has, which they are.
    #[track_caller]
    fn reads(&mut self, expected: impl AsRef<[u8]>) {
        let expected = expected.as_ref();
        let mut bytes = vec![0; expected.len()];
        let read = self.0.read_exact(&mut bytes);
        assert!(read.is_ok() && bytes == expected, "{:?}", String::from_utf8_lossy(&bytes));
    }

    /// Asks for one thing.
    #[track_caller]
    fn asks(&mut self, line: &str, expected: &str) {
        self.send(format!("{line}\r\n"));
        self.reads(expected);
    }

    /// Reads a line, without its end.
    fn line(&mut self) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).expect("a line");
            line.push(byte[0]);
        }
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }

    /// Reads until nothing more comes, and expects the connection to be closed.
    fn rest(mut self) -> String {
        let mut rest = Vec::new();
        // A connection that is closed before all that came was read is reset.
        let _ = self.0.read_to_end(&mut rest);
        self.0.set_read_timeout(Some(Duration::from_millis(1))).expect("a socket");
        assert!(!matches!(self.0.read(&mut [0]), Ok(1..)));
        String::from_utf8_lossy(&rest).into_owned()
    }
}

/// A request as a client library sends it.
fn request(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

#[test]
fn redis_clients_use_the_store_by_whichever_node_they_reach() {
    let cluster = Cluster::start(3);
    let gateways = [1, 2, 3].map(|id| gateway(&cluster, id, Settings::default()));
    let [mut one, mut two, mut three] =
        [0, 1, 2].map(|at: usize| Redis::connect(gateways[at].address()));
    one.asks("PING", "+PONG\r\n");
    one.asks("SET colour blue", "+OK\r\n");
    two.asks("GET colour", "$4\r\nblue\r\n");
    three.asks("SET colour red NX", "$-1\r\n");
    three.asks("SET colour red GET", "$4\r\nblue\r\n");
    one.asks("APPEND colour dish", ":7\r\n");
    two.asks("STRLEN colour", ":7\r\n");
    two.asks("SETNX n 5", ":1\r\n");
    two.asks("INCRBY n 37", ":42\r\n");
    three.asks("INCR colour", "-ERR value is not an integer or out of range\r\n");
    one.asks("MGET n none colour", "*3\r\n$2\r\n42\r\n$-1\r\n$7\r\nreddish\r\n");
    three.asks("EXISTS n n none", ":2\r\n");
    two.asks("DEL n none colour", ":2\r\n");
    two.asks("GET colour", "$-1\r\n");
    three.asks("LPUSH a b", "-ERR unknown command 'LPUSH', with args beginning with: 'a' 'b' \r\n");
    // What the other commands of quorate see.
    one.send(request(&[b"SET", b"bytes", b"\r\n\0\xff"]));
    one.reads("+OK\r\n");
    let printed = quorate(["kv", "--config", &cluster.config(), "get", "bytes"]);
    assert_eq!(printed.stdout, b"\r\n\0\xff");
    let large = vec![b'x'; 1 << 20];
    two.send(request(&[b"SET", b"large", &large]));
    two.reads("+OK\r\n");
    three.send(request(&[b"GET", b"large"]));
    three.reads(format!("${}\r\n", large.len()));
    three.reads([&large[..], b"\r\n"].concat());
}

#[test]
fn answers_come_in_order_and_each_increment_counts_once_while_leaders_are_killed() {
    const CLIENTS: usize = 20;
    const EACH: u64 = 60;
    let cluster = Cluster::start(3);
    let settings = || Settings { timeout: LIMIT, ..Settings::default() };
    let gateway = gateway(&cluster, 1, settings());
    let mut clients: BTreeMap<usize, Redis> =
        (0..CLIENTS).map(|number| (number, Redis::connect(gateway.address()))).collect();
    let half = |number: usize, from: u64| -> String {
        let one = |count| format!("INCR n-{number}\r\nPING {count}\r\nINCR all\r\n");
        (from..from + EACH / 2).map(one).collect()
    };
    let mut seen = Vec::new();
    for from in [0, EACH / 2] {
        // All at once: each waits in the gateway for the ones before it.
        for (number, client) in &mut clients {
            client.send(half(*number, from));
        }
        if from == 0 {
            let leader = cluster.leader();
            cluster.kill(leader);
            thread::sleep(Duration::from_millis(100));
            cluster.restart(leader);
        }
        for client in clients.values_mut() {
            for count in from..from + EACH / 2 {
                let digits = count.to_string();
                client.reads(format!(":{}\r\n", count + 1));
                client.reads(format!("${}\r\n{digits}\r\n", digits.len()));
                seen.push(client.line());
            }
        }
    }
    // What all count together has each value once.
    let mut seen: Vec<u64> = seen
        .iter()
        .map(|line| line.strip_prefix(':').expect("a number").parse().unwrap())
        .collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(1..=CLIENTS as u64 * EACH));
}

#[test]
fn a_command_without_an_answer_has_an_unknown_outcome_and_the_connection_goes_on() {
    let cluster = Cluster::start(3);
    let timeout = Duration::from_millis(500);
    let gateway = gateway(&cluster, 1, Settings { timeout, ..Settings::default() });
    let mut client = Redis::connect(gateway.address());
    client.asks("INCR n", ":1\r\n");
    client.asks("MULTI", "+OK\r\n");
    client.asks("INCR m", "+QUEUED\r\n");
    client.asks("INCR m", "+QUEUED\r\n");
    let leader = cluster.leader();
    let others: Vec<u64> = (1..=3).filter(|id| *id != leader).collect();
    others.iter().for_each(|id| cluster.kill(*id));
    let unknown =
        "-UNKNOWN no answer within 500ms: the command may have taken effect, or may still";
    // One of a transaction, and one for each command else.
    client.asks("EXEC", &format!("{unknown}\r\n"));
    client.asks("INCR n\r\nPING\r\nINCR m", &format!("{unknown}\r\n+PONG\r\n{unknown}\r\n"));
    let reads = "-UNKNOWN no answer within 500ms; nothing was read, and it can be asked again";
    client.asks("GET n", &format!("{reads}\r\n"));
    client.asks("PING", "+PONG\r\n");
    others.iter().for_each(|id| cluster.restart(*id));
    wait_for("a majority", || {
        client.send("GET n\r\n");
        match client.line().as_str() {
            "$1" => Some(()),
            line => {
                assert!(line.starts_with("-UNKNOWN"), "{line}");
                None
            }
        }
    });
    let value: u64 = client.line().parse().expect("a number");
    assert!([1, 2].contains(&value), "once or not at all: {value}");
}

#[test]
fn who_breaks_the_rules_is_closed_and_harms_nobody() {
    let cluster = Cluster::start(3);
    let settings = Settings { stall: Duration::from_millis(200), ..Settings::default() };
    let gateway = gateway(&cluster, 1, settings);
    let connect = || Redis::connect(gateway.address());
    let mut good = connect();
    good.asks("SET k v", "+OK\r\n");

    for (sent, problem) in [
        (&b"*1\r\n$9999999999\r\n"[..], "invalid bulk length, at most 1048576 bytes"),
        (b"*2000000000\r\n", "invalid multibulk length"),
        (b"*1\r\n*1\r\n", "expected '$', got '*'"),
        (b"get \"k\n", "unbalanced quotes in request"),
        (b"POST / HTTP/1.1\r\n\r\nSET k w\r\n", "this is no HTTP server"),
        (b"host: 127.0.0.1\r\nSET k w\r\n", "this is no HTTP server"),
    ] {
        let mut bad = connect();
        // What was asked for before is answered.
        bad.send([b"GET k\r\n", sent].concat());
        let expected = format!("$1\r\nv\r\n-ERR Protocol error: {problem}\r\n");
        assert_eq!(bad.rest(), expected);
    }

    // One that begins a request, and one that begins a line.
    for begun in [&b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$9\r\nhalf"[..], b"SET k h"] {
        let mut slow = connect();
        slow.send(begun);
        assert_eq!(slow.rest(), "", "it is closed");
    }

    // One that asks on and on and never reads.
    let mut deaf = connect();
    deaf.0.set_write_timeout(Some(LIMIT)).expect("a socket");
    let echo = request(&[b"ECHO", &[b'x'; 60_000]]);
    let closed = (0..10_000).any(|_| deaf.0.write_all(&echo).is_err());
    assert!(closed, "it is closed");
    good.asks("GET k", "$1\r\nv\r\n");
}

#[test]
fn who_only_waits_or_goes_harms_nobody_and_leaves_a_place_to_others() {
    let cluster = Cluster::start(3);
    let gateway = gateway(&cluster, 1, Settings { connections: 4, ..Settings::default() });
    let connect = || Redis::connect(gateway.address());
    let mut good = connect();
    good.asks("SET k v", "+OK\r\n");

    // One that says that it sends no more is answered still; one that says half of a request and
    // then nothing more only waits.
    let mut half_open = connect();
    half_open.send("INCR n\r\nGET k\r\n");
    half_open.0.shutdown(Shutdown::Write).expect("a socket");
    assert_eq!(half_open.rest(), ":1\r\n$1\r\nv\r\n");
    let mut slow = connect();
    slow.send("*2\r\n$3\r\nGET\r\n$1\r\n");
    let mut leaver = connect();
    leaver.send("*3\r\n$3\r\nSET\r\n$1000000\r\nhalf");
    drop(leaver);
    good.asks("GET k", "$1\r\nv\r\n");
    slow.send("k\r\n");
    slow.reads("$1\r\nv\r\n");

    // One too many, after those that are gone were seen to be.
    wait_for("the others to be gone", || {
        good.send("INFO\r\n");
        let length = good.line().strip_prefix('$').expect("bytes").parse().expect("a number");
        let mut info = vec![0; length];
        good.0.read_exact(&mut info).expect("as many");
        good.reads("\r\n");
        String::from_utf8_lossy(&info).contains("connected_clients:2\r\n").then_some(())
    });
    let more = [(); 2].map(|()| {
        let mut one = connect();
        one.asks("PING", "+PONG\r\n");
        one
    });
    assert_eq!(connect().rest(), "-ERR max number of clients reached\r\n");
    drop(more);
}

#[test]
fn only_who_knows_the_password_is_served() {
    let cluster = Cluster::start(3);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("password");
    fs::write(&path, "open sesame\n").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a file");
    let password = Some(Password::load(&path).expect("a password"));
    let gateway = gateway(&cluster, 1, Settings { password, ..Settings::default() });
    let mut client = Redis::connect(gateway.address());
    for line in ["GET k", "PING", "LPUSH a", "CONFIG GET save"] {
        client.asks(line, "-NOAUTH Authentication required.\r\n");
    }
    let wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
    client.asks("AUTH sesame", wrong);
    client.asks("AUTH nobody 'open sesame'", wrong);
    client.asks("AUTH 'open sesame'", "+OK\r\n");
    client.asks("SET k v", "+OK\r\n");
    client.asks("RESET", "+RESET\r\n");
    client.asks("GET k", "-NOAUTH Authentication required.\r\n");
    client.asks("AUTH default 'open sesame'", "+OK\r\n");
    client.asks("GET k", "$1\r\nv\r\n");

    let mut guesser = Redis::connect(gateway.address());
    guesser.send("AUTH x\r\n".repeat(10 * GUESSES as usize));
    let lines: Vec<_> = (0..10 * GUESSES).map(|_| guesser.line()).collect();
    let refused = |line: &&String| line.starts_with("-ERR too many wrong passwords");
    assert!(lines.iter().filter(refused).count() > 0, "{lines:?}");
    // What a stranger may send is little.
    let mut stranger = Redis::connect(gateway.address());
    stranger.send("*2\r\n$3\r\nGET\r\n$100000\r\n");
    assert!(stranger.rest().starts_with("-ERR Protocol error: invalid bulk length"));
}

#[test]
fn the_node_serves_redis_clients_where_it_is_told_to() {
    let cluster = Cluster::create(3);
    let config = cluster.config();
    let node = |more: &[&str]| {
        quorate(["node", "--config", &config, "--id", "1"].into_iter().chain(more.iter().copied()))
    };
    let open = node(&["--redis", "0.0.0.0:6379"]);
    expect(&open, 64, &["--redis: 0.0.0.0:6379 can be reached", "--password-file"]);
    let missing = node(&["--redis", "127.0.0.1:6379", "--password-file", "/none/at/all"]);
    expect(&missing, 74, &["/none/at/all: cannot read it"]);
    let [at, taken] = cluster.free_addresses();
    let _listener = std::net::TcpListener::bind(&*taken).expect("it is free");
    expect(&node(&["--redis", &taken]), 74, &["cannot listen on TCP", &taken]);

    let cluster = cluster.started(3);
    cluster.kill(1);
    cluster.restart_with(1, &["--redis", &at]);
    let address = at.parse().expect("an address");
    wait_for("the node to listen", || TcpStream::connect(address).ok());
    let mut client = Redis::connect(address);
    client.asks("SET k v", "+OK\r\n");
    client.asks("GET k", "$1\r\nv\r\n");
    client.asks("QUIT", "+OK\r\n");
    assert_eq!(client.rest(), "");
}

#[test]
fn every_node_of_a_cluster_serves_redis_clients() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = free_ports(6);
    let (port, redis) = (first.to_string(), (first + 3).to_string());
    let directory = folder.path().join("demo");
    let directory = directory.to_str().expect("a path of text");
    let arguments = ["cluster", "--dir", directory, "--port", &port, "--redis", &redis];
    let mut cluster = Process::start(arguments);
    for id in 1..=3 {
        let address = SocketAddr::from(([127, 0, 0, 1], first + 3 + id));
        let mut client = wait_for("a node to listen", || TcpStream::connect(address).ok());
        client.set_read_timeout(Some(LIMIT)).expect("a socket");
        client.write_all(b"INCR n\r\n").expect("it is taken");
        let mut answer = [0; 4];
        client.read_exact(&mut answer).expect("an answer");
        assert_eq!(String::from_utf8_lossy(&answer), format!(":{id}\r\n"));
    }
    cluster.terminate();
    assert!(cluster.0.wait().expect("it ends").success());
}
