//! Several commands of one client at a time, and what a client of RESP3 is answered.

use super::*;

#[test]
fn who_asks_for_resp3_is_answered_in_it_until_it_asks_for_resp2() {
    let cluster = Cluster::start(1);
    let gateway = gateway(&cluster, 1, Settings::default());
    let mut client = Redis::connect(gateway.address());
    client.asks("GET none", "$-1\r\n");
    let hello = |proto: u32, head: &str, id: u32| {
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "{head}\r\n$6\r\nserver\r\n$7\r\nquorate\r\n$7\r\nversion\r\n${}\r\n{version}\r\n\
             $5\r\nproto\r\n:{proto}\r\n$2\r\nid\r\n:{id}\r\n\
             $4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n\
             $7\r\nmodules\r\n*0\r\n",
            version.len(),
        )
    };
    client.asks("CLIENT ID", ":3\r\n");
    client.asks("HELLO 3 AUTH default any SETNAME me", &hello(3, "%7", 3));
    client.asks("CLIENT GETNAME", "$2\r\nme\r\n");
    client.asks("GET none", "_\r\n");
    client.asks("MGET none none", "*2\r\n_\r\n_\r\n");
    client.asks("SET k v XX", "_\r\n");
    client.asks("SET k v GET", "_\r\n");
    client.asks("CONFIG GET save", "%1\r\n$4\r\nsave\r\n$0\r\n\r\n");
    client.asks("COMMAND DOCS get", "%0\r\n");
    client.send("INFO\r\n");
    let text: usize = client.line().strip_prefix('=').expect("a text").parse().expect("a length");
    let mut info = vec![0; text + 2];
    client.0.read_exact(&mut info).expect("as many");
    assert!(info.starts_with(b"txt:# Server\r\n"));
    client.asks("HELLO", &hello(3, "%7", 3));
    for wrong in ["HELLO 1", "HELLO 4"] {
        client.asks(wrong, "-NOPROTO unsupported protocol version\r\n");
    }
    // What was asked for before is answered as it was to be then.
    let mixed = format!("_\r\n{}$-1\r\n", hello(2, "*14", 3));
    client.asks("GET none\r\nHELLO 2\r\nGET none", &mixed);
    client.asks("HELLO 3", &hello(3, "%7", 3));
    client.asks("RESET", "+RESET\r\n");
    client.asks("GET none", "$-1\r\n");
}

#[test]
fn what_a_client_has_sent_is_one_entry_of_the_log_and_answered_in_order() {
    let cluster = Cluster::start(1);
    let gateway = gateway(&cluster, 1, Settings::default());
    let mut client = Redis::connect(gateway.address());
    client.asks("SET k v", "+OK\r\n");
    let before = cluster.number(1, "commit").expect("a node");
    let many = |count: u64| "INCR n\r\n".repeat(count as usize);
    client.send(many(200) + "PING\r\nINCR k\r\nGET n\r\nMGET k none\r\nECHO hello\r\nINCR n\r\n");
    for count in 1..=200 {
        client.reads(format!(":{count}\r\n"));
    }
    client.reads("+PONG\r\n-ERR value is not an integer or out of range\r\n$3\r\n200\r\n");
    client.reads("*2\r\n$1\r\nv\r\n$-1\r\n$5\r\nhello\r\n:201\r\n");
    let after = cluster.number(1, "commit").expect("a node");
    assert!(after - before < 100, "{} entries for 201 increments", after - before);

    // More than there is room for in one, in commands and in bytes of what is asked and answered.
    client.send(many(5_000));
    for count in 202..=5_201 {
        client.reads(format!(":{count}\r\n"));
    }
    let large = vec![b'x'; 1 << 20];
    for key in [b"a", b"b", b"c"] {
        client.send(request(&[b"SET", key, &large]));
    }
    client.send(
        "GET a\r\nGET b\r\nGETSET c y\r\nGET n\r\nGET c\r\nMGET a b\r\nMGET a n b\r\nPING\r\n",
    );
    client.reads("+OK\r\n".repeat(3));
    let whole = [format!("${}\r\n", large.len()).as_bytes(), &large, b"\r\n"].concat();
    for _ in 0..3 {
        client.reads(&whole);
    }
    client.reads("$4\r\n5201\r\n$1\r\ny\r\n*2\r\n");
    client.reads(whole.repeat(2));
    assert!(client.line().starts_with("-ERR a value has"), "it is more than one answer holds");
    client.reads("+PONG\r\n");
}

