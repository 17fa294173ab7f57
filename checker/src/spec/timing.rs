//! Time: when timers are due, and when a tick may pass.
//!
//! Timing is partial synchrony with digital clocks. A tick is one heartbeat interval. What is in
//! flight arrives before anybody's timer fires and before time passes. So is a random choice made,
//! which takes no time. A spec allows a few early firings, slow ticks and pauses: these are all the
//! delays and coincidences there are. A timer
//! that is passed over reaches the end of its range, where time waits for it: this needs no
//! fairness between timers, and the ticks along a path are a duration.
//!
//! The guards are conjunctions of conditions on one actor each ([`Clock::holds_up_time`], and that
//! nothing is deliverable to it and no choice is open), but for one disjunction: some clock runs
//! ([`Clock::is_running`]).
//! A cut that heals is a clock of each actor that sends over its links.

use std::fmt::Debug;
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::time::Duration;

use stateright::actor::{Actor, Id};

use super::{Action, ActionOf, Clock, Spec, State};

/// How time moves in a spec, in ticks.
#[derive(Clone, Debug)]
pub struct Timely<T> {
    /// How long a tick is where the actors really run, if that is how they are configured there:
    /// for people, to whom ticks say little.
    pub tick: Option<Duration>,
    /// The ages at which a timer may fire, all timers included, also those of clients.
    pub range: fn(&T) -> RangeInclusive<u8>,
    /// How often timers may fire before their time, or while messages are in flight.
    pub early: u8,
    /// Timers that never fire before their time, if there are some.
    pub punctual: Option<Punctual<T>>,
    /// How often a tick may pass although something is deliverable: so an answer is late.
    pub slow: u8,
    /// How often servers pause, if they do.
    pub pauses: Option<Pauses>,
    /// How long a crashed server stays down, or `None`: for good.
    pub recovery: Option<RangeInclusive<u8>>,
    /// What must come to an end, if anything must.
    pub restless: Option<Restless<T>>,
}

/// Timers that never fire before their time, whatever the early firings: a lease that ends too soon
/// where it was granted is broken by assumption. While messages are in flight they may still fire
/// at their time, as an early firing.
#[derive(Clone, Debug)]
pub struct Punctual<T> {
    /// What the timers are called: "leases".
    pub name: &'static str,
    /// The timers.
    pub timers: fn(&T) -> bool,
}

/// Servers that take no step for a while, keep their state, and are late: a machine that swaps, a
/// long collection of garbage. What is in flight to them stays and does not hold up time, nor do
/// their timers, whose ages go on. A timer that is past its range then fires at once. They do not
/// crash before they resume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pauses {
    /// How many pauses there may be, in total.
    pub count: u8,
    /// How many ticks a pause lasts.
    pub ticks: RangeInclusive<u8>,
}

/// Timers that must not fire for ever once no fault happens any more, such as those that begin an
/// election. A protocol that renews its terms without end would have no finite space without it.
#[derive(Clone, Debug)]
pub struct Restless<T> {
    /// What several firings are called: "elections".
    pub name: &'static str,
    /// The timers. [`calm`](State::calm) counts their firings.
    pub timers: fn(&T) -> bool,
    /// So many firings on time without a fault in between mean that there is no end of them. More
    /// than any correct run has.
    pub bound: u8,
}

impl<T> Timely<T> {
    /// Timers with these ranges. No firing is early and no tick slow, nobody pauses, who crashes is
    /// down for good, nothing need come to an end, and no durations are told.
    pub fn of(range: fn(&T) -> RangeInclusive<u8>) -> Self {
        let (tick, punctual, pauses, recovery, restless) = (None, None, None, None, None);
        Timely { tick, range, early: 0, punctual, slow: 0, pauses, recovery, restless }
    }

    /// True if this timer may fire before its time, within the budget.
    pub fn may_be_early(&self, timer: &T) -> bool {
        !self.punctual.as_ref().is_some_and(|punctual| (punctual.timers)(timer))
    }

    /// True if there may be one more pause after so many.
    pub fn may_pause(&self, spent: u8) -> bool {
        self.pauses.as_ref().is_some_and(|pauses| spent < pauses.count)
    }

