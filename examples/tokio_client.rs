//! A program of many tasks that use a running cluster over one socket:
//! `cargo run --features tokio --example tokio_client demo/cluster.toml`.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use quorate::cli::setup;
use quorate::node::client::tokio::Sessions;
use quorate::node::config::Config;
use quorate_models::kv::{Command, Kv};
use tokio::task::JoinSet;

const PATIENCE: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name the cluster.toml of a running cluster")?;
    let config = Config::load(Path::new(&path))?;
    let sessions = Sessions::<Kv>::of(&setup::members(&config)?)?;
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let sessions = sessions.clone();
        let count = Command::Add { key: "visits".into(), by: 1 };
        tasks.spawn(async move { sessions.call(count, PATIENCE).await });
    }
    while let Some(counted) = tasks.join_next().await {
        println!("{:?}", counted??);
    }
    Ok(())
}
