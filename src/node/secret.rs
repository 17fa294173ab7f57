//! Files that hold a secret, which their owner alone may read and write.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Why a file is not read.
pub(crate) enum SecretError {
    /// What the system says.
    Io(io::Error),
    /// Its mode, by which others may read or write it.
    Mode(u32),
}

/// What the file at `path` holds, up to so many bytes.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, SecretError> {
    let file = File::open(path).map_err(SecretError::Io)?;
    // Of the open file, so that what is judged is what is read.
    let mode = file.metadata().map_err(SecretError::Io)?.permissions().mode() & 0o7777;
    if mode & 0o066 != 0 {
        return Err(SecretError::Mode(mode));
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(SecretError::Io)?;
    Ok(bytes)
}
