//! What a node remembers, as the event loop wants it: committed, and still there.

use std::error::Error;
use std::time::Instant;

use quorate_models::durable::{Ahead, Durable, Early};
use quorate_models::protocol::Protocol;

use super::{EventLoop, LOOK, NodeError, Watch};
use crate::node::storage::{Store, StoreError};

/// What makes an actor's storage survive a crash.
pub trait Disk<S> {
    /// What went wrong.
    type Error: Error + Send + Sync + 'static;

    /// Makes `storage` what the node starts from after a crash. When this returns it has.
    ///
    /// # Errors
    /// If that is not certain. The node stops then.
    fn commit(&mut self, storage: &S) -> Result<(), Self::Error>;

    /// Has some of `early` written by the next [`commit`](Self::commit) or
    /// [`flush`](Self::flush), and gives up what was written ahead of other records. True if all of
    /// `early` is on the disk. Nothing is written ahead by default.
    fn write_ahead(&mut self, _early: Option<&Early>) -> bool {
        true
    }

    /// Writes what no commit has taken along.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Looks whether what was committed is still to be found. Asked about twice a second. It is by
    /// default.
    ///
    /// # Errors
    /// If it is certain that it is not. The node stops then.
    fn look(&self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl<S: Durable + Clone> Disk<S> for Store<S> {
    type Error = StoreError;

    fn commit(&mut self, storage: &S) -> Result<(), StoreError> {
        Store::commit(self, storage)
    }

    fn write_ahead(&mut self, early: Option<&Early>) -> bool {
        Store::write_ahead(self, early)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Store::flush(self)
    }

    fn look(&self) -> Result<(), StoreError> {
        Store::look(self)
    }
}

impl<A: Protocol, D: Disk<A::Storage>, W: Watch> EventLoop<A, D, W> {
    /// Goes on with what the actor is going to save; true if all of it is written.
    pub(super) fn write_ahead(&mut self) -> Result<bool, NodeError> {
        if let Some(early) = self.aside.made()? {
            A::made(self.state.to_mut(), early);
        }
        match A::ahead(&self.state) {
            Ahead::Nothing => Ok(self.disk.write_ahead(None)),
            Ahead::Records(early) => Ok(self.disk.write_ahead(Some(&early))),
            Ahead::Unmade(work) => {
                self.disk.write_ahead(None);
                self.aside.begin(work)?;
                Ok(false)
            }
        }
    }

    /// Looks at the disk, from time to time.
    pub(super) fn look(&mut self) -> Result<(), NodeError> {
        let now = Instant::now();
        if now < self.looked + LOOK {
            return Ok(());
        }
        self.looked = now;
        self.disk.look().map_err(|error| NodeError::Disk(Box::new(error)))
    }
}
