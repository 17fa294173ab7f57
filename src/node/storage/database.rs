//! redb, held at arm's length: its tables, its errors, and its panics on damaged files. What it
//! says of its own insides is put into words about the file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use quorate_models::durable::{Change, Key};
use redb::backends::InMemoryBackend;
use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition,
    WriteTransaction,
};

use super::record::{self, CONTENTS, Contents};
use super::{StoreError, slots};
use crate::node::panics::caught_silently;

/// The protocol's records, by kind and number.
const RECORDS: TableDefinition<(u8, u64), &[u8]> = TableDefinition::new("records");
/// The records about the store, by name.
const ABOUT: TableDefinition<&str, &[u8]> = TableDefinition::new("about");

/// redb keeps pages in memory up to this many bytes. A node reads its records once, at the start.
const CACHE_BYTES: usize = 16 << 20;

/// Everything in a file, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) about: BTreeMap<String, Vec<u8>>,
    pub(super) records: BTreeMap<Key, Vec<u8>>,
}

/// What redb answered instead of working.
#[derive(Debug)]
pub(super) enum Fault {
    Error(redb::Error),
    Panic,
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl Fault {
    /// True if it says something about the file, rather than about the machine or another process.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Error(redb::Error::Io(error)) => {
                matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
            }
            Self::Error(redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch) => {
                false
            }
            Self::Error(_) | Self::Panic => true,
        }
    }

    /// As the outcome of opening the store at `path`.
    pub(super) fn on_open(self, path: &Path) -> StoreError {
        if self.is_damage() {
            return StoreError::damaged(path, "the file", self.problem());
        }
        match self {
            Self::Error(redb::Error::Io(error)) => StoreError::io(path, "open", error),
            _ => StoreError::InUse { path: path.into() },
        }
    }

    /// As the outcome of writing to the store at `path`.
    pub(super) fn on_write(self, path: &Path) -> StoreError {
        match self {
            Self::Error(redb::Error::Io(error)) => StoreError::io(path, "write", error),
            _ => StoreError::Write { path: path.into(), problem: self.problem().into() },
        }
    }

    /// What it says of the file.
    fn problem(&self) -> &'static str {
        match self {
            Self::Error(redb::Error::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                "it ends too soon"
            }
            Self::Error(redb::Error::Io(_)) => "it does not begin as a store does",
            Self::Error(redb::Error::PreviousIo) => "an earlier read or write has failed",
            Self::Error(redb::Error::ValueTooLarge(_)) => "a record is too large",
            Self::Error(_) | Self::Panic => "its pages do not hold what was written to them",
        }
    }
}

/// An open database. Closing one can panic as well, which must not take the node's thread along.
#[derive(Debug)]
pub(super) struct Handle(Option<Database>);

impl Drop for Handle {
    fn drop(&mut self) {
        let database = self.0.take();
        // What closing would write only makes the next start faster; the data has been synced.
        let _ = contained(|| {
            drop(database);
            Ok(())
        });
    }
}

impl Handle {
    /// Applies `changes` in one commit that is on the disk when this returns, and answers what
    /// became of `contents`.
    pub(super) fn write(
        &self,
        changes: &[Change],
        mut contents: Contents,
    ) -> Result<Contents, Fault> {
        contained(|| {
            let transaction = begin(self.database())?;
            apply(&transaction, changes, &mut contents)?;
            transaction.commit()?;
            Ok(contents)
        })
    }

    fn database(&self) -> &Database {
        self.0.as_ref().expect("a handle holds its database until it is dropped")
    }
}

/// Initialises `backend`, which is empty, with `first`.
pub(super) fn create(backend: impl StorageBackend, first: &Raw) -> Result<(), Fault> {
    contained(|| {
        let database = Database::builder().create_with_backend(backend)?;
        let transaction = begin(&database)?;
        {
            // Opened even if nothing goes in: a table that is not there is damage.
            transaction.open_table(RECORDS)?;
            let mut about = transaction.open_table(ABOUT)?;
            for (name, stored) in &first.about {
                about.insert(name.as_str(), stored.as_slice())?;
            }
        }
        transaction.commit()?;
        Ok(database.close()?)
    })
}

/// Opens what `backend` holds, verifies all of it, and reads it.
pub(super) fn open(backend: impl StorageBackend) -> Result<(Handle, Raw), Fault> {
    open_as(backend, true)
}

/// What a copy of `storage` yields if its pages are taken as they come, to say what is damaged.
pub(super) fn read_unchecked(storage: &impl StorageBackend) -> Option<Raw> {
    let copy = slots::copy(storage).ok()?;
    open_as(copy, false).ok().map(|(_, raw)| raw)
}

/// What `copy` holds, if all of it verifies.
pub(super) fn read_checked(copy: InMemoryBackend) -> Option<Raw> {
    open_as(copy, true).ok().map(|(_, raw)| raw)
}

fn open_as(backend: impl StorageBackend, check: bool) -> Result<(Handle, Raw), Fault> {
    let database = contained(|| {
        Ok(Database::builder()
            .set_cache_size(CACHE_BYTES)
            // Not only after a crash: redb writes where its allocator says there is room, so a
            // flipped bit there would cost a record later.
            .set_check_integrity_on_open(check)
            .create_with_backend(backend)?)
    })?;
    // In a handle before it is read: were it dropped while a panic unwinds, a second panic in its
    // drop would abort the process.
    let handle = Handle(Some(database));
    let raw = contained(|| read(handle.database()))?;
    Ok((handle, raw))
}

fn begin(database: &Database) -> Result<WriteTransaction, Fault> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    // With redb's default, a bit that flips after a crash can silently bring back the commit
    // before the last.
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

fn apply(
    transaction: &WriteTransaction,
    changes: &[Change],
    contents: &mut Contents,
) -> Result<(), Fault> {
    let mut records = transaction.open_table(RECORDS)?;
    for change in changes {
        let (key, replaced) = match change {
            Change::Put { key, value } => {
                let stored = record::seal(record::seed_of(*key), value);
                contents.add(key.kind, &stored);
                (key, records.insert((key.kind, key.number), stored.as_slice())?)
            }
            Change::Remove { key } => (key, records.remove((key.kind, key.number))?),
        };
        if let Some(replaced) = replaced {
            contents.subtract(key.kind, replaced.value());
        }
    }
    let mut about = transaction.open_table(ABOUT)?;
    about.insert(CONTENTS, contents.seal().as_slice())?;
    Ok(())
}

fn read(database: &Database) -> Result<Raw, Fault> {
    let transaction = database.begin_read()?;
    let mut raw = Raw::default();
    for entry in transaction.open_table(ABOUT)?.iter()? {
        let (name, stored) = entry?;
        raw.about.insert(name.value().into(), stored.value().into());
    }
    for entry in transaction.open_table(RECORDS)?.iter()? {
        let (key, stored) = entry?;
        let (kind, number) = key.value();
        raw.records.insert(Key { kind, number }, stored.value().into());
    }
    Ok(raw)
}

/// Runs `work` and turns a panic into a fault: redb may panic on a file that it did not write.
fn contained<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // Whatever a panic leaves half done is dropped, or belongs to a store that takes no more work.
    caught_silently(work).unwrap_or(Err(Fault::Panic))
}
