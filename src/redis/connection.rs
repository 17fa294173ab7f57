//! One client: what it has sent, what it is to be sent, and what it waits for.
//!
//! All commands that it has sent so far go to the cluster as one, up to a bound, and one such batch
//! is on its way at a time. While it is, or while the client does not read its answers, or while
//! there is no room for more, nothing more is read from it: what it sends then waits in the
//! system's buffers, and the client with it.

mod here;
mod traffic;
mod transaction;

use std::io;
use std::net::IpAddr;
use std::time::Instant;

use quorate_models::consistency::Freshness;
use quorate_models::kv::Output;
use quorate_models::service::Session;

use super::batch::Batch;
use super::buffer::Buffer;
use super::command::{self, Action, Here, Problem};
use super::counters::Outcome;
use super::desk::Desk;
use super::reply::{self, Shape, Version};
use super::request::{Limits, Reader, Request};
use super::stream::Stream;
use super::{LIMITS, LIMITS_OF_STRANGERS};
use crate::node::client::{CallError, Returned};
use transaction::Transaction;

/// How many bytes are read at a time.
pub(super) const READ: usize = 16 << 10;

/// With so many bytes of answers that the client has not read, nothing more is done for it.
const UNREAD_MAX: usize = 64 << 10;

/// How much is done for one client before the others have their turn.
const TURN: usize = 64;

/// What a batch on its way holds beside itself: the message, its bytes, those on the socket.
const COPIES: usize = 3;

/// What is answered where there is no room.
const FULL: &str =
    "BUSY the node's buffers for Redis clients are full; nothing was done; try again";

/// A session counts its commands with 32 bits. After so many the connection takes another.
const RENEWED: u32 = 1 << 31;

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Something has to come first.
    Waits,
    /// There is more to do at once.
    Again,
    /// It is over.
    Closed,
}

/// A client's connection.
pub(super) struct Connection {
    id: usize,
    pub stream: Stream,
    address: IpAddr,
    input: Buffer,
    reader: Reader,
    output: Buffer,
    /// As far as is known there is something to read.
    pub can_read: bool,
    /// The client sends no more.
    ended: bool,
    /// What is in `output` is the last that it is sent.
    closing: bool,
    session: Option<Session>,
    /// How many commands the session has had.
    commands: u32,
    /// What is on its way to the cluster.
    asked: Option<Batch>,
    /// What is to be asked next.
    batch: Batch,
    /// What is to be asked after that: a transaction is asked by itself.
    after: Option<Batch>,
    /// What has been queued since `MULTI`.
    transaction: Option<Transaction>,
    version: Version,
    name: Vec<u8>,
    /// It has said the password, or there is none.
    is_trusted: bool,
    /// When it is closed, unless it reads its answers until then.
    unread: Option<Instant>,
    /// When it is closed, unless more comes until then of what it has begun: a request, or TLS.
    unfinished: Option<Instant>,
    /// When it is closed, unless there is room until then for the request that it has begun.
    starved: Option<Instant>,
    /// How many of the bytes that the desk counts are its.
    counted: usize,
}

impl Connection {
    /// Of a client at `address` that has just come.
    pub fn new(id: usize, stream: Stream, address: IpAddr, is_trusted: bool) -> Self {
        Connection {
            id,
            stream,
            address,
            input: Buffer::default(),
            reader: Reader::default(),
            output: Buffer::default(),
            can_read: true,
            ended: false,
            closing: false,
            session: None,
            commands: 0,
            asked: None,
            batch: Batch::default(),
            after: None,
            transaction: None,
            version: Version::Two,
            name: Vec::new(),
            is_trusted,
            unread: None,
            unfinished: None,
            starved: None,
            counted: 0,
        }
    }

    /// Has the desk count what it holds now.
    fn count(&mut self, desk: &mut Desk) {
        let asked = self.asked.as_ref().map_or(0, |asked| COPIES * asked.held());
        let after = self.after.as_ref().map_or(0, Batch::held);
        let buffers = self.input.held() + self.output.held() + self.reader.bytes();
        let held = self.stream.held() + buffers + asked + self.batch.held() + after + self.queued();
        desk.held = desk.held - self.counted + held;
        self.counted = held;
    }

    /// It is over: nothing that it held counts any more.
    pub fn end(mut self, desk: &mut Desk) {
        self.stream.part();
        desk.held -= self.counted;
        if let Some(session) = self.session {
            desk.close(session);
        }
    }

    /// The cluster has answered.
    pub fn answered(&mut self, answered: &Result<Returned<Output>, CallError>, desk: &mut Desk) {
        let Some(mut asked) = self.asked.take() else { return };
        let size = answered.as_ref().map_or(0, reply::size);
        if desk.has_room(size) || !asked.only_reads() {
            asked.answered(self.output.end(), answered, &mut desk.counters);
        } else {
            asked.refuse(self.output.end(), FULL, &mut desk.counters);
        }
        self.batch = asked;
    }

    /// Does what can be done now.
    pub fn advance(&mut self, desk: &mut Desk) -> Fate {
        let fate = self.go_on(desk).unwrap_or(Fate::Closed);
        self.count(desk);
        fate
    }

