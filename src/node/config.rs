//! `cluster.toml`: who is in the cluster, where each listens, and where it keeps its memory.
//!
//! ```toml
//! cluster = "9f3c06ab51d2e874"   # 16 hex digits, random: the cluster's name
//! protocol = "raft"
//! key_file = "cluster.key"       # files are relative to this one
//! heartbeat_ms = 50
//! election_ms = [150, 300]       # a timeout is drawn from this range
//! [[node]]
//! id = 1
//! address = "127.0.0.1:7401"     # where others reach it over UDP: IP address or name, and port
//! bind = "127.0.0.1:7401"        # where it listens for UDP; left out, its address
//! http = "127.0.0.1:7401"        # where it serves HTTP; left out, the port of its address, on
//!                                # loopback
//! store = "node-1.redb"
//! ```
//! A cluster whose members read it differently is no cluster, so what concerns others has no
//! default.

mod create;
mod key;
mod node;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

pub use self::key::{Key, load_key};
pub use self::node::Node;
use self::node::{LookUp, WrittenNode, Wrong};

/// The protocols that a node can run.
pub const PROTOCOLS: &[&str] = &["raft"];

/// The file's name in a cluster's folder.
pub const FILE: &str = "cluster.toml";

/// Numbers of nodes are below this; those above are for clients.
const IDS: u64 = 1 << 32;

/// A cluster, as its file describes it, validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file that says all this.
    pub path: PathBuf,
    /// The random number that names the cluster.
    pub cluster: u64,
    /// One of [`PROTOCOLS`].
    pub protocol: String,
    /// Where the key is that the nodes and clients share.
    pub key_file: PathBuf,
    /// How often a leader says that it is there.
    pub heartbeat: Duration,
    /// The shortest and the longest silence after which a node stands for election.
    pub election: (Duration, Duration),
    /// The nodes, in ascending order of their numbers; at least one.
    pub nodes: Vec<Node>,
}

/// What is wrong with a cluster's folder. Every message names the file.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The operating system refused.
    #[error("{}: cannot {action} it: {source}", path.display())]
    Io { path: PathBuf, action: &'static str, source: io::Error },
    /// The file is not TOML, or has a field too many or too few, or one of the wrong type.
    #[error("{}: {problem}", path.display())]
    Syntax { path: PathBuf, problem: String },
    /// A field says something that cannot be.
    #[error("{}: {field}: {problem}", path.display())]
    Field { path: PathBuf, field: String, problem: String },
    /// There is something where a file was to be created; it was left as it is.
    #[error("{}: it exists already and is not overwritten", path.display())]
    Exists { path: PathBuf },
    /// A folder holds a key but no `cluster.toml`, which is written last.
    #[error("{}: there is a cluster.key but no {FILE}: the cluster was never created in full; \
        remove the folder to start over", path.display())]
    HalfMade { path: PathBuf },
    /// Others may read or change the key.
    #[error("{}: its mode is {mode:04o}, so others can read or write the key; \
        make it 0600", path.display())]
    KeyMode { path: PathBuf, mode: u32 },
}

impl ConfigError {
    fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.into(), action, source }
    }
}

/// The file, word for word.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    cluster: String,
    protocol: String,
    key_file: PathBuf,
    heartbeat_ms: u64,
    election_ms: [u64; 2],
    #[serde(default)]
    node: Vec<WrittenNode>,
}

impl Config {
    /// Reads and validates the file at `path`.
    ///
    /// # Errors
    /// [`ConfigError`], naming the file and the field, or the two nodes that contradict each other;
    /// or the name of a host that has no address.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(ConfigError::io(path, "read"))?;
        Self::parse(path, &text, &node::look_up)
    }

    /// The node with number `id`.
    ///
    /// # Errors
    /// [`ConfigError::Field`] if there is none.
    pub fn node(&self, id: u64) -> Result<&Node, ConfigError> {
        self.nodes.iter().find(|node| node.id == id).ok_or_else(|| ConfigError::Field {
            path: self.path.clone(),
            field: "node".into(),
            problem: format!("there is no node {id}"),
        })
    }

    fn parse(path: &Path, text: &str, look_up: LookUp) -> Result<Self, ConfigError> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let problem = error.to_string().trim_end().to_owned();
            ConfigError::Syntax { path: path.into(), problem }
        })?;
        Self::validate(path, written, look_up).map_err(|(field, problem)| ConfigError::Field {
            path: path.into(),
            field,
            problem,
        })
    }

    fn validate(path: &Path, written: Written, look_up: LookUp) -> Result<Self, Wrong> {
        let wrong = |field: &str, problem: String| Err((field.to_owned(), problem));
        let Some(cluster) = parse_cluster(&written.cluster) else {
            return wrong("cluster", format!("{:?} is not 16 hex digits", written.cluster));
        };
        if !PROTOCOLS.contains(&written.protocol.as_str()) {
            let known = PROTOCOLS.join(", ");
            return wrong("protocol", format!("{:?} is none of: {known}", written.protocol));
        }
        let [shortest, longest] = written.election_ms;
        if written.heartbeat_ms == 0 {
            return wrong("heartbeat_ms", "it must be at least 1".into());
        }
        if shortest <= written.heartbeat_ms {
            let heartbeat = written.heartbeat_ms;
            let problem =
                format!("the shortest, {shortest}, must exceed heartbeat_ms, {heartbeat}");
            return wrong("election_ms", problem);
        }
        if shortest >= longest {
            let problem = format!("the shortest, {shortest}, must be below the longest, {longest}");
            return wrong("election_ms", problem);
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let nodes = node::all(folder, &written.node, look_up)?;
        Ok(Self {
            path: path.into(),
            cluster,
            protocol: written.protocol,
            key_file: folder.join(written.key_file),
            heartbeat: Duration::from_millis(written.heartbeat_ms),
            election: (Duration::from_millis(shortest), Duration::from_millis(longest)),
            nodes,
        })
    }
}

/// Exactly 16 hex digits; the number parser alone would take a sign or fewer.
fn parse_cluster(text: &str) -> Option<u64> {
    let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}
