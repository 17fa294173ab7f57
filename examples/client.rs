//! A program that uses a running cluster: `cargo run --example client demo/cluster.toml`.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use quorate::cli::setup;
use quorate::node::client::Client;
use quorate::node::config::Config;
use quorate_models::kv::{Kv, get, put};

const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name the cluster.toml of a running cluster")?;
    let config = Config::load(Path::new(&path))?;
    let mut client = Client::<Kv>::open(&setup::members(&config)?)?;
    client.call(put("colour", "blue"), PATIENCE)?;
    println!("{:?}", client.call(get("colour"), PATIENCE)?);
    Ok(())
}
