//! The UDP socket: datagrams out and in, and a wait for the next.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt;

use super::TransportError;
use super::bell::Bell;

/// How many bytes of datagrams the system is asked to keep for a socket until they are taken, and
/// until they are sent. It may grant less.
const KEPT: usize = 4 << 20;

/// A socket that never waits unless it is asked to.
pub(super) struct Socket {
    socket: UdpSocket,
    address: SocketAddr,
    receives: usize,
    sends: usize,
    /// What ends a wait as well.
    bell: Option<Arc<Bell>>,
}

impl Socket {
    /// Bound to `address`.
    ///
    /// # Errors
    /// [`TransportError::Bind`].
    pub(super) fn bind(address: SocketAddr) -> Result<Self, TransportError> {
        let bind = |error| TransportError::Bind { address, error };
        let socket = UdpSocket::bind(address).map_err(bind)?;
        socket.set_nonblocking(true).map_err(bind)?;
        sockopt::set_socket_recv_buffer_size(&socket, KEPT).map_err(|e| bind(e.into()))?;
        sockopt::set_socket_send_buffer_size(&socket, KEPT).map_err(|e| bind(e.into()))?;
        let receives = sockopt::socket_recv_buffer_size(&socket).map_err(|e| bind(e.into()))?;
        let sends = sockopt::socket_send_buffer_size(&socket).map_err(|e| bind(e.into()))?;
        let address = socket.local_addr().map_err(bind)?;
        Ok(Socket { socket, address, receives, sends, bell: None })
    }

    /// A wait ends when `bell` rings.
    pub(super) fn listen_for(&mut self, bell: Arc<Bell>) {
        self.bell = Some(bell);
    }

    /// Where it is bound.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many bytes the system keeps for it until they are taken, with what it needs itself.
    pub(super) fn receives(&self) -> usize {
        self.receives
    }

    /// The same, until they are sent.
    pub(super) fn sends(&self) -> usize {
        self.sends
    }

    /// Sends a datagram.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn send(&self, datagram: &[u8], to: SocketAddr) -> io::Result<()> {
        self.socket.send_to(datagram, to).map(drop)
    }

    /// Takes a datagram, if there is one: how long it is, and whom it is from.
    ///
    /// # Errors
    /// [`TransportError::Socket`].
    pub(super) fn receive(
        &self,
        buffer: &mut [u8],
    ) -> Result<Option<(usize, SocketAddr)>, TransportError> {
        use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted, WouldBlock};
        loop {
            match self.socket.recv_from(buffer) {
                Ok(received) => return Ok(Some(received)),
                Err(error) => match error.kind() {
                    WouldBlock => return Ok(None),
                    // The last two are about a datagram that we sent, on some systems.
                    Interrupted | ConnectionRefused | ConnectionReset => {}
                    _ => return Err(self.failed(error)),
                },
            }
        }
    }

    /// Waits until there is a datagram or the bell rings, for as long as `wait` at most. Says
    /// whether the bell rang.
    ///
    /// # Errors
    /// [`TransportError::Socket`].
    pub(super) fn wait(&self, wait: Duration) -> Result<bool, TransportError> {
        let bell = self.bell.as_deref();
        let mut sources = vec![PollFd::new(&self.socket, PollFlags::IN)];
        sources.extend(bell.map(|bell| PollFd::new(bell, PollFlags::IN)));
        let wait = Timespec::try_from(wait).expect("a wait is short");
        match poll(&mut sources, Some(&wait)) {
            Ok(_) | Err(Errno::INTR) => Ok(self.hears_bell()),
            Err(error) => Err(self.failed(error.into())),
        }
    }

    /// Whether the bell rang, which it does no more then.
    pub(super) fn hears_bell(&self) -> bool {
        self.bell.as_deref().is_some_and(Bell::hush)
    }

    fn failed(&self, error: io::Error) -> TransportError {
        TransportError::Socket { address: self.address, error }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
