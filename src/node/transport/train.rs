//! Datagrams that the system is handed together.

use std::net::SocketAddr;

use quinn_udp::Transmit;

use crate::node::wire::DATAGRAM_MAX;

/// How many bytes the datagrams of a train have together at most.
const TRAIN_MAX: usize = DATAGRAM_MAX;

/// Datagrams to one address, one after the other. All are as long as the first, and only the last
/// may be shorter: so the system, or the network card, cuts them apart.
#[derive(Debug)]
pub(super) struct Train {
    /// Where they go.
    pub(super) to: SocketAddr,
    /// To whom the first one goes.
    pub(super) peer: u64,
    /// How long the first one is.
    segment: usize,
    /// The datagrams.
    pub(super) bytes: Vec<u8>,
}

impl Train {
    /// One whose first datagram will have `segment` bytes, and goes to `peer` at `to`.
    pub(super) fn new(peer: u64, to: SocketAddr, segment: usize) -> Self {
        Train { to, peer, segment, bytes: Vec::with_capacity(segment) }
    }

    /// How many datagrams there are.
    pub(super) fn count(&self) -> usize {
        self.bytes.len().div_ceil(self.segment)
    }

    /// Whether a datagram of `length` bytes to `to` may be the next, of `most` in all.
    pub(super) fn takes(&self, to: SocketAddr, length: usize, most: usize) -> bool {
        let is_last_shorter = !self.bytes.len().is_multiple_of(self.segment);
        let fits = self.count() < most && self.bytes.len() + length <= TRAIN_MAX;
        self.to == to && length <= self.segment && !is_last_shorter && fits
    }

    /// It, as the system is handed it.
    pub(super) fn transmit(&self) -> Transmit<'_> {
        let segment_size = Some(self.segment);
        Transmit {
            destination: self.to,
            ecn: None,
            contents: &self.bytes,
            segment_size,
            src_ip: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_as_long_as_the_first_but_for_the_last() {
        let (here, there) = (([127, 0, 0, 1], 1).into(), ([127, 0, 0, 1], 2).into());
        let mut train = Train::new(7, here, 100);
        train.bytes.extend([0; 100]);
        assert!(train.takes(here, 100, 2) && train.takes(here, 90, 2));
        assert!(!train.takes(there, 100, 2), "it goes elsewhere");
        assert!(!train.takes(here, 101, 2), "it is longer than the first");
        assert!(!train.takes(here, 100, 1), "there are as many as may be");
        train.bytes.extend([0; 90]);
        assert_eq!(train.count(), 2);
        assert!(!train.takes(here, 90, 3), "the last one was shorter");

        let mut long = Train::new(7, here, TRAIN_MAX / 2);
        long.bytes.resize(TRAIN_MAX / 2, 0);
        assert!(long.takes(here, TRAIN_MAX / 2, 9));
        long.bytes.resize(TRAIN_MAX / 2 * 2, 0);
        assert!(!long.takes(here, 1, 9), "they are too long together");
    }
}
