//! What the transport has to say to whoever runs the node.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use super::FIRST_CLIENT;
use crate::node::seal::Reject;

/// How many notices wait to be taken, at most; more are lost.
const WAITING: usize = 64;

/// Something that an operator should know, told when it begins and when it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The system refuses to send to a peer. Told once for each peer and cause, and again after it
    /// has worked in between.
    CannotSend {
        /// The server; `None` if it is a client.
        server: Option<u64>,
        /// Where to.
        address: SocketAddr,
        /// What the system says.
        cause: String,
    },
    /// The system sends to a peer again.
    SendsAgain {
        /// The server; `None` if it is a client.
        server: Option<u64>,
    },
    /// Authentic datagrams of a server come from elsewhere than the config says, and are refused.
    /// Told once for each place.
    Astray {
        /// The server.
        server: u64,
        /// Where the config says it is.
        expected: SocketAddr,
        /// Where they come from.
        from: SocketAddr,
    },
    /// Datagrams come that only members of another cluster, or of none, can have sent. Told once
    /// for each sender, if they do not take turns.
    Foreign {
        /// The sender.
        from: IpAddr,
        /// Why they are refused.
        reject: Reject,
    },
}

impl Notice {
    /// What the notice is about: those that tell the same differ in detail only.
    pub fn topic(&self) -> (&'static str, Option<u64>) {
        match self {
            Notice::CannotSend { server, .. } => ("cannot send", *server),
            Notice::SendsAgain { server } => ("sends again", *server),
            Notice::Astray { server, .. } => ("astray", Some(*server)),
            Notice::Foreign { .. } => ("foreign", None),
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = |server: &Option<u64>| match server {
            Some(id) => format!("node {id}"),
            None => "a client".to_owned(),
        };
        match self {
            Notice::CannotSend { server, address, cause } => {
                write!(f, "cannot send to {} at {address}: {cause}", peer(server))
            }
            Notice::SendsAgain { server } => write!(f, "sends to {} again", peer(server)),
            Notice::Astray { server, expected, from } => write!(
                f,
                "datagrams of node {server} come from {from} and are refused: the config says \
                 {expected}"
            ),
            Notice::Foreign { from, reject } => write!(
                f,
                "datagrams from {from} are refused: {reject}; is the key there the cluster's?"
            ),
        }
    }
}

/// What has been told, and what waits to be.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// The causes told of each peer that could not be sent to since it last could.
    failing: BTreeMap<Option<u64>, BTreeSet<Option<i32>>>,
    /// Where each server's datagrams came from that last came from a wrong place.
    astray: BTreeMap<u64, SocketAddr>,
    /// Who last sent what is foreign.
    foreign: Option<IpAddr>,
    waiting: Vec<Notice>,
}

impl Notices {
    /// Notes that the system would not send to `peer`.
    pub(super) fn failed(&mut self, peer: u64, address: SocketAddr, error: &io::Error) {
        let server = server(peer);
        if self.failing.entry(server).or_default().insert(error.raw_os_error()) {
            self.tell(Notice::CannotSend { server, address, cause: error.to_string() });
        }
    }

    /// Notes that the system has sent to `peer`.
    pub(super) fn sent(&mut self, peer: u64) {
        if !self.failing.is_empty() && self.failing.remove(&server(peer)).is_some() {
            self.tell(Notice::SendsAgain { server: server(peer) });
        }
    }

    /// Notes that an authentic datagram of `server` came from the wrong place.
    pub(super) fn astray(&mut self, server: u64, expected: SocketAddr, from: SocketAddr) {
        if self.astray.insert(server, from) != Some(from) {
            self.tell(Notice::Astray { server, expected, from });
        }
    }

    /// Notes that a datagram from `from` was refused.
    pub(super) fn refused(&mut self, from: IpAddr, reject: Reject) {
        if matches!(reject, Reject::Cluster | Reject::Forged) && self.foreign != Some(from) {
            self.foreign = Some(from);
            self.tell(Notice::Foreign { from, reject });
        }
    }

    /// Takes out what there is to tell.
    pub(super) fn take(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.waiting)
    }

    fn tell(&mut self, notice: Notice) {
        if self.waiting.len() < WAITING {
            self.waiting.push(notice);
        }
    }
}

fn server(peer: u64) -> Option<u64> {
    (peer < FIRST_CLIENT).then_some(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_once_for_each_peer_and_cause_until_it_has_worked() {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let (unreachable, refused) =
            (io::Error::from_raw_os_error(101), io::Error::from_raw_os_error(1));
        let mut notices = Notices::default();
        let told = |notices: &mut Notices| -> Vec<String> {
            notices.take().iter().map(ToString::to_string).collect()
        };
        for _ in 0..3 {
            notices.failed(2, address, &unreachable);
        }
        let first = told(&mut notices);
        assert_eq!(first.len(), 1);
        assert!(first[0].starts_with("cannot send to node 2 at 127.0.0.1:1: "), "{first:?}");
        notices.failed(2, address, &refused);
        notices.failed(3, address, &unreachable);
        notices.failed(FIRST_CLIENT + 7, address, &unreachable);
        notices.failed(FIRST_CLIENT + 8, address, &unreachable);
        assert_eq!(told(&mut notices).len(), 3, "clients are one peer");
        notices.sent(2);
        notices.sent(2);
        assert_eq!(told(&mut notices), ["sends to node 2 again"]);
        notices.failed(2, address, &unreachable);
        assert_eq!(told(&mut notices), first);
    }

    #[test]
    fn what_nobody_takes_does_not_grow_without_end() {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let mut notices = Notices::default();
        for port in 1..1_000 {
            notices.astray(2, at(1), at(port));
        }
        assert_eq!(notices.take().len(), WAITING);
    }
}
