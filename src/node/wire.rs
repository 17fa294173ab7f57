//! The bytes on the wire: the header of a datagram and the codec of a message.
//!
//! Both decoders are total: any bytes give a value or an error, never a panic, and no length is
//! believed before it was compared with what is there. Integers are big-endian.
//!
//! ```text
//! 0        1     2        10      18        26       34     36     38      42     66
//! version  kind  cluster  sender  receiver  message  index  chunk  length  nonce  sealed, tag
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// The largest message in bytes, encoded: 4 MiB. A compare-and-swap holds two values of at most
/// 1 MiB and a key of at most 64 KiB; the rest is room for what a protocol wraps around them.
pub const MESSAGE_MAX: usize = 4 << 20;

/// The largest datagram in bytes, header and tag included, that is ever sent or let in.
pub const DATAGRAM_MAX: usize = 60 << 10;

/// A datagram of this many bytes arrives on any path in one piece: it is below the smallest MTU in
/// common use (1,280 for IPv6, less its own headers).
pub const DATAGRAM_SAFE: usize = 1_200;

/// The bytes of a header that say whom and what it is for; all of them are authenticated.
pub const ASSOCIATED: usize = 42;

/// The bytes of a nonce.
pub const NONCE: usize = 24;

/// The bytes of a header, nonce included.
pub const HEADER: usize = ASSOCIATED + NONCE;

/// The bytes of an authentication tag.
pub const TAG: usize = 16;

/// How many bytes of a message a datagram of [`DATAGRAM_SAFE`] bytes carries, at most.
pub const CHUNK: usize = chunk(DATAGRAM_SAFE);

/// The fewest bytes by which a message is cut, so that nobody is made to count many fragments.
pub const CHUNK_MIN: usize = 512;

/// The bytes of the smallest datagram that a member may be told to send at most.
pub const DATAGRAM_MIN: usize = CHUNK_MIN + HEADER + TAG;

/// How many bytes of a message a datagram of so many bytes carries, at most.
pub const fn chunk(datagram: usize) -> usize {
    datagram - HEADER - TAG
}

/// How many bytes a datagram with so many bytes of a message has.
pub const fn datagram(chunk: usize) -> usize {
    HEADER + chunk + TAG
}

/// The version of the datagram format. In version 1 all datagrams were cut alike.
const DATAGRAM_VERSION: u8 = 2;

/// The version of the message encoding. In version 1 requests and replies stood among the messages
/// of one protocol; in version 2 there were no orders.
const MESSAGE_VERSION: u8 = 3;

/// Names a cluster: random when the cluster is created, so that two clusters on one host whose keys
/// or ports were mixed up do not hear each other.
pub type Cluster = u64;

/// Numbers from here on are clients'; a server's is below.
pub const FIRST_CLIENT: u64 = 1 << 32;

/// What a datagram carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A fragment of a message.
    Data,
    /// What its sender has received of the message named in the header.
    Report,
}

/// What a datagram says of itself, in the clear but authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it carries.
    pub kind: Kind,
    /// Whose datagram it is.
    pub cluster: Cluster,
    /// Who sealed it.
    pub sender: u64,
    /// For whom it was sealed. Part of what is authenticated: a vote granted to one server must be
    /// worthless to any other.
    pub receiver: u64,
    /// The number of the message. Unique per sender of the *message*, who is the receiver of a
    /// report.
    pub message: u64,
    /// Which fragment this is, from 0.
    pub index: u16,
    /// How many bytes each fragment of the message carries, but for the last.
    pub chunk: u16,
    /// The length of the whole message in bytes.
    pub length: u32,
}

/// A datagram that was taken apart, not yet authenticated.
#[derive(Clone, Debug)]
pub struct Datagram<'a> {
    /// What it says of itself.
    pub header: Header,
    /// The header as it was on the wire, which is what the tag covers.
    pub associated: &'a [u8],
    /// With what it was sealed, beside the key.
    pub nonce: &'a [u8; NONCE],
    /// The sealed bytes, their tag last.
    pub sealed: &'a [u8],
}

