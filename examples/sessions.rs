//! A program that has many sessions with a running cluster, on one thread and over one socket:
//! `cargo run --example sessions demo/cluster.toml`.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use quorate::cli::setup;
use quorate::node::client::Sessions;
use quorate::node::config::Config;
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Kv, put};

const PATIENCE: Duration = Duration::from_secs(5);

/// How many sessions there are; each sets a key of its own.
const SESSIONS: usize = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name the cluster.toml of a running cluster")?;
    let config = Config::load(Path::new(&path))?;
    let mut sessions = Sessions::<Kv>::of(&setup::members(&config)?)?;
    let (began, mut asking) = (Instant::now(), BTreeMap::new());
    for number in 0..SESSIONS {
        let (session, key) = (sessions.open()?, format!("session-{number}"));
        sessions.begin(session, put(&key, "here"), Freshness::Linearizable, PATIENCE)?;
        asking.insert(session, key);
    }
    while !asking.is_empty() {
        for (session, answered) in sessions.poll(Instant::now() + PATIENCE)? {
            let key = asking.remove(&session).ok_or("an answer to a session that asks nothing")?;
            answered.map_err(|error| format!("{key}: {error}"))?;
            sessions.close(session);
        }
    }
    println!("{SESSIONS} sessions were answered in {:?}", began.elapsed());
    Ok(())
}
