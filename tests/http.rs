//! What a node shows over HTTP, to clients that behave and to clients that do not.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::{Response, StatusCode};
use quorate::node::board::Board;
use quorate::node::config::{Config, ConfigError, Runs};
use quorate::node::event_loop::Counts;
use quorate::node::fragment::ReassemblyCounters;
use quorate::node::histogram::Histogram;
use quorate::node::http::{Answering, Answers, Asked, Http, HttpError, Settings};
use quorate::node::snapshot::Snapshot;
use quorate::node::transport::Counters;
use quorate_models::service::{Number, Part, Status, Stores};
use stateright::actor::Id;

/// How long a test waits for what must happen.
const LIMIT: Duration = Duration::from_secs(20);

/// A cluster of one node on a port that is free.
fn config() -> Config {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let port = free.port() - 1;
    Config::create::<ConfigError>(folder.path(), 1, port, &Runs::bare("toy"), |_| Ok(())).unwrap()
}

fn start() -> (Http, Board<Snapshot>) {
    start_with(Settings::default())
}

fn start_with(settings: Settings) -> (Http, Board<Snapshot>) {
    let board = Board::default();
    (Http::start(&config(), 1, board.clone(), None, settings).unwrap(), board)
}

fn snapshot(term: u64) -> Snapshot {
    let (role, leader) = ("leader".to_owned(), Some(Id::from(1)));
    let members = BTreeMap::from([(Id::from(1), Part::Voter), (Id::from(2), Part::Learner)]);
    let number = |name, unit, value| Number { name, unit, meaning: "A number.", value };
    let numbers =
        vec![number("term", "", term), number("commit", "index", 5), number("last", "index", 6)];
    let recorded = BTreeMap::from([(Id::from(2), u64::MAX)]);
    let stores = Some(Stores { own: 0xa1, recorded, as_of: (term, 6) });
    let (warnings, voteless) = (Vec::new(), [Id::from(2)].into());
    let measures = vec![number("log", "entries", 8)];
    let lags = [(Id::from(2), 4)].into();
    let status =
        Status { role, leader, numbers, measures, lags, warnings, members, voteless, stores };
    let mut commits = Histogram::default();
    for micros in [20_000, 3, 1_000_000] {
        commits.observe(Duration::from_micros(micros));
    }
    let counts = Counts { commits, leaders: 11, sends: 900, ..Counts::default() };
    let transport = Counters {
        reject_forged: 7,
        merged: 800,
        queue_dropped: 2,
        incoming: ReassemblyCounters { expired: 1, ..ReassemblyCounters::default() },
        ..Counters::default()
    };
    let commit_lately = Some(Duration::from_micros(1_500));
    Snapshot { at: Instant::now(), status, counts, transport, commit_lately, redis: None }
}

fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn get(address: SocketAddr, path: &str) -> (String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let answer = exchange(address, request.as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[test]
fn status_is_what_was_published_last() {
    let (http, board) = start();
    let (head, _) = get(http.address(), "/status");
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    board.publish(snapshot(3));
    board.publish(snapshot(4));
    let (head, body) = get(http.address(), "/status?x=1");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(head.contains("Content-Type: application/json"));
    assert!(head.contains("Access-Control-Allow-Origin: *"));
    let mut shown: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert!(shown["uptime_seconds"].take().is_u64());
    assert!(shown["age_ms"].take().as_u64() < Some(1_000));
    assert_eq!(shown["cluster"].take().as_str().map(str::len), Some(16));
    let expected = serde_json::json!({
        "cluster": null, "id": 1, "address": http.address().to_string(), "role": "leader",
        "numbers": ["term", "commit", "last"], "term": 4, "leader": 1, "commit": 5, "last": 6,
        "warnings": [], "members": { "1": "voter", "2": "learner" }, "voteless": [2],
        "lags": { "2": 4 }, "commit_micros": 1500,
        "store": "00000000000000a1", "stores_recorded": { "2": "ffffffffffffffff" },
        "stores_as_of": [4, 6], "messages_sent": 900, "messages_merged": 800, "messages_lost": 3,
        "datagrams_forged": 7, "redis": null, "uptime_seconds": null, "age_ms": null,
    });
    assert_eq!(shown, expected);
}

#[test]
fn a_status_tells_how_old_it_is() {
    let (http, board) = start();
    let mut old = snapshot(3);
    old.at -= Duration::from_secs(12);
    board.publish(old);
    let status: serde_json::Value =
        serde_json::from_str(&get(http.address(), "/status").1).unwrap();
    assert_eq!(status["role"], "leader");
    assert!((12_000..20_000).contains(&status["age_ms"].as_u64().unwrap()), "{status}");
    let metrics = get(http.address(), "/metrics").1;
    let age = metrics.lines().find_map(|line| line.strip_prefix("quorate_status_age_seconds "));
    assert!((12.0..20.0).contains(&age.unwrap().parse::<f64>().unwrap()), "{age:?}");
}

#[test]
fn a_head_is_that_of_the_answer_without_its_body() {
    let (http, board) = start();
    board.publish(snapshot(3));
    for path in ["/", "/status", "/metrics", "/nothing"] {
        let request = format!("HEAD {path} HTTP/1.1\r\nConnection: close\r\n\r\n");
        let head = exchange(http.address(), request.as_bytes());
        let (line, body) = get(http.address(), path);
        assert_eq!(head.lines().next(), line.lines().next());
        assert!(head.ends_with("\r\n\r\n") && head.matches("\r\n\r\n").count() == 1, "{head}");
        // The numbers in the other two change meanwhile, and so may their length.
        if ["/", "/nothing"].contains(&path) {
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
            assert_eq!(head.trim_end(), line);
        }
    }
}

#[test]
fn metrics_are_text_that_prometheus_reads() {
    let (http, board) = start();
    board.publish(snapshot(4));
    let (head, body) = get(http.address(), "/metrics");
    assert!(head.contains("Content-Type: text/plain; version=0.0.4"));
    for line in [
        "# TYPE quorate_term gauge",
        "quorate_term 4",
        "quorate_role{role=\"leader\"} 1",
        "quorate_commit_index 5",
        "quorate_last_index 6",
        "quorate_voteless_members 1",
        "quorate_leads 1",
        "quorate_log_entries 8",
        "quorate_follower_lag_entries{follower=\"2\"} 4",
        "quorate_leader_changes_total 11",
        "# TYPE quorate_commit_seconds histogram",
        "quorate_commit_seconds_bucket{le=\"0.0001\"} 1",
        "quorate_commit_seconds_bucket{le=\"0.02\"} 2",
        "quorate_commit_seconds_bucket{le=\"1\"} 3",
        "quorate_commit_seconds_bucket{le=\"+Inf\"} 3",
        "quorate_commit_seconds_sum 1.020003",
        "quorate_commit_seconds_count 3",
        "# TYPE quorate_datagrams_rejected_total counter",
        "quorate_datagrams_rejected_total{reason=\"forged\"} 7",
        "quorate_outgoing_merged_total 800",
        "quorate_outgoing_lost_total{reason=\"dropped\"} 2",
    ] {
        assert!(body.lines().any(|other| other == line), "{line} is not in:\n{body}");
    }
    let lost = body.lines().filter(|line| line.starts_with("quorate_outgoing_lost_total"));
    assert!(lost.clone().count() > 3 && lost.clone().all(|line| !line.ends_with(" 800")));
    for line in body.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let name = name.split('{').next().unwrap();
        let suffixes = ["_bucket", "_sum", "_count"].into_iter();
        let family = suffixes.filter_map(|suffix| name.strip_suffix(suffix)).next().unwrap_or(name);
        assert!(body.contains(&format!("# HELP {family} ")), "{family} has no help");
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let (http, _) = start();
    let (head, body) = get(http.address(), "/");
    assert!(head.contains("Content-Type: text/html"));
    assert!(head.contains(&format!("connect-src http://{}\r\n", http.address())), "{head}");
    assert!(body.contains(&format!("\"http\":\"{}\"", http.address())));
    assert!(!body.contains("/*CLUSTER*/") && !body.contains("src=") && !body.contains("@import"));
}

#[test]
fn what_is_not_there_or_not_allowed_is_refused() {
    let (http, _) = start();
    assert!(get(http.address(), "/nothing").0.starts_with("HTTP/1.1 404 "));
    let large = [b"POST / HTTP/1.1\r\nContent-Length: 50000\r\n\r\n".to_vec(), vec![b'x'; 50_000]];
    let answer = exchange(http.address(), &large.concat());
    assert!(
        answer.starts_with("HTTP/1.1 405 ") && answer.contains("Allow: GET, HEAD\r\n"),
        "{answer}"
    );
    for bad in [&b"GET\r\n\r\n"[..], b"GET / HTTP/3\r\n\r\n", b"\xff\xfe\r\n\r\n"] {
        assert!(exchange(http.address(), bad).starts_with("HTTP/1.1 400 "), "{bad:?}");
    }
    let endless = vec![b'a'; 9_000];
    assert!(exchange(http.address(), &endless).starts_with("HTTP/1.1 431 "));
}

/// Whether `stream` is at its end, sooner or later, after `said`.
#[track_caller]
fn ends(mut stream: TcpStream, said: &str) {
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with(said) && answer.is_empty() == said.is_empty(), "{answer}");
}

#[test]
fn slow_clients_are_given_up_and_hold_up_nobody() {
    let head = Duration::from_millis(700);
    let (http, board) = start_with(Settings { head, ..Settings::default() });
    board.publish(snapshot(1));
    let slow: Vec<_> = (0..200).map(|_| TcpStream::connect(http.address()).unwrap()).collect();
    for (mut slow, _) in slow.iter().zip(0..100) {
        slow.write_all(b"GET / HT").unwrap();
    }
    // If it waited for them it would be no answer, but a time-out.
    assert!(get(http.address(), "/status").0.starts_with("HTTP/1.1 200 "));
    for (place, slow) in slow.into_iter().enumerate() {
        ends(slow, if place < 100 { "HTTP/1.1 408 " } else { "" });
    }
}

#[test]
fn a_connection_is_kept_for_more_requests_and_closed_when_none_comes() {
    let head = Duration::from_millis(300);
    let (http, board) = start_with(Settings { head, ..Settings::default() });
    board.publish(snapshot(1));
    let mut stream = TcpStream::connect(http.address()).unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /nothing HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"/metrics.\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 404 "));
    }
    ends(stream, "");
}

