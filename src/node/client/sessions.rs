//! Many sessions over one socket, each with one command or order at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use quorate_models::consistency::{Freshness, Query};
use quorate_models::number::Index;
use quorate_models::order::Order;
use quorate_models::service::{Message as Service, Request, Sequence, Session};
use quorate_models::state_machine::StateMachine;
use stateright::actor::Id;

use super::call::{Call, Known, Returned};
use super::turns::{Place, Turns};
use super::{CallError, Message, PATIENCE};
use crate::node::seal::Link;
use crate::node::transport::{self, Carrier, Members, Notice, TransportError};
use crate::node::wire;

/// A session, and what became of its request.
pub type Answered<O> = (Session, Result<Returned<O>, CallError>);

/// One session.
struct Open<M: StateMachine> {
    sequence: Sequence,
    /// The request that is not answered yet.
    call: Option<Call<M>>,
    /// When that has to be looked after.
    wake: Instant,
    place: Place,
}

/// Sessions with a cluster that replicates `M`, whatever protocol it runs, over one socket and on
/// one thread.
///
/// What one of them learns of who leads and how far the log is serves all. Else they are each for
/// themselves. At most 256 requests are asked at a time; one more waits until one of them is
/// answered or given up. A session that asks for nothing costs some hundred bytes; whoever opens
/// sessions bounds how many there are, and the servers remember 65,536 clients, those heard last.
///
/// ```no_run
/// use std::time::{Duration, Instant};
///
/// use quorate::node::client::Sessions;
/// use quorate::node::transport::{Members, TransportError};
/// use quorate_models::consistency::Freshness;
/// use quorate_models::kv::{Kv, put};
///
/// fn hundred_puts(members: &Members) -> Result<(), Box<dyn std::error::Error>> {
///     let mut sessions = Sessions::<Kv>::of(members)?;
///     for number in 0..100 {
///         let (session, command) = (sessions.open()?, put(&number.to_string(), "x"));
///         let timeout = Duration::from_secs(5);
///         sessions.begin(session, command, Freshness::Linearizable, timeout)?;
///     }
///     let mut left = 100;
///     while left > 0 {
///         for (session, answered) in sessions.poll(Instant::now() + Duration::from_secs(1))? {
///             println!("{session:?}: {:?}", answered?);
///             left -= 1;
///         }
///     }
///     Ok(())
/// }
/// ```
pub struct Sessions<M: StateMachine> {
    carrier: Carrier,
    known: Known,
    open: BTreeMap<Session, Open<M>>,
    /// The sessions that ask for something, by when they have to be looked after.
    wakes: BTreeSet<(Instant, Session)>,
    turns: Turns,
}

/// The servers of a cluster, which has some.
fn servers_of(members: &Members) -> Vec<Id> {
    assert!(!members.servers.is_empty(), "a cluster has servers");
    members.servers.keys().map(|&id| transport::id(id)).collect()
}

impl<M: StateMachine> Sessions<M> {
    /// Sessions with the cluster of `members`, none yet. Says nothing to the cluster.
    ///
    /// # Errors
    /// [`TransportError`] if there is no socket or no random number to be had.
    ///
    /// # Panics
    /// If `members` has no servers.
    pub fn of(members: &Members) -> Result<Self, TransportError> {
        let (carrier, servers) = (Carrier::of_clients(members)?, servers_of(members));
        // Any server will do to begin with, so not all clients begin with the same.
        let target = usize::from(carrier.address().port()) % servers.len();
        let (unasked, seen, told) = (servers.len(), Index::ZERO, Instant::now());
        let takes = Duration::ZERO;
        let silent = BTreeSet::new();
        let known = Known { servers, target, unasked, silent, seen, told, takes };
        let (open, wakes) = (BTreeMap::new(), BTreeSet::new());
        Ok(Sessions { carrier, known, open, wakes, turns: Turns::default() })
    }

    /// Begins with `server`, as long as nothing else is known of who leads.
    pub fn ask_first(&mut self, server: Id) {
        self.known.turn_to(server);
    }

    /// Takes the servers of `members` for those of its cluster from now on, as
    /// [`Client::know`](super::Client::know) does.
    ///
    /// # Panics
    /// If `members` has no servers.
    pub fn know(&mut self, members: &Members) {
        self.known.servers = servers_of(members);
        self.known.target %= self.known.servers.len();
        self.carrier.know(members.servers.clone());
    }

