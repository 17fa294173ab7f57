//! Seals datagrams with the cluster's key, and opens those that were sealed with it for us.
//!
//! XChaCha20-Poly1305 with a random nonce of 24 bytes: long enough that random nonces never repeat
//! in practice, so that nothing about nonces has to survive a crash. One draw serves 256 datagrams:
//! their nonces share 23 random bytes and differ in the last, so two nonces can only be the same if
//! two draws of 23 bytes are. The tag covers the whole header. One key for the whole cluster keeps
//! outsiders out; it does not protect members from each other. A sealed datagram that is recorded
//! and sent again is still authentic: the protocols tolerate duplicates, and [`super::fragment`]
//! drops those of recent messages.

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{Aead, AeadInOut, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use thiserror::Error;

use super::wire::{Cluster, Datagram, Header, Kind, NONCE, WireError};

/// The bytes of a cluster's key.
pub const KEY: usize = 32;

/// Why a datagram is not let in. Nothing is answered, whatever the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Reject {
    /// It is no datagram of ours.
    #[error("malformed: {0}")]
    Malformed(#[from] WireError),
    /// Two clusters have got at each other.
    #[error("of another cluster")]
    Cluster,
    /// It was diverted, or reflected.
    #[error("meant for another receiver, or said to be from ourselves")]
    Receiver,
    /// It was not sealed with our key, or altered since.
    #[error("not authentic")]
    Forged,
}

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no random bytes from the operating system: {0}")]
pub struct NoRandom(#[from] pub getrandom::Error);

/// Two members that say something to each other, as one of them sees it. A client's socket carries
/// many clients, so a packet concerns one of those as well as one of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// This side: the sender of a packet that is sent, the receiver of one that arrived.
    pub me: u64,
    /// The other side.
    pub peer: u64,
}

/// What a datagram carries and whom it concerns: a header without what the seal adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// What the payload is.
    pub kind: Kind,
    /// Between whom it goes.
    pub link: Link,
    /// The number of the message, see [`Header::message`].
    pub message: u64,
    /// Which fragment this is, from 0.
    pub index: u16,
    /// How many bytes each fragment of the message carries, but for the last.
    pub chunk: u16,
    /// The length of the whole message in bytes.
    pub length: u32,
    /// The bytes of this fragment.
    pub payload: Vec<u8>,
}

/// Nonces that never repeat.
struct Nonces {
    drawn: [u8; NONCE],
    /// How many of this draw were used.
    used: u16,
}

impl Nonces {
    /// How many nonces come of one draw: as many as a byte has values.
    const OF_A_DRAW: u16 = 256;

    fn next(&mut self) -> Result<[u8; NONCE], NoRandom> {
        if self.used == Self::OF_A_DRAW {
            getrandom::fill(&mut self.drawn)?;
            self.used = 0;
        }
        let mut nonce = self.drawn;
        nonce[NONCE - 1] = self.used as u8;
        self.used += 1;
        Ok(nonce)
    }
}

/// The seal of a cluster, at one of its members or at several.
pub struct Seal {
    cipher: XChaCha20Poly1305,
    cluster: Cluster,
    nonces: Nonces,
}

impl Seal {
    /// The seal of `cluster`.
    pub fn new(key: &[u8; KEY], cluster: Cluster) -> Self {
        let nonces = Nonces { drawn: [0; NONCE], used: Nonces::OF_A_DRAW };
        Seal { cipher: XChaCha20Poly1305::new(&Key::from(*key)), cluster, nonces }
    }

    /// Appends to `bytes` the datagram that carries `packet` to its peer.
    ///
    /// # Errors
    /// [`NoRandom`] if there is no nonce to be had. A datagram is never sealed with a weaker one.
    pub fn seal(&mut self, packet: &Packet, bytes: &mut Vec<u8>) -> Result<(), NoRandom> {
        let nonce = self.nonces.next()?;
        let header = Header {
            kind: packet.kind,
            cluster: self.cluster,
            sender: packet.link.me,
            receiver: packet.link.peer,
            message: packet.message,
            index: packet.index,
            chunk: packet.chunk,
            length: packet.length,
        };
        let associated = header.encode();
        bytes.extend_from_slice(&associated);
        bytes.extend_from_slice(&nonce);
        let start = bytes.len();
        bytes.extend_from_slice(&packet.payload);
        let payload = InOutBuf::from(&mut bytes[start..]);
        let tag = self
            .cipher
            .encrypt_inout_detached(&XNonce::from(nonce), &associated, payload)
            .expect("a payload of one datagram is far below the cipher's limit");
        bytes.extend_from_slice(&tag);
        Ok(())
    }

    /// The packet that `bytes` carry, if a member of our cluster sealed it for us, that is, for a
    /// number that `is_ours`.
    ///
    /// # Errors
    /// [`Reject`], cheapest test first; only after all of them is the packet worth anything.
    pub fn open(&self, bytes: &[u8], is_ours: impl Fn(u64) -> bool) -> Result<Packet, Reject> {
        let Datagram { header, associated, nonce, sealed } = Datagram::decode(bytes)?;
        if header.cluster != self.cluster {
            return Err(Reject::Cluster);
        }
        // From ourselves: a datagram of ours that somebody reflects.
        if !is_ours(header.receiver) || is_ours(header.sender) {
            return Err(Reject::Receiver);
        }
        let payload = self
            .cipher
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: associated })
            .map_err(|_| Reject::Forged)?;
        Ok(Packet {
            kind: header.kind,
            link: Link { me: header.receiver, peer: header.sender },
            message: header.message,
            index: header.index,
            chunk: header.chunk,
            length: header.length,
            payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_nonce_comes_twice_and_each_draw_is_another() {
        let mut nonces = Nonces { drawn: [0; NONCE], used: Nonces::OF_A_DRAW };
        let all: Vec<_> = (0..1_024).map(|_| nonces.next().expect("random bytes")).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        let draws: BTreeSet<_> = all.iter().map(|nonce| &nonce[..NONCE - 1]).collect();
        assert_eq!(draws.len(), 4);
    }
}
