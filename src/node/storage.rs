//! What a node remembers across a crash: one file, written by [redb], opened with suspicion.
//!
//! The promise: [`Store::open`] returns exactly what the last successful [`Store::commit`] wrote
//! (or the one that a crash interrupted, whole), or an error. Never less, never an empty start:
//! a server that forgets its vote votes twice.
//!
//! What it rests on:
//! - one two-phase redb commit per batch; when it returns, the batch is on the disk;
//! - every page of the file is verified against redb's checksums at every open, and a panic on a
//!   damaged file is caught and reported as damage;
//! - every record carries a checksum of our own, seeded with its key, and a table of contents
//!   counts and sums them, so that a record that is altered, moved, stale or gone is noticed even
//!   if the file's structure looks sound ([`record`]);
//! - the one bit of the file that no checksum covers, which of two commits is the last, is
//!   checked against the commits themselves ([`slots`]).

mod database;
mod error;
mod place;
mod record;
mod slots;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use quorate_models::durable::{Durable, Key};
use redb::StorageBackend;
use redb::backends::FileBackend;

use self::database::{Fault, Handle, Raw};
pub use self::error::StoreError;
use self::place::Place;
use self::record::{CONTENTS, Contents, FIRST_STORES, FOUNDERS, IDENTITY};

/// The version of the layout that this code writes. It reads version 1 as well, which differs only
/// in that it names no protocol.
pub const FORMAT: u64 = 2;

/// Whose memory a store is. A store is only ever opened by the node it was created for, and as the
/// memory of the protocol it was created for.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    database: Handle,
    contents: Contents,
    /// What the file holds, so that a commit can tell what changed.
    last: Option<S>,
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
/// [`StoreError::Io`] or [`StoreError::Write`] if the storage fails.
pub fn create_with(
    backend: impl StorageBackend,
    path: &Path,
    identity: Identity,
) -> Result<(), StoreError> {
    let mut first = Raw::default();
    first.about.insert(IDENTITY.into(), record::seal_identity(&identity));
    first.about.insert(FOUNDERS.into(), record::seal_founders(&identity));
    if !identity.first_stores.is_empty() {
        first.about.insert(FIRST_STORES.into(), record::seal_first_stores(&identity));
    }
    first.about.insert(CONTENTS.into(), Contents::default().seal());
    database::create(backend, &first).map_err(|fault| fault.on_write(path))
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
        let place = Cell::new(None);
        let lock = || {
            let file = lock_file(path)?;
            place.set(Some(Place::of(&file)?));
            FileBackend::new(file).map_err(io::Error::other)
        };
        let (store, last) = Self::open_with(lock, path, identity)?;
        Ok((Self { place: place.get(), ..store }, last))
    }

    /// Opens a store on a storage of the caller's. `backend` is called once, and once more for a
    /// closer look if the store turns out to be damaged. `path` only names it in messages.
    ///
    /// # Errors
    /// As [`Store::open`]; an error of `backend` of the kind `NotFound` is a missing store, one of
    /// the kind `WouldBlock` a store in use.
    pub fn open_with<B: StorageBackend>(
        backend: impl Fn() -> io::Result<B>,
        path: &Path,
        identity: Identity,
    ) -> Result<(Self, Option<S>), StoreError> {
        let reach = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Missing { path: path.into() },
            io::ErrorKind::WouldBlock => StoreError::InUse { path: path.into() },
            _ => StoreError::io(path, "open", error),
        };
        let storage = backend().map_err(reach)?;
        // redb takes an empty file for an invitation to initialise it.
        if storage.len().map_err(|error| StoreError::io(path, "read", error))? == 0 {
            return Err(StoreError::damaged(path, "the file", "it is empty"));
        }
        let holds_all = |copy| {
            let raw = database::read_checked(copy);
            raw.is_some_and(|raw| restore::<S>(&raw, path, &identity).is_ok())
        };
        slots::choose_last(&storage, holds_all)
            .map_err(|error| StoreError::io(path, "read", error))?;
        match database::open(storage) {
            Ok((database, raw)) => {
                let (contents, last) = restore::<S>(&raw, path, &identity)?;
                let store = Self {
                    path: path.into(),
                    place: None,
                    database,
                    contents,
                    last: last.clone(),
                    failed: false,
                };
                Ok((store, last))
            }
            Err(fault) => {
                // The records name what is damaged better than the pages do, if they can be read.
                let named = fault
                    .is_damage()
                    .then(|| backend().ok().and_then(|copy| database::read_unchecked(&copy)))
                    .flatten()
                    .and_then(|raw| restore::<S>(&raw, path, &identity).err());
                Err(named.unwrap_or_else(|| fault.on_open(path)))
            }
        }
    }

    /// Makes `state` durable: it is on the disk when this returns. Costs what changed since the
    /// last commit. A state without any record leaves no trace in a store.
    ///
    /// # Errors
    /// [`StoreError::Gone`], and nothing is written; [`StoreError::Io`] or [`StoreError::Write`] if
    /// the disk fails. It is then unknown whether `state` will be found at the next start, so the
    /// store takes no more commits ([`StoreError::Failed`]). In each case the caller must stop the
    /// node.
    pub fn commit(&mut self, state: &S) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Failed { path: self.path.clone() });
        }
        let changes = state.changes(self.last.as_ref());
        if !changes.is_empty() {
            self.look()?;
            self.failed = true;
            self.contents = self
                .database
                .write(&changes, self.contents.clone())
                .map_err(|fault| fault.on_write(&self.path))?;
            self.failed = false;
        }
        self.last = Some(state.clone());
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

