//! `quorate bench` asks servers of others, which are fake here: good ones and bad ones.

mod support;

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use support::cluster::{expect, quorate};
use support::free_addresses;

/// A server that serves each connection with `serve`, which is told how many came before.
fn server(serve: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (serve, stream) = (serve.clone(), stream.expect("a connection"));
            thread::spawn(move || serve(number, stream));
        }
    });
    address
}

/// Runs `quorate bench` against a target for a moment.
fn bench(target: &str, address: impl ToString, words: &[&str]) -> std::process::Output {
    let address = address.to_string();
    let all = ["bench", target, &address, "--sessions", "3", "--warm-up", "0.1", "--json"];
    let all = [&all[..], &["--duration", "0.5", "--timeout", "5"], words].concat();
    quorate(all)
}

/// A line without its end; `None` if there is no more.
fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).unwrap_or(0);
    (length > 0).then(|| line.strip_suffix("\r\n").expect("a line of RESP or HTTP").to_owned())
}

/// So many bytes, as text.
fn text(stream: &mut BufReader<TcpStream>, length: &str) -> String {
    let mut bytes = vec![0; length.parse().expect("a number")];
    stream.read_exact(&mut bytes).expect("as many as were announced");
    String::from_utf8(bytes).expect("text")
}

/// The strings of the next command of RESP.
fn command(stream: &mut BufReader<TcpStream>) -> Option<Vec<String>> {
    let count = line(stream)?;
    let count = count.strip_prefix('*').expect("an array").parse().expect("a number");
    let word = |_: usize| {
        let length = line(stream).expect("a length");
        let word = text(stream, length.strip_prefix('$').expect("a string"));
        assert_eq!(text(stream, "2"), "\r\n");
        word
    };
    Some((0..count).map(word).collect())
}

/// Answers each command of RESP with what `answer` says to it.
fn redis(answer: impl Fn(&[String]) -> String + Send + Sync + 'static) -> SocketAddr {
    server(move |_, stream| {
        let mut stream = BufReader::new(stream);
        while let Some(words) = command(&mut stream) {
            if stream.get_mut().write_all(answer(&words).as_bytes()).is_err() {
                return;
            }
        }
    })
}

/// The path and the body of the next request of HTTP.
fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, Value)> {
    let first = line(stream)?;
    let path = first.strip_prefix("POST ").and_then(|rest| rest.strip_suffix(" HTTP/1.1"));
    let mut length: Option<String> = None;
    loop {
        let header = line(stream).expect("a header");
        if header.is_empty() {
            let body = text(stream, &length.expect("a length"));
            let body = serde_json::from_str(&body).expect("JSON");
            return Some((path.expect("a request").to_owned(), body));
        }
        length = header.strip_prefix("Content-Length: ").map(str::to_owned).or(length);
    }
}

/// Answers each request of HTTP with the answer that `answer` gives.
fn etcd(answer: impl Fn(&str, &Value) -> String + Send + Sync + 'static) -> SocketAddr {
    server(move |_, stream| {
        let mut stream = BufReader::new(stream);
        while let Some((path, body)) = request(&mut stream) {
            if stream.get_mut().write_all(answer(&path, &body).as_bytes()).is_err() {
                return;
            }
        }
    })
}

