//! etcd's JSON gateway: the key-value store as clients of etcd ask for it, over HTTP/1.1.
//!
//! Each request is one command of the replicated store, or one read of it: it takes effect once,
//! or, if there is no answer in time, perhaps; then the client is told that nobody knows. Reads are
//! linearizable unless they are asked for as serializable. The gateway is a client like any other,
//! and asks its own node first.
//!
//! ```text
//!   clients ==TCP==> the node's HTTP thread --jobs--> desk --sessions==UDP==> the leader
//! ```
//!
//! **Bounds.** A request has [`REQUEST_MAX`] bytes. [`JOBS`] of them wait, and as many are on their
//! way; one more is told to come again. What connections and memory are bounded by is
//! [`crate::node::http`].
//!
//! **Access.** Whoever may ask may write. On loopback that is everybody who reaches the address;
//! elsewhere only who says the password. Web pages never may, wherever they are from: browsers say
//! the `Origin` of each such request, and forms cannot send `application/json`.

mod access;
mod desk;
mod json;
mod problem;
mod service;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio::{Poll, Waker};
use quorate_models::kv::Kv;
use stateright::actor::Id;
use thiserror::Error;

use crate::node::board::Board;
use crate::node::client::Sessions;
use crate::node::http::Answers;
use crate::node::panics::caught;
use crate::node::snapshot::Snapshot;
use crate::node::transport::{Members, TransportError};
use crate::redis::password::Password;
use access::Access;
use desk::{Desk, Job};
use service::Service;

/// The most bytes of a request, which is JSON, with its keys and values in base64.
pub const REQUEST_MAX: usize = 2 << 20;

/// How many requests wait for the thread that asks the cluster, and how many it asks at a time.
pub const JOBS: usize = 1_024;

/// How clients are served.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What they must know, if anything.
    pub password: Option<Password>,
    /// Whether only this machine reaches the address.
    pub on_loopback: bool,
    /// After so long without an answer of the cluster a request's outcome is unknown.
    pub timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { password: None, on_loopback: true, timeout: Duration::from_secs(5) }
    }
}

/// Clients of etcd are not served, or no more.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// There is no socket to the cluster, or no random number.
    #[error(transparent)]
    Cluster(#[from] TransportError),
    /// There is no thread to be had.
    #[error("cannot start the thread for clients of etcd: {0}")]
    Thread(#[source] io::Error),
    /// The system does not say when something comes.
    #[error("cannot wait for the cluster: {0}")]
    Wait(#[source] io::Error),
    /// An error of ours, in its words.
    #[error("the thread for clients of etcd panicked: {0}")]
    Panic(String),
}

/// The running thread. It ends when this is dropped; who asks then is told that it has.
pub struct Gateway {
    door: Door,
    service: Arc<Service>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Where requests are handed over.
#[derive(Clone)]
struct Door {
    jobs: SyncSender<Job>,
    waker: Arc<Waker>,
}

impl Gateway {
    /// Asks the cluster of `members`, and first its server `first`, whose state is published on
    /// `board`. From `places` it learns where the servers are, whenever that changes. `fails` is
    /// called, on its thread, if it cannot go on.
    ///
    /// # Errors
    /// [`GatewayError`].
    ///
    /// # Panics
    /// If `members` has no servers.
    pub fn start(
        members: Members,
        first: Id,
        board: Board<Snapshot>,
        places: Receiver<BTreeMap<u64, SocketAddr>>,
        settings: Settings,
        fails: impl FnOnce(GatewayError) + Send + 'static,
    ) -> Result<Self, GatewayError> {
        let mut sessions = Sessions::<Kv>::of(&members)?;
        sessions.ask_first(first);
        let poll = Poll::new().map_err(GatewayError::Wait)?;
        let waker = Waker::new(poll.registry(), desk::WAKER).map_err(GatewayError::Wait)?;
        let (jobs, taken) = sync_channel(JOBS);
        let door = Door { jobs, waker: Arc::new(waker) };
        let stopping = Arc::new(AtomicBool::new(false));
        let (cluster, member) = (members.cluster, usize::from(first) as u64);
        let told = stopping.clone();
        let desk = Desk::new(poll, sessions, members, places, taken, settings.timeout, told)
            .map_err(GatewayError::Wait)?;
        let thread = thread::Builder::new()
            .name("etcd".into())
            .spawn(move || match caught(|| desk.run()) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => fails(error),
                Err(words) => fails(GatewayError::Panic(words)),
            })
            .map_err(GatewayError::Thread)?;
        let access = Access::new(settings.password, settings.on_loopback);
        let service = Service::new(door.clone(), access, board, cluster, member);
        Ok(Gateway { door, service: Arc::new(service), stopping, thread: Some(thread) })
    }

    /// What answers the requests.
    pub fn answers(&self) -> Arc<dyn Answers> {
        Arc::clone(&self.service) as Arc<dyn Answers>
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Release);
        if self.door.waker.wake().is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}
