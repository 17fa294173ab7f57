//! Clients that speak TLS, and such that do not where they must.

use std::path::PathBuf;

use quorate::node::tls::Tls;
use tempfile::TempDir;

use super::*;
use crate::support::tls;

/// A gateway to `cluster` that speaks TLS, and its certificate, in a folder of its own.
fn sealed(cluster: &Cluster, settings: Settings) -> (Gateway, PathBuf, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let [cert, key] = tls::files(folder.path());
    let tls = Some(Tls::load(&cert, &key).expect("a certificate"));
    (gateway(cluster, 1, Settings { tls, ..settings }), cert, folder)
}

/// Sends this, and expects that answer.
#[track_caller]
fn asks(stream: &mut (impl Read + Write), sent: impl AsRef<[u8]>, expected: impl AsRef<[u8]>) {
    stream.write_all(sent.as_ref()).expect("it is taken");
    let expected = expected.as_ref();
    let mut bytes = vec![0; expected.len()];
    let read = stream.read_exact(&mut bytes);
    let begin = &bytes[..bytes.len().min(200)];
    assert!(read.is_ok() && bytes == expected, "{read:?} {:?}", String::from_utf8_lossy(begin));
}

#[test]
fn clients_with_a_certificate_to_trust_are_served_by_tls() {
    let cluster = Cluster::start(1);
    let (gateway, cert, _folder) = sealed(&cluster, Settings::default());
    let connect = || tls::connect(gateway.address(), &cert);
    let mut client = connect();
    asks(&mut client, "PING\r\n", "+PONG\r\n");
    // What has many records, in and out.
    let value: Vec<u8> = (0..1 << 20).map(|n: u32| (n % 251) as u8).collect();
    asks(&mut client, request(&[b"SET", b"k", &value]), "+OK\r\n");
    let held = [format!("${}\r\n", value.len()).as_bytes(), &value, b"\r\n"].concat();
    asks(&mut client, "GET k\r\n", &held);
    // Many at once, and many clients.
    let numbers: String = (1..=5_000).map(|number| format!(":{number}\r\n")).collect();
    asks(&mut client, "INCR n\r\n".repeat(5_000), numbers);
    let mut others: Vec<_> = (0..50).map(|_| connect()).collect();
    for other in &mut others {
        asks(other, "GET n\r\n", "$4\r\n5000\r\n");
    }
    // The end is said, too: else it is an error to who reads.
    asks(&mut client, "QUIT\r\n", "+OK\r\n");
    assert_eq!(client.read(&mut [0]).expect("an end that is told"), 0);
}

/// Answers that nobody reads for a while fill all buffers, and come all the same.
#[test]
fn answers_wait_for_who_reads_late() {
    let cluster = Cluster::start(1);
    let (gateway, cert, _folder) = sealed(&cluster, Settings::default());
    let mut client = tls::connect(gateway.address(), &cert);
    let value = vec![b'x'; 1 << 20];
    asks(&mut client, request(&[b"SET", b"k", &value]), "+OK\r\n");
    let count = 30;
    client.write_all("GET k\r\n".repeat(count).as_bytes()).expect("it is taken");
    // Another one is served meanwhile.
    asks(&mut tls::connect(gateway.address(), &cert), "GET none\r\n", "$-1\r\n");
    let held = [b"$1048576\r\n", &value[..], b"\r\n"].concat();
    for _ in 0..count {
        asks(&mut client, "", &held);
    }
    asks(&mut client, "QUIT\r\n", "+OK\r\n");
}

#[test]
fn who_speaks_no_tls_is_told_so_and_who_begins_and_stops_is_closed() {
    let cluster = Cluster::start(1);
    let stall = Duration::from_millis(300);
    let (gateway, cert, _folder) = sealed(&cluster, Settings { stall, ..Settings::default() });
    let address = gateway.address();
    let mut waits = tls::connect(address, &cert);
    asks(&mut waits, "PING\r\n", "+PONG\r\n");
    // It has agreed on keys, and says nothing then.
    let mut silent = tls::connect(address, &cert);
    silent.conn.complete_io(&mut silent.sock).expect("keys");
    for plain in ["PING\r\n", "*1\r\n$4\r\nPING\r\n", "GET / HTTP/1.1\r\n\r\n"] {
        let mut client = Redis::connect(address);
        client.send(plain);
        let told = client.rest();
        assert_eq!(told, "-ERR this port speaks TLS only, and what came is plain text\r\n");
    }
    // What begins as TLS does and is none, or does not go on, or never begins.
    for bytes in [&[22; 1_000][..], &[22, 3, 1, 1, 0, 1], &[]] {
        let mut client = Redis::connect(address);
        client.send(bytes);
        let rest = client.rest();
        assert!(!rest.contains("ERR"), "{rest:?}");
    }
    // A record that has begun and does not end, of a client that is known.
    let mut stops = tls::connect(address, &cert);
    asks(&mut stops, "PING\r\n", "+PONG\r\n");
    stops.sock.write_all(&[23, 3, 3, 1, 0, 1]).expect("it is taken");
    let mut rest = Vec::new();
    let ended = stops.sock.read_to_end(&mut rest).map_err(|error| error.kind());
    assert!(!matches!(ended, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "{ended:?}");
    // Who only waited is still there.
    asks(&mut waits, "PING\r\n", "+PONG\r\n");
    asks(&mut silent, "PING\r\n", "+PONG\r\n");
}
