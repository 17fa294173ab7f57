//! Real processes on real sockets: killed, restarted, and read back; on several machines; and what
//! they say when something is wrong.

#[path = "cluster/machines.rs"]
mod machines;
#[path = "cluster/old.rs"]
mod old;
mod support;
#[path = "cluster/words.rs"]
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use quorate::node::client::{CallError, Client};
use quorate::node::timers::Dice;
use quorate_models::kv::{Command, Kv, Output, Text};
use support::cluster::{Cluster, expect, quorate, wait_for};
use support::history::History;

const ROUNDS: usize = 5;
const CLIENTS: u64 = 3;

/// How many operations the clients must complete between two events.
const OPERATIONS: usize = 60;

/// What the clients did, while they still do it.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    completed: AtomicUsize,
    history: Mutex<History>,
    /// Every key that is written once, with its value, if that was acknowledged.
    acknowledged: Mutex<BTreeMap<String, String>>,
}

impl Load {
    /// Waits until so many more operations are complete.
    fn wait_for(&self, operations: usize) {
        let target = self.completed.load(Ordering::SeqCst) + operations;
        let limit = Instant::now() + Duration::from_secs(30);
        while self.completed.load(Ordering::SeqCst) < target {
            assert!(Instant::now() < limit, "the clients make no progress");
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// One client: now and then it writes a key of its own, else it reads and writes what others do.
fn work(cluster: &Cluster, load: &Load, number: u64) {
    let mut dice = Dice::new(number);
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    for round in 0.. {
        if load.stop.load(Ordering::SeqCst) {
            return;
        }
        let own = (format!("own-{number}-{round}"), format!("{number}.{round}"));
        let (key, value) = (Text::from(&*format!("shared-{}", dice.below(3))), Text::from(&*own.1));
        let is_own = dice.below(4) == 0;
        let command = match dice.below(8) {
            _ if is_own => Command::Put { key: Text::from(&*own.0), value },
            0..3 => Command::Put { key, value },
            3..6 => Command::Get { key },
            6 => Command::Delete { key },
            _ => {
                let old = format!("{}.{}", dice.below(CLIENTS), dice.below(round + 1));
                Command::Cas { key, old: Text::from(&*old), new: value }
            }
        };
        // Some give up soon, so that there are operations whose outcome nobody knows.
        let timeout = Duration::from_millis(if dice.below(3) == 0 { 60 } else { 5_000 });
        let invoked = load.history.lock().unwrap().invoke(command.clone());
        match client.call(command, timeout) {
            Ok(output) => {
                load.history.lock().unwrap().answer(invoked, output);
                load.completed.fetch_add(1, Ordering::SeqCst);
                if is_own {
                    load.acknowledged.lock().unwrap().insert(own.0, own.1);
                }
            }
            Err(CallError::Unknown(_)) => {}
            Err(error) => panic!("client {number}: {error}"),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn five_leaders_are_killed_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start(3);
    let load = Arc::new(Load::default());
    let mut failovers = Vec::new();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (load, cluster) = (load.clone(), &cluster);
                scope.spawn(move || work(cluster, &load, number))
            })
            .collect();
        let _stop = support::OnDrop(|| load.stop.store(true, Ordering::SeqCst));
        for _ in 0..ROUNDS {
            load.wait_for(OPERATIONS);
            let leader = cluster.leader();
            cluster.kill(leader);
            let killed = Instant::now();
            load.wait_for(CLIENTS as usize + 1);
            failovers.push(killed.elapsed());
            load.wait_for(OPERATIONS);
            cluster.restart(leader);
            cluster.wait_until_caught_up(leader);
        }
        load.wait_for(OPERATIONS);
        load.stop.store(true, Ordering::SeqCst);
        for client in clients {
            client.join().expect("no client panics");
        }
    });
    let acknowledged = load.acknowledged.lock().unwrap();
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    for (key, value) in acknowledged.iter() {
        let get = Command::Get { key: Text::from(&**key) };
        let read = client.call(get, Duration::from_secs(5)).expect("an answer");
        assert_eq!(read, Output::Value(Some(Text::from(&**value))), "{key}");
    }
    let history = load.history.lock().unwrap();
    println!("{} operations, {} unknown", history.len(), history.unknown());
    println!("{} keys written once, all there; fail-overs {failovers:?}", acknowledged.len());
    history.assert_linearizable();
}

#[test]
fn a_follower_that_missed_large_values_catches_up() {
    let cluster = Cluster::start(3);
    let leader = cluster.leader();
    let follower = leader % 3 + 1;
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    let large = Text::from(&*"x".repeat(1 << 20));
    let mut put = |round: usize| {
        let key = Text::from(&*format!("large-{}", round % 3));
        let put = Command::Put { key, value: large.clone() };
        assert_eq!(client.call(put, Duration::from_secs(10)).expect("an answer"), Output::Stored);
    };
    put(0);
    cluster.kill(follower);
    let began = Instant::now();
    (0..20).for_each(&mut put);
    println!("20 MiB put in {:?}, one follower being down", began.elapsed());
    cluster.restart(follower);
    let began = Instant::now();
    cluster.wait_until_caught_up(follower);
    println!("20 MiB caught up in {:?}", began.elapsed());
    put(21);
}

/// Its store is put back to what it was before it acknowledged an entry: it must not vote with it.
#[test]
fn a_follower_that_is_rolled_back_stops_and_its_leader_tells_of_it() {
    let cluster = Cluster::start(3);
    let leader = cluster.leader();
    let (follower, third) = (leader % 3 + 1, (leader + 1) % 3 + 1);
    cluster.wait_until_caught_up(follower);
    cluster.kill(follower);
    let store = cluster.loaded().nodes[follower as usize - 1].store.clone();
    let older = fs::read(&store).expect("a store");
    cluster.restart(follower);
    cluster.wait_until_caught_up(follower);
    // Without the third, the follower must acknowledge it.
    cluster.kill(third);
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    let put = Command::Put { key: Text::from("colour"), value: Text::from("blue") };
    assert_eq!(client.call(put, Duration::from_secs(10)).expect("an answer"), Output::Stored);
    cluster.kill(follower);
    fs::write(&store, older).expect("the store is put back");

    let (config, id) = (cluster.config(), follower.to_string());
    let told = quorate(["node", "--config", &config, "--id", &id]);
    expect(&told, 70, &[&format!("it lacks what it has acknowledged to server {leader}: ")]);
    // It stays out, whatever is done to its store.
    let again = ["node", "--config", &config, "--id", &id];
    expect(&quorate(again), 70, &["redb.taken-out: this node was taken out: it lacks what it has"]);
    fs::remove_file(&store).expect("it is there");
    expect(&quorate(again.into_iter().chain(["--init"])), 70, &["this node was taken out"]);
    let warning = format!("server {follower} lacks what it has acknowledged: ");
    wait_for("a warning of the leader", || {
        let rows = cluster.status();
        let row = rows.iter().find(|row| row["id"] == leader)?;
        row["warnings"][0].as_str()?.starts_with(&warning).then_some(())
    });
    let table = quorate(["status", "--config", &config]).stdout;
    assert!(String::from_utf8_lossy(&table).contains(&format!("node {leader}: {warning}")));
}
