//! One message on its way in fragments: which were sent, which are known to have arrived.

use std::time::{Duration, Instant};

use super::outbox::Waiting;
use super::{GIVE_UP, LIFETIME, PROBE, PROBE_MAX, RESEND, Report, WINDOW, WINDOW_MIN};
use crate::node::wire;

/// What is known of one fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Unsent,
    Flying(Instant),
    /// The receiver has it; it was last sent then.
    Held(Instant),
}

/// How fast the receiver of a link takes fragments; outlives the transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// How many fragments may be in flight.
    window: u32,
    /// The smoothed time from a fragment to the report on it.
    round_trip: Duration,
    /// When the window was last cut: one loss is often reported several times.
    cut: Option<Instant>,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { window: WINDOW, round_trip: RESEND, cut: None }
    }
}

impl Pace {
    fn lost(&mut self, now: Instant) {
        if self.cut.is_none_or(|cut| now.saturating_duration_since(cut) > self.resend()) {
            self.window = (self.window / 2).max(WINDOW_MIN);
            self.cut = Some(now);
        }
    }

    fn arrived(&mut self, took: Duration, most: u32) {
        self.window = (self.window + 1).min(most);
        self.round_trip = (self.round_trip * 7 + took.min(GIVE_UP)) / 8;
    }

    fn resend(&self) -> Duration {
        RESEND.max(self.round_trip * 3 / 2)
    }

    fn probe(&self) -> Duration {
        PROBE.max(self.round_trip * 3)
    }
}

/// A message of several fragments that is being sent.
#[derive(Debug)]
pub(super) struct Transfer {
    pub(super) message: Waiting,
    fates: Vec<Fate>,
    /// How many fragments may be in flight at most.
    most: u32,
    /// No fragment below this is unsent.
    cursor: usize,
    flying: u32,
    held: usize,
    started: Instant,
    /// When the receiver last had something new.
    progress: Instant,
    /// When something was last sent.
    sent: Instant,
    /// How often in a row nothing was heard.
    silent: u32,
}

impl Transfer {
    /// Of `message`, of which as many fragments may be in flight as are `burst` bytes.
    pub(super) fn new(now: Instant, message: Waiting, burst: usize) -> Self {
        let fates = vec![Fate::Unsent; wire::fragments(message.bytes.len(), message.chunk)];
        let most = (burst / usize::from(message.chunk)) as u32;
        Transfer {
            message,
            fates,
            most: most.max(WINDOW_MIN),
            cursor: 0,
            flying: 0,
            held: 0,
            started: now,
            progress: now,
            sent: now,
            silent: 0,
        }
    }

    /// True if the receiver has all of it, or there is no use in going on.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.is_complete()
            || now.saturating_duration_since(self.progress) >= GIVE_UP
            || now.saturating_duration_since(self.started) >= LIFETIME
    }

    /// True if the receiver had something new within the last `lately`.
    pub(super) fn is_arriving(&self, now: Instant, lately: Duration) -> bool {
        !self.is_complete() && now.saturating_duration_since(self.progress) < lately
    }

    pub(super) fn is_complete(&self) -> bool {
        self.held == self.fates.len()
    }

    /// The next fragment to send now, if the window allows one.
    pub(super) fn next(&mut self, now: Instant, pace: &Pace) -> Option<usize> {
        if self.flying >= pace.window.min(self.most) {
            return None;
        }
        let unsent = self.fates[self.cursor..].iter().position(|&fate| fate == Fate::Unsent);
        let Some(offset) = unsent else {
            self.cursor = self.fates.len();
            return None;
        };
        let index = self.cursor + offset;
        self.fates[index] = Fate::Flying(now);
        self.cursor = index + 1;
        self.flying += 1;
        self.sent = now;
        Some(index)
    }

    /// When what is in flight counts as lost, if nothing is heard until then.
    pub(super) fn deadline(&self, pace: &Pace) -> Instant {
        let patience = (pace.probe() * (1 << self.silent.min(4))).min(PROBE_MAX.max(pace.probe()));
        self.sent.max(self.progress) + patience
    }

    /// Takes everything in flight for lost if its deadline has passed.
    pub(super) fn tick(&mut self, now: Instant, pace: &mut Pace) {
        if self.flying == 0 || now < self.deadline(pace) {
            return;
        }
        for index in 0..self.fates.len() {
            if matches!(self.fates[index], Fate::Flying(_)) {
                self.unsend(index);
            }
        }
        pace.window = WINDOW_MIN;
        self.silent += 1;
    }

    /// Notes what the receiver says it has.
    pub(super) fn report(&mut self, now: Instant, report: &Report, pace: &mut Pace) {
        let mut from = 0;
        let mut advanced = None;
        for range in &report.missing {
            advanced = self.hold(from, range.start).or(advanced);
            self.lose(now, usize::from(range.start), usize::from(range.end), pace);
            from = range.end;
        }
        advanced = self.hold(from, report.seen).or(advanced);
        if let Some(sent) = advanced {
            self.progress = now;
            self.silent = 0;
            pace.arrived(now.saturating_duration_since(sent), self.most);
        }
    }

    /// The receiver has these. Says when the last of them was sent, if any is news.
    fn hold(&mut self, from: u16, to: u16) -> Option<Instant> {
        let mut news = None;
        let to = usize::from(to).min(self.fates.len());
        for fate in self.fates.iter_mut().take(to).skip(usize::from(from)) {
            if let Fate::Flying(sent) = *fate {
                *fate = Fate::Held(sent);
                self.flying -= 1;
                self.held += 1;
                news = Some(sent);
            } else if *fate == Fate::Unsent {
                // Taken for lost too early: it arrived after all.
                *fate = Fate::Held(self.sent);
                self.held += 1;
                news = Some(self.sent);
            }
        }
        news
    }

    /// The receiver lacks these: even those it had, for it may have started again meanwhile.
    fn lose(&mut self, now: Instant, from: usize, to: usize, pace: &mut Pace) {
        for index in from..to.min(self.fates.len()) {
            let (Fate::Flying(sent) | Fate::Held(sent)) = self.fates[index] else {
                continue;
            };
            if now.saturating_duration_since(sent) >= pace.resend() {
                self.unsend(index);
                pace.lost(now);
            }
        }
    }

    fn unsend(&mut self, index: usize) {
        match self.fates[index] {
            Fate::Flying(_) => self.flying -= 1,
            Fate::Held(_) => self.held -= 1,
            Fate::Unsent => {}
        }
        self.fates[index] = Fate::Unsent;
        self.cursor = self.cursor.min(index);
    }
}
