//! The thread of the gateway: it waits for the clients and for the cluster, and hands each what the
//! other says.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use socket2::{SockRef, TcpKeepalive};

use super::GatewayError;
use super::connection::{Connection, Fate, READ};
use super::desk::Desk;
use super::stream::Stream;
use crate::node::transport::Members;

/// The sources of events that are no connections.
const LISTENER: Token = Token(0);
const CLUSTER: Token = Token(1);
pub(super) const WAKER: Token = Token(2);

/// The first number of a connection.
const FIRST: usize = 3;

/// How often it looks for servers that have come or moved, at least.
const LOOK: Duration = Duration::from_millis(500);

/// How long to wait after a connection could not be accepted, for want of file descriptors, say.
const PAUSE: Duration = Duration::from_millis(50);

/// How often the answers of the cluster are taken before the clients have their turn.
const ANSWERS: usize = 16;

/// How long a client may read nothing while more than half of the room is taken.
const DEAF: Duration = Duration::from_secs(1);

/// A client that has said nothing for so long is asked whether it is there.
const KEEPALIVE: Duration = Duration::from_secs(300);

/// It is asked again so often, and as many times; then it is gone.
const ASKED_AGAIN: (Duration, u32) = (Duration::from_secs(10), 3);

/// All connections, and where more come from.
pub(super) struct Server {
    poll: Poll,
    listener: TcpListener,
    members: Members,
    places: Receiver<BTreeMap<u64, SocketAddr>>,
    stopping: Arc<AtomicBool>,
    desk: Desk,
    connections: BTreeMap<usize, Connection>,
    next: usize,
    /// Those for which there is more to do at once.
    again: BTreeSet<usize>,
    /// Those that are waited for, or wait for room, and when they are closed.
    stalls: BTreeSet<(Instant, usize)>,
    /// Those that wait for room.
    starved: BTreeSet<usize>,
    /// When connections are to be accepted again, if that has failed.
    accepts: Option<Instant>,
    /// There may be more answers of the cluster.
    hears_more: bool,
}

impl Server {
    /// On `listener`, which is waited for with `poll`.
    ///
    /// # Errors
    /// If the system does not let it wait.
    pub fn new(
        poll: Poll,
        mut listener: TcpListener,
        members: Members,
        places: Receiver<BTreeMap<u64, SocketAddr>>,
        desk: Desk,
        stopping: Arc<AtomicBool>,
    ) -> io::Result<Self> {
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let socket = desk.sessions.as_fd().as_raw_fd();
        poll.registry().register(&mut SourceFd(&socket), CLUSTER, Interest::READABLE)?;
        Ok(Server {
            poll,
            listener,
            members,
            places,
            stopping,
            desk,
            connections: BTreeMap::new(),
            next: FIRST,
            again: BTreeSet::new(),
            stalls: BTreeSet::new(),
            starved: BTreeSet::new(),
            accepts: None,
            hears_more: false,
        })
    }

