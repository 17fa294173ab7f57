//! What a thread is woken by that waits for the socket.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{Errno, read, write};

/// A bell that any thread rings, and one hears. It goes on ringing until that one hushes it.
#[derive(Debug)]
pub(super) struct Bell(OwnedFd);

impl Bell {
    /// One that does not ring.
    ///
    /// # Errors
    /// If the system has no more of them.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Bell(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?))
    }

    /// Rings it.
    pub(super) fn ring(&self) {
        // It fails if it was rung 2^64 times, and then it rings.
        let _ = write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Makes it silent, and says whether it rang.
    pub(super) fn hush(&self) -> bool {
        read(&self.0, &mut [0_u8; 8]) != Err(Errno::AGAIN)
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
