//! One client: what it has sent, what it is to be sent, and what it waits for.
//!
//! It has one command on its way to the cluster at a time. While it has, or while it does not read
//! its answers, nothing more is read from it: what it sends then waits in the system's buffers, and
//! the client with it.

mod here;

use std::io::{self, ErrorKind, Read, Write};
use std::net::IpAddr;
use std::time::Instant;

use mio::net::TcpStream;
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Command, Kv, Output};
use quorate_models::service::Session;
use quorate_models::state_machine::StateMachine;

use super::buffer::Buffer;
use super::command::{self, Action, Here};
use super::desk::Desk;
use super::reply::{self, Tested};
use super::request::{Limits, Reader, Request};
use super::{LIMITS, LIMITS_OF_STRANGERS};
use crate::node::client::{CallError, Returned};

/// How many bytes are read at a time.
const READ: usize = 16 << 10;

/// With so many bytes of answers that the client has not read, nothing more is done for it.
const UNREAD_MAX: usize = 64 << 10;

/// How much is done for one client before the others have their turn.
const TURN: usize = 64;

/// What a command on its way holds beside its request: the message, its bytes, those on the socket.
const COPIES: usize = 3;

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

/// What was asked of the cluster.
#[derive(Clone, Copy, Debug)]
struct Asked {
    tested: Tested,
    only_reads: bool,
    /// The bytes that it holds until it is answered.
    held: usize,
}

/// A client's connection.
pub(super) struct Connection {
    id: usize,
    pub stream: TcpStream,
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
    asked: Option<Asked>,
    name: Vec<u8>,
    /// It has said the password, or there is none.
    is_trusted: bool,
    /// When it is closed, unless it reads its answers until then.
    unread: Option<Instant>,
    /// When it is closed, unless more comes of the request that it has begun until then.
    unfinished: Option<Instant>,
    /// How many of the bytes that the desk counts are its.
    counted: usize,
}

impl Connection {
    /// Of a client at `address` that has just come.
    pub fn new(id: usize, stream: TcpStream, address: IpAddr, is_trusted: bool) -> Self {
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
            name: Vec::new(),
            is_trusted,
            unread: None,
            unfinished: None,
            counted: 0,
        }
    }

    /// When it is closed, unless it does until then what it is waited for.
    pub fn stalls(&self) -> Option<Instant> {
        [self.unread, self.unfinished].into_iter().flatten().min()
    }

    /// Has the desk count what it holds now.
    fn count(&mut self, desk: &mut Desk) {
        let asked = self.asked.map_or(0, |asked| asked.held);
        let held = self.input.held() + self.output.held() + self.reader.bytes() + asked;
        desk.held = desk.held - self.counted + held;
        self.counted = held;
    }

    /// It is over: nothing that it held counts any more.
    pub fn end(self, desk: &mut Desk) {
        desk.held -= self.counted;
        if let Some(session) = self.session {
            desk.close(session);
        }
    }

    /// The cluster has answered.
    pub fn answered(&mut self, answered: &Result<Returned<Output>, CallError>) {
        if let Some(Asked { tested, only_reads, .. }) = self.asked.take() {
            reply::answered(self.output.end(), answered, tested, only_reads);
        }
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
            let may = !self.closing && self.asked.is_none() && self.output.len() < UNREAD_MAX;
            if !may || !self.take(desk)? {
                self.write(desk)?;
                let is_over = self.closing && self.output.is_empty();
                return Ok(if is_over { Fate::Closed } else { Fate::Waits });
            }
        }
        self.write(desk)?;
        Ok(Fate::Again)
    }

    /// Writes what the client takes.
    fn write(&mut self, desk: &Desk) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.stream.write(self.output.bytes()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.output.consume(count);
                    self.unread = None;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let at = Instant::now() + desk.settings.stall;
                    self.unread.get_or_insert(at);
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.unread = None;
        Ok(())
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
            if self.reader.has_begun() || !self.input.is_empty() {
                let at = Instant::now() + desk.settings.stall;
                self.unfinished.get_or_insert(at);
            }
            return Ok(false);
        } else if self.input.len() + self.reader.bytes() > READ && !desk.has_room(READ) {
            self.refuse("ERR the node's buffers for Redis clients are full");
        } else {
            self.fill()?;
        }
        Ok(true)
    }

    fn limits(&self) -> Limits {
        if self.is_trusted { LIMITS } else { LIMITS_OF_STRANGERS }
    }

    /// Says this last, and closes the connection then.
    fn refuse(&mut self, problem: &str) {
        reply::error(self.output.end(), problem);
        self.closing = true;
    }

    /// Reads what there is, up to a bound.
    fn fill(&mut self) -> io::Result<()> {
        let mut piece = [0; READ];
        match self.stream.read(&mut piece) {
            Ok(0) => self.ended = true,
            Ok(count) => {
                self.input.end().extend_from_slice(&piece[..count]);
                self.unfinished = None;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.can_read = false,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn perform(&mut self, request: Request, desk: &mut Desk) {
        let read = command::read(request);
        let for_strangers = |here: &Here| {
            matches!(here, Here::Auth(_) | Here::Hello { .. } | Here::Quit | Here::Reset)
        };
        match read {
            Ok(Action::Here(here)) if self.is_trusted || for_strangers(&here) => {
                self.do_here(here, desk);
            }
            _ if !self.is_trusted => {
                reply::error(self.output.end(), "NOAUTH Authentication required.");
            }
            Ok(Action::Here(here)) => self.do_here(here, desk),
            Ok(Action::Ask(command, tested)) => {
                if let Err(problem) = self.ask(command, tested, desk) {
                    reply::error(self.output.end(), &problem);
                }
            }
            Err(problem) => reply::error(self.output.end(), &problem),
        }
    }

    /// Asks the cluster.
    ///
    /// # Errors
    /// What is to be answered if that is not possible. Nothing was done then.
    fn ask(&mut self, command: Command, tested: Tested, desk: &mut Desk) -> Result<(), String> {
        let held = COPIES * Kv::weight(&command);
        if !desk.has_room(held) {
            return Err(
                "ERR the node's buffers for Redis clients are full; nothing was done".into()
            );
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
        let only_reads = Kv::is_read_only(&command);
        let timeout = desk.settings.timeout;
        desk.sessions
            .begin(session, command, Freshness::Linearizable, timeout)
            .map_err(|error| format!("ERR {error}; nothing was done"))?;
        self.asked = Some(Asked { tested, only_reads, held });
        Ok(())
    }
}