    /// True if the firings of this timer must come to an end.
    pub fn is_restless(&self, timer: &T) -> bool {
        self.restless.as_ref().is_some_and(|restless| (restless.timers)(timer))
    }

    /// True if so many restless firings without a fault in between mean that there is no end.
    pub fn is_unbounded(&self, calm: u8) -> bool {
        self.restless.as_ref().is_some_and(|restless| calm >= restless.bound)
    }
}

impl<A: Actor, G> State<A, G> {
    /// True if nothing is deliverable to an actor that takes steps, and none has asked for a random
    /// choice. What is in flight to one that is down or paused stays, and does not hold up time.
    pub fn is_quiet(&self) -> bool {
        let mut messages = self.system.network.iter_deliverable();
        messages.all(|envelope| !self.takes_steps(envelope.dst.into())) && !self.has_open_choice()
    }

    /// True if an actor that takes steps has asked for a random choice.
    fn has_open_choice(&self) -> bool {
        let mut choices = self.system.random_choices.iter().enumerate();
        choices.any(|(index, choices)| !choices.map.is_empty() && self.takes_steps(index))
    }

    /// True if this actor is neither down nor paused.
    pub fn takes_steps(&self, actor: usize) -> bool {
        !self.system.crashed[actor] && !matches!(self.clocks.get(actor), Some(Clock::Paused(..)))
    }
}

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// True if what must come to an end did not: a run stops here, and is one without a bound.
    pub fn is_unbounded(&self, state: &State<A, G>) -> bool {
        self.timely.as_ref().is_some_and(|timely| timely.is_unbounded(state.calm))
    }

    /// What a server's recovery, the timers that are set, and time allow.
    pub(super) fn timely_actions(
        &self,
        timely: &Timely<A::Timer>,
        state: &State<A, G>,
        actions: &mut Vec<ActionOf<A>>,
    ) {
        let is_quiet = state.is_quiet();
        for (index, clock) in state.clocks.iter().enumerate() {
            let id = Id::from(index);
            if clock.may_recover(timely) {
                actions.push(Action::Recover(id));
            }
            if clock.may_resume(timely) {
                actions.push(Action::Resume(id));
            }
            if !state.takes_steps(index) {
                continue;
            }
            if self.is_server(id) && timely.may_pause(state.spent.pauses) {
                actions.push(Action::Pause(id));
            }
            for timer in state.system.timers_set[index].iter() {
                let is_ripe = clock.is_ripe(timely, timer);
                let is_within_budget = state.spent.early < timely.early;
                if is_quiet && is_ripe {
                    actions.push(Action::Timeout(id, timer.clone()));
                } else if is_within_budget && (is_ripe || timely.may_be_early(timer)) {
                    actions.push(Action::EarlyTimeout(id, timer.clone()));
                }
            }
        }
        let clocks = &state.clocks;
        let cuts = || self.cuts.iter().zip(&state.cuts);
        let is_running = clocks.iter().any(Clock::is_running)
            || cuts().any(|(cut, state)| cut.is_running(*state));
        let is_held_up = state.has_open_choice()
            || clocks.iter().any(|clock| clock.holds_up_time(timely))
            || cuts().any(|(cut, state)| cut.holds_up_time(*state));
        if is_running && !is_held_up {
            if is_quiet {
                actions.push(Action::Tick);
            } else if state.spent.slow < timely.slow {
                actions.push(Action::SlowTick);
            }
        }
    }

    /// The restless firings on time since the last fault, after `action`.
    pub(super) fn calm_after(&self, calm: u8, action: &ActionOf<A>) -> u8 {
        let Some(timely) = &self.timely else { return calm };
        match action {
            Action::Timeout(_, timer) if timely.is_restless(timer) => calm.saturating_add(1),
            Action::Crash(_)
            | Action::Backup(_)
            | Action::Rollback(_)
            | Action::Recover(_)
            | Action::Drop { .. }
            | Action::Duplicate { .. }
            | Action::EarlyTimeout(..)
            | Action::SlowTick
            | Action::Pause(_)
            | Action::Resume(_)
            | Action::Cut(_)
            | Action::Heal(_) => 0,
            Action::Deliver { .. }
            | Action::Timeout(..)
            | Action::SelectRandom { .. }
            | Action::Tick => calm,
        }
    }
}