    /// Opens a session, without a word to the cluster.
    ///
    /// # Errors
    /// [`TransportError`] if there is no random number to be had.
    pub fn open(&mut self) -> Result<Session, TransportError> {
        // Replies go to the session's number, which therefore is the client's.
        let session = Session(self.carrier.open()?);
        let wake = Instant::now();
        let open = Open { sequence: Sequence(0), call: None, wake, place: Place::Idle };
        self.open.insert(session, open);
        Ok(session)
    }

    /// Ends `session`. A request that is not answered yet may still take effect. Does nothing if
    /// there is no such session.
    pub fn close(&mut self, session: Session) {
        if let Some(mut open) = self.open.remove(&session) {
            self.wakes.remove(&(open.wake, session));
            self.turns.leave(&mut open.place);
            self.carrier.close(session.0);
            self.take_turns(Instant::now());
        }
    }

    /// The address of the socket.
    #[cfg(feature = "tokio")]
    pub(super) fn address(&self) -> std::net::SocketAddr {
        self.carrier.address()
    }

    /// How many sessions are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// True if none is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether a request of `session` is not answered yet.
    pub fn is_asking(&self, session: Session) -> bool {
        self.open.get(&session).is_some_and(|open| open.call.is_some())
    }

    /// Whether anything has come from a server that has the cluster's key.
    pub fn has_heard(&self) -> bool {
        let counters = self.carrier.counters();
        counters.datagrams_received > counters.rejected()
    }

    /// What the socket had to say, since this was asked last.
    pub fn notices(&mut self) -> Vec<Notice> {
        self.carrier.notices()
    }

    /// Begins to have `command` take effect once, or to read what it returns, as new as `freshness`
    /// asks for, if it is read only. [`poll`](Self::poll) asks server after server until `timeout`,
    /// and returns the answer. A request of the session that is not answered yet is given up.
    ///
    /// # Errors
    /// [`CallError::Encode`].
    ///
    /// # Panics
    /// If `session` is not open.
    pub fn begin(
        &mut self,
        session: Session,
        command: M::Command,
        freshness: Freshness,
        timeout: Duration,
    ) -> Result<(), CallError> {
        if M::is_read_only(&command) {
            return self.begin_read(session, command, freshness, timeout);
        }
        let is_fresh = self.known.told.elapsed() < PATIENCE.fresh;
        let since = if is_fresh { self.known.seen } else { Index::ZERO };
        let request = self.next_request(session, since, command);
        self.ask(session, Service::Request(request), since, timeout)
    }

    /// The same, of a read: no read goes back behind what any of the sessions has seen or written.
    /// A protocol that knows no other reads answers a linearizable one.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    ///
    /// # Panics
    /// As [`begin`](Self::begin).
    pub(super) fn begin_read(
        &mut self,
        session: Session,
        command: M::Command,
        freshness: Freshness,
        timeout: Duration,
    ) -> Result<(), CallError> {
        let query = Query { command, consistency: freshness.after(self.known.seen) };
        let request = self.next_request(session, Index::ZERO, query);
        self.ask(session, Service::Read(request), Index::ZERO, timeout)
    }

    /// Begins to have `order` carried out.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    ///
    /// # Panics
    /// As [`begin`](Self::begin).
    pub fn begin_order(
        &mut self,
        session: Session,
        order: Order,
        timeout: Duration,
    ) -> Result<(), CallError> {
        let request = self.next_request(session, Index::ZERO, order);
        self.ask(session, Service::Order(request), Index::ZERO, timeout)
    }

    fn next_request<C>(&mut self, session: Session, since: Index, command: C) -> Request<C> {
        let open = self.open.get_mut(&session).expect("the session is open");
        open.sequence = Sequence(open.sequence.0 + 1);
        Request { session, sequence: open.sequence, since, command }
    }

