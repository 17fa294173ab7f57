//! Clients that read and write while something goes wrong, and what they saw.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use quorate::node::client::{CallError, Client};
use quorate::node::timers::Dice;
use quorate_models::kv::{Command, Kv, Output, Text};

use crate::support::OnDrop;
use crate::support::cluster::Cluster;
use crate::support::history::History;

pub const CLIENTS: u64 = 3;

/// How many operations the clients must complete between two events.
pub const OPERATIONS: usize = 60;

/// What the clients ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Whatever the store knows.
    Anything,
    /// To read and to write single keys.
    Registers,
}

/// What the clients did, while they still do it.
#[derive(Default)]
pub struct Load {
    stop: AtomicBool,
    completed: AtomicUsize,
    history: Mutex<History>,
    /// Every key that is written once, with its value, if that was acknowledged.
    acknowledged: Mutex<BTreeMap<String, String>>,
}

impl Load {
    /// Waits until so many more operations are complete.
    pub fn wait_for(&self, operations: usize) {
        let target = self.completed.load(Ordering::SeqCst) + operations;
        let limit = Instant::now() + Duration::from_secs(30);
        while self.completed.load(Ordering::SeqCst) < target {
            assert!(Instant::now() < limit, "the clients make no progress");
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// One client: now and then it writes a key of its own, else it reads and writes what others do.
fn work(cluster: &Cluster, load: &Load, asks: Asks, number: u64) {
    let mut dice = Dice::new(number);
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    for round in 0.. {
        if load.stop.load(Ordering::SeqCst) {
            return;
        }
        let own = (format!("own-{number}-{round}"), format!("{number}.{round}"));
        let (key, value) = (Text::from(&*format!("shared-{}", dice.below(3))), Text::from(&*own.1));
        let is_own = dice.below(4) == 0;
        let command = match dice.below(if asks == Asks::Anything { 8 } else { 6 }) {
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
            // The leader may be a node that has come.
            Err(CallError::Unknown(_)) => client.know(&cluster.members()),
            Err(error) => panic!("client {number}: {error}"),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Lets clients work while `events` goes on, and asserts then that no acknowledged write is lost
/// and that what they saw is linearizable.
pub fn assert_stands(cluster: &Cluster, events: impl FnOnce(&Load)) {
    assert_stands_asked(Asks::Anything, cluster, events);
}

/// The same, of clients that ask for this.
pub fn assert_stands_asked(asks: Asks, cluster: &Cluster, events: impl FnOnce(&Load)) {
    let load = Load::default();
    thread::scope(|scope| {
        let load = &load;
        let work = |number| scope.spawn(move || work(cluster, load, asks, number));
        let clients: Vec<_> = (0..CLIENTS).map(work).collect();
        let _stop = OnDrop(|| load.stop.store(true, Ordering::SeqCst));
        events(load);
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
    println!("{} keys written once, all there", acknowledged.len());
    history.assert_linearizable();
}

/// Asserts that it stands while the leader of three nodes is killed five times, and then one that
/// follows. `settle` waits until all are in their places again.
pub fn assert_stands_while_leaders_die(cluster: &Cluster, settle: impl Fn(&Cluster)) {
    let mut failovers = Vec::new();
    assert_stands(cluster, |load| {
        for _ in 0..5 {
            load.wait_for(OPERATIONS);
            settle(cluster);
            let leader = cluster.leader();
            cluster.kill(leader);
            let since = Instant::now();
            load.wait_for(CLIENTS as usize + 1);
            failovers.push(since.elapsed());
            load.wait_for(OPERATIONS);
            cluster.restart(leader);
        }
        settle(cluster);
        // Who follows costs nobody anything when it dies, and comes back with all.
        let follower = cluster.leader() % 3 + 1;
        cluster.kill(follower);
        load.wait_for(OPERATIONS);
        cluster.restart(follower);
        settle(cluster);
    });
    println!("until the clients went on: {failovers:?}");
}