/// Bytes that are not a datagram or a message of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// It cannot be one datagram.
    #[error("shorter than a header and a tag, or longer than {DATAGRAM_MAX} bytes")]
    Size,
    /// Of a newer build, or not of ours.
    #[error("a version this build does not speak")]
    Version,
    /// Of a newer build, or not of ours.
    #[error("an unknown kind of datagram")]
    Kind,
    /// It says of itself what cannot be.
    #[error("fragment index, chunk and lengths contradict each other")]
    Shape,
    /// Checked before anything is sent and before anything is decoded.
    #[error("a message of {0} bytes is over the limit of {MESSAGE_MAX}")]
    TooLarge(usize),
    /// The bytes are not one message, the whole of it and nothing else.
    #[error("a message that does not decode")]
    Message,
}

/// The number of fragments of a message of `length` bytes, cut into chunks of `chunk`, which is not
/// 0: one even if it is empty.
pub fn fragments(length: usize, chunk: u16) -> usize {
    length.div_ceil(usize::from(chunk)).max(1)
}

/// The range of such a message that fragment `index` carries. It is empty if there is no such
/// fragment.
pub fn fragment(length: usize, chunk: u16, index: usize) -> std::ops::Range<usize> {
    let start = index.saturating_mul(usize::from(chunk)).min(length);
    start..start.saturating_add(usize::from(chunk)).min(length)
}

/// Whether a fragment can be what it says: fragment `index` of a message of `length` bytes, cut
/// into chunks of `chunk`, that carries so many bytes. A message says how it is cut, so fragments
/// neither overlap nor leave gaps.
pub fn is_fragment(length: usize, chunk: u16, index: u16, carried: usize) -> bool {
    length <= MESSAGE_MAX
        && usize::from(chunk) >= CHUNK_MIN
        && usize::from(index) < fragments(length, chunk)
        && fragment(length, chunk, usize::from(index)).len() == carried
}

impl Header {
    /// The first [`ASSOCIATED`] bytes of the datagram.
    pub fn encode(&self) -> [u8; ASSOCIATED] {
        let mut bytes = [0; ASSOCIATED];
        bytes[0] = DATAGRAM_VERSION;
        bytes[1] = match self.kind {
            Kind::Data => 1,
            Kind::Report => 2,
        };
        bytes[2..10].copy_from_slice(&self.cluster.to_be_bytes());
        bytes[10..18].copy_from_slice(&self.sender.to_be_bytes());
        bytes[18..26].copy_from_slice(&self.receiver.to_be_bytes());
        bytes[26..34].copy_from_slice(&self.message.to_be_bytes());
        bytes[34..36].copy_from_slice(&self.index.to_be_bytes());
        bytes[36..38].copy_from_slice(&self.chunk.to_be_bytes());
        bytes[38..42].copy_from_slice(&self.length.to_be_bytes());
        bytes
    }

    /// Whether index, chunk and lengths agree, given how many bytes the datagram carries.
    fn is_consistent(&self, carried: usize) -> bool {
        let length = self.length as usize;
        let is_whole = length == carried && length <= CHUNK;
        (self.kind == Kind::Data || is_whole)
            && is_fragment(length, self.chunk, self.index, carried)
    }
}

impl<'a> Datagram<'a> {
    /// Takes `bytes` apart without allocating. Nothing in the result is authenticated.
    ///
    /// # Errors
    /// [`WireError`] unless size, version, kind, index, chunk and lengths all make sense.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        if bytes.len() < HEADER + TAG || bytes.len() > DATAGRAM_MAX {
            return Err(WireError::Size);
        }
        if bytes[0] != DATAGRAM_VERSION {
            return Err(WireError::Version);
        }
        let kind = match bytes[1] {
            1 => Kind::Data,
            2 => Kind::Report,
            _ => return Err(WireError::Kind),
        };
        let header = Header {
            kind,
            cluster: u64::from_be_bytes(array(bytes, 2)?),
            sender: u64::from_be_bytes(array(bytes, 10)?),
            receiver: u64::from_be_bytes(array(bytes, 18)?),
            message: u64::from_be_bytes(array(bytes, 26)?),
            index: u16::from_be_bytes(array(bytes, 34)?),
            chunk: u16::from_be_bytes(array(bytes, 36)?),
            length: u32::from_be_bytes(array(bytes, 38)?),
        };
        if !header.is_consistent(bytes.len() - HEADER - TAG) {
            return Err(WireError::Shape);
        }
        let (associated, rest) = bytes.split_at(ASSOCIATED);
        let (nonce, sealed) = rest.split_first_chunk().ok_or(WireError::Size)?;
        Ok(Datagram { header, associated, nonce, sealed })
    }
}

