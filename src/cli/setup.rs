//! From a config to what the node, its clients and its protocol want to know.

use quorate_models::kv::Kv;
use quorate_models::raft::{Batch, Raft, Server, Timing};
use quorate_models::rules::AllRules;
use stateright::actor::Id;

use super::exit::{Code, Failure};
use crate::node::config::{Config, ConfigError, Node, load_key};
use crate::node::storage::{Identity, StoreError};
use crate::node::transport::Members;

/// How many entries one message of the leader carries at most, and how many bytes of commands. One
/// command goes whatever its size, so this stays far below the limit of a message.
const BATCH: Batch = Batch { entries: 256, bytes: 256 << 10 };

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
pub fn actor(config: &Config) -> Raft<Kv> {
    Raft::Server(Server {
        servers: config.nodes.iter().map(|node| Id::from(node.id as usize)).collect(),
        timing: Timing {
            heartbeat: config.heartbeat,
            election: config.election.0..config.election.1,
        },
        batch: BATCH,
        rules: AllRules,
        machine: std::marker::PhantomData,
    })
}
