//! How often a node says the same kind of thing: a few times at once, then ever more rarely.

use std::time::{Duration, Instant};

/// How many lines of a kind are told at once.
const BURST: u32 = 6;

/// How long after the last of those the next is told, at the earliest; doubles with each.
const SHORTEST: Duration = Duration::from_secs(1);

/// What that is doubled up to.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Lets lines of one kind through, and counts those that are left out.
#[derive(Clone, Debug)]
pub(super) struct Limiter {
    told: u32,
    interval: Duration,
    /// Nothing is told before, once the burst is spent.
    next: Option<Instant>,
    left_out: u64,
}

impl Default for Limiter {
    fn default() -> Self {
        Limiter { told: 0, interval: SHORTEST, next: None, left_out: 0 }
    }
}

impl Limiter {
    /// If a line may be told now, says how many were left out since the last one.
    pub(super) fn pass(&mut self, now: Instant) -> Option<u64> {
        if !self.may_tell(now) {
            self.left_out += 1;
            return None;
        }
        Some(self.tell(now))
    }

    /// If the line that was left out last may be told now, or `at_once`, says how many were left
    /// out before it.
    pub(super) fn catch_up(&mut self, now: Instant, at_once: bool) -> Option<u64> {
        (self.left_out > 0 && (at_once || self.may_tell(now))).then(|| self.tell(now) - 1)
    }

    fn may_tell(&self, now: Instant) -> bool {
        self.next.is_none_or(|next| now >= next)
    }

    fn tell(&mut self, now: Instant) -> u64 {
        self.told = self.told.saturating_add(1);
        if self.told >= BURST {
            self.next = Some(now + self.interval);
            self.interval = (self.interval * 2).min(LONGEST);
        }
        std::mem::take(&mut self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_pass_at_once_and_then_ever_fewer() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let mut told = Vec::new();
        // Ten a second, for an hour.
        for tenth in 0..36_000 {
            if let Some(left_out) = limiter.pass(start + Duration::from_millis(100) * tenth) {
                told.push((tenth / 10, left_out));
            }
        }
        let seconds: Vec<u32> = told.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds[..6], [0; 6]);
        assert_eq!(seconds[6..], [1, 3, 7, 15, 31, 63, 127, 255, 511, 1_023, 2_047]);
        let left_out: u64 = told.iter().map(|(_, count)| count).sum();
        assert_eq!(left_out + told.len() as u64 + limiter.left_out, 36_000);
    }

    #[test]
    fn the_last_that_was_left_out_is_told_in_time() {
        let (mut limiter, now) = (Limiter::default(), Instant::now());
        assert_eq!((0..10).filter_map(|_| limiter.pass(now)).count(), 6);
        assert_eq!(limiter.catch_up(now, false), None);
        assert_eq!(limiter.catch_up(now, true), Some(3));
        assert_eq!(limiter.catch_up(now, true), None, "nothing is left to be told");
        assert_eq!(limiter.pass(now), None);
        assert_eq!(limiter.catch_up(now + SHORTEST * 2, false), Some(0));
    }
}
