//! Consistent hashing: which servers hold a key, so that a server that comes or goes moves no key
//! but its own.
//!
//! Servers and keys have places on a ring of 2^64. A key is held by the servers that come next
//! behind its place. A server may have several places, its *virtual nodes*: the more, the more
//! equal are the shares.
//!
//! Sources: Karger, Lehman, Leighton, Panigrahy, Levine, Lewin, *Consistent Hashing and Random
//! Trees*, STOC 1997; DeCandia et al., *Dynamo*, SOSP 2007, §4.2 and §4.3.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

#[cfg(test)]
mod tests;

/// A place on the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place(pub u64);

impl Place {
    /// Where a key is: the hash FNV-1a of its bytes, mixed as in SplitMix64 so that keys which
    /// differ little are far apart. It is the same on every machine and in every version.
    pub fn of(bytes: &[u8]) -> Place {
        const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let hash =
            bytes.iter().fold(BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
        let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Place(hash ^ (hash >> 31))
    }

    /// Where a server's virtual node of this number is.
    pub fn of_node(server: Id, number: u32) -> Place {
        let server = (usize::from(server) as u64).to_be_bytes();
        Place::of(&[&server[..], &number.to_be_bytes()].concat())
    }
}

/// Who has which places.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ring(BTreeMap<Place, Id>);

impl Ring {
    /// The ring in which each of `servers` has so many places.
    pub fn of(servers: impl IntoIterator<Item = Id>, nodes: u32) -> Ring {
        let mut ring = Ring::default();
        servers.into_iter().for_each(|server| ring.add(server, nodes));
        ring
    }

    /// The ring in which every key has these servers, in this order.
    pub fn in_order(servers: impl IntoIterator<Item = Id, IntoIter: ExactSizeIterator>) -> Ring {
        let servers = servers.into_iter();
        let first = u64::MAX - servers.len() as u64 + 1;
        Ring((first..=u64::MAX).map(Place).zip(servers).collect())
    }

    /// A server comes, with so many places. A place that is taken stays with who has it.
    pub fn add(&mut self, server: Id, nodes: u32) {
        for number in 0..nodes {
            self.0.entry(Place::of_node(server, number)).or_insert(server);
        }
    }

    /// A server goes.
    pub fn remove(&mut self, server: Id) {
        self.0.retain(|_, other| *other != server);
    }

    /// The servers that have a place.
    pub fn servers(&self) -> BTreeSet<Id> {
        self.0.values().copied().collect()
    }

    /// All servers in the order in which they come behind `place`, each once: the preference list
    /// of a key. The first of them hold the key.
    pub fn behind(&self, place: Place) -> Vec<Id> {
        let mut servers = Vec::new();
        for (_, server) in self.0.range(place..).chain(self.0.range(..place)) {
            if !servers.contains(server) {
                servers.push(*server);
            }
        }
        servers
    }

    /// The `count` servers that hold the key at `place`: all of them, if there are no more.
    pub fn owners(&self, place: Place, count: usize) -> Vec<Id> {
        let mut owners = self.behind(place);
        owners.truncate(count);
        owners
    }

    /// By server, which part of the ring is behind no other server's place but its own: the share
    /// of the keys that it holds first. They add up to 1, if there is any server.
    pub fn shares(&self) -> BTreeMap<Id, f64> {
        const WHOLE: f64 = 18_446_744_073_709_551_616.0;
        let mut shares = BTreeMap::new();
        let before = self.0.keys().next_back().into_iter().chain(self.0.keys());
        for (before, (place, server)) in before.zip(&self.0) {
            let length = place.0.wrapping_sub(before.0);
            // The only place has all of the ring before it.
            let length = if self.0.len() == 1 { WHOLE } else { length as f64 };
            *shares.entry(*server).or_default() += length / WHOLE;
        }
        shares
    }
}
