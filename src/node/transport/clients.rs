//! Where the clients are that were heard lately.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// How many clients are remembered; the one not heard for longest is forgotten.
pub const CLIENTS: usize = 65_536;

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
    /// The same clients, in the order in which they were last heard.
    by_age: BTreeSet<(u64, u64)>,
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
            self.by_age.remove(&(known.heard, client));
            self.by_age.insert((heard, client));
            known.heard = heard;
            if message > known.newest {
                (known.newest, known.address) = (message, from);
            }
            return None;
        }
        let full = self.clients.len() >= CLIENTS;
        let forgotten = if full { self.by_age.pop_first().map(|(_, id)| id) } else { None };
        if let Some(id) = forgotten {
            self.clients.remove(&id);
        }
        self.by_age.insert((heard, client));
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
        assert_eq!(clients.heard(CLIENTS as u64, 1, at(1)), Some(1));
        assert_eq!(clients.heard(CLIENTS as u64 + 1, 1, at(1)), Some(2));
        assert_eq!(clients.address(1), None);
        assert!(clients.address(0).is_some());
    }
}
