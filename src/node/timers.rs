//! An actor's timers on a real clock, and its random choices.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

/// A small random generator (SplitMix64). For timeouts, where nobody gains by guessing; never for
/// keys, nonces or sessions.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A generator whose rolls are a function of `seed`.
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// The next number, any of all.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, or 0 if that is 0. All are equally likely, up to one part in 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.roll()) * u128::from(bound)) >> 64) as u64
    }

    /// A duration in `range`; its start, if the range is empty.
    pub fn within(&mut self, range: &Range<Duration>) -> Duration {
        let width = range.end.saturating_sub(range.start);
        let nanos = u64::try_from(width.as_nanos()).unwrap_or(u64::MAX);
        range.start + Duration::from_nanos(self.below(nanos))
    }
}

/// The timers that are set, and when each fires. A timer that is set again starts anew.
#[derive(Clone, Debug)]
pub struct Timers<T: Ord> {
    due: BTreeMap<T, Instant>,
}

impl<T: Ord + Clone> Default for Timers<T> {
    fn default() -> Self {
        Timers { due: BTreeMap::new() }
    }
}

impl<T: Ord + Clone> Timers<T> {
    /// Sets `timer` to fire `after` from `now`. One too far away for the clock never fires.
    pub fn set(&mut self, now: Instant, timer: T, after: Duration) {
        match now.checked_add(after) {
            Some(due) => drop(self.due.insert(timer, due)),
            None => drop(self.due.remove(&timer)),
        }
    }

    /// Takes back `timer`, if it is set.
    pub fn cancel(&mut self, timer: &T) {
        self.due.remove(timer);
    }

    /// When the next timer fires of those that are not `left_out`.
    pub fn next(&self, left_out: impl Fn(&T) -> bool) -> Option<Instant> {
        let due = self.due.iter().filter(|(timer, _)| !left_out(timer));
        due.map(|(_, at)| *at).min()
    }

    /// The timers whose time has come, earliest first. They stay set: one may be cancelled on
    /// account of another.
    pub fn due(&self, now: Instant) -> Vec<T> {
        let mut due: Vec<_> = self.due.iter().filter(|(_, at)| **at <= now).collect();
        due.sort_by_key(|(_, at)| **at);
        due.into_iter().map(|(timer, _)| timer.clone()).collect()
    }

    /// Removes `timer` if its time has come, and says whether it had.
    pub fn take(&mut self, now: Instant, timer: &T) -> bool {
        let fires = self.due.get(timer).is_some_and(|at| *at <= now);
        if fires {
            self.due.remove(timer);
        }
        fires
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn timers_fire_once_in_order_and_not_after_they_were_cancelled_or_set_again() {
        let now = Instant::now();
        let mut timers = Timers::default();
        for (timer, after) in [('a', 3), ('b', 1), ('c', 2), ('d', 9)] {
            timers.set(now, timer, MS * after);
        }
        assert_eq!(timers.next(|_| false), Some(now + MS));
        let later = now + MS * 5;
        assert_eq!(timers.due(later), ['b', 'c', 'a']);
        timers.cancel(&'c');
        timers.set(later, 'a', MS);
        assert!(timers.take(later, &'b'));
        assert!(!timers.take(later, &'b'));
        assert!(!timers.take(later, &'c'));
        assert!(!timers.take(later, &'a'));
        assert_eq!(timers.next(|_| false), Some(now + MS * 6));
        timers.set(now, 'a', Duration::MAX);
        assert_eq!(timers.next(|_| false), Some(now + MS * 9));
    }

    #[test]
    fn durations_lie_in_their_range() {
        let mut dice = Dice::new(1);
        let range = MS * 150..MS * 300;
        let rolled: Vec<_> = (0..1_000).map(|_| dice.within(&range)).collect();
        assert!(rolled.iter().all(|duration| range.contains(duration)));
        assert!(rolled.iter().any(|duration| *duration < MS * 160));
        assert!(rolled.iter().any(|duration| *duration > MS * 290));
        assert_eq!(dice.within(&(MS..MS)), MS);
        let reversed = MS * 2..MS;
        assert_eq!(dice.within(&reversed), MS * 2);
        assert_eq!(dice.below(0), 0);
    }
}
