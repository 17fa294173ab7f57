//! Messages larger than a datagram: cut into fragments, paced, asked for again, put together.
//!
//! A default socket buffer holds about ninety datagrams, so a megabyte sent at once is mostly lost.
//! The sender therefore keeps a window of fragments in flight, and the receiver reports what came:
//!
//! ```text
//!   sender                                   receiver
//!     | -- fragments 0..16 of message 7 -------> |
//!     | <------ report on 7: seen 8, all there - |   one report for every few fragments
//!     | -- fragments 16..24 -------------------> |   ... which lets as many more go out
//!     | <------ report on 7: seen 20, lacks 9 -- |   a hole: asked for again
//!     | -- 9, 24.. ----------------------------> |
//!     | <------ report on 7: seen 30, all there -|   the last one: the sender forgets the message
//! ```
//!
//! A report is repeated when fragments stop coming, and a sender that hears no report sends again
//! what was in flight, ever more rarely, and gives up after [`GIVE_UP`]: the network of the models
//! loses messages, so to lose one is allowed and to get stuck is not. A message that fits one
//! datagram is sent once and never reported.
//!
//! Everything here is pure: `now` is an argument, datagrams are values. [`Outbox`] is the sending
//! side, [`Reassembly`] the receiving one.

use std::ops::Range;
use std::time::Duration;

use super::wire::{CHUNK, MESSAGE_MAX};

mod outbox;
mod reassembly;
#[cfg(test)]
mod tests;
mod transfer;

pub use outbox::{Outbox, Queued};
pub use reassembly::{Reassembly, ReassemblyCounters};

/// How many bytes are in flight to one receiver, at most, and how many bytes of small messages go
/// to it at once, where nothing is known of its buffer: half of what a default one holds, because
/// others send there as well.
pub const BURST: usize = 48 << 10;

/// How soon a spent burst is available again.
pub const REFILL: Duration = Duration::from_millis(1);

/// How many fragments are in flight at first.
pub const WINDOW: u32 = 20;

/// The fewest fragments in flight that loss can bring a sender down to.
pub const WINDOW_MIN: u32 = 4;

/// A report goes out for so many new bytes, and when none came for [`ASK`].
pub const REPORT_BYTES: usize = 8 * CHUNK;

/// How long a receiver waits for the next fragment before it reports what it lacks. Doubles with
/// every report that brings nothing.
pub const ASK: Duration = Duration::from_millis(10);

/// How long a sender waits for a report, at least, before it sends again what is in flight. Doubles
/// as well, up to [`PROBE_MAX`].
pub const PROBE: Duration = Duration::from_millis(20);

/// Silence is not waited out longer than this, unless the way there and back takes as long: what is
/// complete but for its last report must be asked about many times before [`GIVE_UP`].
pub const PROBE_MAX: Duration = Duration::from_millis(200);

/// A fragment reported missing is not sent again sooner than this after it was sent: the report may
/// have crossed it.
pub const RESEND: Duration = Duration::from_millis(3);

/// A message of which nothing more arrived for this long is given up, on either side.
pub const GIVE_UP: Duration = Duration::from_secs(3);

/// A message is given up for good after this long, however it goes.
pub const LIFETIME: Duration = Duration::from_secs(30);

/// How many messages of several fragments wait on one link, at most; the oldest goes.
pub const LARGE_QUEUE: usize = 32;

/// How many bytes wait on one link, at most; the oldest go.
pub const QUEUE_BYTES: usize = 4 * MESSAGE_MAX;

/// How many messages of one fragment wait on one link, at most; the oldest goes.
pub const SMALL_QUEUE: usize = 1_024;

/// How many incomplete messages of one sender are kept, at most; the one untouched longest goes.
pub const PARTIALS: usize = 4;

/// How many bytes of incomplete messages of one sender are kept, at most.
pub const PARTIAL_BYTES: usize = 2 * MESSAGE_MAX;

/// How many bytes of incomplete messages are kept in all, at most.
pub const TOTAL_BYTES: usize = 16 * MESSAGE_MAX;

/// The same, of those of clients.
pub const CLIENT_BYTES: usize = TOTAL_BYTES / 2;

/// How many message numbers of one sender are remembered, so that a duplicate is recognised.
pub const REMEMBERED: usize = 1_024;

/// The same, between a server and a client: there are many clients, and each asks for one thing at
/// a time.
pub const REMEMBERED_OF_CLIENT: usize = 64;

/// How many members on one socket send a message of several fragments to the same receiver at a
/// time; the others wait for their turn. Each has a window of its own, and all of them fill one
/// buffer.
pub const TRANSFERS: usize = 4;

/// How many ranges fit into one report.
const RANGES: usize = (CHUNK - 2) / 4;

/// What a receiver has of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Of the fragments below this, all are there but the missing ones; nothing is said of others.
    pub seen: u16,
    /// Ranges of fragments that are missing, ascending, not empty, not touching.
    pub missing: Vec<Range<u16>>,
}

impl Report {
    /// The report on a message whose fragment `i` is there if `have[i]`.
    pub fn of(have: &[bool]) -> Self {
        let seen = have.iter().rposition(|&there| there).map_or(0, |last| last + 1);
        let mut report = Report { seen: seen as u16, missing: Vec::new() };
        let mut index = 0;
        while index < seen {
            if have[index] {
                index += 1;
                continue;
            }
            let start = index;
            index += have[start..seen].iter().take_while(|&&there| !there).count();
            report.missing.push(start as u16..index as u16);
            if report.missing.len() == RANGES {
                // Nothing is said of what lies beyond: the next report will.
                report.seen = index as u16;
                break;
            }
        }
        report
    }

    /// The payload of a report datagram, at most one [`CHUNK`].
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.seen.to_be_bytes().to_vec();
        for range in &self.missing {
            bytes.extend_from_slice(&range.start.to_be_bytes());
            bytes.extend_from_slice(&range.end.to_be_bytes());
        }
        bytes
    }

    /// The report that `bytes` are the encoding of, or `None` if they are not one. Total.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (seen, rest) = bytes.split_first_chunk()?;
        let seen = u16::from_be_bytes(*seen);
        if rest.len() % 4 != 0 || rest.len() / 4 > RANGES {
            return None;
        }
        let mut report = Report { seen, missing: Vec::with_capacity(rest.len() / 4) };
        let mut from = 0;
        for pair in rest.chunks_exact(4) {
            let range =
                u16::from_be_bytes([pair[0], pair[1]])..u16::from_be_bytes([pair[2], pair[3]]);
            let touches = range.start < from || (from > 0 && range.start == from);
            if touches || range.is_empty() || range.end > seen {
                return None;
            }
            from = range.end;
            report.missing.push(range);
        }
        Some(report)
    }
}