    fn ask(
        &mut self,
        session: Session,
        message: Message<M>,
        since: Index,
        timeout: Duration,
    ) -> Result<(), CallError> {
        let now = Instant::now();
        let call = Call::new(message, since, timeout, now)?;
        let open = self.open.get_mut(&session).expect("the session is open");
        self.wakes.remove(&(open.wake, session));
        // Until then it waits at most, if others come first.
        open.wake = if open.place == Place::Asked { now } else { call.give_up() };
        if open.place == Place::Idle {
            open.place = self.turns.wait(session);
        }
        open.call = Some(call);
        self.wakes.insert((open.wake, session));
        self.take_turns(now);
        Ok(())
    }

    /// Lets those ask whose turn it is.
    fn take_turns(&mut self, now: Instant) {
        while let Some(session) = self.turns.take() {
            let open = self.open.get_mut(&session).expect("who waits is open");
            self.wakes.remove(&(open.wake, session));
            (open.place, open.wake) = (Place::Asked, now);
            self.wakes.insert((now, session));
        }
    }

    /// When [`poll`](Self::poll) has something to do, if nothing comes; `None` if there is nothing.
    pub fn wake(&self) -> Option<Instant> {
        let asks = self.wakes.first().map(|(wake, _)| *wake);
        [asks, self.carrier.wake()].into_iter().flatten().min()
    }

    /// Goes on with what was begun, until `deadline` at most: asks, asks again, and returns as soon
    /// as a request is answered or given up, with all that are.
    ///
    /// # Errors
    /// [`TransportError`] if the socket fails: no session can go on then.
    pub fn poll(&mut self, deadline: Instant) -> Result<Vec<Answered<M::Output>>, TransportError> {
        let mut ended = Vec::new();
        loop {
            self.go_on(&mut ended);
            let wake = self.wakes.first().map_or(deadline, |(wake, _)| deadline.min(*wake));
            let until = if ended.is_empty() { wake } else { Instant::now() };
            for (link, bytes) in self.carrier.poll(until)? {
                self.hears(link, &bytes, &mut ended);
            }
            if !ended.is_empty() || Instant::now() >= deadline {
                // Those that were sent elsewhere, or told where to begin, ask there now.
                self.go_on(&mut ended);
                self.carrier.flush()?;
                return Ok(ended);
            }
        }
    }

    /// Looks after the sessions whose time has come.
    fn go_on(&mut self, ended: &mut Vec<Answered<M::Output>>) {
        let now = Instant::now();
        while let Some((_, session)) = self.wakes.first().copied().filter(|(wake, _)| *wake <= now)
        {
            self.wakes.pop_first();
            let Some(open) = self.open.get_mut(&session) else { continue };
            let Some(mut call) = open.call.take() else { continue };
            let link = |server| Link { me: session.0, peer: transport::number(server) };
            let is_arriving = |server| self.carrier.is_arriving(link(server), PATIENCE.retry);
            if let Err(error) = call.pass(&mut self.known, now, is_arriving) {
                self.turns.leave(&mut open.place);
                ended.push((session, Err(error)));
                self.take_turns(now);
                continue;
            }
            if let Some((server, bytes)) = call.send(&self.known, now) {
                self.carrier.send(link(server), bytes);
            }
            open.wake = call.deadline(now);
            open.call = Some(call);
            self.wakes.insert((open.wake, session));
        }
    }

    /// Hands a message to the session that it is for.
    fn hears(&mut self, link: Link, bytes: &[u8], ended: &mut Vec<Answered<M::Output>>) {
        let (session, now) = (Session(link.me), Instant::now());
        let Some(open) = self.open.get_mut(&session) else { return };
        // One that waits for its turn has nothing to hear yet: this is about one before it.
        let Some(mut call) = open.call.take_if(|_| open.place == Place::Asked) else { return };
        let from = transport::id(link.peer);
        let heard = match wire::decode(bytes) {
            Ok(message) => call.hears(&mut self.known, from, message, now),
            Err(_) => Ok(None),
        };
        self.wakes.remove(&(open.wake, session));
        match heard.transpose() {
            Some(answered) => {
                self.turns.leave(&mut open.place);
                ended.push((session, answered));
                self.take_turns(now);
            }
            None => {
                open.wake = call.deadline(now);
                open.call = Some(call);
                self.wakes.insert((open.wake, session));
            }
        }
    }
}

/// The socket, which can be read when something comes.
impl<M: StateMachine> AsFd for Sessions<M> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.carrier.as_fd()
    }
}