    /// Serves until it is told to stop.
    ///
    /// # Errors
    /// [`GatewayError`] if it cannot go on.
    pub fn run(mut self) -> Result<(), GatewayError> {
        let mut events = Events::with_capacity(1_024);
        while !self.stopping.load(Ordering::Acquire) {
            match self.poll.poll(&mut events, Some(self.patience())) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    return Err(GatewayError::Wait(error));
                }
                _ => {}
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(),
                    CLUSTER | WAKER => {}
                    Token(id) => {
                        if let Some(connection) = self.connections.get_mut(&id) {
                            let is_over = event.is_read_closed() || event.is_error();
                            connection.can_read |= event.is_readable() || is_over;
                            self.advance(id);
                        }
                    }
                }
            }
            for id in std::mem::take(&mut self.again) {
                self.advance(id);
            }
            self.hear()?;
            self.look_after();
            self.desk.publish();
        }
        Ok(())
    }

    /// For how long nothing has to be done, if nothing comes.
    fn patience(&self) -> Duration {
        if !self.again.is_empty() || self.hears_more {
            return Duration::ZERO;
        }
        let stalls = self.stalls.first().map(|(at, _)| *at);
        let wakes = [self.desk.sessions.wake(), stalls, self.accepts];
        let now = Instant::now();
        let waits = wakes.into_iter().flatten().map(|at| at.saturating_duration_since(now));
        waits.min().map_or(LOOK, |wait| wait.min(LOOK))
    }

    /// Hands over what the cluster has answered, and asks it on.
    fn hear(&mut self) -> Result<(), GatewayError> {
        for _ in 0..ANSWERS {
            // What is there is taken, and nothing is waited for.
            let answers = self.desk.sessions.poll(Instant::now())?;
            self.hears_more = !answers.is_empty();
            if answers.is_empty() {
                break;
            }
            for (session, answered) in answers {
                let Some(&id) = self.desk.owners.get(&session) else { continue };
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.answered(&answered, &mut self.desk);
                    self.advance(id);
                }
            }
        }
        Ok(())
    }

    /// Closes who does not read, goes on with who waits for room if there is some, accepts again if
    /// that has failed, and learns of servers.
    fn look_after(&mut self) {
        let now = Instant::now();
        while let Some((_, id)) = self.stalls.first().copied().filter(|(at, _)| *at <= now) {
            if let Some(connection) = self.connections.get_mut(&id) {
                self.desk.counters.stalled += 1;
                connection.expire();
            }
            self.close(id);
        }
        self.part_from_deaf(now);
        // The first that goes on may take all the room.
        for id in self.starved.clone() {
            if !self.desk.has_room(READ) {
                break;
            }
            self.advance(id);
        }
        if self.accepts.is_some_and(|at| at <= now) {
            self.accepts = None;
            self.accept();
        }
        while let Ok(places) = self.places.try_recv() {
            self.members.servers = places;
            self.desk.sessions.know(&self.members);
        }
    }

    /// Closes those who have not read for long, the longest first, while their answers take up room
    /// that others need.
    fn part_from_deaf(&mut self, now: Instant) {
        let stall = self.desk.settings.stall;
        while self.desk.held > self.desk.settings.memory / 2 {
            let is_deaf = |id: &usize| {
                let since = self.connections.get(id).and_then(|it| it.is_deaf_since(stall));
                since.is_some_and(|since| since + DEAF <= now)
            };
            let Some(id) = self.stalls.iter().map(|(_, id)| *id).find(is_deaf) else { return };
            self.desk.counters.stalled += 1;
            self.close(id);
        }
    }

    /// Does what can be done for a connection.
    fn advance(&mut self, id: usize) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let stalls = connection.stalls();
        let fate = connection.advance(&mut self.desk);
        if connection.is_starved() {
            self.starved.insert(id);
        } else {
            self.starved.remove(&id);
        }
        if connection.stalls() != stalls {
            self.stalls.extend(connection.stalls().map(|at| (at, id)));
            if let Some(before) = stalls {
                self.stalls.remove(&(before, id));
            }
        }
        match fate {
            Fate::Waits => {}
            Fate::Again => drop(self.again.insert(id)),
            Fate::Closed => self.close(id),
        }
    }

    fn close(&mut self, id: usize) {
        let Some(mut connection) = self.connections.remove(&id) else { return };
        // It is dropped all the same if the system has forgotten it already.
        let _ = self.poll.registry().deregister(connection.stream.tcp());
        self.desk.counters.connected -= 1;
        self.starved.remove(&id);
        if let Some(at) = connection.stalls() {
            self.stalls.remove(&(at, id));
        }
        connection.end(&mut self.desk);
    }

    /// Accepts all who wait.
    fn accept(&mut self) {
        loop {
            match self.listener.accept() {
                Ok((stream, from)) => self.welcome(stream, from),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // It was gone before it was accepted.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(_) => {
                    self.accepts = Some(Instant::now() + PAUSE);
                    return;
                }
            }
        }
    }

    fn welcome(&mut self, mut stream: TcpStream, from: SocketAddr) {
        if self.connections.len() >= self.desk.settings.connections {
            self.desk.counters.refused += 1;
            // What fits into the system's buffer, of a connection that is new, is all of it. In TLS
            // there are no words before there are keys.
            if self.desk.settings.tls.is_none() {
                let _ = stream.write(b"-ERR max number of clients reached\r\n");
            }
            return;
        }
        let (interval, times) = ASKED_AGAIN;
        let keepalive =
            TcpKeepalive::new().with_time(KEEPALIVE).with_interval(interval).with_retries(times);
        let both = Interest::READABLE | Interest::WRITABLE;
        let id = self.next;
        let ready = stream
            .set_nodelay(true)
            .and_then(|()| SockRef::from(&stream).set_tcp_keepalive(&keepalive))
            .and_then(|()| self.poll.registry().register(&mut stream, Token(id), both))
            .and_then(|()| Stream::of(stream, self.desk.settings.tls.as_ref()));
        // Of one that is gone already nothing is to be said.
        if let Ok(stream) = ready {
            self.next += 1;
            let is_trusted = self.desk.settings.password.is_none();
            let connection = Connection::new(id, stream, from.ip(), is_trusted);
            self.desk.counters.connected += 1;
            self.desk.counters.accepted += 1;
            self.connections.insert(id, connection);
            self.advance(id);
        }
    }
}
