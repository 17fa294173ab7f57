//! A node's disk, and a thread that writes to it while the node goes on.

use std::error::Error;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Disk, NodeError};
use crate::node::panics::caught;

/// A node does not go on for longer while its disk writes. One whose disk has got stuck is silent
/// then, so that another takes its place.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the thread is given to do.
pub(super) enum Job<S> {
    /// Makes this durable.
    Commit(S),
    /// Writes what no commit has taken along.
    Flush,
}

/// The disk, and how long it took to make durable what was not before.
type Ended<D> = Result<(D, Option<Duration>), NodeError>;

/// The disk, wherever it is.
pub(super) struct Writer<D, S> {
    /// None while the thread has it.
    disk: Option<D>,
    /// When the thread got it.
    began: Instant,
    jobs: Option<Sender<(D, Job<S>)>>,
    done: Receiver<Ended<D>>,
    thread: Option<JoinHandle<()>>,
}

impl<S: Send + 'static, D: Disk<S>> Writer<D, S> {
    /// Has `disk` written to by a thread, which calls `wake` whenever it has done so.
    ///
    /// # Errors
    /// [`NodeError`] if there is no thread to be had.
    pub(super) fn start(disk: D, wake: impl Fn() + Send + 'static) -> Result<Self, NodeError> {
        let ((jobs, given), (ended, done)) = (channel(), channel());
        let work = move || {
            for (disk, job) in given {
                if ended.send(write(disk, job)).is_err() {
                    return;
                }
                wake();
            }
        };
        let thread = thread::Builder::new().name("disk".into());
        let thread = thread.spawn(work).map_err(NodeError::Thread)?;
        let (disk, began) = (Some(disk), Instant::now());
        Ok(Writer { disk, began, jobs: Some(jobs), done, thread: Some(thread) })
    }

    /// The disk, unless the thread writes to it.
    pub(super) fn idle(&mut self) -> Option<&mut D> {
        self.disk.as_mut()
    }

    /// Whether the thread does not write to it.
    pub(super) fn is_idle(&self) -> bool {
        self.disk.is_some()
    }

    /// Has the thread do `job`, if it is idle.
    pub(super) fn begin(&mut self, job: Job<S>) {
        if let (Some(disk), Some(jobs)) = (self.disk.take(), &self.jobs) {
            self.began = Instant::now();
            // If the thread has ended, the disk is never seen again, which is noticed.
            let _ = jobs.send((disk, job));
        }
    }

    /// Takes the disk back if the thread has done its job since this was asked last, and says how
    /// long it took to make durable what was not before. Waits for a thread that has been at it for
    /// a second.
    ///
    /// # Errors
    /// [`NodeError`] if it could not be done.
    pub(super) fn take_back(&mut self) -> Result<Option<Duration>, NodeError> {
        if self.is_idle() || self.began.elapsed() >= PATIENCE {
            return self.wait();
        }
        match self.done.try_recv() {
            Err(TryRecvError::Empty) => Ok(None),
            ended => self.end(ended.ok()),
        }
    }

    /// As [`take_back`](Self::take_back), but waits for the thread in any case.
    ///
    /// # Errors
    /// As [`take_back`](Self::take_back).
    pub(super) fn wait(&mut self) -> Result<Option<Duration>, NodeError> {
        if self.is_idle() {
            return Ok(None);
        }
        let ended = self.done.recv().ok();
        self.end(ended)
    }

    fn end(&mut self, ended: Option<Ended<D>>) -> Result<Option<Duration>, NodeError> {
        let gone = || Err(panicked("the thread has ended".to_owned()));
        let (disk, took) = ended.unwrap_or_else(gone)?;
        self.disk = Some(disk);
        Ok(took)
    }
}

fn write<S, D: Disk<S>>(mut disk: D, job: Job<S>) -> Ended<D> {
    let write = || match job {
        Job::Commit(storage) => commit(&mut disk, &storage),
        Job::Flush => disk.flush().map(|()| None).map_err(failed),
    };
    let took = caught(write).map_err(panicked)??;
    Ok((disk, took))
}

/// Makes `storage` durable, and says how long that took if it was not before.
///
/// # Errors
/// [`NodeError`] if it is not certain that it is.
pub(super) fn commit<S, D: Disk<S>>(
    disk: &mut D,
    storage: &S,
) -> Result<Option<Duration>, NodeError> {
    let asked = Instant::now();
    let is_new = disk.commit(storage).map_err(failed)?;
    Ok(is_new.then(|| asked.elapsed()))
}

fn failed(error: impl Error + Send + Sync + 'static) -> NodeError {
    NodeError::Disk(Box::new(error))
}

fn panicked(words: String) -> NodeError {
    NodeError::Panic { during: "while it wrote to its disk".to_owned(), words }
}

/// What was begun is written to its end.
impl<D, S> Drop for Writer<D, S> {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
