//! How long something took, each time, as Prometheus counts it: how often at most so long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What the buckets reach up to, in microseconds: 0.1 ms to 10 s. The bucket behind the last has
/// whatever took longer.
pub const BOUNDS: [u64; 16] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
    1_000_000, 2_000_000, 5_000_000, 10_000_000,
];

/// How often something took how long. It only rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// By bucket, how often.
    counts: [u64; BOUNDS.len() + 1],
    /// How long in all, in microseconds.
    micros: u64,
}

impl Histogram {
    /// Counts something that took so long.
    pub fn observe(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.counts[BOUNDS.partition_point(|bound| *bound < micros)] += 1;
        self.micros = self.micros.saturating_add(micros);
    }

    /// How often it was observed.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long it took in all, in microseconds.
    #[must_use]
    pub fn micros(&self) -> u64 {
        self.micros
    }

    /// How often it took no longer than each of [`BOUNDS`], in that order.
    pub fn within(&self) -> impl Iterator<Item = (u64, u64)> {
        let counts = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        BOUNDS.into_iter().zip(counts)
    }

    /// How long it took on average since it was as `before`; `None` if it was not observed.
    #[must_use]
    pub fn mean_since(&self, before: &Histogram) -> Option<Duration> {
        let count = self.count().checked_sub(before.count())?;
        let micros = self.micros.checked_sub(before.micros)?;
        micros.checked_div(count).map(Duration::from_micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_as_long_as_a_bound_is_within_it() {
        let mut histogram = Histogram::default();
        for micros in [0, 100, 101, 2_000, 10_000_001] {
            histogram.observe(Duration::from_micros(micros));
        }
        let within: Vec<u64> = histogram.within().map(|(_, count)| count).collect();
        assert_eq!(within, [[2, 3, 3, 3].as_slice(), &[4; 12]].concat());
        assert_eq!((histogram.count(), histogram.micros()), (5, 10_002_202));
        histogram.observe(Duration::MAX);
        assert_eq!((histogram.count(), histogram.micros()), (6, u64::MAX));
    }

    #[test]
    fn a_mean_is_of_what_came_since() {
        let mut now = Histogram::default();
        now.observe(Duration::from_secs(5));
        let before = now;
        assert_eq!(now.mean_since(&before), None);
        now.observe(Duration::from_micros(400));
        now.observe(Duration::from_micros(800));
        assert_eq!(now.mean_since(&before), Some(Duration::from_micros(600)));
        assert_eq!(before.mean_since(&now), None);
    }
}
