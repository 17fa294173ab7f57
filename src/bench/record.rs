//! What a run of requests was like.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Nothing takes longer, as far as latencies are told apart, in microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;

/// How exact latencies are: to one in a thousand.
const DIGITS: u8 = 3;

/// What came of the requests of one kind.
#[derive(Clone)]
pub struct Kind {
    latencies: Histogram<u64>,
}

impl Default for Kind {
    fn default() -> Self {
        let latencies = Histogram::new_with_bounds(1, LONGEST, DIGITS).expect("they are bounds");
        Kind { latencies }
    }
}

/// The shares of requests of which the longest latency is told.
const SHARES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99_9", 0.999)];

impl Kind {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.latencies.len()
    }

    /// The longest latency of this share of them, the fastest ones: 0.5 gives the median. Zero if
    /// there were none.
    pub fn latency(&self, share: f64) -> Duration {
        Duration::from_micros(self.latencies.value_at_quantile(share))
    }

    /// The latencies of [`SHARES`] and the longest, in milliseconds.
    fn latencies(&self) -> Vec<(&'static str, f64)> {
        let of = |micros: u64| micros as f64 / 1_000.0;
        let shares =
            SHARES.map(|(name, share)| (name, of(self.latencies.value_at_quantile(share))));
        shares.into_iter().chain([("max", of(self.latencies.max()))]).collect()
    }

    fn json(&self, seconds: f64) -> Value {
        let mut latencies = serde_json::Map::new();
        for (name, ms) in self.latencies() {
            latencies.insert(format!("{name}_ms"), json!(ms));
        }
        let rate = self.count() as f64 / seconds;
        json!({ "count": self.count(), "per_second": rate, "latency": latencies })
    }
}

/// A time in which nothing was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// When it began, since the measuring did.
    pub begin: Duration,
    /// For how long.
    pub length: Duration,
}

/// What came of all requests while it was measured.
#[derive(Clone)]
pub struct Record {
    length: Duration,
    /// What was written.
    pub writes: Kind,
    /// What was read.
    pub reads: Kind,
    /// The requests that were refused, had no answer in time, or came too late to be known.
    errors: u64,
    /// What was wrong with the first of them.
    first_error: Option<String>,
    /// How many were answered, in each millisecond.
    answered: Vec<u32>,
}

impl Record {
    /// Nothing yet, of a time of this length.
    pub fn of(length: Duration) -> Self {
        let answered = vec![0; length.as_millis() as usize];
        let (writes, reads) = (Kind::default(), Kind::default());
        Record { length, writes, reads, errors: 0, first_error: None, answered }
    }

    /// A request was answered `at` this time, after `latency`.
    pub fn answer(&mut self, is_read: bool, at: Duration, latency: Duration) {
        let kind = if is_read { &mut self.reads } else { &mut self.writes };
        let micros = (latency.as_micros() as u64).clamp(1, LONGEST);
        kind.latencies.record(micros).expect("it is within the bounds");
        if let Some(count) = self.answered.get_mut(at.as_millis() as usize) {
            *count += 1;
        }
    }

    /// A request failed, for this reason.
    pub fn error(&mut self, why: String) {
        self.errors += 1;
        self.first_error.get_or_insert(why);
    }

    /// How many failed.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Why the first one failed, if any did.
    pub fn first_error(&self) -> Option<&str> {
        self.first_error.as_deref()
    }

    /// Adds what another thread has recorded in the same time.
    pub fn add(&mut self, other: &Record) {
        for (own, other) in [(&mut self.writes, &other.writes), (&mut self.reads, &other.reads)] {
            own.latencies.add(&other.latencies).expect("they have the same bounds");
        }
        self.errors += other.errors;
        if self.first_error.is_none() {
            self.first_error.clone_from(&other.first_error);
        }
        for (own, other) in self.answered.iter_mut().zip(&other.answered) {
            *own += other;
        }
    }

    /// How many requests were answered.
    pub fn count(&self) -> u64 {
        self.writes.count() + self.reads.count()
    }

