//! From a config to what the node, its clients and its protocol want to know.

use quorate_models::kv::Kv;
use quorate_models::raft::{Batch, Raft, Server, Timing};
use quorate_models::rules::AllRules;
use stateright::actor::Id;

use super::exit::{Code, Failure};
use crate::node::config::{Config, ConfigError, Node, load_key};
use crate::node::event_loop::Counts;
use crate::node::metrics::Metrics;
use crate::node::storage::StoreError;
use crate::node::transport::{Counters, Members};

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

/// What the node and its transport counted, under the names by which it is shown.
pub fn metrics(counts: Counts, transport: Counters) -> Metrics {
    Metrics {
        batches: counts.batches,
        messages_handled: counts.messages,
        messages_undecodable: counts.undecodable,
        messages_refused: counts.refused,
        timeouts: counts.timeouts,
        choices: counts.choices,
        saves: counts.saves,
        commits: counts.commits,
        commit_micros: counts.commit_micros,
        sends: counts.sends,
        unencodable: counts.unencodable,
        datagrams_received: transport.datagrams_received,
        bytes_received: transport.bytes_received,
        datagrams_sent: transport.datagrams_sent,
        bytes_sent: transport.bytes_sent,
        datagrams_send_failed: transport.send_failed,
        rejected_malformed: transport.reject_malformed,
        rejected_cluster: transport.reject_cluster,
        rejected_receiver: transport.reject_receiver,
        rejected_forged: transport.reject_forged,
        rejected_address: transport.reject_address,
        rejected_sender: transport.reject_sender,
        packets_duplicate: transport.duplicates,
        packets_inconsistent: transport.inconsistent,
        incoming_expired: transport.expired,
        incoming_evicted: transport.evicted,
        outgoing_abandoned: transport.abandoned,
        outgoing_unroutable: transport.unroutable,
        outgoing_dropped: transport.queue_dropped,
        outgoing_merged: transport.merged,
        outgoing_too_large: transport.too_large,
    }
}
