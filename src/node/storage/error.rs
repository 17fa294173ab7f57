//! What can go wrong with a store, in words for whoever has to set it right.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{FORMAT, Identity};

/// Why a store could not be created, opened or written. Every message starts with the file's path.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no file. Only creating a cluster creates stores: this memory is lost or elsewhere.
    #[error(
        "{}: there is no store here; --init makes a new one, but see in README.md what is done \
         about a node whose store is lost",
        path.display()
    )]
    Missing { path: PathBuf },
    /// There is something where a store was to be created.
    #[error("{}: it exists already and is not overwritten", path.display())]
    Exists { path: PathBuf },
    /// Another process, or another `Store` of this one, has the file open.
    #[error("{}: the store is in use by another process", path.display())]
    InUse { path: PathBuf },
    /// The store belongs to another node or another cluster.
    #[error(
        "{}: the store belongs to node {} of cluster {:016x}, not to node {} of cluster {:016x}",
        path.display(), found.node, found.cluster, expected.node, expected.cluster
    )]
    WrongIdentity { path: PathBuf, found: Box<Identity>, expected: Box<Identity> },
    /// The store is what another protocol remembers.
    #[error("{}: the store belongs to the protocol {found}, not to {expected}", path.display())]
    WrongProtocol { path: PathBuf, found: Cow<'static, str>, expected: Cow<'static, str> },
    /// The store is of a cluster that began with other nodes than the config says.
    #[error(
        "{}: the store is of a cluster that began with the nodes {found:?}, and by the config it \
         began with {expected:?}; a node that came later has joins = true there",
        path.display()
    )]
    WrongFounders { path: PathBuf, found: BTreeSet<u64>, expected: BTreeSet<u64> },
    /// The store is of a cluster whose founders began with other stores than the config says.
    #[error(
        "{}: the store is of a cluster that began with the stores {}, and by the config it began \
         with {}; what store_id says there never changes",
        path.display(), listed(found), listed(expected)
    )]
    WrongFirstStores { path: PathBuf, found: BTreeMap<u64, u64>, expected: BTreeMap<u64, u64> },
    /// The store was written by another version of this code.
    #[error(
        "{}: the store has format {found}, and this program reads format {FORMAT} only",
        path.display()
    )]
    Format { path: PathBuf, found: u64 },
    /// The file does not hold what was written to it.
    #[error(
        "{}: the store is damaged: {record}: {problem}; keep it, and see in README.md what is done \
         about a node whose store is lost",
        path.display()
    )]
    Damaged {
        path: PathBuf,
        /// The record, in the protocol's words ("log entry 7"), or the part of the file.
        record: String,
        problem: String,
    },
    /// The operating system refused.
    #[error("{}: cannot {action} the store: {source}", path.display())]
    Io { path: PathBuf, action: &'static str, source: io::Error },
    /// The path leads to no file any more, or to another one than the store has open.
    #[error(
        "{}: the store was deleted or replaced while the node ran: what is written to it now is \
         lost",
        path.display()
    )]
    Gone { path: PathBuf },
    /// An earlier commit failed, so it is not known what the file holds.
    #[error("{}: the store takes no more commits since one failed", path.display())]
    Failed { path: PathBuf },
}

/// The numbers of stores, each with that of its node, as the config has them.
fn listed(stores: &BTreeMap<u64, u64>) -> String {
    let one = |(id, number): (&u64, &u64)| format!("{id}: {number:016x}");
    format!("{{{}}}", stores.iter().map(one).collect::<Vec<_>>().join(", "))
}

impl StoreError {
    pub(super) fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.into(), action, source }
    }

    pub(super) fn damaged(path: &Path, record: &str, problem: &str) -> Self {
        Self::Damaged { path: path.into(), record: record.into(), problem: problem.into() }
    }
}
