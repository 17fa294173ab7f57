//! What a node needs to speak TLS: a certificate and its key.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig, ServerConnection};

use super::secret::{self, SecretError};

/// The longest file, in bytes.
const LENGTH_MAX: u64 = 1 << 20;

/// There is no TLS.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The operating system refused.
    #[error("{}: cannot read it: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others may read or change the key.
    #[error("{}: its mode is {mode:04o}, so others can read or write the key; make it 0600",
        path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It does not hold what it is to hold.
    #[error("{}: it holds no {what} in PEM: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it is to hold.
        what: &'static str,
        /// What is wrong.
        source: pem::Error,
    },
    /// The two do not belong together, or are of a kind that is not known.
    #[error("{} and {}: they cannot be used: {source}", cert.display(), key.display())]
    Unfit {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// A certificate and its key. It does not show itself in logs.
#[derive(Clone)]
pub struct Tls {
    /// For HTTP, which names itself while keys are agreed on.
    http: Arc<ServerConfig>,
    /// For what does not.
    other: Arc<ServerConfig>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(..)")
    }
}

impl Tls {
    /// Reads the certificate at `cert`, with those that vouch for it behind it, and its key at
    /// `key`, both in PEM. Clients are served by TLS 1.3.
    ///
    /// # Errors
    /// [`TlsError`], naming the file: [`TlsError::Mode`] if anyone but its owner may read or write
    /// the key.
    pub fn load(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        let pem = |path: &Path, what, source| TlsError::Pem { path: path.into(), what, source };
        let text = read(cert)?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .and_then(
                |all: Vec<_>| if all.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(all) },
            )
            .map_err(|error| pem(cert, "certificate", error))?;
        let secret = PrivateKeyDer::from_pem_slice(&read_secret(key)?)
            .map_err(|error| pem(key, "private key", error))?;
        let unfit = |source| TlsError::Unfit { cert: cert.into(), key: key.into(), source };
        let other = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
            .map_err(unfit)?;
        let mut http = other.clone();
        http.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls { http: Arc::new(http), other: Arc::new(other) })
    }

    /// What takes connections of HTTP.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.http))
    }

    /// One side of a connection that has just come, and is none of HTTP.
    ///
    /// # Errors
    /// If there is no random number to be had.
    pub(crate) fn session(&self) -> Result<ServerConnection, rustls::Error> {
        ServerConnection::new(Arc::clone(&self.other))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let io = |source| TlsError::Io { path: path.into(), source };
    let mut text = Vec::new();
    File::open(path).map_err(io)?.take(LENGTH_MAX).read_to_end(&mut text).map_err(io)?;
    Ok(text)
}

fn read_secret(path: &Path) -> Result<Vec<u8>, TlsError> {
    secret::read(path, LENGTH_MAX).map_err(|error| match error {
        SecretError::Io(source) => TlsError::Io { path: path.into(), source },
        SecretError::Mode(mode) => TlsError::Mode { path: path.into(), mode },
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const CERT: &[u8] = include_bytes!("../../tests/fixtures/tls/cert.pem");
    const KEY: &[u8] = include_bytes!("../../tests/fixtures/tls/key.pem");

    #[test]
    fn what_cannot_be_used_is_refused_and_its_file_named() {
        let folder = tempfile::tempdir().unwrap();
        let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
        let load = |one: &[u8], other: &[u8], mode| {
            fs::write(&cert, one).unwrap();
            fs::write(&key, other).unwrap();
            fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
            Tls::load(&cert, &key).map(drop).map_err(|error| error.to_string())
        };
        load(CERT, KEY, 0o600).unwrap();
        // A chain, and a file that holds both.
        load(&[CERT, CERT].concat(), &[CERT, KEY].concat(), 0o400).unwrap();
        let refused = |one: &[u8], other: &[u8], mode, words: [&str; 2]| {
            let error = load(one, other, mode).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        };
        refused(CERT, KEY, 0o640, ["key.pem: its mode is 0640", "make it 0600"]);
        refused(b"", KEY, 0o600, ["cert.pem: ", "no certificate in PEM"]);
        refused(KEY, KEY, 0o600, ["cert.pem: ", "no certificate in PEM"]);
        refused(CERT, CERT, 0o600, ["key.pem: ", "no private key in PEM"]);
        let broken = CERT.to_ascii_lowercase();
        refused(&broken, KEY, 0o600, ["cert.pem: ", "no certificate in PEM"]);
        fs::remove_file(&cert).unwrap();
        let missing = Tls::load(&cert, &key).unwrap_err().to_string();
        assert!(missing.contains("cert.pem: cannot read it"), "{missing}");
    }
}
