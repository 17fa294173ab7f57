//! The transport on a thread of its own: it takes what the socket holds, reports on fragments and
//! sends, while the node handles messages and writes to its disk.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use stateright::actor::Id;

use super::bell::Bell;
use super::{Counters, Notice, Transport, TransportError, number};
use crate::node::mailbox::Mailbox;

/// So many messages wait for the node at most. While there are more, none is taken from the socket:
/// the system keeps what it has room for.
const FULL: usize = 16_384;

/// So many bytes of messages wait for the node at most, and one message more.
const FULL_BYTES: usize = 64 << 20;

/// So many bytes of messages the node handles at once, and one message more: it makes all that they
/// bring durable before it says anything, and others wait for a sign of life.
const BITE: usize = 2 << 20;

/// How often a thread whose node has not kept up looks whether it has.
const LOOK: Duration = Duration::from_millis(1);

/// How long the thread waits for the socket at most.
const IDLE: Duration = Duration::from_secs(1);

/// What the thread hands over to the node.
enum Arrived {
    Message(Id, Vec<u8>),
    /// Something else has happened.
    Woken,
    /// It has ended.
    Failed(TransportError),
}

/// What the node hands over to the thread.
enum Task {
    Send(Id, Vec<u8>),
    Know(BTreeMap<u64, SocketAddr>),
    Stop,
}

/// What the thread says of itself.
#[derive(Default)]
struct Told {
    counters: Counters,
    notices: Vec<Notice>,
}

/// A node's end of its transport.
pub struct Courier {
    me: Id,
    servers: BTreeMap<u64, SocketAddr>,
    incoming: Mailbox<Arrived>,
    /// What has come of servers, and is not handed over to the node yet.
    of_servers: VecDeque<(Id, Vec<u8>)>,
    /// The same of clients.
    of_clients: VecDeque<(Id, Vec<u8>)>,
    /// How many bytes wait for the node.
    waiting: Arc<AtomicUsize>,
    outgoing: Mailbox<Task>,
    /// What was said since it was last flushed.
    tasks: Vec<Task>,
    told: Arc<Mutex<Told>>,
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Courier {
    /// Lets `transport` run on a thread of its own from now on.
    ///
    /// # Errors
    /// [`TransportError`] if there is no thread to be had.
    pub fn start(mut transport: Transport) -> Result<Self, TransportError> {
        let address = transport.address();
        let failed = |error| TransportError::Socket { address, error };
        let bell = Arc::new(Bell::new().map_err(failed)?);
        transport.listen_for(Arc::clone(&bell));
        let (incoming, outgoing) = (Mailbox::default(), Mailbox::default());
        let told = Arc::new(Mutex::new(Told::default()));
        let (me, servers) = (transport.id(), transport.servers().clone());
        let (to_node, to_thread) = (incoming.clone(), outgoing.clone());
        let waiting = Arc::new(AtomicUsize::new(0));
        let round = Round {
            transport,
            incoming: to_node,
            waiting: Arc::clone(&waiting),
            outgoing: to_thread,
            told: Arc::clone(&told),
        };
        let thread = thread::Builder::new()
            .name("transport".into())
            .spawn(move || round.run())
            .map_err(failed)?;
        let (tasks, thread) = (Vec::new(), Some(thread));
        let (of_servers, of_clients) = (VecDeque::new(), VecDeque::new());
        Ok(Courier {
            me,
            servers,
            incoming,
            of_servers,
            of_clients,
            waiting,
            outgoing,
            tasks,
            told,
            bell,
            thread,
        })
    }

    /// What ends a [`poll`](Self::poll) that waits, from any thread.
    pub fn waker(&self) -> impl Fn() + Send + 'static {
        let incoming = self.incoming.clone();
        move || incoming.put([Arrived::Woken])
    }

    /// This node's number.
    pub fn id(&self) -> Id {
        self.me
    }

    /// Whether `id` is a server of the cluster.
    pub fn is_server(&self, id: Id) -> bool {
        self.servers.contains_key(&number(id))
    }

