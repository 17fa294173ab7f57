//! The bytes of a connection, in and out, and how long they are waited for.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use super::{Connection, FULL, READ};
use crate::redis::desk::Desk;

impl Connection {
    /// When it is closed, unless it does until then what it is waited for.
    pub fn stalls(&self) -> Option<Instant> {
        [self.unread, self.unfinished, self.starved].into_iter().flatten().min()
    }

    /// Since when it has taken nothing of what it is sent, if that is so.
    pub fn is_deaf_since(&self, stall: Duration) -> Option<Instant> {
        self.unread?.checked_sub(stall)
    }

    /// It waits for room.
    pub fn is_starved(&self) -> bool {
        self.starved.is_some()
    }

    /// It has been waited for long enough. If it has waited itself it is told so, as far as the
    /// system takes it at once.
    pub fn expire(&mut self) {
        if self.starved.is_some() {
            self.refuse(FULL);
            // It is closed all the same.
            let _ = self.stream.write(self.output.bytes());
        }
    }

    /// Whether the system has all that it is to be sent so far.
    pub(super) fn is_written(&self) -> bool {
        self.output.is_empty() && !self.stream.wants_write()
    }

    /// Writes what the client takes.
    pub(super) fn write(&mut self, desk: &Desk) -> io::Result<()> {
        match self.write_all() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let at = Instant::now() + desk.settings.stall;
                self.unread.get_or_insert(at);
                Ok(())
            }
            written => {
                self.unread = None;
                written
            }
        }
    }

    fn write_all(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.stream.write(self.output.bytes()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.output.consume(count);
                    self.unread = None;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.stream.flush()
    }

    /// Reads what there is, up to a bound.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        self.starved = None;
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
}
