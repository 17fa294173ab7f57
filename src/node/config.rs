//! `cluster.toml`: who is in the cluster, where each listens, and where it keeps its memory.
//!
//! ```toml
//! cluster = "9f3c06ab51d2e874"   # 16 hex digits, random: the cluster's name
//! protocol = "..."               # what the nodes run; left out, the first that there was
//! key_file = "cluster.key"       # files are relative to this one
//! datagram = 1200                # the largest datagram in bytes that is sent to other machines;
//!                                # left out, this, which arrives on any path in one piece
//! [timers]                       # of the protocol; left out, its defaults
//! heartbeat_ms = 50
//! election_ms = [150, 300]       # a timeout is drawn from this range
//! [options]                      # of the protocol, on or off; left out, its defaults
//! pre_vote = true
//! [[node]]
//! id = 1
//! address = "127.0.0.1:7401"     # where others reach it over UDP: IP address or name, and port
//! bind = "127.0.0.1:7401"        # where it listens for UDP; left out, its address
//! http = "127.0.0.1:7401"        # where it serves HTTP; left out, the port of its address, on
//!                                # loopback
//! store = "node-1.store"
//! store_id = "5be0cd19137e2179"  # the number of the store with which a founder begins, if it is
//!                                # known, so that another one in its place has no vote
//! joins = false                  # true of a node that came after the cluster began, and is no
//!                                # member until `quorate member add`
//! ```
//! A cluster whose members read it differently is no cluster, so a new file leaves nothing out that
//! concerns others.

mod create;
mod key;
mod node;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

pub use self::create::Runs;
pub use self::key::{Key, load_key};
pub use self::node::Node;
use self::node::{LookUp, WrittenNode, Wrong};
use self::timers::WrittenTimer;
use super::UNNAMED;
use super::wire::{DATAGRAM_MAX, DATAGRAM_MIN, DATAGRAM_SAFE};

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
    /// The name of the protocol that the nodes run, whether this program knows it or not.
    pub protocol: String,
    /// Where the key is that the nodes and clients share.
    pub key_file: PathBuf,
    /// The largest datagram in bytes that is sent to other machines.
    pub datagram: usize,
    /// By its name, how long a timer of the protocol waits, where the file says so. The range of
    /// one that always waits as long is empty.
    pub timers: BTreeMap<String, Range<Duration>>,
    /// By its name, whether an option of the protocol is on, where the file says so.
    pub options: BTreeMap<String, bool>,
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
    protocol: Option<String>,
    key_file: PathBuf,
    datagram: Option<usize>,
    #[serde(default)]
    timers: BTreeMap<String, WrittenTimer>,
    #[serde(default)]
    options: BTreeMap<String, bool>,
    /// Where files had this timer before there was `[timers]`.
    heartbeat_ms: Option<WrittenTimer>,
    /// As above.
    election_ms: Option<WrittenTimer>,
    #[serde(default)]
    node: Vec<WrittenNode>,
}

impl Written {
    /// All timers, wherever the file has them.
    fn take_timers(&mut self) -> Result<BTreeMap<String, WrittenTimer>, Wrong> {
        let mut timers = std::mem::take(&mut self.timers);
        let early = [("heartbeat_ms", self.heartbeat_ms), ("election_ms", self.election_ms)];
        for (field, timer) in early {
            if let Some(timer) = timer
                && timers.insert(field.into(), timer).is_some()
            {
                return Err((field.into(), "it is here twice, once below [timers]".into()));
            }
        }
        Ok(timers)
    }
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
        let found = self.nodes.iter().find(|node| node.id == id);
        found.ok_or_else(|| self.wrong("node", &format!("there is no node {id}")))
    }

    /// Refuses timers that a protocol does not have whose own are `known`, each with its default,
    /// and ranges where it has a number or the other way round.
    ///
    /// # Errors
    /// [`ConfigError::Field`], naming the timer.
    pub fn has_timers_of(&self, known: &[(&str, Range<Duration>)]) -> Result<(), ConfigError> {
        timers::fit(&self.timers, known).map_err(|(field, mut problem)| {
            if self.protocol == UNNAMED {
                problem.push_str(&format!("; a config that names no protocol is of {UNNAMED}"));
            }
            self.wrong(&field, &problem)
        })
    }

    /// Refuses options that a protocol does not have whose own are `known`, each with its default.
    ///
    /// # Errors
    /// [`ConfigError::Field`], naming the option.
    pub fn has_options_of(&self, known: &[(&str, bool)]) -> Result<(), ConfigError> {
        let is_known = |name: &str| known.iter().any(|(other, _)| *other == name);
        let Some(name) = self.options.keys().find(|name| !is_known(name)) else { return Ok(()) };
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        let names = if names.is_empty() { "none at all".into() } else { names.join(", ") };
        let problem = format!("{name:?} is no option of {}, which has: {names}", self.protocol);
        Err(self.wrong("options", &problem))
    }

    /// The error that the timer of this name cannot wait as long as it does.
    pub fn wrong_timer(&self, name: &str, problem: &str) -> ConfigError {
        self.wrong(&timers::field(name), problem)
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

    fn validate(path: &Path, mut written: Written, look_up: LookUp) -> Result<Self, Wrong> {
        let Some(cluster) = parse_hex(&written.cluster) else {
            let problem = format!("{:?} is not 16 hex digits", written.cluster);
            return Err(("cluster".into(), problem));
        };
        let datagram = written.datagram.unwrap_or(DATAGRAM_SAFE);
        if !(DATAGRAM_MIN..=DATAGRAM_MAX).contains(&datagram) {
            let problem = format!("{datagram} is not in {DATAGRAM_MIN} to {DATAGRAM_MAX}");
            return Err(("datagram".into(), problem));
        }
        let timers = timers::all(written.take_timers()?)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let nodes = node::all(folder, &written.node, look_up)?;
        Ok(Self {
            path: path.into(),
            cluster,
            protocol: written.protocol.unwrap_or_else(|| UNNAMED.into()),
            key_file: folder.join(written.key_file),
            datagram,
            timers,
            options: written.options,
            nodes,
        })
    }

    /// The nodes with which the cluster began.
    pub fn founders(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| !node.joins)
    }

    /// The numbers of their stores, of those of which the file says it.
    pub fn store_ids(&self) -> BTreeMap<u64, u64> {
        self.founders().filter_map(|node| Some((node.id, node.store_id?))).collect()
    }

    /// The error that `field` cannot be, for the reason that `problem` says.
    pub fn wrong(&self, field: &str, problem: &str) -> ConfigError {
        let (field, problem) = (field.into(), problem.into());
        ConfigError::Field { path: self.path.clone(), field, problem }
    }
}

/// Exactly 16 hex digits; the number parser alone would take a sign or fewer.
fn parse_hex(text: &str) -> Option<u64> {
    let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}
