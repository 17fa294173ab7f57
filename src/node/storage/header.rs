//! The beginning of a store's file: whose store it is.
//!
//! ```text
//! 0       8       16      24        32
//! magic   format  length  checksum  identity, in postcard
//! ```

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::backend::Backend;
use super::batch::BLOCK;
use super::fault::Fault;
use super::{FORMAT, Identity};

const MAGIC: [u8; 8] = *b"quorate\n";
/// With this the stores of formats 1 and 2 begin, and they are told as of the latter.
const OLDER: ([u8; 4], u64) = (*b"redb", 2);
const FIXED: usize = 32;

/// No header is longer: its length is not believed before its checksum is.
const LENGTH_MAX: u64 = 1 << 20;

/// The length of a new store: one batch after the other, before it must grow.
pub(super) const FIRST_LENGTH: u64 = 64 << 10;

/// What a store's file begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// A random number, without which nothing can be written that passes for a batch of this store.
    pub(super) salt: u64,
    pub(super) identity: Identity,
}

impl Header {
    /// The bytes of a new store.
    pub(super) fn first_bytes(&self) -> Vec<u8> {
        let identity = postcard::to_stdvec(self).expect("plain data always encodes");
        let mut fixed = MAGIC.to_vec();
        fixed.extend(FORMAT.to_le_bytes());
        fixed.extend((identity.len() as u64).to_le_bytes());
        let checksum = checksum(&fixed, &identity);
        let mut bytes = [fixed, checksum.to_le_bytes().to_vec(), identity].concat();
        let begin = (bytes.len() as u64).next_multiple_of(BLOCK);
        bytes.resize((begin + FIRST_LENGTH) as usize, 0);
        bytes
    }

    /// The header of a file, and where the batches begin; or the format of it, if that is another.
    pub(super) fn read(backend: &dyn Backend) -> Result<Result<(Self, u64), u64>, Fault> {
        let end = backend.length()?;
        if end == 0 {
            return Err(Fault::damage("the file", "it is empty"));
        }
        let mut fixed = [0; FIXED];
        let there = end.min(FIXED as u64) as usize;
        backend.read(0, &mut fixed[..there])?;
        if fixed.starts_with(&OLDER.0) {
            return Ok(Err(OLDER.1));
        }
        if !fixed[..there].starts_with(&MAGIC[..there.min(MAGIC.len())]) {
            return Err(Fault::damage("the file", "it does not begin as a store does"));
        }
        let [format, length, expected] =
            [8, 16, 24].map(|at| u64::from_le_bytes(fixed[at..at + 8].try_into().expect("eight")));
        let begin = FIXED as u64 + length.min(LENGTH_MAX);
        if length <= LENGTH_MAX && end < begin.next_multiple_of(BLOCK) + FIRST_LENGTH {
            return Err(Fault::damage("the file", "it ends too soon"));
        }
        let mut identity = vec![0; (begin as usize).min(end as usize) - FIXED];
        backend.read(FIXED as u64, &mut identity)?;
        if expected != checksum(&fixed[..24], &identity) {
            return Err(Fault::damage("identity", "its checksum does not match"));
        }
        if format != FORMAT {
            return Ok(Err(format));
        }
        let header = postcard::from_bytes(&identity)
            .map_err(|_| Fault::damage("identity", "it does not decode"))?;
        Ok(Ok((header, begin.next_multiple_of(BLOCK))))
    }
}

fn checksum(fixed: &[u8], identity: &[u8]) -> u64 {
    xxh3_64(&[fixed, identity].concat())
}