/// The storage that the records of a file add up to, and their table of contents.
fn restore<S: Durable>(
    raw: &Raw,
    path: &Path,
    identity: &Identity,
) -> Result<(Contents, Option<S>), StoreError> {
    let damaged = |record: &str, problem: &str| StoreError::damaged(path, record, problem);
    let about = |name: &str| {
        let stored = raw.about.get(name).ok_or_else(|| damaged(name, "it is missing"))?;
        record::unseal(record::seed_of_name(name), stored)
            .ok_or_else(|| damaged(name, "its checksum does not match"))
    };
    match record::identity_from(about(IDENTITY)?) {
        None => return Err(damaged(IDENTITY, "it does not decode")),
        Some(Err(format)) => return Err(StoreError::Format { path: path.into(), found: format }),
        Some(Ok(found)) => is_for(found, identity, path)?,
    }
    // Older stores do not say it.
    if raw.about.contains_key(FOUNDERS) {
        let found = record::founders_from(about(FOUNDERS)?)
            .ok_or_else(|| damaged(FOUNDERS, "it does not decode"))?;
        if found != identity.founders {
            let (path, expected) = (path.into(), identity.founders.clone());
            return Err(StoreError::WrongFounders { path, found, expected });
        }
    }
    let mut found = BTreeMap::new();
    if raw.about.contains_key(FIRST_STORES) {
        found = record::first_stores_from(about(FIRST_STORES)?)
            .ok_or_else(|| damaged(FIRST_STORES, "it does not decode"))?;
    }
    if found != identity.first_stores {
        let (path, expected) = (path.into(), identity.first_stores.clone());
        return Err(StoreError::WrongFirstStores { path, found, expected });
    }
    let listed = Contents::from_bytes(about(CONTENTS)?)
        .ok_or_else(|| damaged(CONTENTS, "it does not decode"))?;

    let mut present = Contents::default();
    let mut records: Vec<(Key, Vec<u8>)> = Vec::with_capacity(raw.records.len());
    for (&key, stored) in &raw.records {
        let value = record::unseal(record::seed_of(key), stored)
            .ok_or_else(|| damaged(&S::name(key), "its checksum does not match"))?;
        present.add(key.kind, stored);
        records.push((key, value.to_vec()));
    }
    let restored = if records.is_empty() { Ok(None) } else { S::restore(records).map(Some) };
    // The protocol knows best which record is missing; the contents know that one is.
    match (restored, listed.difference(&present, S::name)) {
        (Err(damage), _) => Err(damaged(&damage.record, &damage.problem)),
        (Ok(_), Some(problem)) => Err(damaged(CONTENTS, &problem)),
        (Ok(last), None) => Ok((present, last)),
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
    Ok(())
}

fn create_file(file: File, path: &Path, identity: Identity) -> Result<(), StoreError> {
    let io = |error| StoreError::io(path, "create", error);
    let handle = file.try_clone().map_err(io)?;
    let backend = FileBackend::new(file).map_err(|error| Fault::from(error).on_write(path))?;
    create_with(backend, path, identity)?;
    handle.sync_all().map_err(io)?;
    // Without this a crash may take back the name under which the synced bytes are found.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new("."))).and_then(|dir| dir.sync_all()).map_err(io)
}

/// Opens the file at `path` for this process alone. The lock goes with the file when it is closed.
fn lock_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    // redb locks as well, but only after we have looked at (and perhaps set right) the header.
    file.try_lock()?;
    Ok(file)
}