#[test]
fn one_that_never_reads_is_closed() {
    let stall = Duration::from_millis(200);
    let (http, _) = start_with(Settings { stall, ..Settings::default() });
    let mut deaf = TcpStream::connect(http.address()).unwrap();
    deaf.set_write_timeout(Some(LIMIT)).unwrap();
    let requests = b"GET / HTTP/1.1\r\n\r\n".repeat(100);
    let errors = (0..100_000).find_map(|_| deaf.write_all(&requests).err());
    let kind = errors.expect("it is closed").kind();
    let timed_out = [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut];
    assert!(!timed_out.contains(&kind), "it was left waiting: {kind}");
    assert!(get(http.address(), "/").0.starts_with("HTTP/1.1 200 "));
}

#[test]
fn one_too_many_is_told_so_and_leaves_no_trace() {
    let (http, _) = start_with(Settings { connections: 3, ..Settings::default() });
    let open: Vec<_> = (0..3).map(|_| TcpStream::connect(http.address()).unwrap()).collect();
    ends(TcpStream::connect(http.address()).unwrap(), "HTTP/1.1 503 ");
    drop(open);
    let deadline = Instant::now() + LIMIT;
    let answers = || {
        let mut stream = TcpStream::connect(http.address()).ok()?;
        stream.write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.starts_with("HTTP/1.1 200 ").then_some(())
    };
    while answers().is_none() {
        assert!(Instant::now() < deadline, "it never came back");
    }
}

#[test]
fn a_flood_of_connections_passes() {
    let (http, board) = start();
    board.publish(snapshot(1));
    let flood: Vec<_> = (0..200).map(|_| TcpStream::connect(http.address()).unwrap()).collect();
    drop(flood);
    assert!(get(http.address(), "/status").0.starts_with("HTTP/1.1 200 "));
}

/// Sends back what comes to `/echo`, up to 2,000 bytes, or says why it does not.
struct Echo;

impl Answers for Echo {
    fn owns(&self, path: &str) -> bool {
        path == "/echo"
    }

    fn answer(&self, asked: Asked) -> Answering {
        Box::pin(async {
            let held = match asked.body.read(2_000).await {
                Ok(held) => {
                    let bytes = held.as_ref().to_vec();
                    held.replace(bytes)
                }
                Err(error) => Err(error),
            };
            held.map(|bytes| Response::new(Full::new(bytes))).unwrap_or_else(|error| {
                let mut response = Response::new(Full::from(error.to_string()));
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response
            })
        })
    }
}

#[test]
fn what_bodies_and_answers_hold_is_bounded_and_given_back() {
    let body = Duration::from_millis(500);
    let settings = Settings { body, memory: 1_500, ..Settings::default() };
    let board = Board::default();
    let http = Http::start(&config(), 1, board, Some(Arc::new(Echo)), settings).unwrap();
    let head = |length: usize| {
        format!("POST /echo HTTP/1.1\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
    };
    let echo = |length: usize| {
        exchange(http.address(), &[head(length).as_bytes(), &vec![b'x'; length]].concat())
    };
    for _ in 0..5 {
        assert!(echo(1_000).ends_with(&"x".repeat(1_000)));
    }
    assert!(echo(2_001).contains("the request has more than 2000 bytes"));
    assert!(echo(1_600).contains("buffers for HTTP clients are full"));
    // One that does not end what it has begun holds it for a while, and no longer.
    let deadline = Instant::now() + LIMIT;
    let is_full = || echo(1_000).contains("buffers for HTTP clients are full");
    let mut slow = loop {
        let mut slow = TcpStream::connect(http.address()).unwrap();
        slow.write_all(&[head(1_000).as_bytes(), &[b'x'; 900]].concat()).unwrap();
        if is_full() {
            break slow;
        }
        assert!(Instant::now() < deadline, "it is never full");
    };
    while is_full() {
        assert!(Instant::now() < deadline, "it stays full");
    }
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("the request did not come within 500ms"), "{answer}");
    let chunked = b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    assert!(exchange(http.address(), chunked).contains("the request did not come whole"));
}

#[test]
fn a_port_in_use_is_an_error_that_names_the_address() {
    let config = config();
    let address = config.nodes[0].address;
    let start = |id| Http::start(&config, id, Board::default(), None, Settings::default());
    let first = start(1).unwrap();
    let error = start(1).unwrap_err();
    assert!(matches!(error, HttpError::Bind { .. }));
    assert!(error.to_string().starts_with(&format!("cannot listen on TCP {address}: ")));
    drop(first);
    start(1).expect("the port is free again");
    assert!(matches!(start(2), Err(HttpError::Config(_))));
}
