//! From a config to what the node, its clients and its protocol want to know.

use quorate_models::protocol::{Protocol, Settings};
use quorate_models::raft;
use stateright::actor::Id;

use super::exit::{Code, Failure};
use crate::node::config::{Config, ConfigError, Node, load_key};
use crate::node::storage::{Identity, StoreError};
use crate::node::transport::Members;

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let code = if matches!(error, ConfigError::Io { .. }) { Code::Io } else { Code::Config };
        Failure::new(code, error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::new(Code::Io, error)
    }
}

/// Node `id` of `config`.
///
/// # Errors
/// If there is none, naming those that there are.
pub fn node(config: &Config, id: u64) -> Result<&Node, Failure> {
    config.node(id).map_err(|_| {
        let known: Vec<_> = config.nodes.iter().map(|node| node.id.to_string()).collect();
        let (path, known) = (config.path.display(), known.join(", "));
        Failure::new(Code::Usage, format!("{path} has no node {id}, only {known}"))
    })
}

/// Whose store that of node `id` is.
pub fn identity(config: &Config, id: u64) -> Identity {
    Identity { cluster: config.cluster, node: id, protocol: config.protocol.clone().into() }
}

/// The members of the cluster, and the key that they share.
///
/// # Errors
/// If the key cannot be read, or others can read it too.
pub fn members(config: &Config) -> Result<Members, ConfigError> {
    let key = *load_key(&config.key_file)?.bytes();
    let servers = config.nodes.iter().map(|node| (node.id, node.address)).collect();
    Ok(Members { cluster: config.cluster, key, servers })
}

/// The actor that every node runs.
pub fn actor(config: &Config) -> raft::protocol::Node {
    let timers = [
        ("heartbeat".to_owned(), config.heartbeat..config.heartbeat),
        ("election".to_owned(), config.election.0..config.election.1),
    ];
    let servers = config.nodes.iter().map(|node| Id::from(node.id as usize)).collect();
    Protocol::server(servers, &Settings { timers: timers.into() })
}
