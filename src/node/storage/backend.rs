//! What a store is written to: bytes that can be read, written and synced.

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes that survive a crash once they are synced.
pub trait Backend: Debug + Send {
    /// How many bytes there are.
    ///
    /// # Errors
    /// What the system says.
    fn length(&self) -> io::Result<u64>;

    /// Fills `bytes` with what there is from `at` on.
    ///
    /// # Errors
    /// `UnexpectedEof` if there is not so much; what the system says.
    fn read(&self, at: u64, bytes: &mut [u8]) -> io::Result<()>;

    /// Writes `bytes` from `at` on, beyond the end as well.
    ///
    /// # Errors
    /// What the system says. It is not known then what was written.
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes it `length` bytes long, which is no less than it has; what is new is zeros, for which
    /// no room need be found yet.
    ///
    /// # Errors
    /// What the system says.
    fn extend(&self, length: u64) -> io::Result<()>;

    /// Makes all that was written survive a crash.
    ///
    /// # Errors
    /// What the system says. It is not known then what will survive.
    fn sync(&self) -> io::Result<()>;
}

impl Backend for File {
    fn length(&self) -> io::Result<u64> {
        self.metadata().map(|metadata| metadata.len())
    }

    fn read(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.read_exact_at(bytes, at)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, at)
    }

    fn extend(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
