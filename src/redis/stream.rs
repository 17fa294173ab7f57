//! What the bytes of a client go through: its socket, and TLS if that is spoken.

use std::io::{self, ErrorKind, Read, Write};

use mio::net::TcpStream;
use tokio_rustls::rustls::ServerConnection;

use super::connection::READ;
use crate::node::tls::Tls;

/// A record of TLS has so many bytes at most, in its head and around the text too.
const RECORD: usize = 18 << 10;

/// So many bytes TLS holds for a client that only waits: its keys, its state, what it reads into.
const IDLE: usize = 8 << 10;

/// What each client that speaks TLS begins with. No request of Redis does.
const HANDSHAKE: u8 = 22;

/// What a client is told that does not speak TLS where it must.
const PLAIN: &[u8] = b"-ERR this port speaks TLS only, and what came is plain text\r\n";

/// A socket that waits for nothing, as the bytes in and out are seen by a client.
pub(super) struct Stream {
    tcp: TcpStream,
    tls: Option<Box<Session>>,
}

struct Session {
    connection: ServerConnection,
    /// Whether the client has begun as one that speaks TLS does.
    has_begun: bool,
    /// What came last was no text yet: the rest of its record has to come.
    is_within: bool,
}

impl Stream {
    /// Over `tcp`, by TLS if there is a certificate.
    ///
    /// # Errors
    /// If TLS cannot be spoken.
    pub fn of(tcp: TcpStream, tls: Option<&Tls>) -> io::Result<Self> {
        let begin = |tls: &Tls| {
            let connection = tls.session().map_err(io::Error::other)?;
            Ok::<_, io::Error>(Session { connection, has_begun: false, is_within: false }.into())
        };
        Ok(Stream { tls: tls.map(begin).transpose()?, tcp })
    }

    /// The socket.
    pub fn tcp(&mut self) -> &mut TcpStream {
        &mut self.tcp
    }

    /// Something is begun that the client has to end: that both agree on keys, or a record.
    pub fn is_within(&self) -> bool {
        let begun = |tls: &Session| tls.is_within || tls.connection.is_handshaking();
        self.tls.as_deref().is_some_and(begun)
    }

    /// It has taken what it could not write yet.
    pub fn wants_write(&self) -> bool {
        self.tls.as_deref().is_some_and(|tls| tls.connection.wants_write())
    }

    /// How many bytes of memory it holds at most.
    pub fn held(&self) -> usize {
        let records = usize::from(self.is_within()) + usize::from(self.wants_write());
        if self.tls.is_some() { IDLE + RECORD * records } else { 0 }
    }

    /// Says that nothing more will be said, as far as the system takes it at once.
    pub fn part(&mut self) {
        if let Some(tls) = &mut self.tls
            && tls.has_begun
        {
            tls.connection.send_close_notify();
            // It is closed all the same.
            let _ = self.flush();
        }
    }
}

impl Session {
    /// Looks at the first byte, and refuses who speaks no TLS, in words that it understands; false
    /// if nothing ever comes.
    fn begin(&mut self, tcp: &mut TcpStream) -> io::Result<bool> {
        let mut first = [0];
        if !self.has_begun && tcp.peek(&mut first)? == 0 {
            return Ok(false);
        }
        if !self.has_begun && first != [HANDSHAKE] {
            // If anything is left unread the system forgets what is to be said.
            let _ = tcp.read(&mut [0; READ]);
            let _ = tcp.write(PLAIN);
            return Err(ErrorKind::InvalidData.into());
        }
        self.has_begun = true;
        Ok(true)
    }

    /// Writes what TLS has to say, all of it.
    fn flush(&mut self, tcp: &mut TcpStream) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.connection.write_tls(tcp) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The same, as far as it goes now.
    fn push(&mut self, tcp: &mut TcpStream) -> io::Result<()> {
        match self.flush(tcp) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            written => written,
        }
    }

    fn read(&mut self, tcp: &mut TcpStream, piece: &mut [u8]) -> io::Result<usize> {
        if !self.begin(tcp)? {
            return Ok(0);
        }
        loop {
            match self.connection.reader().read(piece) {
                // A request says itself where it ends, so it does no harm if nobody says that all
                // of them have.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            let was_handshaking = self.connection.is_handshaking();
            let count = self.connection.read_tls(tcp)?;
            let Ok(state) = self.connection.process_new_packets() else {
                // It is told why, and closed.
                let _ = self.push(tcp);
                return Err(ErrorKind::InvalidData.into());
            };
            self.is_within = !was_handshaking && count > 0 && state.plaintext_bytes_to_read() == 0;
            self.push(tcp)?;
            if count == 0 && self.connection.is_handshaking() {
                return Ok(0);
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => tls.read(&mut self.tcp, piece),
            None => self.tcp.read(piece),
        }
    }
}

/// What was taken and is not written yet is a record at most; [`flush`](Write::flush) tells of it.
impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.tcp.write(bytes) };
        tls.flush(&mut self.tcp)?;
        let taken = tls.connection.writer().write(&bytes[..bytes.len().min(READ)])?;
        tls.push(&mut self.tcp)?;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            Some(tls) => tls.flush(&mut self.tcp),
            None => Ok(()),
        }
    }
}