/// The `N` bytes at `start`.
fn array<const N: usize>(bytes: &[u8], start: usize) -> Result<[u8; N], WireError> {
    bytes.get(start..).and_then(|rest| rest.first_chunk()).copied().ok_or(WireError::Size)
}

/// A message as bytes: a version, then postcard.
///
/// # Errors
/// [`WireError::TooLarge`] if that is more than [`MESSAGE_MAX`] bytes, [`WireError::Message`] if
/// `message` has no encoding at all.
pub fn encode<M: Serialize>(message: &M) -> Result<Vec<u8>, WireError> {
    let bytes =
        postcard::to_extend(message, vec![MESSAGE_VERSION]).map_err(|_| WireError::Message)?;
    if bytes.len() > MESSAGE_MAX { Err(WireError::TooLarge(bytes.len())) } else { Ok(bytes) }
}

/// The message that `bytes` are the encoding of.
///
/// # Errors
/// [`WireError`] if they are too many, of another version, do not decode, or if some are left over.
pub fn decode<M: DeserializeOwned>(bytes: &[u8]) -> Result<M, WireError> {
    if bytes.len() > MESSAGE_MAX {
        return Err(WireError::TooLarge(bytes.len()));
    }
    match bytes.split_first() {
        Some((&MESSAGE_VERSION, body)) => match postcard::take_from_bytes(body) {
            Ok((message, [])) => Ok(message),
            _ => Err(WireError::Message),
        },
        Some(_) => Err(WireError::Version),
        None => Err(WireError::Message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As messages are cut for any path.
    const SAFE: u16 = CHUNK as u16;

    #[test]
    fn a_header_that_contradicts_itself_is_refused_before_anything_is_decrypted() {
        let header = |index, chunk, length| Header {
            kind: Kind::Data,
            cluster: 9,
            sender: 1,
            receiver: 2,
            message: 5,
            index,
            chunk,
            length,
        };
        let decode = |header: &Header, carried: usize| {
            let bytes = [&header.encode()[..], &[0; 24], &vec![0; carried + 16]].concat();
            Datagram::decode(&bytes).map(|datagram| datagram.header)
        };
        let shape = Err(WireError::Shape);
        let chunk = CHUNK as u32;
        assert_eq!(decode(&header(0, SAFE, 3), 3), Ok(header(0, SAFE, 3)));
        assert_eq!(decode(&header(1, SAFE, chunk + 1), 1), Ok(header(1, SAFE, chunk + 1)));
        assert_eq!(decode(&header(0, SAFE, 3), 4), shape);
        assert_eq!(decode(&header(1, SAFE, 3), 3), shape);
        assert_eq!(decode(&header(0, 0, 0), 0), shape);
        assert_eq!(decode(&header(0, CHUNK_MIN as u16 - 1, 3), 3), shape);
        assert_eq!(decode(&header(0, SAFE + 1, chunk + 2), CHUNK), shape);
        let huge = MESSAGE_MAX as u32 + 1;
        assert_eq!(decode(&header(0, SAFE, huge), CHUNK), shape);
        assert_eq!(decode(&header(0, u16::MAX, u32::MAX), CHUNK), shape);
        let long = vec![0; DATAGRAM_MAX + 1];
        assert_eq!(Datagram::decode(&long).map(|_| ()).unwrap_err(), WireError::Size);
    }
}
