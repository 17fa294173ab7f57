//! The file that a store has open, and whether its path still leads there.
//!
//! A file that is deleted, or replaced, lives on for whoever has it open: all that is written to it
//! succeeds, and is gone at the next start.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file as the system knows it: no other file has both numbers as long as this one is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    device: u64,
    inode: u64,
}

impl Place {
    /// That of an open file.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(Self::from)
    }

    /// True unless it is certain that `path` leads to no file, or to another one.
    pub(super) fn is_at(self, path: &Path) -> bool {
        match fs::metadata(path) {
            Ok(metadata) => self == metadata.into(),
            Err(error) => {
                !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
            }
        }
    }
}

impl From<Metadata> for Place {
    fn from(metadata: Metadata) -> Self {
        Place { device: metadata.dev(), inode: metadata.ino() }
    }
}