/// An answer of HTTP with this code and body.
fn http(code: u16, body: &str) -> String {
    format!("HTTP/1.1 {code} X\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// What a run told that went well.
#[track_caller]
fn told(output: &std::process::Output) -> Value {
    expect(output, 0, &[]);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_server_of_resp_is_asked_to_set_and_to_get() {
    let stored = Arc::new(Mutex::new(String::new()));
    let seen = stored.clone();
    let address = redis(move |words| match words {
        [set, key, value] if set == "SET" => {
            assert_eq!((&**key, value.len()), ("bench-0", 70_000));
            seen.lock().unwrap().clone_from(value);
            "+OK\r\n".to_owned()
        }
        [get, key] if get == "GET" && key == "bench-0" => {
            let value = seen.lock().unwrap();
            format!("${}\r\n{value}\r\n", value.len())
        }
        _ => panic!("this was not to be asked: {words:?}"),
    });
    let words = ["--reads", "50", "--size", "70000", "--keys", "1", "--threads", "2"];
    let told = told(&bench("--redis", address, &words));
    for kind in ["writes", "reads"] {
        assert!(told[kind]["count"].as_u64() > Some(0), "{told}");
    }
    assert_eq!((&told["errors"], &told["first_error"]), (&0.into(), &Value::Null));
    assert!(stored.lock().unwrap().starts_with("000"));
}

#[test]
fn the_gateway_of_etcd_is_asked_to_put_and_to_range() {
    let counts: Arc<[AtomicUsize; 2]> = Arc::default();
    let member = |number: usize| {
        let counts = counts.clone();
        etcd(move |path, body| {
            assert_eq!(body["key"], "YmVuY2gtMA==");
            let kvs = match path {
                "/v3/kv/put" => {
                    assert_eq!(body["value"], "MDAwMA==");
                    Value::Null
                }
                "/v3/kv/range" => {
                    assert_eq!(body["serializable"], true);
                    counts[number].fetch_add(1, Ordering::Relaxed);
                    "x".repeat(50_000).into()
                }
                _ => panic!("this was not to be asked: {path}"),
            };
            let body = serde_json::json!({ "header": { "revision": "7" }, "kvs": kvs }).to_string();
            let (first, rest) = body.split_at(9);
            let rest = format!("{:x}\r\n{rest}\r\n0\r\n\r\n", rest.len());
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{first}\r\n{rest}")
        })
    };
    let addresses = format!("{},{}", member(0), member(1));
    let words = ["--reads", "50", "--size", "4", "--keys", "1", "--consistency", "stale"];
    let told = told(&bench("--etcd", addresses, &words));
    assert!(told["writes"]["count"].as_u64() > Some(0), "{told}");
    assert_eq!(told["errors"], 0);
    let counts = counts.each_ref().map(|count| count.load(Ordering::Relaxed));
    assert!(counts.iter().all(|count| *count > 0), "both members are asked: {counts:?}");
}

#[test]
fn what_a_server_refuses_is_an_error_and_the_first_one_is_told() {
    let redis = redis(|_| "-NOAUTH Authentication required.\r\n".to_owned());
    let etcd = etcd(|_, _| http(503, "{\"error\":\"etcdserver: no leader\"}"));
    for (target, address, why) in [
        ("--redis", redis, "NOAUTH Authentication required."),
        ("--etcd", etcd, "HTTP 503: {\"error\":\"etcdserver: no leader\"}"),
    ] {
        let output = bench(target, address, &[]);
        expect(&output, 3, &["nothing was answered"]);
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert!(told["errors"].as_u64() > Some(0) && told["first_error"] == why, "{told}");
    }
}

#[test]
fn a_server_that_is_not_there_closes_or_talks_nonsense_ends_the_run() {
    let nowhere = free_addresses(1)[0];
    let says = |words: &'static str| {
        server(move |_, mut stream| {
            let _ = stream.read(&mut [0; 1_000]);
            let _ = stream.write_all(words.as_bytes());
        })
    };
    let talks = server(|_, mut stream| {
        let _ = stream.write_all(b"220 mail.example.org ESMTP\r\n");
        let _ = stream.read(&mut [0; 1_000]);
    });
    let long = etcd(|_, _| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", u32::MAX));
    for (target, address, words) in [
        ("--redis", nowhere, "cannot connect: Connection refused"),
        ("--etcd", nowhere, "cannot connect: Connection refused"),
        ("--redis", says("+OK\r\n"), ""),
        ("--etcd", says(""), ""),
        ("--redis", says("+OK\r\n+OK\r\n"), "more came than the answer"),
        ("--redis", talks, "this is no answer of RESP2 to what was asked: \"220 mail"),
        ("--etcd", talks, "this is no answer of HTTP/1.1"),
        ("--etcd", long, "an answer does not say how long it is, or is too long"),
    ] {
        let begin = format!("quorate: {address}: {words}");
        expect(&bench(target, address, &[]), 74, &[&begin]);
    }
}

/// The others are never answered, and would wait for a minute.
#[test]
fn a_run_ends_when_one_connection_does() {
    let address = server(|number, mut stream| {
        if number == 0 {
            // Not closed: what nobody has read by then would reset the connection.
            let _ = stream.shutdown(Shutdown::Write);
        }
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let address = address.to_string();
    let words = ["--sessions", "4", "--threads", "4", "--duration", "60", "--timeout", "60"];
    let all = ["bench", "--redis", &address, "--warm-up", "0.1"];
    let output = quorate(all.into_iter().chain(words));
    expect(&output, 74, &["closed at the other end"]);
}

/// The first answer comes when the request was given up. It is not taken for the answer to the
/// next one, which is not sent before: else there would be two answers at once.
#[test]
fn an_answer_that_comes_too_late_answers_nothing_else() {
    let (late, asked) = (Arc::new(Barrier::new(2)), Arc::new(AtomicUsize::new(0)));
    let (release, count) = (late.clone(), asked.clone());
    let address = server(move |_, stream| {
        let mut stream = BufReader::new(stream);
        while command(&mut stream).is_some() {
            if count.fetch_add(1, Ordering::SeqCst) == 0 {
                late.wait();
                let socket = stream.get_ref();
                socket.set_nonblocking(true).expect("a socket");
                let next = socket.peek(&mut [0]).expect_err("the next one was sent").kind();
                assert_eq!(next, ErrorKind::WouldBlock);
                socket.set_nonblocking(false).expect("a socket");
            }
            let _ = stream.get_mut().write_all(b"+OK\r\n");
        }
    });
    let releases = thread::spawn(move || {
        thread::sleep(Duration::from_millis(400));
        release.wait();
    });
    let words = ["--sessions", "1", "--timeout", "0.1", "--duration", "1.5"];
    let address = address.to_string();
    let all = ["bench", "--redis", &address, "--warm-up", "0.01", "--json"];
    let told = told(&quorate(all.into_iter().chain(words)));
    releases.join().expect("it ends");
    assert!(told["errors"].as_u64() > Some(0), "{told}");
    let why = format!("{address}: no answer within 100ms");
    assert_eq!(told["first_error"], why);
    assert!(told["writes"]["count"].as_u64() > Some(0), "{told}");
}

#[test]
fn requests_that_keep_a_pace_are_as_many_as_asked_for() {
    let address = redis(|_| "+OK\r\n".to_owned());
    let words = ["--rate", "100", "--sessions", "7", "--duration", "2", "--warm-up", "0.1"];
    let address = address.to_string();
    let all = ["bench", "--redis", &address, "--json"];
    let told = told(&quorate(all.into_iter().chain(words)));
    let count = told["writes"]["count"].as_u64().expect("a number");
    assert!(count <= 200 + 14, "each session has one more at the beginning and the end: {told}");
}

#[test]
fn what_does_not_apply_is_refused() {
    let address = free_addresses(1)[0];
    let lease = ["--consistency", "lease"];
    let stale = ["--consistency", "stale"];
    let redis = ["--redis", "127.0.0.1:1"];
    for (target, words, told) in [
        ("--redis", &stale[..], "--consistency does not apply to --redis"),
        ("--etcd", &lease, "--consistency lease does not apply to --etcd"),
        ("--etcd", &redis, "cannot be used with"),
        ("--etcd", &["--rate", "0"], "0 is not in 1..=1000000"),
    ] {
        expect(&bench(target, address, words), 64, &[told]);
    }
    expect(&bench("--redis", "nowhere", &[]), 64, &["it is HOST:PORT"]);
    expect(&quorate(["bench", "--sessions", "1"]), 64, &["--config <FILE>", "--redis", "--etcd"]);
}