    /// Takes these for the servers from now on.
    pub fn know(&mut self, servers: BTreeMap<u64, SocketAddr>) {
        self.servers.clone_from(&servers);
        self.tasks.push(Task::Know(servers));
        self.flush();
    }

    /// What happened so far, and how many messages wait.
    pub fn counters(&self) -> Counters {
        let mut counters = self.told.lock().expect(POISON).counters;
        let taken = self.of_servers.len() + self.of_clients.len();
        counters.now.waiting = (self.incoming.waiting() + taken) as u64;
        counters
    }

    /// What an operator should know, since this was asked last.
    pub fn notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.told.lock().expect(POISON).notices)
    }

    /// Has `message` sent to `to` when it is [flushed](Self::flush). What cannot be sent is counted
    /// and dropped, as the network would.
    pub fn send(&mut self, to: Id, message: Vec<u8>) {
        self.tasks.push(Task::Send(to, message));
    }

    /// Hands over what is to be sent.
    pub fn flush(&mut self) {
        if !self.tasks.is_empty() {
            self.outgoing.put(self.tasks.drain(..));
            self.bell.ring();
        }
    }

    /// Waits for messages, until `deadline` at most, and returns as many of those that there are as
    /// the node is to handle at once: those of servers first.
    ///
    /// # Errors
    /// [`TransportError`] if the socket has failed or there was no random nonce to be had.
    pub fn poll(&mut self, deadline: Instant) -> Result<Vec<(Id, Vec<u8>)>, TransportError> {
        let taken = self.of_servers.len() + self.of_clients.len();
        let arrived = match taken {
            0 => self.incoming.wait(deadline),
            1..FULL => self.incoming.take(),
            _ => Vec::new(),
        };
        for arrived in arrived {
            match arrived {
                Arrived::Message(from, it) if self.is_server(from) => {
                    self.of_servers.push_back((from, it));
                }
                Arrived::Message(from, it) => self.of_clients.push_back((from, it)),
                Arrived::Woken => {}
                Arrived::Failed(error) => return Err(error),
            }
        }
        let (mut messages, mut bytes) = (Vec::new(), 0);
        while bytes < BITE
            && let Some(next) = self.of_servers.pop_front().or_else(|| self.of_clients.pop_front())
        {
            bytes += next.1.len();
            messages.push(next);
        }
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        Ok(messages)
    }
}

/// What was said is sent, as far as it can be at once.
impl Drop for Courier {
    fn drop(&mut self) {
        self.tasks.push(Task::Stop);
        self.flush();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's end.
struct Round {
    transport: Transport,
    incoming: Mailbox<Arrived>,
    waiting: Arc<AtomicUsize>,
    outgoing: Mailbox<Task>,
    told: Arc<Mutex<Told>>,
}

impl Round {
    fn run(mut self) {
        loop {
            match self.step() {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    self.incoming.put([Arrived::Failed(error)]);
                    return;
                }
            }
        }
    }

    /// Does what is to be done, and waits for more; false once it is to stop.
    fn step(&mut self) -> Result<bool, TransportError> {
        for task in self.outgoing.take() {
            match task {
                Task::Send(to, message) => self.transport.send(to, message),
                Task::Know(servers) => self.transport.know(servers),
                Task::Stop => {
                    self.transport.flush()?;
                    return Ok(false);
                }
            }
        }
        let is_full =
            self.incoming.waiting() >= FULL || self.waiting.load(Ordering::Relaxed) >= FULL_BYTES;
        if !is_full {
            let messages = self.transport.poll(Instant::now() + IDLE)?;
            let bytes = messages.iter().map(|(_, message)| message.len()).sum();
            self.waiting.fetch_add(bytes, Ordering::Relaxed);
            self.incoming.put(messages.into_iter().map(|(from, it)| Arrived::Message(from, it)));
        } else {
            self.transport.flush()?;
            self.transport.note_full();
            thread::sleep(LOOK);
        }
        let mut told = self.told.lock().expect(POISON);
        told.counters = self.transport.counters();
        told.notices.extend(self.transport.notices());
        Ok(true)
    }
}

const POISON: &str = "nothing that can panic runs under this lock";
