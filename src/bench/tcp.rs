//! A session over a TCP connection of its own, in a language of another system's.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use quorate_models::kv::{Command, Kv};
use quorate_models::state_machine::StateMachine;

use super::session::{Answer, BenchError, Session};

/// The longest answer that is taken, in bytes: more than twice the largest value.
pub const ANSWER_MAX: usize = 4 << 20;

/// How much is read at a time, in bytes.
const PIECE: usize = 16 << 10;

/// How a system is asked, and how it answers.
pub trait Language {
    /// Adds to `out` the bytes that ask for `command`, which is a put or a get.
    fn ask(&self, command: &Command, out: &mut Vec<u8>);

    /// The answer at the beginning of `bytes`, to a get or to a put, and how many bytes it has;
    /// `None` if it is not all there.
    ///
    /// # Errors
    /// What is wrong with it, if it is no answer.
    fn answer(&self, is_get: bool, bytes: &[u8]) -> Result<Option<(usize, Answer)>, String>;
}

/// A session that speaks `L`. A request that is given up is still answered some time, and the next
/// one is not sent before: so no answer is taken for that of another, and no more than one request
/// is under way.
pub struct Tcp<L> {
    address: SocketAddr,
    language: L,
    stream: TcpStream,
    /// What is to be written, of which so much has been.
    unsent: (Vec<u8>, usize),
    /// What has come of an answer.
    received: Vec<u8>,
    /// Whether the request that was sent, and is not answered, is a get.
    sent: Option<bool>,
    /// The request that is sent when the one before it, which was given up, is answered.
    held: Option<Command>,
    /// When the request is given up, and after how long.
    ends: Option<(Instant, Duration)>,
}

impl<L: Language> Tcp<L> {
    /// Connects to `address`, which may take as long as `timeout`.
    ///
    /// # Errors
    /// [`BenchError::Connection`] if nobody accepts that.
    pub fn connect(
        address: SocketAddr,
        language: L,
        timeout: Duration,
    ) -> Result<Self, BenchError> {
        let connect = || {
            let stream = TcpStream::connect_timeout(&address, timeout)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            Ok(stream)
        };
        let stream = connect().map_err(|error: std::io::Error| {
            let problem = format!("cannot connect: {error}");
            BenchError::Connection { address, problem }
        })?;
        Ok(Tcp {
            address,
            language,
            stream,
            unsent: (Vec::new(), 0),
            received: Vec::new(),
            sent: None,
            held: None,
            ends: None,
        })
    }

    fn broken(&self, problem: impl Into<String>) -> BenchError {
        BenchError::Connection { address: self.address, problem: problem.into() }
    }

    fn send(&mut self, command: &Command) -> Result<(), BenchError> {
        self.unsent.0.clear();
        self.unsent.1 = 0;
        self.language.ask(command, &mut self.unsent.0);
        self.sent = Some(Kv::is_read_only(command));
        self.flush()
    }

    /// Writes what can be written now.
    fn flush(&mut self) -> Result<(), BenchError> {
        let (bytes, written) = &mut self.unsent;
        while *written < bytes.len() {
            match self.stream.write(&bytes[*written..]) {
                Ok(count) => *written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(format!("cannot write: {error}"))),
            }
        }
        Ok(())
    }

    /// Reads what has come, and tells whether no more will.
    fn receive(&mut self) -> Result<bool, BenchError> {
        let mut piece = [0; PIECE];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Ok(true),
                Ok(count) => self.received.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(format!("cannot read: {error}"))),
            }
            if self.received.len() > ANSWER_MAX {
                return Err(self.broken(format!("an answer has more than {ANSWER_MAX} bytes")));
            }
        }
    }

    /// The answer to what was sent last, if all of it has come.
    fn take_answer(&mut self) -> Result<Option<Answer>, BenchError> {
        if self.received.is_empty() {
            return Ok(None);
        }
        let Some(is_get) = self.sent else {
            return Err(self.broken("an answer came to nothing that was asked"));
        };
        let answer = self.language.answer(is_get, &self.received);
        let Some((length, answer)) = answer.map_err(|problem| self.broken(problem))? else {
            return Ok(None);
        };
        if length < self.received.len() {
            return Err(self.broken("more came than the answer to what was asked"));
        }
        self.received.clear();
        self.sent = None;
        Ok(Some(answer))
    }
}

impl<L> AsFd for Tcp<L> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl<L: Language> Session for Tcp<L> {
    fn begin(&mut self, command: Command, timeout: Duration) -> Result<(), BenchError> {
        self.ends = Some((Instant::now() + timeout, timeout));
        if self.sent.is_some() {
            self.held = Some(command);
            return Ok(());
        }
        self.send(&command)
    }

    fn poll(&mut self) -> Result<Option<Answer>, BenchError> {
        self.flush()?;
        let is_closed = self.receive()?;
        if let Some(answer) = self.take_answer()? {
            let Some(held) = self.held.take() else {
                self.ends = None;
                return Ok(Some(answer));
            };
            self.send(&held)?;
        }
        if is_closed {
            return Err(self.broken("the connection was closed at the other end"));
        }
        match self.ends {
            Some((end, timeout)) if end <= Instant::now() => {
                self.ends = None;
                self.held = None;
                let why = format!("{}: no answer within {timeout:?}", self.address);
                Ok(Some(Answer::Failed(why)))
            }
            _ => Ok(None),
        }
    }

    fn wake(&self) -> Option<Instant> {
        self.ends.map(|(end, _)| end)
    }
}
