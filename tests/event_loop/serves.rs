//! Raft on nodes of one process.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use quorate::node::client::Client;
use quorate_models::kv::{Command, Kv, Output, Text};

use crate::{MS, Running, members, raft};

#[test]
fn raft_serves_small_and_large_values_and_survives_its_leader() {
    let members = members(3);
    let start = |id, storage| Running::start(raft(&members), &members, id, storage);
    let mut nodes: BTreeMap<u64, _> = (1..=3).map(|id| (id, start(id, None))).collect();
    let mut client = Client::<Kv>::open(&members).unwrap();
    let limit = Duration::from_secs(10);
    let mut put = |key: &str, value: &str| {
        let command = Command::Put { key: key.into(), value: value.into() };
        assert_eq!(client.call(command, limit).unwrap(), Output::Stored);
    };
    put("first", "1");
    let began = Instant::now();
    for round in 0..200 {
        put("counter", &round.to_string());
    }
    println!("a put takes {:?}", began.elapsed() / 200);
    let large = "x".repeat(1 << 20);
    let began = Instant::now();
    put("large", &large);
    println!("a put of 1 MiB takes {:?}", began.elapsed());

    let is_leader = |node: &Running<_>| {
        node.board.last.lock().unwrap().as_ref().is_some_and(|(s, ..)| s.role == "leader")
    };
    let leader = loop {
        if let Some((leader, _)) = nodes.iter().find(|(_, node)| is_leader(node)) {
            break *leader;
        }
        std::thread::sleep(MS);
    };
    let (ended, kept) = nodes.remove(&leader).unwrap().stop();
    ended.expect("told to stop");
    let began = Instant::now();
    put("second", "2");
    println!("fail-over takes {:?}", began.elapsed());
    nodes.insert(leader, start(leader, kept));
    put("third", "3");
    let mut get = |key: &str| match client.call(Command::Get { key: key.into() }, limit).unwrap() {
        Output::Value(value) => value,
        other => panic!("{other:?}"),
    };
    assert_eq!(get("first"), Some(Text::from("1")));
    assert_eq!(get("second"), Some(Text::from("2")));
    assert!(get("large") == Some(Text::from(&*large)));
    assert_eq!(get("nothing"), None);
    nodes[&leader].board.wait_for(|status, _| status.number("commit") >= Some(206));
}
