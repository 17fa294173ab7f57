//! The key that the nodes and the clients of a cluster share.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::ConfigError;
use crate::node::secret::{self, SecretError};

/// Bytes in a key.
pub const KEY: usize = 32;

/// A cluster's secret. It does not show itself in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; KEY]);

impl Key {
    /// The secret itself.
    #[must_use]
    pub fn bytes(&self) -> &[u8; KEY] {
        &self.0
    }

    /// Writes a fresh random key to `path`, for its owner only, and syncs it.
    pub(super) fn create(path: &Path) -> Result<(), ConfigError> {
        let mut key = [0; KEY];
        getrandom::fill(&mut key)
            .map_err(|error| ConfigError::io(path, "make a key for")(io::Error::other(error)))?;
        let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(
                |error| match error.kind() {
                    io::ErrorKind::AlreadyExists => ConfigError::Exists { path: path.into() },
                    _ => ConfigError::io(path, "create")(error),
                },
            )?;
        writeln!(file, "{text}")
            .and_then(|()| file.sync_all())
            .map_err(ConfigError::io(path, "write"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Reads the key at `path`: 64 hex digits on one line.
///
/// # Errors
/// [`ConfigError::KeyMode`] if anyone but its owner may read or write the file;
/// [`ConfigError::Field`] if it holds anything else; [`ConfigError::Io`] if it cannot be read.
pub fn load_key(path: &Path) -> Result<Key, ConfigError> {
    // No more than it takes to see that it is too long.
    let text = secret::read(path, 2 * KEY as u64 + 2).map_err(|error| match error {
        SecretError::Io(source) => ConfigError::io(path, "read")(source),
        SecretError::Mode(mode) => ConfigError::KeyMode { path: path.into(), mode },
    })?;
    parse(&text).ok_or_else(|| ConfigError::Field {
        path: path.into(),
        field: "key".into(),
        problem: format!("it is not one line of {} hex digits", 2 * KEY),
    })
}

fn parse(text: &[u8]) -> Option<Key> {
    let digits = text.strip_suffix(b"\n").unwrap_or(text);
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?));
    let bytes: Option<Vec<u8>> = bytes.collect();
    bytes?.try_into().ok().map(Key)
}
