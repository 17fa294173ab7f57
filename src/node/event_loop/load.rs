//! How much a node holds for clients that wait for an answer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use stateright::actor::Id;

/// How many bytes of requests a node holds at most, unless it is told otherwise.
const HOLDS: usize = 64 << 20;

/// After so long nobody waits for an answer any more, as a rule.
const PATIENCE: Duration = Duration::from_secs(10);

/// When a client that is told so may ask again.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// The requests that were taken and are not answered, one of each client.
#[derive(Debug)]
pub(super) struct Load {
    /// How many bytes they have at most.
    pub(super) holds: usize,
    held: BTreeMap<Id, (usize, Instant)>,
    bytes: usize,
}

impl Default for Load {
    fn default() -> Self {
        Load { holds: HOLDS, held: BTreeMap::new(), bytes: 0 }
    }
}

impl Load {
    /// Takes a request of so many bytes; false if that is too much. It takes the place of an
    /// earlier one of the same client.
    pub(super) fn take(&mut self, client: Id, bytes: usize, now: Instant) -> bool {
        self.answered(client);
        if self.bytes + bytes > self.holds {
            self.forget_before(now.checked_sub(PATIENCE));
        }
        let fits = self.bytes + bytes <= self.holds;
        if fits {
            self.held.insert(client, (bytes, now));
            self.bytes += bytes;
        }
        fits
    }

    /// The client has an answer.
    pub(super) fn answered(&mut self, client: Id) {
        if let Some((bytes, _)) = self.held.remove(&client) {
            self.bytes -= bytes;
        }
    }

    /// How many bytes the requests have that are not answered.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn forget_before(&mut self, past: Option<Instant>) {
        let Some(past) = past else { return };
        self.held.retain(|_, (_, at)| *at > past);
        self.bytes = self.held.values().map(|(bytes, _)| bytes).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_bounded_and_given_back_by_answers_and_by_time() {
        let (mut load, begin) = (Load::default(), Instant::now());
        let half = HOLDS / 2;
        assert!(load.take(Id::from(1), half, begin) && load.take(Id::from(2), half, begin));
        assert!(!load.take(Id::from(3), 1, begin));
        assert!(load.take(Id::from(2), half - 1, begin), "it takes the place of the earlier one");
        assert!(load.take(Id::from(3), 1, begin));
        load.answered(Id::from(1));
        load.answered(Id::from(1));
        assert_eq!(load.bytes(), half);
        assert!(load.take(Id::from(4), half, begin) && !load.take(Id::from(5), 1, begin));
        assert!(load.take(Id::from(5), HOLDS, begin + PATIENCE), "nobody waits any more");
        assert_eq!(load.bytes(), HOLDS);
    }
}
