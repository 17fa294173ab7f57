//! Clients of etcd's JSON gateway of a real cluster, on plain sockets.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quorate_models::kv::VALUE_MAX;
use serde_json::{Value, json};

use crate::support::cluster::{Cluster, LIMIT, expect, free_ports, quorate, wait_for};
use crate::support::tls;

/// What etcd 3.4.23 answered, one member and an empty store, to requests one after the other, each
/// sent by `POST` with `Content-Type: application/json`. What names the member is left out.
const RECORD: &str = include_str!("../fixtures/etcd-3.4.23.jsonl");

const JSON: &str = "Content-Type: application/json\r\n";

/// Status, head and body of the answer to a request; `None` if the node is not there, or ends.
fn exchange(
    address: SocketAddr,
    line: &str,
    headers: &str,
    body: &str,
) -> Option<(u16, String, String)> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(LIMIT)).expect("a socket");
    exchange_on(stream, line, headers, body)
}

/// The same, on a connection that is there.
fn exchange_on(
    mut stream: impl Read + Write,
    line: &str,
    headers: &str,
    body: &str,
) -> Option<(u16, String, String)> {
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, head.to_owned(), body.to_owned()))
}

/// Status and body, which is JSON.
fn post(address: SocketAddr, path: &str, body: &str) -> Option<(u16, Value)> {
    let (status, _, body) = exchange(address, &format!("POST {path}"), JSON, body)?;
    Some((status, serde_json::from_str(&body).expect("JSON")))
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

fn put(key: &str, value: &str) -> String {
    json!({ "key": base64(key), "value": base64(value) }).to_string()
}

fn range(key: &str) -> String {
    json!({ "key": base64(key) }).to_string()
}

fn addresses(cluster: &Cluster) -> Vec<SocketAddr> {
    cluster.loaded().nodes.iter().map(|node| node.http).collect()
}

#[test]
fn the_answers_are_those_of_etcd() {
    let cluster = Cluster::start(3);
    let nodes = addresses(&cluster);
    for (number, line) in RECORD.lines().enumerate() {
        let recorded: Value = serde_json::from_str(line).expect("a record");
        let (path, body) = (&recorded["path"], recorded["body"].as_str().expect("text"));
        // Whichever node is asked.
        let address = nodes[number % nodes.len()];
        let (status, mut answer) =
            post(address, path.as_str().expect("a path"), body).expect("an answer");
        let mut expected = recorded["answer"].clone();
        if answer["header"].is_object() {
            for name in ["cluster_id", "member_id", "raft_term"] {
                let known = answer["header"].as_object_mut().and_then(|it| it.remove(name));
                let number = known.as_ref().and_then(Value::as_str).expect("a number as text");
                assert!(number.parse::<u64>().is_ok(), "{number}");
            }
        }
        // Malformed JSON is told in the words of another library.
        if expected["message"].as_str().is_some_and(|words| !words.starts_with("etcdserver: ")) {
            for name in ["error", "message"] {
                assert!(!answer[name].take().as_str().expect("words").is_empty());
                expected[name].take();
            }
        }
        assert_eq!(json!(status), recorded["status"], "line {}: {body}: {answer}", number + 1);
        assert_eq!(answer, expected, "line {}: {body}", number + 1);
    }
}

#[test]
fn what_is_not_supported_is_refused_and_nothing_is_done() {
    let cluster = Cluster::start(3);
    let address = addresses(&cluster)[0];
    let key = base64("k");
    let in_txn = |operation: Value| json!({ "success": [operation] });
    let large = STANDARD.encode(vec![b'x'; VALUE_MAX + 1]);
    for (path, body, status, code) in [
        ("kv/put", json!({ "key": key, "lease": "7" }), 501, 12),
        ("kv/put", json!({ "key": key, "ignore_value": true }), 501, 12),
        ("kv/put", json!({ "key": key, "ignoreLease": true }), 501, 12),
        ("kv/put", json!({ "key": key, "colour": "blue" }), 400, 3),
        ("kv/put", json!({ "key": key, "value": large }), 400, 3),
        ("kv/put", json!({ "key": large }), 400, 3),
        ("kv/range", json!({ "key": key, "min_mod_revision": "1" }), 501, 12),
        ("kv/range", json!({ "key": key, "sort_order": 7 }), 400, 3),
        ("kv/txn", in_txn(json!({ "request_txn": {} })), 501, 12),
        ("kv/txn", in_txn(json!({ "request_put": { "key": key, "lease": 1 } })), 501, 12),
        ("kv/txn", json!({ "compare": [{ "key": key, "target": "LEASE" }] }), 501, 12),
        ("kv/txn", json!({ "compare": [{ "key": key, "value": "" }] }), 400, 3),
        (
            "kv/txn",
            in_txn(json!({ "request_put": { "key": key }, "request_range": { "key": key } })),
            400,
            3,
        ),
        ("kv/nothing", json!({}), 404, 12),
        ("lease/grant", json!({ "TTL": "5" }), 404, 12),
    ] {
        let text = body.to_string();
        let (was, answer) = post(address, &format!("/v3/{path}"), &text).expect("an answer");
        assert_eq!((was, answer["code"].as_u64()), (status, Some(code)), "{path} {answer}");
        assert_eq!(answer["error"], answer["message"]);
    }
    let (_, answer) = post(address, "/v3/kv/range", &range("k")).expect("an answer");
    assert_eq!((&answer["kvs"], &answer["header"]["revision"]), (&Value::Null, &json!("1")));
}

#[test]
fn a_web_page_and_a_form_and_a_body_without_end_write_nothing() {
    let cluster = Cluster::start(3);
    let address = addresses(&cluster)[0];
    let body = put("k", "v");
    let asked = |line: &str, headers: &str| {
        let (status, head, body) = exchange(address, line, headers, &body).expect("an answer");
        assert!(!head.contains("Access-Control-"), "{head}");
        (status, body)
    };
    let put = "POST /v3/kv/put";
    for headers in ["Origin: null\r\n", "Origin: http://127.0.0.1\r\n"] {
        assert_eq!(asked(put, &format!("{JSON}{headers}")).0, 403);
        assert_eq!(asked(put, headers).0, 403);
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        assert_eq!(asked(put, &format!("Content-Type: {kind}\r\n")).0, 415);
    }
    for line in ["GET /v3/kv/put", "OPTIONS /v3/kv/put", "POST /health", "POST /version"] {
        assert_eq!(asked(line, JSON).0, 405, "{line}");
    }
    // More than a request may have, by its word and without one.
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let head = format!("{put} HTTP/1.1\r\n{JSON}Content-Length: 3000000\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("it is taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let head = format!("{put} HTTP/1.1\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("it is taken");
    let chunk = [b"10000\r\n".to_vec(), vec![b' '; 0x1_0000], b"\r\n".to_vec()].concat();
    assert!((0..10_000).any(|_| stream.write_all(&chunk).is_err()), "it is closed");

    let (_, answer) = post(address, "/v3/kv/range", &range("k")).expect("an answer");
    assert_eq!(answer["header"]["revision"], "1", "{answer}");
    assert_eq!(asked(put, "Content-Type: Application/JSON; charset=utf-8\r\n").0, 200);
    assert_eq!(asked(put, "").0, 200);
}

#[test]
fn a_killed_leader_loses_nothing_that_was_acknowledged_and_nothing_is_done_twice() {
    let cluster = Cluster::start(3);
    let leader = cluster.leader();
    let other = addresses(&cluster)[(leader % 3) as usize];
    let write = move |key: String| {
        // Each key is written once, or the client was told that nobody knows.
        wait_for("an acknowledgement", || {
            let (status, answer) = post(other, "/v3/kv/put", &put(&key, "x"))?;
            assert!([200, 503, 504].contains(&status), "{answer}");
            (status == 200).then_some(())
        });
    };
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            thread::spawn(move || (0..50).for_each(|number| write(format!("{writer}-{number}"))))
        })
        .collect();
    wait_for("some writes", || {
        let (_, answer) = post(other, "/v3/kv/range", &range("0-5"))?;
        (answer["count"] == "1").then_some(())
    });
    cluster.kill(leader);
    writers.into_iter().for_each(|writer| writer.join().expect("all is written"));
    let all = json!({ "key": "AA==", "range_end": "AA==" }).to_string();
    let (_, answer) = post(other, "/v3/kv/range", &all).expect("an answer");
    let pairs = answer["kvs"].as_array().expect("pairs");
    assert_eq!(pairs.len(), 200);
    let revisions = pairs.iter().map(|pair| pair["version"].as_str()?.parse::<u64>().ok());
    let writes: u64 = revisions.map(|version| version.expect("a number")).sum();
    assert_eq!(answer["header"]["revision"], (writes + 1).to_string());
}

#[test]
fn without_a_majority_nobody_knows_and_the_node_says_so() {
    let cluster = Cluster::start(3);
    let address = addresses(&cluster)[0];
    let health = || exchange(address, "GET /health", "", "").expect("an answer");
    assert_eq!(post(address, "/v3/kv/put", &put("k", "v")).expect("an answer").0, 200);
    assert_eq!((health().0, &*health().2), (200, "{\"health\":\"true\"}"));
    cluster.kill(2);
    cluster.kill(3);
    let (status, answer) = post(address, "/v3/kv/put", &put("k", "w")).expect("an answer");
    assert_eq!((status, &answer["code"]), (504, &json!(4)));
    assert!(answer["message"].as_str().expect("words").contains("may have taken effect"));
    let (status, answer) = post(address, "/v3/kv/range", &range("k")).expect("an answer");
    assert_eq!(status, 504);
    assert!(answer["message"].as_str().expect("words").contains("nothing was read"));
    assert_eq!((health().0, &*health().2), (503, "{\"health\":\"false\"}"));
    let (_, _, version) = exchange(address, "GET /version", "", "").expect("an answer");
    assert_eq!(serde_json::from_str::<Value>(&version).expect("JSON")["etcdserver"], "3.4.0");
    let (status, shown) = post(address, "/v3/maintenance/status", "{}").expect("an answer");
    assert_eq!((status, &shown["header"]["member_id"]), (200, &json!("1")));
}

#[test]
fn elsewhere_than_on_loopback_only_who_knows_the_password_is_served() {
    let cluster = Cluster::start(3);
    cluster.kill(1);
    let config = cluster.config();
    let text = fs::read_to_string(&config).expect("a config");
    let http = addresses(&cluster)[0];
    let open = text.replacen(
        &format!("address = \"{http}\"\n"),
        &format!("address = \"{http}\"\nhttp = \"0.0.0.0:{}\"\n", http.port()),
        1,
    );
    assert_ne!(open, text);
    fs::write(&config, open).expect("a config");
    let (body, get) = (put("k", "v"), range("k"));
    let asked = |headers: &str, path: &str, body: &str| {
        let headers = format!("{JSON}{headers}");
        wait_for("the node", || exchange(http, &format!("POST {path}"), &headers, body)).0
    };
    cluster.restart(1);
    assert_eq!(asked("", "/v3/kv/put", &body), 403);
    assert_eq!(asked("", "/v3/kv/range", &get), 403);
    wait_for("metrics", || (exchange(http, "GET /metrics", "", "")?.0 == 200).then_some(()));
    cluster.kill(1);

    let path = cluster.loaded().path.with_file_name("password");
    let path = path.to_str().expect("a path of text");
    fs::write(path, "open:sesame\n").expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("a file");
    let node = ["node", "--config", &config, "--id", "1", "--password-file", path];
    expect(&quorate(node), 78, &["its mode is 0644"]);
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a file");
    cluster.restart_with(1, &["--password-file", path]);
    let basic = |user: &str| format!("Authorization: Basic {}\r\n", base64(user));
    assert_eq!(asked("", "/v3/kv/put", &body), 401);
    assert_eq!(asked(&basic("anyone:open"), "/v3/kv/put", &body), 401);
    wait_for("a majority", || {
        (asked(&basic("anyone:open:sesame"), "/v3/kv/put", &body) == 200).then_some(())
    });
    wait_for("too many guesses", || match asked(&basic("anyone:x"), "/v3/kv/range", &get) {
        429 => Some(()),
        status => {
            assert_eq!(status, 401);
            None
        }
    });
}

#[test]
fn a_node_with_a_certificate_is_asked_by_tls() {
    let cluster = Cluster::start(3);
    cluster.kill(1);
    let folder = cluster.loaded().path.parent().expect("a folder").to_owned();
    let [cert, key] = tls::files(&folder);
    let [cert_path, key_path] = [&cert, &key].map(|path| path.to_str().expect("a path of text"));
    let config = cluster.config();
    let node = |more: &[&str]| {
        quorate(["node", "--config", &config, "--id", "1"].into_iter().chain(more.iter().copied()))
    };
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("a file");
    let both = ["--tls-cert", cert_path, "--tls-key", key_path];
    expect(&node(&both), 78, &["key.pem: its mode is 0644"]);
    expect(&node(&both[..2]), 64, &["--tls-key"]);
    expect(&node(&both[2..]), 64, &["--tls-cert"]);
    expect(&node(&["--tls-cert", "/none", "--tls-key", key_path]), 74, &["/none: cannot read it"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a file");
    let redis = format!("127.0.0.1:{}", free_ports(1) + 1);
    cluster.restart_with(1, &[&both[..], &["--redis", &redis]].concat());

    let address = addresses(&cluster)[0];
    wait_for("the node to follow", || cluster.row(1)?["leader"].as_u64());
    let asked =
        |line: &str, body: &str| exchange_on(tls::connect(address, &cert), line, JSON, body);
    let (status, _, answer) = asked("POST /v3/kv/put", &put("k", "v")).expect("an answer");
    assert_eq!(status, 200, "{answer}");
    let (_, _, answer) = asked("POST /v3/kv/range", &range("k")).expect("an answer");
    assert!(answer.contains(&base64("v")), "{answer}");
    assert_eq!(asked("GET /status", "").expect("an answer").0, 200);
    // As plain text only what is no secret.
    let (status, answer) = post(address, "/v3/kv/put", &put("k", "w")).expect("an answer");
    assert_eq!(status, 403, "{answer}");
    assert_eq!(exchange(address, "GET /status", "", "").expect("an answer").0, 200);
    // What begins as TLS does and is none.
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a socket");
    stream.write_all(&[22; 1_000]).expect("it is taken");
    // Its end may be a reset.
    let ended = stream.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
    assert!(!matches!(ended, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "{ended:?}");
    assert_eq!(asked("GET /status", "").expect("an answer").0, 200);
    // So are Redis clients.
    let mut client = tls::connect(redis.parse().expect("an address"), &cert);
    client.write_all(b"GET k\r\n").expect("it is taken");
    let mut answer = [0; 7];
    client.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"$1\r\nv\r\n");
}
