//! A certificate, and clients that trust it.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::cluster::LIMIT;

/// Copies a certificate of 127.0.0.1 and its key into `folder`, and tells where they are.
pub fn files(folder: &Path) -> [PathBuf; 2] {
    let fixtures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls"));
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| {
        fs::copy(fixtures.join(name), folder.join(name)).expect("a file");
        folder.join(name)
    });
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a file");
    [cert, key]
}

/// A connection to `address` whose certificate must be `cert`.
pub fn connect(address: SocketAddr, cert: &Path) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(cert).expect("a certificate")).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = address.ip().into();
    let connection = ClientConnection::new(Arc::new(config), name).expect("a session");
    let stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a socket");
    StreamOwned::new(connection, stream)
}
