//! The leader is killed under load, again and again: how long its clients wait.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use quorate::bench::load::{self, Plan, Requests, Seen};
use quorate::cli::exit::Failure;
use quorate_models::kv::Command;
use serde_json::{Value, json};

use crate::Outcome;
use crate::cell::{TIMEOUT, lost};
use crate::process::wait_for;
use crate::progress::{All, AtOwnKeys};
use crate::quorate_cluster::Cluster;

/// How many sessions write meanwhile.
const SESSIONS: usize = 8;

/// The bytes of each value.
const SIZE: usize = 100;

/// How long all nodes run between a restart and the next kill.
const CALM: Duration = Duration::from_millis(300);

/// No run takes longer for each time the leader is killed.
const LONGEST: Duration = Duration::from_secs(60);

/// How long a session waited for answers.
#[derive(Clone, Copy, Debug)]
struct Wait {
    /// When the last two answers came.
    last: [Instant; 2],
    /// The longest time between two answers.
    longest: Duration,
}

impl Wait {
    fn begin(now: Instant) -> Self {
        Wait { last: [now; 2], longest: Duration::ZERO }
    }

    fn answer(&mut self, now: Instant) {
        self.longest = self.longest.max(now - self.last[1]);
        self.last = [self.last[1], now];
    }
}

/// The waits of all sessions and, behind them, that for an answer to any of them.
struct Waits(Mutex<Vec<Wait>>);

impl Waits {
    fn new() -> Self {
        Waits(Mutex::new(vec![Wait::begin(Instant::now()); SESSIONS + 1]))
    }

    fn answer(&self, session: usize) {
        let now = Instant::now();
        let mut waits = self.0.lock().expect("nobody panics");
        waits[session].answer(now);
        waits[SESSIONS].answer(now);
    }

    /// The longest waits count from now on.
    fn forget(&self) {
        let mut waits = self.0.lock().expect("nobody panics");
        waits.iter_mut().for_each(|wait| wait.longest = Duration::ZERO);
    }

    /// The longest waits, once each session has had two answers since `killed`: the first may have
    /// been under way then.
    fn longest(&self, killed: Instant) -> Option<Vec<Duration>> {
        let waits = self.0.lock().expect("nobody panics");
        let all = waits.iter().all(|wait| wait.last[0] > killed);
        all.then(|| waits.iter().map(|wait| wait.longest).collect())
    }
}

/// Sessions that write, and are watched.
struct Watched<'a> {
    requests: AtOwnKeys<'a>,
    waits: &'a Waits,
}

impl Requests for Watched<'_> {
    fn next(&mut self, session: usize) -> Command {
        self.requests.next(session)
    }

    fn answered(&mut self, session: usize) {
        self.requests.answered(session);
        self.waits.answer(session);
    }
}

/// Kills the leader `count` times, tells how long sessions waited, and looks for what is missing.
pub fn run(binary: &Path, dir: &Path, count: u32) -> Result<Outcome, Failure> {
    let mut cluster = Cluster::start(binary, dir)?;
    let (mut all, mut front) = (All::default(), cluster.open()?);
    let (seen, waits) = (Seen::default(), Waits::new());
    let (begin, length) = (Instant::now(), LONGEST * count);
    let plan = Plan { begin, length, timeout: TIMEOUT, pace: None };
    let progress = all.of(SIZE, SESSIONS);
    let (record, longest) = thread::scope(|scope| {
        let load = scope.spawn(|| {
            let progress = progress.iter_mut().collect();
            let requests = AtOwnKeys { progress, reads: false };
            let mut watched = Watched { requests, waits: &waits };
            load::run(&mut front, SESSIONS, &mut watched, plan, &seen)
        });
        let longest = kill_all(&mut cluster, &waits, count);
        seen.enough.store(true, Ordering::Relaxed);
        let record = load.join().expect("it does not panic");
        Ok::<_, Failure>((record?, longest?))
    })?;
    let one: Vec<_> = longest.iter().flat_map(|waits| &waits[..SESSIONS]).copied().collect();
    let any: Vec<_> = longest.iter().map(|waits| waits[SESSIONS]).collect();
    println!(
        "\nms without an answer  {:>7} {:>8} {:>8} {:>8} {:>8}",
        "times", "median", "p99", "p99.9", "max"
    );
    let figures = json!({
        "failovers": count,
        "one_session": tell("of one session", one),
        "all_sessions": tell("of all sessions", any),
        "writes": record.count(),
        "errors": record.errors(),
    });
    println!("{} writes were answered, {} were not", record.count(), record.errors());
    let missing = lost(&mut cluster, all.all())?;
    Ok(Outcome { figures, missing })
}

/// Kills the leader so often, and gives the longest waits each time.
fn kill_all(
    cluster: &mut Cluster,
    waits: &Waits,
    count: u32,
) -> Result<Vec<Vec<Duration>>, Failure> {
    let mut longest = Vec::new();
    for number in 1..=count {
        let leader = cluster.leader()?;
        thread::sleep(CALM);
        waits.forget();
        cluster.kill(leader);
        let killed = Instant::now();
        let waited = wait_for("answers after the leader was killed", || Ok(waits.longest(killed)))?;
        let ms = waited[SESSIONS].as_millis();
        println!("{number:>5}: node {leader} is killed, and nobody had an answer for {ms} ms");
        longest.push(waited);
        cluster.restart(leader)?;
        cluster.wait_until_caught_up(leader)?;
    }
    Ok(longest)
}

/// Prints a line of these waits, and gives the same for a program.
fn tell(name: &str, mut waits: Vec<Duration>) -> Value {
    waits.sort();
    let ms = |wait: Duration| wait.as_secs_f64() * 1e3;
    let [median, p99, p999, max] = [0.5, 0.99, 0.999, 1.0].map(|share| ms(quantile(&waits, share)));
    let count = waits.len();
    println!("{name:<20} {count:>8} {median:>8.0} {p99:>8.0} {p999:>8.0} {max:>8.0}");
    json!({
        "count": count, "median_ms": median, "p99_ms": p99, "p99_9_ms": p999, "max_ms": max,
    })
}

/// The longest of this share of the shortest of them, at least one.
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.max(1) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_waits_that_there_were() {
        let waits: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        let of = |share| quantile(&waits, share).as_millis();
        assert_eq!([0.5, 0.99, 0.999, 1.0].map(of), [50, 99, 100, 100]);
        assert_eq!(quantile(&waits[..1], 0.5).as_millis(), 1);
    }

    #[test]
    fn a_wait_is_over_when_each_session_has_had_two_answers() {
        let waits = Waits::new();
        (0..SESSIONS).for_each(|session| waits.answer(session));
        let killed = Instant::now();
        waits.forget();
        assert_eq!(waits.longest(killed), None);
        for _ in 0..2 {
            assert_eq!(waits.longest(killed), None);
            thread::sleep(Duration::from_millis(2));
            (0..SESSIONS).for_each(|session| waits.answer(session));
        }
        let longest = waits.longest(killed).expect("all have answers");
        assert_eq!(longest.len(), SESSIONS + 1);
        assert!(longest.iter().all(|wait| *wait >= Duration::from_millis(2)), "{longest:?}");
    }
}
