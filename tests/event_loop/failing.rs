//! A node that cannot go on, and one that hangs: what it says, and what it keeps to itself.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use quorate::cli::exit::{Code, Failure};
use quorate::cli::log::{Log, Options};
use quorate::cli::node::console::Console;
use quorate::cli::setup;
use quorate::node::board::Board as Shared;
use quorate::node::client::Client;
use quorate::node::config::{Config, ConfigError, Runs};
use quorate::node::event_loop::{EventLoop, NodeError};
use quorate::node::http::{Http, Settings};
use quorate::node::snapshot::Snapshot;
use quorate::node::transport::{Members, Notice, Transport};
use quorate::node::wire;
use quorate_models::number::Index;
use quorate_models::service::{MessageOf, Request, Sequence, Session};
use stateright::actor::Id;

use crate::support::cluster::{expect, free_ports, quorate, wait_for};
use crate::{Adder, Board, MS, Memory, Sum, UNLUCKY, members};

/// Sends node 1 `command`, from a client of its own.
fn ask(members: &Members, command: u64) -> Transport {
    let mut client = Transport::client(members).unwrap();
    let (session, sequence) = (Session::of(client.id()), Sequence(1));
    let add =
        MessageOf::<Adder>::Request(Request { session, sequence, since: Index::ZERO, command });
    client.send(Id::from(1), wire::encode(&add).unwrap());
    client.flush().unwrap();
    client
}

type Running = EventLoop<Adder, Memory<Sum>, Board>;

/// A node on `transport` that starts from `storage`, and what it keeps.
fn start(
    transport: Transport,
    storage: u64,
) -> (Result<Running, NodeError>, Arc<Mutex<Option<Sum>>>) {
    let disk = Memory::of(Some(Sum(storage)));
    let kept = disk.kept.clone();
    (EventLoop::start(Adder, transport, disk, &Some(Sum(storage)), Board::default()), kept)
}

/// Steps `node` until it fails.
fn failure(node: &mut Running) -> NodeError {
    let limit = Instant::now() + Duration::from_secs(5);
    loop {
        assert!(Instant::now() < limit, "it goes on");
        if let Err(error) = node.step() {
            return error;
        }
    }
}

#[test]
fn a_handler_that_panics_stops_the_node_which_says_why_and_nothing_else() {
    let members = members(1);
    let transport = Transport::server(&members, 1).unwrap();
    // Before the node starts, so that both are one batch; the first alone would be done.
    let mut clients = [1, UNLUCKY].map(|command| ask(&members, command));
    let (node, kept) = start(transport, 5);
    let mut node = node.unwrap();
    let error = failure(&mut node);
    let words = error.to_string();
    // Its timer may have fired before, and added a million.
    let begins = words.starts_with("the protocol has failed on a message of a client: unlucky: ");
    assert!(begins && words.ends_with("19"), "{words}");
    assert_eq!(*kept.lock().unwrap(), Some(Sum(5)), "nothing is half saved");
    for client in &mut clients {
        assert_eq!(client.poll(Instant::now() + MS * 100).unwrap(), [], "nothing is said");
    }
    assert!(catch_unwind(AssertUnwindSafe(|| node.step())).is_err(), "nor is there a next step");
    let Failure { code, message } = Failure::from(error);
    assert_eq!((code, code as u8, message.as_str()), (Code::NodeFailed, 70, &*words));
}

#[test]
fn a_panic_at_the_start_or_on_a_timer_is_told_as_well() {
    let members = members(1);
    let transport = || Transport::server(&members, 1).unwrap();
    let error = start(transport(), UNLUCKY).0.err().expect("it does not start").to_string();
    assert_eq!(error, "the protocol has failed at its start: unlucky: 13");
    // The timer adds a million.
    let (node, kept) = start(transport(), UNLUCKY + 1_000_000);
    let error = failure(&mut node.unwrap()).to_string();
    assert_eq!(error, "the protocol has failed on its timer Once: unlucky: 2000013");
    assert_eq!(*kept.lock().unwrap(), Some(Sum(UNLUCKY + 1_000_000)));
}

#[test]
fn what_the_transport_has_to_say_reaches_whoever_watches() {
    let members = members(2);
    let board = Board::default();
    let disk = Memory::of(None);
    let transport = Transport::server(&members, 1).unwrap();
    let mut node = EventLoop::start(Adder, transport, disk, &None, board.clone()).unwrap();
    // Authentic, and from another port than the members know.
    let mut other = Transport::server_at(&members, 2, "127.0.0.1:0".parse().unwrap()).unwrap();
    other.send(Id::from(1), vec![0]);
    other.flush().unwrap();
    wait_for("a notice", || {
        node.step().unwrap();
        (!board.notices.lock().unwrap().is_empty()).then_some(())
    });
    let notices = board.notices.lock().unwrap();
    assert!(matches!(notices[..], [Notice::Astray { server: 2, .. }]), "{notices:?}");
}

fn status(address: SocketAddr) -> serde_json::Value {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_default()
}

fn age(address: SocketAddr) -> Option<u64> {
    status(address)["age_ms"].as_u64()
}

#[test]
fn a_node_that_hangs_in_a_sync_is_seen_to() {
    let folder = tempfile::tempdir().unwrap();
    let none = |_: &Config| Ok::<(), ConfigError>(());
    let config =
        Config::create(folder.path(), 1, free_ports(1), &Runs::bare("adder"), none).unwrap();
    let members = setup::members(&config).unwrap();
    let board = Shared::<Snapshot>::default();
    let http = Http::start(&config, 1, board.clone(), None, Settings::default()).unwrap();
    let (_, places) = mpsc::channel();
    let log = Log::new(Options::default(), Some(1));
    let watch = Console::new(Id::from(1), log, board.clone(), Shared::default(), places);
    let disk = Memory::of(None);
    let hangs = disk.hangs.clone();
    let transport = Transport::server(&members, 1).unwrap();
    let node = thread::spawn(move || {
        EventLoop::start(Adder, transport, disk, &None, watch).unwrap().run()
    });
    let show = |path: &Path| quorate(["status", "--config", path.to_str().unwrap()]);
    wait_for("the node to start", || age(http.address()));
    // It has nothing to do, and says all the same that it is there.
    for _ in 0..15 {
        thread::sleep(MS * 100);
        assert!(age(http.address()) < Some(1_000), "an idle node is not a silent one");
    }
    expect(&show(&config.path), 0, &[]);

    hangs.store(true, Ordering::SeqCst);
    let mut client = Client::<Sum>::open(&members).unwrap();
    assert!(client.call(1, MS * 200).is_err());
    wait_for("its status to grow old", || age(http.address()).filter(|age| *age > 2_000));
    assert_eq!(status(http.address())["role"], "adder", "what it said last");
    let shown = show(&config.path);
    expect(&shown, 1, &["no majority answers, only 0 of 1 nodes", "node 1 has been silent for"]);
    let table = String::from_utf8(shown.stdout).unwrap();
    assert!(table.contains("adder") && table.contains("silent for 2 s"), "{table}");

    hangs.store(false, Ordering::SeqCst);
    assert!(client.call(1, Duration::from_secs(5)).is_ok());
    wait_for("its status to be new", || age(http.address()).filter(|age| *age < 1_000));
    expect(&show(&config.path), 0, &[]);
    board.stop();
    node.join().unwrap().unwrap();
}
