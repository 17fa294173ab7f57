//! What a node says over HTTP/1.1, on a thread of its own: `/` a page that shows the cluster,
//! `/status` one node's state as JSON, `/metrics` its counters as text; and what else it is given
//! to answer, as [`Answers`].
//!
//! It bounds everything that a client decides: how many connections there are, how long a request
//! is, how long it takes, how long the answer may take. A connection that waits costs a few
//! kilobytes and holds up nobody.

mod answer;
mod body;
mod connection;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, oneshot};

pub use self::body::{Body, BodyError, Held};
pub use self::connection::Asked;
use super::board::Board;
use super::config::{Config, ConfigError};
use super::descriptors;
use super::listener;
use super::snapshot::Snapshot;
use super::tls::Tls;

/// How long to wait after a connection could not be accepted, for want of file descriptors, say.
const PAUSE: Duration = Duration::from_millis(50);

/// Threads that look up names for the page, at most.
const LOOKING_UP: usize = 2;

/// What clients are held to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many connections there are at a time; one more is told so, and closed.
    pub connections: usize,
    /// How long a client has for the head of a request, from the connection's begin or the answer
    /// before; then the connection is closed.
    pub head: Duration,
    /// How long it has for the body.
    pub body: Duration,
    /// One that takes nothing of its answer for so long is closed.
    pub stall: Duration,
    /// How many bytes bodies and answers hold together; what needs more is refused.
    pub memory: usize,
    /// With this, a client may speak TLS; what it asks for without is known to be plain.
    pub tls: Option<Tls>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            connections: 10_000,
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            memory: 256 << 20,
            tls: None,
        }
    }
}

/// What is answered, once it is.
pub type Answering = Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>;

/// Something else that answers requests, on paths of its own.
pub trait Answers: Send + Sync {
    /// Whether it answers requests for `path`, whatever their method.
    fn owns(&self, path: &str) -> bool;

    /// Answers one.
    fn answer(&self, asked: Asked) -> Answering;
}

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

/// The running thread. It ends when this is dropped, and closes all connections.
#[derive(Debug)]
pub struct Http {
    address: SocketAddr,
    /// Dropped, it tells the thread to stop.
    closing: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What does not change while a node runs.
struct Site {
    config: Config,
    id: u64,
    started: Instant,
    board: Board<Snapshot>,
    more: Option<Arc<dyn Answers>>,
    settings: Settings,
    /// The bytes of [`Settings::memory`] that nobody holds.
    memory: Arc<Semaphore>,
}

impl Http {
    /// Listens where node `id` serves HTTP, and shows what is published on `board`. What `more`
    /// owns it answers.
    ///
    /// # Errors
    /// [`HttpError`], naming the address.
    pub fn start(
        config: &Config,
        id: u64,
        board: Board<Snapshot>,
        more: Option<Arc<dyn Answers>>,
        settings: Settings,
    ) -> Result<Self, HttpError> {
        let address = config.node(id)?.http;
        let bind = |source| HttpError::Bind { address, source };
        let listener = listener::on(address).map_err(bind)?;
        let (config, started) = (config.clone(), Instant::now());
        let connections = descriptors::connections(settings.connections);
        let settings = Settings { connections, ..settings };
        let memory = Arc::new(Semaphore::new(settings.memory));
        let site = Arc::new(Site { config, id, started, board, more, settings, memory });
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(LOOKING_UP)
            .build()
            .map_err(HttpError::Thread)?;
        let listener = {
            let _guard = runtime.enter();
            TcpListener::from_std(listener).map_err(bind)?
        };
        let (closing, closed) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("http".into())
            .spawn(move || serve(runtime, listener, site, closed))
            .map_err(HttpError::Thread)?;
        Ok(Self { address, closing: Some(closing), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.closing.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(runtime: Runtime, listener: TcpListener, site: Arc<Site>, closed: oneshot::Receiver<()>) {
    runtime.spawn(accept(listener, site));
    // It is never sent anything: this is the end of the sender.
    let _ = runtime.block_on(closed);
    // A name that is being looked up is not waited for.
    runtime.shutdown_background();
}

async fn accept(listener: TcpListener, site: Arc<Site>) {
    let places = Arc::new(Semaphore::new(site.settings.connections));
    loop {
        match listener.accept().await {
            Err(_) => tokio::time::sleep(PAUSE).await,
            Ok((stream, from)) => match Arc::clone(&places).try_acquire_owned() {
                Err(_) => connection::refuse(&stream),
                Ok(place) => {
                    let site = Arc::clone(&site);
                    tokio::spawn(async move {
                        connection::serve(stream, from, site).await;
                        drop(place);
                    });
                }
            },
        }
    }
}
