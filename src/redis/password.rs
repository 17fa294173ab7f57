//! The password that clients must know, and how often they may guess it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ctutils::CtEq;
use thiserror::Error;

use crate::node::secret::{self, SecretError};

/// The longest password, in bytes.
const LENGTH_MAX: usize = 512;

/// How many wrong passwords from one address are looked at within a [`PERIOD`].
pub const GUESSES: u32 = 10;

/// See [`GUESSES`].
pub const PERIOD: Duration = Duration::from_secs(1);

/// From how many addresses at most; while there are more, nobody's is looked at.
const ADDRESSES: usize = 1_024;

/// A file holds no password.
#[derive(Debug, Error)]
pub enum PasswordError {
    /// The operating system refused.
    #[error("{}: cannot read it: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others may read or change it.
    #[error("{}: its mode is {mode:04o}, so others can read or write the password; make it 0600",
        path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It does not hold a password.
    #[error("{}: it is not one line of 1 to {LENGTH_MAX} bytes", path.display())]
    Form {
        /// The file.
        path: PathBuf,
    },
}

/// A password. It does not show itself in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Vec<u8>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Password {
    /// Reads the password that the file at `path` holds: one line.
    ///
    /// # Errors
    /// [`PasswordError`], naming the file.
    pub fn load(path: &Path) -> Result<Self, PasswordError> {
        // No more than it takes to see that it is too long.
        let text = secret::read(path, LENGTH_MAX as u64 + 3).map_err(|error| match error {
            SecretError::Io(source) => PasswordError::Io { path: path.into(), source },
            SecretError::Mode(mode) => PasswordError::Mode { path: path.into(), mode },
        })?;
        Self::parse(&text).ok_or_else(|| PasswordError::Form { path: path.into() })
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let line = text.strip_suffix(b"\n").unwrap_or(text);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_one = (1..=LENGTH_MAX).contains(&line.len()) && !line.contains(&b'\n');
        is_one.then(|| Password(line.to_vec()))
    }

    /// Whether `guess` is the password. How long that takes does not tell how much of it is right.
    pub fn is(&self, guess: &[u8]) -> bool {
        self.0.as_slice().ct_eq(guess).into()
    }
}

/// The wrong passwords of late.
#[derive(Debug)]
pub struct Guesses {
    since: Instant,
    failed: BTreeMap<IpAddr, u32>,
}

impl Guesses {
    /// None yet.
    pub fn new(now: Instant) -> Self {
        Guesses { since: now, failed: BTreeMap::new() }
    }

    /// Whether a password from `address` is looked at now.
    pub fn may(&mut self, now: Instant, address: IpAddr) -> bool {
        if now.saturating_duration_since(self.since) >= PERIOD {
            (self.since, self.failed) = (now, BTreeMap::new());
        }
        match self.failed.get(&address) {
            Some(failed) => *failed < GUESSES,
            None => self.failed.len() < ADDRESSES,
        }
    }

    /// One from `address` was wrong.
    pub fn failed(&mut self, address: IpAddr) {
        *self.failed.entry(address).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::Ipv4Addr;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_password_is_one_line_of_a_file_that_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let load = |text: &[u8], mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            Password::load(&path).map_err(|error| error.to_string())
        };
        let secret = load(b"open sesame\n", 0o600).unwrap();
        assert!(secret.is(b"open sesame"));
        for wrong in [&b"open sesamf"[..], b"open sesame\n", b"open", b"open sesame!", b""] {
            assert!(!secret.is(wrong));
        }
        assert!(!format!("{secret:?}").contains("sesame"));
        assert_eq!(load(b"open sesame", 0o400), Ok(secret));
        assert!(load(b"x\n", 0o644).unwrap_err().contains("its mode is 0644"));
        for text in [&b""[..], b"\n", b"two\nlines\n", &[b'x'; LENGTH_MAX + 1]] {
            assert!(load(text, 0o600).unwrap_err().contains("it is not one line"));
        }
        fs::remove_file(&path).unwrap();
        let missing = Password::load(&path).unwrap_err().to_string();
        assert!(missing.contains("cannot read it"), "{missing}");
    }

    #[test]
    fn who_guesses_has_to_wait_and_nobody_else_has() {
        let now = Instant::now();
        let (mut guesses, address) = (Guesses::new(now), |last| Ipv4Addr::new(10, 0, 0, last));
        for _ in 0..GUESSES {
            assert!(guesses.may(now, address(1).into()));
            guesses.failed(address(1).into());
        }
        assert!(!guesses.may(now, address(1).into()));
        assert!(guesses.may(now, address(2).into()));
        assert!(guesses.may(now + PERIOD, address(1).into()));
    }
}
