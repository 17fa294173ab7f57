//! What one actor's timers, its recovery and its pause show.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::Timely;

/// One actor's clock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock<T> {
    /// Of each timer that is set, the ticks since it was set.
    Up(BTreeMap<T, u8>),
    /// The ticks since the crash.
    Down(u8),
    /// Down for good.
    Gone,
    /// Of each timer that is set, the ticks since it was set; and the ticks since the pause began.
    Paused(BTreeMap<T, u8>, u8),
}

impl<T> Default for Clock<T> {
    fn default() -> Self {
        Clock::Up(BTreeMap::new())
    }
}

impl<T: Ord> Clock<T> {
    /// The clock of a server that has just crashed.
    pub fn crashed(timely: &Timely<T>) -> Self {
        if timely.recovery.is_some() { Clock::Down(0) } else { Clock::Gone }
    }

    /// The timer is set, or set again.
    pub fn set(&mut self, timer: T) {
        if let Clock::Up(ages) = self {
            ages.insert(timer, 0);
        }
    }

    /// The timer fires or is cancelled.
    pub fn clear(&mut self, timer: &T) {
        if let Clock::Up(ages) = self {
            ages.remove(timer);
        }
    }

    /// True if the timer is set and may fire on time: its age is in its range or, after a pause,
    /// past it.
    pub fn is_ripe(&self, timely: &Timely<T>, timer: &T) -> bool {
        match self {
            Clock::Up(ages) => {
                ages.get(timer).is_some_and(|age| age >= (timely.range)(timer).start())
            }
            Clock::Down(_) | Clock::Gone | Clock::Paused(..) => false,
        }
    }

    /// True if the actor is paused.
    pub fn is_paused(&self) -> bool {
        matches!(self, Clock::Paused(..))
    }

    /// The actor pauses.
    pub fn pause(&mut self) {
        if let Clock::Up(ages) = self {
            *self = Clock::Paused(std::mem::take(ages), 0);
        }
    }

    /// The actor goes on after a pause.
    pub fn resume(&mut self) {
        if let Clock::Paused(ages, _) = self {
            *self = Clock::Up(std::mem::take(ages));
        }
    }

    /// True if the pause may end now. It ends at its time, whatever is in flight.
    pub fn may_resume(&self, timely: &Timely<T>) -> bool {
        match (self, &timely.pauses) {
            (Clock::Paused(_, ticks), Some(pauses)) => pauses.ticks.contains(ticks),
            _ => false,
        }
    }

    /// True if the server may recover now. A recovery comes at its time, whatever is in flight.
    pub fn may_recover(&self, timely: &Timely<T>) -> bool {
        match (self, &timely.recovery) {
            (Clock::Down(downtime), Some(range)) => range.contains(downtime),
            _ => false,
        }
    }

    /// True if there is something to wait for: a timer, a recovery, or the end of a
    /// pause.
    pub fn is_running(&self) -> bool {
        match self {
            Clock::Up(ages) => !ages.is_empty(),
            Clock::Down(_) | Clock::Paused(..) => true,
            Clock::Gone => false,
        }
    }

    /// True if a timer, a recovery or a pause is at the end of its range: it comes before the next
    /// tick.
    pub fn holds_up_time(&self, timely: &Timely<T>) -> bool {
        let is_at_end = |range: Option<&RangeInclusive<u8>>, ticks: &u8| {
            range.is_some_and(|range| ticks >= range.end())
        };
        match self {
            Clock::Up(ages) => ages.iter().any(|(timer, age)| age >= (timely.range)(timer).end()),
            Clock::Down(downtime) => is_at_end(timely.recovery.as_ref(), downtime),
            Clock::Paused(_, ticks) => {
                is_at_end(timely.pauses.as_ref().map(|pauses| &pauses.ticks), ticks)
            }
            Clock::Gone => false,
        }
    }

    /// A tick passes.
    pub fn tick(&mut self) {
        match self {
            Clock::Up(ages) => ages.values_mut().for_each(|age| *age += 1),
            Clock::Down(downtime) => *downtime += 1,
            Clock::Paused(ages, ticks) => {
                ages.values_mut().for_each(|age| *age += 1);
                *ticks += 1;
            }
            Clock::Gone => {}
        }
    }
}
