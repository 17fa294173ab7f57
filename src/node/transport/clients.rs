//! Where the clients are that were heard lately.

use std::collections::BTreeMap;
use std::net::SocketAddr;

/// How many clients are remembered; the one not heard for longest is forgotten.
pub const CLIENTS: usize = 1_024;

#[derive(Clone, Copy, Debug)]
struct Client {
    address: SocketAddr,
    /// The highest number of its messages.
    newest: u64,
    /// When it was last heard, by a count of datagrams.
    heard: u64,
}

/// The clients' addresses, by number.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    clients: BTreeMap<u64, Client>,
    clock: u64,
}

impl Clients {
    /// Notes that an authentic fragment of `message` came from `client` at `from`, and returns the
    /// client that had to be forgotten for it, if any.
    ///
    /// The address changes only with a newer message: an old datagram that somebody recorded and
    /// sends again from elsewhere does not divert the replies.
    pub fn heard(&mut self, client: u64, message: u64, from: SocketAddr) -> Option<u64> {
        self.clock += 1;
        let heard = self.clock;
        if let Some(known) = self.clients.get_mut(&client) {
            known.heard = heard;
            if message > known.newest {
                (known.newest, known.address) = (message, from);
            }
            return None;
        }
        let full = self.clients.len() >= CLIENTS;
        let oldest = self.clients.iter().min_by_key(|(_, c)| c.heard).map(|(&id, _)| id);
        let forgotten = oldest.filter(|_| full);
        if let Some(id) = forgotten {
            self.clients.remove(&id);
        }
        self.clients.insert(client, Client { address: from, newest: message, heard });
        forgotten
    }

    /// Where `client` was when it was last heard.
    pub fn address(&self, client: u64) -> Option<SocketAddr> {
        self.clients.get(&client).map(|known| known.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn only_a_newer_message_moves_a_client() {
        let mut clients = Clients::default();
        assert_eq!(clients.heard(1, 10, at(1)), None);
        clients.heard(1, 10, at(2));
        clients.heard(1, 9, at(3));
        assert_eq!(clients.address(1), Some(at(1)));
        clients.heard(1, 11, at(4));
        assert_eq!(clients.address(1), Some(at(4)));
    }

    #[test]
    fn the_client_not_heard_for_longest_is_forgotten() {
        let mut clients = Clients::default();
        for id in 0..CLIENTS as u64 {
            assert_eq!(clients.heard(id, 1, at(1)), None);
        }
        clients.heard(0, 2, at(1));
        assert_eq!(clients.heard(9_999, 1, at(1)), Some(1));
        assert_eq!(clients.address(1), None);
        assert!(clients.address(0).is_some());
    }
}
