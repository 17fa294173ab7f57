//! What a node remembers across a crash: one file of batches, opened with suspicion.
//!
//! The promise: [`Store::open`] returns exactly what the last successful [`Store::commit`] wrote
//! (or the one that a crash interrupted, whole), or an error. Never less, never an empty start:
//! a server that forgets its vote votes twice.
//!
//! What it rests on:
//! - a commit is one batch: one write and one sync, and when these return it is on the disk
//!   ([`batch`]);
//! - the batches are numbered and chained, and every one that counts is read and checked at every
//!   open, so that one which is altered, moved, stale or gone is noticed ([`recovery`]);
//! - only the last may have been cut short, which its sectors tell apart from damage: nobody counts
//!   on it;
//! - no write touches a block that still counts ([`journal`]).
//!
//! What no checksum can tell: a disk that loses the whole first sector of the very last batch, and
//! a file that is put back as a whole. A server that comes back with less than a peer knows it had
//! is noticed by that peer.

mod ahead;
mod backend;
mod batch;
mod content;
mod error;
mod fault;
mod header;
mod journal;
mod place;
mod recovery;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use quorate_models::durable::{Change, Durable, Early};
use serde::{Deserialize, Serialize};

use self::ahead::Ahead;
pub use self::backend::Backend;
pub use self::error::StoreError;
use self::fault::Fault;
use self::header::Header;
use self::journal::Journal;
use self::place::Place;

/// The version of the layout, the only one that this code reads.
pub const FORMAT: u64 = 4;

/// Whose memory a store is. A store is only ever opened by the node it was created for, and as the
/// memory of the protocol it was created for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The random number that names the cluster.
    pub cluster: u64,
    /// The node's number within it, from 1.
    pub node: u64,
    /// The name of the protocol that the node runs.
    pub protocol: Cow<'static, str>,
    /// The numbers of the nodes with which the cluster began. Were they to change while it has not
    /// changed its members, its nodes would not mean the same majorities.
    pub founders: BTreeSet<u64>,
    /// The numbers of the stores with which founders began, by their own, as far as the config says
    /// them. Were one to change, a store that took the place of another would pass for that.
    pub first_stores: BTreeMap<u64, u64>,
}

/// The durable memory of one node: the storage `S` of its protocol, in one file.
#[derive(Debug)]
pub struct Store<S> {
    path: PathBuf,
    /// The file, if it is one.
    place: Option<Place>,
    journal: Journal,
    /// What the file holds, so that a commit can tell what changed.
    last: Option<S>,
    ahead: Ahead,
    /// True once a commit failed, and while one is under way: what the file holds is not known.
    failed: bool,
}

/// Creates an empty store for `identity`. It and its directory entry are on the disk when this
/// returns.
///
/// # Errors
/// [`StoreError::Exists`] if there is anything at `path`, which is then left as it is;
/// [`StoreError::Io`] if the file cannot be written, and then none is left behind.
pub fn create(path: &Path, identity: Identity) -> Result<(), StoreError> {
    let file =
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path).map_err(
            |error| match error.kind() {
                io::ErrorKind::AlreadyExists => StoreError::Exists { path: path.into() },
                _ => StoreError::io(path, "create", error),
            },
        )?;
    let created = create_file(file, path, identity);
    if created.is_err() {
        // Half a store is of no use and would be in the way of the next attempt. If even this
        // fails, the file is still one that `open` refuses.
        let _ = fs::remove_file(path);
    }
    created
}

/// Creates an empty store on a storage of the caller's. `path` only names it in messages.
///
/// # Errors
/// [`StoreError::Io`] if the storage fails, or there is no random number to be had.
pub fn create_with(
    backend: &impl Backend,
    path: &Path,
    identity: Identity,
) -> Result<(), StoreError> {
    let create = || {
        let header = Header { salt: random()?, identity };
        backend.write(0, &header.first_bytes())?;
        backend.sync()
    };
    create().map_err(|error| StoreError::io(path, "create", error))
}

fn random() -> io::Result<u64> {
    getrandom::u64().map_err(io::Error::other)
}

