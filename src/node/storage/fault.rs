//! What a file did instead of what it was asked for.

use std::io;
use std::path::Path;

use super::StoreError;

/// Why a file could not be read or written.
#[derive(Debug)]
pub(super) enum Fault {
    /// The system refused.
    Io(io::Error),
    /// The file does not hold what was written to it.
    Damage {
        /// Which part of it.
        part: String,
        problem: String,
    },
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Fault {
    pub(super) fn damage(part: &str, problem: &str) -> Self {
        Self::Damage { part: part.into(), problem: problem.into() }
    }

    /// As what went wrong with the store at `path`, which was to be opened, or whatever `action`
    /// says.
    pub(super) fn at(self, path: &Path, action: &'static str) -> StoreError {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                StoreError::damaged(path, "the file", "it ends too soon")
            }
            Self::Io(error) => StoreError::io(path, action, error),
            Self::Damage { part, problem } => StoreError::damaged(path, &part, &problem),
        }
    }
}
