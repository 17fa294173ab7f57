//! More than there is room for: of memory, and of connections.

use super::*;

/// What a client is told for which there is no room.
const BUSY: &str =
    "-BUSY the node's buffers for Redis clients are full; nothing was done; try again\r\n";

#[test]
fn who_has_no_room_is_told_to_try_again_and_the_others_go_on() {
    let cluster = Cluster::start(1);
    let timeout = Duration::from_secs(1);
    let settings = Settings { memory: 600 << 10, timeout, ..Settings::default() };
    let gateway = gateway(&cluster, 1, settings);
    let connect = || Redis::connect(gateway.address());
    let mut good = connect();
    good.asks("SET k v", "+OK\r\n");

    // It can be read, and has no room on its way; nothing of it is done, and a smaller one is.
    let mut large = connect();
    let value = vec![b'x'; 200 << 10];
    large.send(request(&[b"SET", b"k", &value]));
    large.reads(BUSY);
    large.asks("GET k", "$1\r\nv\r\n");
    large.asks("INCR n", ":1\r\n");

    // It can not even be read: it waits for room in vain, and is told so. Who asks meanwhile is
    // answered, or told to try again.
    let mut larger = connect();
    larger.0.set_write_timeout(Some(LIMIT)).expect("a socket");
    // It may be closed before all is sent.
    let _ = larger.0.write_all(&request(&[b"SET", b"k", &vec![b'x'; 1 << 20]]));
    good.send("GET k\r\n");
    match good.line().as_str() {
        "$1" => good.reads("v\r\n"),
        line => assert_eq!(line, BUSY.trim_end()),
    }
    assert_eq!(larger.rest(), BUSY);
    // What it held is free again.
    wait_for("room", || {
        good.send("SET k w\r\n");
        (good.line() == "+OK").then_some(())
    });
}

#[test]
fn who_reads_nothing_is_closed_before_long_where_others_need_the_room() {
    let cluster = Cluster::start(1);
    let gateway = gateway(&cluster, 1, Settings { memory: 8 << 20, ..Settings::default() });
    let mut good = Redis::connect(gateway.address());
    let value = vec![b'x'; 1 << 20];
    good.send(request(&[b"SET", b"large", &value]));
    good.reads("+OK\r\n");
    // More than the system keeps for a connection.
    let asks = "GET large\r\n".repeat(16);
    let mut deaf: Vec<Redis> = (0..12).map(|_| Redis::connect(gateway.address())).collect();
    for client in &mut deaf {
        client.send(&asks);
    }
    // Long before the thirty seconds that it takes where there is room.
    let head = format!("${}", value.len());
    wait_for("room", || {
        good.send("GET large\r\n");
        let line = good.line();
        if line == head {
            good.reads([&value[..], b"\r\n"].concat());
        } else {
            assert_eq!(line, BUSY.trim_end());
        }
        deaf.iter_mut().any(|it| it.0.write_all(b"PING\r\n").is_err()).then_some(())
    });
}

#[test]
fn many_connections_wait_and_one_more_goes_on() {
    const WANTED: usize = 1_500;
    let given = rlimit::increase_nofile_limit(2 * WANTED as u64 + 1_000).expect("a limit");
    // Both ends of each are in this process, beside what other tests need.
    let count = WANTED.min((given as usize).saturating_sub(500) / 2);
    let cluster = Cluster::start(1);
    let gateway = gateway(&cluster, 1, Settings::default());
    let mut idle: Vec<Redis> = (0..count).map(|_| Redis::connect(gateway.address())).collect();
    // All of them have been there, and then only wait.
    for client in &mut idle {
        client.send("INCR all\r\n");
    }
    let mut seen: Vec<usize> = idle
        .iter_mut()
        .map(|client| client.line().strip_prefix(':').expect("a number").parse().unwrap())
        .collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(1..=count));
    let mut one = Redis::connect(gateway.address());
    for number in 1..=100 {
        one.asks("INCR n", &format!(":{number}\r\n"));
    }
    // They are all still there.
    for client in &mut idle {
        client.asks("PING", "+PONG\r\n");
    }
}
