//! Redis clients of a cluster: RESP2 and RESP3 over TCP, on a thread of its own.
//!
//! Each connection is a session with the cluster. All commands that a client has sent go as one of
//! the replicated store, so they take effect once or, if there is no answer in time, perhaps: then
//! the client is told of each that nobody knows. Reads are linearizable. The gateway is a client
//! like any other, and asks its own node first; it neither knows nor cares which node leads.
//!
//! ```text
//!   clients ==TCP==> connection --+
//!   clients ==TCP==> connection --+-- sessions ==UDP==> the leader, wherever it is
//!   clients ==TCP==> connection --+
//! ```
//!
//! **Bounds.** Requests are held to [`LIMITS`] as they come, connections to
//! [`Settings::connections`], and all that they hold together to [`Settings::memory`]. A client
//! that does not read its answers, or does not end a request that it has begun, or does not agree
//! on keys where TLS is spoken, is closed after [`Settings::stall`]. Where there is no room for
//! more, nothing more is read, and what has been read and has no room on its way to the cluster is
//! answered `BUSY`.

mod batch;
mod buffer;
mod command;
mod connection;
mod counters;
mod desk;
pub mod password;
pub mod reply;
pub mod request;
mod server;
mod stream;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio::net::TcpListener;
use mio::{Poll, Waker};
use quorate_models::kv::{Kv, VALUE_MAX};
use stateright::actor::Id;
use thiserror::Error;

use crate::node::board::Board;
use crate::node::client::Sessions;
use crate::node::panics::caught;
use crate::node::tls::Tls;
use crate::node::transport::{Members, TransportError};
use crate::node::{descriptors, listener};
pub use counters::Counters;
use desk::Desk;
use password::Password;
use request::Limits;
use server::Server;

/// What one request may have. All of it goes into one message to the cluster.
pub const LIMITS: Limits = Limits { arguments: 16_384, bulk: VALUE_MAX, bytes: 2 << 20 };

/// The same, of a client that has not said the password.
pub const LIMITS_OF_STRANGERS: Limits = Limits { arguments: 10, bulk: 4 << 10, bytes: 8 << 10 };

/// How clients are served.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What they must know, if anything.
    pub password: Option<Password>,
    /// What the gateway is known by if it speaks TLS, and TLS only.
    pub tls: Option<Tls>,
    /// After so long without an answer of the cluster a command's outcome is unknown.
    pub timeout: Duration,
    /// How many there are at a time; one more is told so, and closed.
    pub connections: usize,
    /// How many bytes are held for all of them, in buffers and in commands on their way; what needs
    /// more is refused.
    pub memory: usize,
    /// One that takes nothing of what it is sent for so long, or sends nothing more of a request,
    /// is closed.
    pub stall: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            password: None,
            tls: None,
            timeout: Duration::from_secs(5),
            connections: 10_000,
            memory: 256 << 20,
            stall: Duration::from_secs(30),
        }
    }
}

/// Redis clients are not served, or no more.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// Whoever reaches the address could do anything.
    #[error("{0} can be reached from other machines, and Redis clients need no password there")]
    Open(SocketAddr),
    /// Most likely the port is in use.
    #[error("cannot listen on TCP {address} for Redis clients: {source}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// There is no socket to the cluster, or no random number.
    #[error(transparent)]
    Cluster(#[from] TransportError),
    /// There is no thread to be had.
    #[error("cannot start the thread for Redis clients: {0}")]
    Thread(#[source] io::Error),
    /// The system does not say when something comes.
    #[error("cannot wait for Redis clients: {0}")]
    Wait(#[source] io::Error),
    /// An error of ours, in its words.
    #[error("the thread for Redis clients panicked: {0}")]
    Panic(String),
}

/// The running thread. It ends when this is dropped, and closes all connections.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Gateway {
    /// Serves clients that come to `address`, by the cluster of `members` and first by its server
    /// `first`. From `places` it learns where the servers are, whenever that changes. `fails` is
    /// called, on its thread, if it cannot go on. What it counts is on `board`.
    ///
    /// # Errors
    /// [`GatewayError`]: [`GatewayError::Open`] if `address` is no loopback address and there is no
    /// password.
    ///
    /// # Panics
    /// If `members` has no servers.
    pub fn start(
        address: SocketAddr,
        members: Members,
        first: Id,
        places: Receiver<BTreeMap<u64, SocketAddr>>,
        settings: Settings,
        board: Board<Counters>,
        fails: impl FnOnce(GatewayError) + Send + 'static,
    ) -> Result<Self, GatewayError> {
        if settings.password.is_none() && !address.ip().is_loopback() {
            return Err(GatewayError::Open(address));
        }
        let bind = |source| GatewayError::Bind { address, source };
        let listener = TcpListener::from_std(listener::on(address).map_err(bind)?);
        let address = listener.local_addr().map_err(bind)?;
        let mut sessions = Sessions::<Kv>::of(&members)?;
        sessions.ask_first(first);
        let poll = Poll::new().map_err(GatewayError::Wait)?;
        let waker = Waker::new(poll.registry(), server::WAKER).map_err(GatewayError::Wait)?;
        let stopping = Arc::new(AtomicBool::new(false));
        let connections = descriptors::connections(settings.connections);
        let settings = Settings { connections, ..settings };
        let told = stopping.clone();
        let desk = Desk::new(settings, sessions, board);
        let server =
            Server::new(poll, listener, members, places, desk, told).map_err(GatewayError::Wait)?;
        let thread = thread::Builder::new()
            .name("redis".into())
            .spawn(move || match caught(|| server.run()) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => fails(error),
                Err(words) => fails(GatewayError::Panic(words)),
            })
            .map_err(GatewayError::Thread)?;
        Ok(Gateway { address, stopping, waker, thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Release);
        if self.waker.wake().is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}
