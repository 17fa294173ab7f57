//! What a node remembers, as the event loop wants it: committed, and still there.

use std::error::Error;
use std::time::{Duration, Instant};

use quorate_models::durable::{Ahead, Durable, Early};
use quorate_models::protocol::{Awaited, Protocol};

use super::writer::{self, Job};
use super::{EventLoop, LOOK, NodeError, Watch};
use crate::node::storage::{Store, StoreError};

/// What makes an actor's storage survive a crash.
pub trait Disk<S>: Send + 'static {
    /// What went wrong.
    type Error: Error + Send + Sync + 'static;

    /// Makes `storage` what the node starts from after a crash. When this returns it is, and has
    /// been before if this is false.
    ///
    /// # Errors
    /// If that is not certain. The node stops then.
    fn commit(&mut self, storage: &S) -> Result<bool, Self::Error>;

    /// Has some of `early` written by the next [`commit`](Self::commit) or
    /// [`flush`](Self::flush), and gives up what was written ahead of other records. True if all of
    /// `early` is on the disk. Nothing is written ahead by default.
    fn write_ahead(&mut self, _early: Option<&Early>) -> bool {
        true
    }

    /// Whether there is anything to [`flush`](Self::flush). There is not by default.
    fn is_behind(&self) -> bool {
        false
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

impl<S: Durable + Clone + Send + 'static> Disk<S> for Store<S> {
    type Error = StoreError;

    fn commit(&mut self, storage: &S) -> Result<bool, StoreError> {
        Store::commit(self, storage)
    }

    fn write_ahead(&mut self, early: Option<&Early>) -> bool {
        Store::write_ahead(self, early)
    }

    fn is_behind(&self) -> bool {
        Store::is_behind(self)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Store::flush(self)
    }

    fn look(&self) -> Result<(), StoreError> {
        Store::look(self)
    }
}

impl<A: Protocol, D: Disk<A::Storage>, W: Watch> EventLoop<A, D, W> {
    /// Makes `storage` durable, which is so when this returns.
    pub(super) fn commit(&mut self, storage: &A::Storage) -> Result<(), NodeError> {
        let waited_for = self.writer.wait()?;
        let took = self.writer.idle().map(|disk| writer::commit(disk, storage)).transpose()?;
        self.note(waited_for);
        self.note(took.flatten());
        Ok(())
    }

    fn note(&mut self, took: Option<Duration>) {
        if let Some(took) = took {
            self.counts.commits.observe(took);
        }
    }

    /// Goes on with what the actor is going to save, once the disk is idle.
    pub(super) fn write_ahead(&mut self) -> Result<(), NodeError> {
        let took = self.writer.take_back()?;
        self.note(took);
        if let Some(early) = self.aside.made()? {
            A::made(self.state.to_mut(), early);
        }
        let Some(disk) = self.writer.idle() else { return Ok(()) };
        self.is_ahead = match A::ahead(&self.state) {
            Ahead::Nothing => disk.write_ahead(None),
            Ahead::Records(early) => disk.write_ahead(Some(&early)),
            Ahead::Unmade(work) => {
                disk.write_ahead(None);
                self.aside.begin(work)?;
                false
            }
        };
        Ok(())
    }

    /// Has the thread write what may be written while the node goes on.
    pub(super) fn write_behind(&mut self) {
        let Some(disk) = self.writer.idle() else { return };
        let is_behind = disk.is_behind();
        match A::being_written(&self.state) {
            Some(storage) if !self.is_begun => {
                self.is_begun = true;
                self.writer.begin(Job::Commit(storage));
            }
            being_written => {
                self.is_begun = being_written.is_some();
                if is_behind {
                    self.writer.begin(Job::Flush);
                }
            }
        }
    }

    /// Does a timer that is due wait for the disk?
    pub(super) fn must_wait(&self, timer: &A::Timer) -> bool {
        match A::waits_for(timer) {
            None => false,
            Some(Awaited::Records) => !self.is_ahead || !self.writer.is_idle(),
            Some(Awaited::Storage) if self.is_begun => !self.writer.is_idle(),
            Some(Awaited::Storage) => A::being_written(&self.state).is_some(),
        }
    }

    /// Looks at the disk, from time to time.
    pub(super) fn look(&mut self) -> Result<(), NodeError> {
        let now = Instant::now();
        if now < self.looked + LOOK {
            return Ok(());
        }
        let Some(disk) = self.writer.idle() else { return Ok(()) };
        self.looked = now;
        disk.look().map_err(|error| NodeError::Disk(Box::new(error)))
    }
}