#[test]
fn a_transaction_takes_effect_at_once_or_not_at_all() {
    let cluster = Cluster::start(1);
    let gateway = gateway(&cluster, 1, Settings::default());
    let connect = || Redis::connect(gateway.address());
    let (mut one, mut two) = (connect(), connect());
    for line in ["EXEC", "DISCARD"] {
        one.asks(line, &format!("-ERR {line} without MULTI\r\n"));
    }
    one.asks("MULTI", "+OK\r\n");
    for line in ["SET k 1", "INCR k", "PING", "GET k", "INCR none", "MSET a 1 b 2"] {
        one.asks(line, "+QUEUED\r\n");
    }
    two.asks("GET k", "$-1\r\n");
    one.asks("MULTI", "-ERR MULTI calls can not be nested\r\n");
    one.asks("EXEC", "*6\r\n+OK\r\n:2\r\n+PONG\r\n$1\r\n2\r\n:1\r\n+OK\r\n");
    two.asks("MGET a b", "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
    two.asks("MSETNX c 1 b 1", ":0\r\n");
    two.asks("MSETNX c 1 d 1", ":1\r\n");

    // One command that fails undoes no other; one that cannot be queued has none done.
    let mixed = "MULTI\r\nAPPEND k x\r\nINCR k\r\nSET k 5\r\nEXEC";
    let failed = "-ERR value is not an integer or out of range\r\n";
    one.asks(mixed, &format!("+OK\r\n{}*3\r\n:2\r\n{failed}+OK\r\n", "+QUEUED\r\n".repeat(3)));
    let aborted = "-EXECABORT Transaction discarded because of previous errors.\r\n";
    for (wrong, problem) in [
        ("INCR", "-ERR wrong number of arguments for 'incr' command\r\n"),
        ("AUTH x", "-ERR that is not allowed in a transaction\r\n"),
    ] {
        let lines = format!("MULTI\r\nINCR k\r\n{wrong}\r\nINCR k\r\nEXEC");
        one.asks(&lines, &format!("+OK\r\n+QUEUED\r\n{problem}+QUEUED\r\n{aborted}"));
    }
    one.asks(
        "MULTI\r\nINCR k\r\nDISCARD\r\nEXEC",
        "+OK\r\n+QUEUED\r\n+OK\r\n-ERR EXEC without MULTI\r\n",
    );
    one.asks(
        "MULTI\r\nINCR k\r\nRESET\r\nEXEC",
        "+OK\r\n+QUEUED\r\n+RESET\r\n-ERR EXEC without MULTI\r\n",
    );
    one.send("WATCH k\r\n");
    assert!(one.line().starts_with("-ERR WATCH is not supported"));
    one.asks("UNWATCH", "+OK\r\n");
    two.asks("GET k", "$1\r\n5\r\n");

    // Among other commands, one after the other, and with nothing in it for the cluster.
    one.asks(
        "GET k\r\nMULTI\r\nINCR k\r\nEXEC\r\nINCR k\r\n\
         MULTI\r\nEXEC\r\nMULTI\r\nPING\r\nEXEC\r\nGET k",
        "$1\r\n5\r\n+OK\r\n+QUEUED\r\n*1\r\n:6\r\n:7\r\n\
         +OK\r\n*0\r\n+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n$1\r\n7\r\n",
    );
    // No more than one message holds.
    let large = request(&[b"SET", b"large", &vec![b'x'; 1 << 20]]);
    one.send([&b"MULTI\r\n"[..], &large, &large, b"EXEC\r\n"].concat());
    one.reads("+OK\r\n+QUEUED\r\n");
    assert!(one.line().starts_with("-ERR a transaction has"));
    one.reads(aborted);
    one.asks("GET large", "$-1\r\n");
}

#[test]
fn a_node_shows_what_its_redis_clients_do() {
    let cluster = Cluster::create(1);
    let [at] = cluster.free_addresses();
    cluster.restart_with(1, &["--redis", &at]);
    cluster.leader();
    let address: SocketAddr = at.parse().expect("an address");
    let mut client = Redis(wait_for("the node to listen", || TcpStream::connect(address).ok()));
    client.asks(
        "INCR n\r\nGET n\r\nPING\r\nINCR",
        ":1\r\n$1\r\n1\r\n+PONG\r\n-ERR wrong number of \
        arguments for 'incr' command\r\n",
    );
    client.send("AUTH x\r\nAUTH other x\r\n");
    let http = cluster.loaded().nodes[0].http;
    wait_for("the counters", || {
        let shown = get(http, "/metrics")?;
        let has = |line: &&str| shown.lines().any(|shown| shown == *line);
        [
            "quorate_redis_connections 1",
            "quorate_redis_accepted_total 1",
            "quorate_redis_refused_total 0",
            "quorate_redis_commands_total{outcome=\"done\"} 3",
            "quorate_redis_commands_total{outcome=\"error\"} 3",
            "quorate_redis_commands_total{outcome=\"unknown\"} 0",
        ]
        .iter()
        .all(has)
        .then_some(())
    });
    let status = get(http, "/status").expect("it answers");
    let status: serde_json::Value = serde_json::from_str(&status).expect("it is JSON");
    assert_eq!(status["redis"]["done"], 3);
}
