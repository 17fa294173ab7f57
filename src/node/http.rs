//! What a node shows to people and to Prometheus, on a thread of its own: `/` a page that shows the
//! cluster, `/status` one node's state as JSON, `/metrics` its counters as text.
//!
//! It speaks as much HTTP/1.1 as that takes and bounds everything that a client decides: how long
//! a request is, how long it takes, how many there are. It is read-only, and on loopback unless the
//! config says otherwise: whoever reaches it may read it.

mod answer;
mod request;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::board::Board;
use super::config::{Config, ConfigError};
use super::snapshot::Snapshot;
use request::Request;

/// Connections served at a time; one more is closed at once.
const CONNECTIONS: usize = 32;

/// How long to wait after a connection could not be accepted, for want of file descriptors, say.
const PAUSE: Duration = Duration::from_millis(50);

/// Why there is no page.
#[derive(Debug, Error)]
pub enum HttpError {
    /// Most likely the port is in use.
    #[error("cannot listen on TCP {address}: {source}")]
    Bind { address: SocketAddr, source: io::Error },
    /// The configuration does not name this node.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no thread to be had.
    #[error("cannot start the HTTP thread: {0}")]
    Thread(#[source] io::Error),
}

/// The running thread. It ends when this is dropped.
#[derive(Debug)]
pub struct Http {
    address: SocketAddr,
    closing: Board<()>,
    thread: Option<JoinHandle<()>>,
}

/// What does not change while a node runs.
#[derive(Debug)]
struct Site {
    config: Config,
    id: u64,
    started: Instant,
    board: Board<Snapshot>,
}

impl Http {
    /// Listens where node `id` serves HTTP and shows what is published on `board`.
    ///
    /// # Errors
    /// [`HttpError`], naming the address.
    pub fn start(config: &Config, id: u64, board: Board<Snapshot>) -> Result<Self, HttpError> {
        let address = config.node(id)?.http;
        let listener =
            TcpListener::bind(address).map_err(|source| HttpError::Bind { address, source })?;
        let (config, started) = (config.clone(), Instant::now());
        let site = Arc::new(Site { config, id, started, board });
        let closing = Board::default();
        let seen = closing.clone();
        let thread = thread::Builder::new()
            .name("http".into())
            .spawn(move || accept(&listener, &site, &seen))
            .map_err(HttpError::Thread)?;
        Ok(Self { address, closing, thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.closing.stop();
        // The thread waits for a connection; this is one. If none can be made, the thread is left
        // to the end of the process rather than waited for.
        if TcpStream::connect_timeout(&self.address, request::PATIENCE).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, site: &Arc<Site>, closing: &Board<()>) {
    // Every connection holds a clone: their number is that of the connections.
    let open = Arc::new(());
    loop {
        let accepted = listener.accept();
        if closing.is_stopping() {
            return;
        }
        let Ok((stream, _)) = accepted else {
            thread::sleep(PAUSE);
            continue;
        };
        if Arc::strong_count(&open) > CONNECTIONS {
            continue;
        }
        let (site, open) = (Arc::clone(site), Arc::clone(&open));
        // A client may be as slow as its deadline allows; the others do not wait for it.
        let _ = thread::Builder::new().name("http connection".into()).spawn(move || {
            let _ = serve(stream, &site);
            drop(open);
        });
    }
}

fn serve(mut stream: TcpStream, site: &Site) -> io::Result<()> {
    let answer = match request::read(&mut stream)? {
        Ok(Request { path, head_only }) => {
            let answer = answer::to(&path, site);
            if head_only { answer.head } else { answer.whole() }
        }
        Err(refusal) => answer::refusal(refusal).whole(),
    };
    request::reply(stream, &answer)
}
