//! How many reads a second a running cluster answers, of each kind:
//!
//! ```text
//! cargo run --release -- cluster --dir demo
//! cargo run --release --example reads -- demo/cluster.toml
//! ```

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use quorate::cli::setup;
use quorate::node::client::Client;
use quorate::node::config::Config;
use quorate::node::transport::Members;
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Kv, get, put};

/// So many clients read at once, each one thing at a time.
const CLIENTS: usize = 16;

/// For so long.
const WHILE: Duration = Duration::from_secs(3);

const PATIENT: Duration = Duration::from_secs(10);

fn main() {
    let path = std::env::args().nth(1).expect("the cluster's config");
    let config = Config::load(path.as_ref()).expect("a config");
    let members = setup::members(&config).expect("a key");
    open(&members).call(put("colour", "blue"), PATIENT).expect("it is written");
    for freshness in [Freshness::Linearizable, Freshness::Lease, Freshness::Stale] {
        println!("{freshness:?}: {:.0} reads/s", reads(&members, freshness));
    }
}

fn open(members: &Members) -> Client<Kv> {
    Client::open(members).expect("a socket")
}

/// How many reads a second are answered.
fn reads(members: &Members, freshness: Freshness) -> f64 {
    let (stop, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut client = open(members);
                while !stop.load(Ordering::Relaxed) {
                    client.read(get("colour"), freshness, PATIENT).expect("it is read");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(WHILE);
        stop.store(true, Ordering::Relaxed);
    });
    answered.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}
