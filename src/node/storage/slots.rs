//! Which of the two commits in a redb file is the last.
//!
//! redb keeps the roots of its last two commits in two slots of the header and says in one bit
//! which is the newer. A two-phase commit writes the older slot anew, syncs, turns the bit and
//! syncs again. So a newer slot that the bit does not point to has two explanations: a crash
//! between the two syncs, of a commit that nobody was told of; or a bit that flipped under an
//! acknowledged commit, which redb would then silently forget. They look the same. What can be told
//! is whether that newer commit is there in full, and if it is, to go on from it is right in both
//! cases: it is acknowledged or it was about to be.
//!
//! The layout is that of redb's file format 3: after a magic number of 9 bytes a byte of flags, at
//! 64 and 192 the slots; in each, at 104, the transaction's number, at 112 the slot's checksum.

use std::io;

use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use xxhash_rust::xxh3::xxh3_128;

const FLAGS: usize = 9;
const SECOND_IS_LAST: u8 = 1;
const TWO_PHASE: u8 = 4;
const SLOTS: [usize; 2] = [64, 192];
const TRANSACTION: usize = 104;
const CHECKSUM: usize = 112;
const HEADER_BYTES: usize = 320;

/// Bytes copied at a time.
const CHUNK: usize = 1 << 20;

/// Turns the bit in `storage` if the commit it does not point to is newer and holds all that it
/// should, as `holds_all` tells of a copy whose bit is turned. `storage` must be locked.
pub(super) fn choose_last(
    storage: &impl StorageBackend,
    holds_all: impl FnOnce(InMemoryBackend) -> bool,
) -> io::Result<()> {
    let Some(flags) = flags_for_newer(storage)? else {
        return Ok(());
    };
    let turned = copy(storage)?;
    turned.write(FLAGS as u64, &[flags])?;
    if !holds_all(turned) {
        return Ok(());
    }
    // The bit must not reach the disk before what it points to, and after a crash of the process
    // alone that may still be in the system's cache.
    storage.sync_data()?;
    storage.write(FLAGS as u64, &[flags])?;
    storage.sync_data()
}

/// The contents of `storage`, to try things on.
pub(super) fn copy(storage: &impl StorageBackend) -> io::Result<InMemoryBackend> {
    let copy = InMemoryBackend::new();
    let bytes = storage.len()?;
    copy.set_len(bytes)?;
    let mut chunk = vec![0; CHUNK];
    for offset in (0..bytes).step_by(CHUNK) {
        let chunk = &mut chunk[..usize::try_from(bytes - offset).unwrap_or(CHUNK).min(CHUNK)];
        storage.read(offset, chunk)?;
        copy.write(offset, chunk)?;
    }
    Ok(copy)
}

/// The byte of flags that points to the other slot, if both are sound and that one is newer.
fn flags_for_newer(storage: &impl StorageBackend) -> io::Result<Option<u8>> {
    let mut header = [0; HEADER_BYTES];
    if storage.len()? < HEADER_BYTES as u64 {
        return Ok(None);
    }
    storage.read(0, &mut header)?;
    let flags = header[FLAGS];
    let newer = match SLOTS.map(|slot| transaction(&header[slot..])) {
        // Without the flag for two phases redb chooses by the numbers itself.
        _ if flags & TWO_PHASE == 0 => false,
        [Some(first), Some(second)] if flags & SECOND_IS_LAST == 0 => second > first,
        [Some(first), Some(second)] => first > second,
        // A slot's number is only worth comparing if it is the one that was written.
        _ => false,
    };
    Ok(newer.then_some(flags ^ SECOND_IS_LAST))
}

/// The number of the transaction in a slot, if the slot's checksum matches.
fn transaction(slot: &[u8]) -> Option<u64> {
    let (covered, rest) = slot.split_at_checked(CHECKSUM)?;
    let checksum = u128::from_le_bytes(*rest.first_chunk()?);
    let number = u64::from_le_bytes(*covered[TRANSACTION..].first_chunk()?);
    (checksum == xxh3_128(covered)).then_some(number)
}