impl<S: Durable + Clone> Store<S> {
    /// Opens the store of `identity` and returns what was last committed; `None` if the store holds
    /// no record at all, which is so only if none was ever committed.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::InUse`] (another process has it open),
    /// [`StoreError::WrongIdentity`], [`StoreError::WrongProtocol`], [`StoreError::WrongFounders`],
    /// [`StoreError::WrongFirstStores`], [`StoreError::Format`], [`StoreError::Damaged`], or
    /// [`StoreError::Io`]. The file keeps what it holds in every case.
    pub fn open(path: &Path, identity: Identity) -> Result<(Self, Option<S>), StoreError> {
        let reach = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Missing { path: path.into() },
            io::ErrorKind::WouldBlock => StoreError::InUse { path: path.into() },
            _ => StoreError::io(path, "open", error),
        };
        let file = lock_file(path).map_err(reach)?;
        let place = Place::of(&file).map_err(reach)?;
        let (store, last) = Self::open_with(file, path, identity)?;
        Ok((Self { place: Some(place), ..store }, last))
    }

    /// Opens a store on a storage of the caller's. `path` only names it in messages.
    ///
    /// # Errors
    /// As [`Store::open`], but for those that concern a path.
    pub fn open_with(
        backend: impl Backend + 'static,
        path: &Path,
        identity: Identity,
    ) -> Result<(Self, Option<S>), StoreError> {
        let on_open = |fault: Fault| fault.at(path, "open");
        let (header, begin) = Header::read(&backend)
            .map_err(on_open)?
            .map_err(|found| StoreError::Format { path: path.into(), found })?;
        is_for(header.identity, &identity, path)?;
        let life = random().map_err(|error| on_open(error.into()))?;
        let (mut journal, records) =
            Journal::open(Box::new(backend), header.salt, begin, life).map_err(on_open)?;
        let restored = (!records.is_empty()).then(|| S::restore(records.into_iter().collect()));
        let last = restored
            .transpose()
            .map_err(|damage| StoreError::damaged(path, &damage.record, &damage.problem))?;
        // What was written ahead of a save that did not come is of no more use. And what was found
        // may not be on the disk yet: it is once this is.
        let lost = journal.keys().filter(|key| last.as_ref().is_some_and(|it| !it.holds(*key)));
        let lost: Vec<_> = lost.map(|key| Change::Remove { key }).collect();
        journal.write(&lost).map_err(|fault| fault.at(path, "write"))?;
        let (path, last_found) = (path.into(), last.clone());
        let ahead = Ahead::default();
        Ok((Self { path, place: None, journal, last, ahead, failed: false }, last_found))
    }

    /// Makes `state` durable: it is on the disk when this returns, and has been before if this is
    /// false. Costs what changed since the last commit. A state without any record leaves no trace
    /// in a store.
    ///
    /// # Errors
    /// [`StoreError::Gone`], and nothing is written; [`StoreError::Io`] if the disk fails,
    /// [`StoreError::Damaged`] if it does not hold what was written earlier. It is then unknown
    /// whether `state` will be found at the next start, so the store takes no more commits
    /// ([`StoreError::Failed`]). In each case the caller must stop the node.
    pub fn commit(&mut self, state: &S) -> Result<bool, StoreError> {
        if self.failed {
            return Err(StoreError::Failed { path: self.path.clone() });
        }
        let changes = state.changes(self.last.as_ref());
        let is_new = !changes.is_empty();
        if is_new {
            let batch = self.ahead.with(changes);
            self.write(&batch)?;
        }
        self.last = Some(state.clone());
        Ok(is_new)
    }

    /// Has some of `early` written with the next commit, or by [`Store::flush`], and removes what
    /// was written ahead of other records. True if all of `early` is on the disk.
    pub fn write_ahead(&mut self, early: Option<&Early>) -> bool {
        // What is saved by now is not ahead any more: it must not be given up with what is.
        let is_saved =
            |early: &&Early| self.last.as_ref().is_some_and(|last| last.holds(early.first));
        let early = early.filter(|early| !is_saved(early));
        self.ahead.follow(early)
    }

    /// Whether there is anything to [`flush`](Self::flush).
    #[must_use]
    pub fn is_behind(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Writes what no commit has taken along. It is on the disk when this returns.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn flush(&mut self) -> Result<(), StoreError> {
        let batch = self.ahead.queue();
        if batch.is_empty() { Ok(()) } else { self.write(&batch) }
    }

    fn write(&mut self, batch: &[Change]) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Failed { path: self.path.clone() });
        }
        self.look()?;
        self.failed = true;
        self.journal.write(batch).map_err(|fault| fault.at(&self.path, "write"))?;
        self.failed = false;
        Ok(())
    }

    /// Looks whether the store's path still leads to the file that is open. Costs one call of the
    /// system.
    ///
    /// # Errors
    /// [`StoreError::Gone`] if it does not: what the file holds will not be found at the next
    /// start, so the caller must stop the node.
    pub fn look(&self) -> Result<(), StoreError> {
        match self.place {
            Some(place) if !place.is_at(&self.path) => {
                Err(StoreError::Gone { path: self.path.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Where the store is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Refuses a store that is not that of `expected`.
fn is_for(found: Identity, expected: &Identity, path: &Path) -> Result<(), StoreError> {
    let (path, expected) = (path.into(), expected.clone());
    if (found.cluster, found.node) != (expected.cluster, expected.node) {
        let (found, expected) = (Box::new(found), Box::new(expected));
        return Err(StoreError::WrongIdentity { path, found, expected });
    }
    if found.protocol != expected.protocol {
        let (found, expected) = (found.protocol, expected.protocol);
        return Err(StoreError::WrongProtocol { path, found, expected });
    }
    if found.founders != expected.founders {
        let (found, expected) = (found.founders, expected.founders);
        return Err(StoreError::WrongFounders { path, found, expected });
    }
    if found.first_stores != expected.first_stores {
        let (found, expected) = (found.first_stores, expected.first_stores);
        return Err(StoreError::WrongFirstStores { path, found, expected });
    }
    Ok(())
}

fn create_file(file: File, path: &Path, identity: Identity) -> Result<(), StoreError> {
    create_with(&file, path, identity)?;
    let io = |error| StoreError::io(path, "create", error);
    file.sync_all().map_err(io)?;
    // Without this a crash may take back the name under which the synced bytes are found.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new("."))).and_then(|dir| dir.sync_all()).map_err(io)
}

/// Opens the file at `path` for this process alone. The lock goes with the file when it is closed.
fn lock_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    file.try_lock()?;
    Ok(file)
}