    /// The times of this length at least in which nothing was answered.
    pub fn gaps(&self, least: Duration) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let mut begin = 0;
        let ends = self.answered.iter().enumerate().filter(|(_, count)| **count > 0);
        for end in ends.map(|(at, _)| at).chain([self.answered.len()]) {
            let length = Duration::from_millis((end - begin) as u64);
            if length >= least {
                gaps.push(Gap { begin: Duration::from_millis(begin as u64), length });
            }
            begin = end + 1;
        }
        gaps
    }

    /// How many were answered in each second.
    pub fn seconds(&self) -> Vec<u32> {
        self.answered.chunks(1_000).map(|second| second.iter().sum()).collect()
    }

    /// For a person: a line for writes and one for reads, and what else there is to tell.
    pub fn text(&self, gap: Duration) -> String {
        let seconds = self.length.as_secs_f64();
        let mut lines = vec![format!(
            "{:<8} {:>10} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "", "answered", "a second", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms"
        )];
        for (name, kind) in [("writes", &self.writes), ("reads", &self.reads)] {
            if kind.count() > 0 {
                let rate = kind.count() as f64 / seconds;
                let latencies = kind.latencies().into_iter().map(|(_, ms)| format!(" {ms:>9.2}"));
                let latencies: String = latencies.collect();
                lines.push(format!("{name:<8} {:>10} {rate:>10.0}{latencies}", kind.count()));
            }
        }
        let why = self.first_error().map(|why| format!("  the first: {why}")).unwrap_or_default();
        lines.push(format!("errors   {:>10}{why}", self.errors));
        for Gap { begin, length } in self.gaps(gap) {
            let (begin, ms) = (begin.as_secs_f64(), length.as_millis());
            lines.push(format!("gap: nothing was answered for {ms} ms, from {begin:.3} s on"));
        }
        lines.join("\n")
    }

    /// For a program.
    pub fn json(&self, gap: Duration) -> Value {
        let seconds = self.length.as_secs_f64();
        let gaps = self.gaps(gap).into_iter().map(|Gap { begin, length }| {
            json!({ "begin_s": begin.as_secs_f64(), "length_ms": length.as_millis() as u64 })
        });
        json!({
            "seconds": seconds,
            "writes": self.writes.json(seconds),
            "reads": self.reads.json(seconds),
            "errors": self.errors,
            "first_error": self.first_error,
            "answered_each_second": self.seconds(),
            "gaps": gaps.collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Writes that took a millisecond each were answered at these times of two seconds.
    fn answered(times: &[u64]) -> Record {
        let mut record = Record::of(ms(2_000));
        times.iter().for_each(|at| record.answer(false, ms(*at), ms(1)));
        record
    }

    #[test]
    fn what_threads_record_adds_up() {
        let mut all = answered(&[10, 20, 1_999]);
        let mut other = answered(&[10]);
        other.answer(true, ms(30), ms(40));
        other.answer(true, ms(2_000), ms(40));
        other.error("no answer".to_owned());
        other.error("still none".to_owned());
        all.add(&other);
        assert_eq!((all.count(), all.errors()), (6, 2));
        assert_eq!(all.first_error(), Some("no answer"));
        assert_eq!(all.reads.latency(0.5), other.reads.latency(0.5));
        assert_eq!(all.seconds(), [4, 1], "one answer came in the moment in which it ended");
        let json = all.json(ms(1_500));
        assert_eq!(json["writes"]["count"], 4);
        assert_eq!(json["reads"]["per_second"], 1.0);
        let exact = |value: &Value, expected: f64| {
            let value = value.as_f64().expect("a number");
            assert!((value - expected).abs() <= expected / 500.0, "{value} is not {expected}");
        };
        exact(&json["writes"]["latency"]["max_ms"], 1.0);
        exact(&json["reads"]["latency"]["p50_ms"], 40.0);
        assert_eq!(json["gaps"][0], json!({ "begin_s": 0.031, "length_ms": 1_968 }));
    }

    #[test]
    fn a_gap_is_a_time_without_any_answer() {
        let gap = |begin, length| Gap { begin: ms(begin), length: ms(length) };
        let record = answered(&[0, 500, 500, 501, 1_900]);
        assert_eq!(record.gaps(ms(100)), [gap(1, 499), gap(502, 1_398)]);
        assert_eq!(record.gaps(ms(499)), [gap(1, 499), gap(502, 1_398)]);
        assert_eq!(record.gaps(ms(500)), [gap(502, 1_398)]);
        assert_eq!(answered(&[]).gaps(ms(100)), [gap(0, 2_000)]);
    }

    #[test]
    fn the_text_tells_of_what_there_was() {
        let text = answered(&[500]).text(ms(1_000));
        assert!(text.contains("writes") && !text.contains("reads"), "{text}");
        assert!(!text.contains("the first"), "{text}");
        assert!(text.ends_with("gap: nothing was answered for 1499 ms, from 0.501 s on"), "{text}");
    }
}
