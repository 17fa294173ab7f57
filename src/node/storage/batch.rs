//! A batch: what one commit saves, as it lies in the file.
//!
//! A batch begins at a block and fills blocks, so that no write touches what an earlier one has
//! made durable. A disk writes sectors, in any order, and power may fail between any two of them:
//! each sector ends with a stamp, which no sector of another batch has. So whoever reads a batch
//! that is not what was written knows which of two things has happened:
//!
//! - a sector lacks its stamp: the batch was not written to its end, so nobody counts on it;
//! - every sector has its stamp: it was, and has been altered since.
//!
//! ```text
//!   sector 0                     sector 1              ...
//!   head | content ... | stamp   content ... | stamp
//! ```

use std::io;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::backend::Backend;

/// What batches begin at, and fill: the largest unit that disks write as one.
pub(super) const BLOCK: u64 = 4_096;
/// The smallest unit that disks write as one.
const SECTOR: usize = 512;
const STAMP: usize = 8;
const HEAD: usize = 64;

/// What a batch says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Each batch has the number after that of the batch before.
    pub(super) number: u64,
    /// The oldest batch that still counts, once this one does.
    pub(super) first: u64,
    /// Drawn whenever the store is opened, so that what a crash has left half written is never
    /// taken for a part of what is written there later.
    pub(super) life: u64,
    /// The length of the file.
    pub(super) file: u64,
    /// The hash of the batch before.
    pub(super) before: u64,
    /// The length of its content in bytes.
    pub(super) length: u64,
    /// The hash of its content, and of all batches before.
    pub(super) hash: u64,
}

impl Head {
    /// How many bytes the batch takes in the file.
    pub(super) fn bytes(&self) -> u64 {
        bytes(self.length)
    }

    /// The stamp of a sector of the batch.
    pub(super) fn stamp(&self, salt: u64, sector: usize) -> u64 {
        stamp(salt, self.life, self.number, sector)
    }

    /// The head of the batch at `at`, if there is one. The check depends on the place.
    fn read(salt: u64, at: u64, bytes: &[u8]) -> Option<Self> {
        let (words, _) = bytes.as_chunks::<8>();
        let [number, first, life, file, before, length, hash, check] =
            words.first_chunk()?.map(u64::from_le_bytes);
        let head = Head { number, first, life, file, before, length, hash };
        (check == head.check(salt, at)).then_some(head)
    }

    fn write(&self, salt: u64, at: u64) -> [u8; HEAD] {
        let [a, b, c, d, e, f, g] = self.words();
        let words = [a, b, c, d, e, f, g, self.check(salt, at)].map(u64::to_le_bytes);
        words.as_flattened().try_into().expect("eight words")
    }

    fn words(&self) -> [u64; 7] {
        let Head { number, first, life, file, before, length, hash } = *self;
        [number, first, life, file, before, length, hash]
    }

    fn check(&self, salt: u64, at: u64) -> u64 {
        xxh3_64_with_seed(self.words().map(u64::to_le_bytes).as_flattened(), salt ^ at)
    }
}

/// How many bytes a batch with a content of this length takes in the file.
pub(super) fn bytes(length: u64) -> u64 {
    let sectors = (HEAD as u64 + length).div_ceil((SECTOR - STAMP) as u64);
    (sectors * SECTOR as u64).next_multiple_of(BLOCK)
}

/// How much more content a batch has room for, without taking more of the file.
pub(super) fn slack(length: u64) -> u64 {
    let sectors = bytes(length) / SECTOR as u64;
    sectors * (SECTOR - STAMP) as u64 - HEAD as u64 - length
}

/// The hash of a batch's content, after a batch of that hash.
pub(super) fn hash(before: u64, content: &[u8]) -> u64 {
    xxh3_64_with_seed(content, before)
}

fn stamp(salt: u64, life: u64, number: u64, sector: usize) -> u64 {
    xxh3_64([salt, life, number, sector as u64].map(u64::to_le_bytes).as_flattened())
}

fn stamp_in(sector: &[u8; SECTOR]) -> u64 {
    u64::from_le_bytes(*sector.last_chunk().expect("a sector is longer"))
}

/// The bytes of a batch that begins at `at`.
pub(super) fn lay_out(salt: u64, at: u64, head: &Head, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(head.bytes() as usize);
    let head_bytes = head.write(salt, at);
    let mut rest = content;
    for sector in 0..head.bytes() as usize / SECTOR {
        let mut room = SECTOR - STAMP;
        if sector == 0 {
            out.extend(head_bytes);
            room -= HEAD;
        }
        let (part, others) = rest.split_at(room.min(rest.len()));
        out.extend(part);
        out.resize((sector + 1) * SECTOR - STAMP, 0);
        out.extend(head.stamp(salt, sector).to_le_bytes());
        rest = others;
    }
    out
}

/// What is found at a place where a batch may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// A batch, as it was written.
    Whole(Head),
    /// A batch that was not written to its end.
    Torn(Head),
    /// A batch that was, and has been altered since.
    Altered(Head),
    /// No head, in a sector with this stamp.
    Headless { stamp: u64 },
}

/// Looks at `at` in a file of `end` bytes, of which there is a block at least.
///
/// # Errors
/// If it cannot be read.
pub(super) fn look(backend: &dyn Backend, salt: u64, at: u64, end: u64) -> io::Result<Sight> {
    let mut sector = [0; SECTOR];
    backend.read(at, &mut sector)?;
    let Some(head) = Head::read(salt, at, &sector) else {
        return Ok(Sight::Headless { stamp: stamp_in(&sector) });
    };
    if head.bytes() > end - at {
        return Ok(Sight::Altered(head));
    }
    let mut bytes = vec![0; head.bytes() as usize];
    backend.read(at, &mut bytes)?;
    if hash(head.before, &content_in(&bytes, &head)) == head.hash {
        return Ok(Sight::Whole(head));
    }
    let (sectors, _) = bytes.as_chunks();
    let is_written =
        (0..).zip(sectors).all(|(number, sector)| stamp_in(sector) == head.stamp(salt, number));
    Ok(if is_written { Sight::Altered(head) } else { Sight::Torn(head) })
}

/// The content of the batch of this head at `at`; `None` if it is not what was written.
///
/// # Errors
/// If it cannot be read.
pub(super) fn content(backend: &dyn Backend, at: u64, head: &Head) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; head.bytes() as usize];
    backend.read(at, &mut bytes)?;
    let content = content_in(&bytes, head);
    Ok((hash(head.before, &content) == head.hash).then_some(content))
}

fn content_in(bytes: &[u8], head: &Head) -> Vec<u8> {
    let mut content = Vec::with_capacity(bytes.len());
    for sector in bytes.chunks(SECTOR) {
        content.extend(&sector[..SECTOR - STAMP]);
    }
    content.truncate(HEAD + head.length as usize);
    content.drain(..HEAD);
    content
}
