//! The UDP socket: datagrams out and in, and a wait for the next.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use quinn_udp::UdpSocketState;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt;

use super::TransportError;
use super::bell::Bell;
use super::intake::Intake;
use super::train::Train;

/// How many bytes of datagrams the system is asked to keep for a socket until they are taken, and
/// until they are sent. It may grant less.
const KEPT: usize = 4 << 20;

/// A socket that never waits unless it is asked to.
pub(super) struct Socket {
    socket: UdpSocket,
    /// What the system does for it: sends a train at once, and puts together what arrives.
    state: UdpSocketState,
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
        let state = UdpSocketState::new((&socket).into()).map_err(bind)?;
        sockopt::set_socket_recv_buffer_size(&socket, KEPT).map_err(|e| bind(e.into()))?;
        sockopt::set_socket_send_buffer_size(&socket, KEPT).map_err(|e| bind(e.into()))?;
        let receives = sockopt::socket_recv_buffer_size(&socket).map_err(|e| bind(e.into()))?;
        let sends = sockopt::socket_send_buffer_size(&socket).map_err(|e| bind(e.into()))?;
        let address = socket.local_addr().map_err(bind)?;
        Ok(Socket { socket, state, address, receives, sends, bell: None })
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

    /// How many datagrams a train may have: one, if the system cuts none apart.
    pub(super) fn train_max(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// Sends the datagrams of `train`.
    ///
    /// # Errors
    /// What the system says. None of them is sent then.
    pub(super) fn send(&self, train: &Train) -> io::Result<()> {
        self.state.try_send((&self.socket).into(), &train.transmit())
    }

    /// Takes datagrams, as many as there are and as there is room for in `intake`.
    ///
    /// # Errors
    /// [`TransportError::Socket`].
    pub(super) fn receive(&self, intake: &mut Intake) -> Result<(), TransportError> {
        use io::ErrorKind::{ConnectionRefused, ConnectionReset, WouldBlock};
        loop {
            match intake.take(&self.socket, &self.state) {
                Ok(()) => return Ok(()),
                Err(error) => match error.kind() {
                    WouldBlock => return Ok(()),
                    // They are about a datagram that we sent, on some systems.
                    ConnectionRefused | ConnectionReset => {}
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::wire::DATAGRAM_MAX;

    /// All datagrams that come to `socket` until there are `count`.
    fn received(socket: &Socket, count: usize) -> Vec<(Vec<u8>, SocketAddr)> {
        let (mut intake, mut all) = (Intake::new(), Vec::new());
        while all.len() < count {
            socket.wait(Duration::from_secs(1)).unwrap();
            socket.receive(&mut intake).unwrap();
            all.extend(intake.datagrams().map(|(datagram, from)| (datagram.to_vec(), from)));
        }
        all
    }

    #[test]
    fn what_goes_in_trains_arrives_as_the_datagrams_it_was() {
        let bind = || Socket::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let (sender, receiver) = (bind(), bind());
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (to, mut sent) = (receiver.address(), Vec::new());
        for (segment, last) in [(1_200, 7), (1, 1), (DATAGRAM_MAX, 0), (594, 594), (300, 299)] {
            let mut train = Train::new(2, to, segment);
            for length in std::iter::repeat_n(segment, 45).chain([last]) {
                if length > 0
                    && (train.bytes.is_empty() || train.takes(to, length, sender.train_max()))
                {
                    let datagram: Vec<u8> = (0..length).map(|at| (at + sent.len()) as u8).collect();
                    train.bytes.extend(&datagram);
                    sent.push((datagram, sender.address()));
                }
            }
            sender.send(&train).unwrap();
            other.send_to(&[], to).unwrap();
            sent.push((Vec::new(), other.local_addr().unwrap()));
        }
        assert!(sent.len() >= 5 * (1 + sender.train_max().min(2)));
        assert_eq!(received(&receiver, sent.len()), sent);
    }
}