    fn go_on(&mut self, desk: &mut Desk) -> io::Result<Fate> {
        for _ in 0..TURN {
            if self.output.len() >= UNREAD_MAX {
                self.write(desk)?;
            }
            // Of what is on its way something may be left, which goes first.
            if self.asked.is_none() && self.batch.is_empty() {
                self.batch = self.after.take().unwrap_or_default();
            }
            let is_free = self.asked.is_none() && self.output.len() < UNREAD_MAX;
            let takes = is_free && !self.closing && self.after.is_none() && !self.batch.is_full();
            if takes && self.take(desk)? {
                continue;
            }
            if is_free && !self.batch.is_empty() {
                self.ask(desk);
                continue;
            }
            self.write(desk)?;
            let is_over = self.closing && self.is_written() && self.asked.is_none();
            return Ok(if is_over { Fate::Closed } else { Fate::Waits });
        }
        self.write(desk)?;
        Ok(Fate::Again)
    }

    /// Takes the next request, or reads more; false if neither can be done now.
    fn take(&mut self, desk: &mut Desk) -> io::Result<bool> {
        if self.input.len() >= self.reader.needs() {
            match self.reader.read(self.input.bytes(), self.limits()) {
                Ok((taken, request)) => {
                    self.input.consume(taken);
                    if let Some(request) = request {
                        self.unfinished = None;
                        self.perform(request, desk);
                        return Ok(true);
                    }
                }
                Err(problem) => {
                    self.refuse(&problem.to_string());
                    return Ok(true);
                }
            }
        }
        if self.ended {
            self.closing = true;
        } else if !self.can_read {
            let has_request = self.reader.has_begun() || !self.input.is_empty();
            let has_begun = has_request || self.stream.is_within();
            if has_begun || self.queued() > UNREAD_MAX {
                let at = Instant::now() + desk.settings.stall;
                self.unfinished.get_or_insert(at);
            } else {
                self.unfinished = None;
            }
            return Ok(false);
        } else if self.gathered() > READ && !desk.has_room(READ) {
            // What has come goes first, which makes room.
            if self.batch.is_empty() {
                self.starved.get_or_insert(Instant::now() + desk.settings.timeout);
            }
            return Ok(false);
        } else {
            self.fill()?;
        }
        Ok(true)
    }

    /// How many bytes have been read and are not on their way yet.
    fn gathered(&self) -> usize {
        self.input.len() + self.reader.bytes() + self.batch.held() + self.queued()
    }

    fn limits(&self) -> Limits {
        if self.is_trusted { LIMITS } else { LIMITS_OF_STRANGERS }
    }

    /// Says this after what is to be answered before.
    fn say(&mut self, said: &[u8]) {
        if self.batch.is_empty() {
            self.output.end().extend_from_slice(said);
        } else {
            self.batch.say(said);
        }
    }

    /// Says this last, and closes the connection then.
    fn refuse(&mut self, problem: &str) {
        let mut said = Vec::new();
        reply::error(&mut said, problem);
        self.say(&said);
        self.closing = true;
    }

    fn perform(&mut self, request: Request, desk: &mut Desk) {
        let read = command::read(request);
        let is_for_strangers = matches!(
            read,
            Ok(Action::Here(Here::Auth(_) | Here::Hello { .. } | Here::Quit | Here::Reset))
        );
        let said = if !self.is_trusted && !is_for_strangers {
            Err("NOAUTH Authentication required.".into())
        } else if self.transaction.is_some() {
            self.queue(read, desk).map(Some)
        } else {
            self.act(read, desk)
        };
        match said {
            Ok(None) => {}
            Ok(Some(said)) => self.say(&said),
            Err(problem) => {
                desk.counters.note_error(&problem);
                let mut said = Vec::new();
                reply::error(&mut said, &problem);
                self.say(&said);
            }
        }
    }

    /// Does what is asked for, and returns what is to be said, unless that is for the cluster.
    fn act(
        &mut self,
        read: Result<Action, Problem>,
        desk: &mut Desk,
    ) -> Result<Option<Vec<u8>>, Problem> {
        let said = match read? {
            Action::Ask(command, tested) => {
                let only_reads = command.only_reads();
                self.batch.ask(command, Shape { tested, only_reads, version: self.version });
                return Ok(None);
            }
            Action::Here(here) => self.do_here(here, desk)?,
            Action::Turn(turn) => self.turn(turn)?,
        };
        desk.counters.note(Outcome::Done, 1);
        Ok(Some(said))
    }

    /// Asks the cluster, or answers what it need not be asked or cannot be.
    fn ask(&mut self, desk: &mut Desk) {
        let mut batch = std::mem::take(&mut self.batch);
        match self.try_to_ask(&batch, desk) {
            Ok(true) => self.asked = Some(batch),
            Ok(false) => batch.tell_alone(self.output.end(), &mut desk.counters),
            Err(problem) => batch.refuse(self.output.end(), &problem, &mut desk.counters),
        }
    }

    /// False if there is nothing to be asked.
    ///
    /// # Errors
    /// What is to be answered if that is not possible. Nothing was done then.
    fn try_to_ask(&mut self, batch: &Batch, desk: &mut Desk) -> Result<bool, Problem> {
        let Some(command) = batch.request() else { return Ok(false) };
        if !desk.has_room(COPIES * batch.held()) {
            return Err(FULL.into());
        }
        if self.commands == RENEWED
            && let Some(session) = self.session.take()
        {
            desk.close(session);
        }
        let session = match self.session {
            Some(session) => session,
            None => {
                self.commands = 0;
                desk.open(self.id).map_err(|error| format!("ERR {error}; nothing was done"))?
            }
        };
        self.session = Some(session);
        self.commands += 1;
        let timeout = desk.settings.timeout;
        desk.sessions
            .begin(session, command, Freshness::Linearizable, timeout)
            .map_err(|error| format!("ERR {error}; nothing was done"))?;
        Ok(true)
    }
}
