//! A node that comes: the config has to have it before the cluster can.

use std::time::Duration;

use quorate_models::order::{Change, Order, Outcome};
use stateright::actor::Id;

use super::super::exit::{Code, Failure};
use super::super::order;
use super::UNKNOWN;
use crate::node::config::Config;

/// Adds node `id` at `address`, which is written into the config unless it is there.
///
/// # Errors
/// If the config has the node somewhere else, or cannot have it; or as [`order::ask`].
pub fn add(config: &Config, id: u64, address: &str, timeout: Duration) -> Result<Outcome, Failure> {
    let config = write(config, id, address)?;
    let change = Change::Add { id: Id::from(id as usize) };
    order::ask(&config, Order::Change(change), timeout, UNKNOWN)
}

/// `failure` to find a node, with what is to be done if it is a new one.
pub fn told_how(failure: Failure) -> Failure {
    Failure::new(failure.code, format!("{}; --address says where a new one is", failure.message))
}

fn write(config: &Config, id: u64, address: &str) -> Result<Config, Failure> {
    let Ok(node) = config.node(id) else {
        return Ok(config.with_node(id, address)?);
    };
    if node.address.to_string() == address {
        return Ok(config.clone());
    }
    let (path, has) = (config.path.display(), node.address);
    let message = format!("{path} has node {id} at {has}, not at {address}: change it there");
    Err(Failure::new(Code::Usage, message))
}
