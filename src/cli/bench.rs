//! `quorate bench`: how fast a running cluster answers.

mod target;

use std::num::NonZeroU64;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::exit::{self, Code, Failure};
use super::kv::{self, Consistency};
use super::output::say;
use crate::bench::front::Front;
use crate::bench::load::{self, Plan, Seen};
use crate::bench::record::Record;
use crate::bench::workload::{Keys, Random, Workload};
use target::{Fronts, Target};

/// What is said of it, for `--help`.
const NOTES: &str = "\
Each session asks for one thing at a time, and for the next as soon as it has the answer: so a
cluster that is slow is asked less. The sessions of a thread share a socket, which asks for 256
things at a time; of more sessions the others wait for their turn, and that counts. The keys are
bench-0, bench-1 and so on, and what they hold is overwritten. A gap is a time in which nobody had
an answer, as while a new leader is elected.

With --rate sessions do not wait for that: each asks when its next request is due, and as soon as
it can if the answer before came later. A latency then counts from when the request was due.

Other servers are asked the same, each session over a TCP connection of its own: --redis with SET
and GET of RESP2, --etcd with JSON over HTTP/1.1. The sessions are spread over the members of etcd
that are named. etcd translates JSON to gRPC and back, which costs the server time that clients of
gRPC do not cost it: `benches/peers` asks it by gRPC. A server that closes a connection, or answers
what makes no sense, ends the run with 74; what it refuses is counted as an error.

Exits 3 if nothing was answered.";

/// What is asked of which cluster, and for how long.
#[derive(clap::Args)]
#[command(after_help = NOTES)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    /// How many ask at a time
    #[arg(long, value_name = "N", default_value = "64", value_parser = some)]
    sessions: NonZeroU64,
    /// How many requests a second they make together [default: as many as are answered]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rate: Option<u64>,
    /// On how many threads they do
    #[arg(long, value_name = "N", default_value = "1", value_parser = some)]
    threads: NonZeroU64,
    /// The bytes of each value
    #[arg(long, value_name = "BYTES", default_value = "100", value_parser = size)]
    size: usize,
    /// How many of a hundred requests are reads
    #[arg(long, value_name = "PERCENT", default_value = "0",
        value_parser = clap::value_parser!(u8).range(0..=100))]
    reads: u8,
    /// How new the reads must be [default: linearizable]
    #[arg(long, value_enum)]
    consistency: Option<Consistency>,
    /// How many keys there are
    #[arg(long, value_name = "N", default_value = "1000", value_parser = some)]
    keys: NonZeroU64,
    /// How often each key is asked for
    #[arg(long, value_enum, default_value_t)]
    spread: Keys,
    /// For how many seconds it runs before it counts
    #[arg(long, value_name = "S", default_value = "2", value_parser = kv::seconds)]
    warm_up: Duration,
    /// For how many seconds it counts
    #[arg(long, value_name = "S", default_value = "10", value_parser = kv::seconds)]
    duration: Duration,
    /// After how many seconds without an answer a request is an error
    #[arg(long, value_name = "S", default_value = "10", value_parser = kv::seconds)]
    timeout: Duration,
    /// How many milliseconds without any answer are a gap
    #[arg(long, value_name = "MS", default_value = "100", value_parser = some)]
    gap: NonZeroU64,
    /// Print a JSON object in the end, and nothing before
    #[arg(long)]
    json: bool,
}

/// A number that is not 0.
fn some(text: &str) -> Result<NonZeroU64, String> {
    let number: u64 = text.parse().map_err(|error| format!("{error}"))?;
    NonZeroU64::new(number).ok_or_else(|| "it is at least 1".into())
}

/// A number of bytes that a value may have.
fn size(text: &str) -> Result<usize, String> {
    let size = text.parse().map_err(|error| format!("{error}"))?;
    if size > kv::VALUE_MAX {
        return Err(format!("a value has {} bytes at most", kv::VALUE_MAX));
    }
    Ok(size)
}

/// Asks a cluster as fast as it answers, and tells how fast that was.
pub fn run(args: Args) -> ExitCode {
    exit::report(bench(&args))
}

fn bench(args: &Args) -> Result<(), Failure> {
    let counts = args.counts();
    let record = match args.target.open(&counts, args.consistency, args.timeout)? {
        Fronts::Own(fronts) => ask(fronts, &counts, args),
        Fronts::Redis(fronts) => ask(fronts, &counts, args),
        Fronts::Etcd(fronts) => ask(fronts, &counts, args),
    }?;
    let gap = Duration::from_millis(args.gap.get());
    if args.json {
        let json = record.json(gap);
        say(serde_json::to_string_pretty(&json).expect("numbers have a JSON form"))?;
    } else {
        say(record.text(gap))?;
    }
    if record.count() == 0 {
        let message = format!("nothing was answered{}", args.target.advice());
        return Err(Failure::new(Code::Unknown, message));
    }
    Ok(())
}

impl Args {
    /// How many sessions each thread has.
    fn counts(&self) -> Vec<usize> {
        let sessions = self.sessions.get() as usize;
        let threads = (self.threads.get() as usize).min(sessions);
        (0..threads).map(|thread| (sessions - thread).div_ceil(threads)).collect()
    }

    /// How each session asks, from now on.
    fn plan(&self) -> Plan {
        let pace = |rate| Duration::from_secs_f64(self.sessions.get() as f64 / rate as f64);
        Plan {
            begin: Instant::now() + self.warm_up,
            length: self.duration,
            timeout: self.timeout,
            pace: self.rate.map(pace),
        }
    }

    /// What a thread asks for.
    fn requests(&self, thread: u64) -> Random {
        let (keys, spread, size, reads) = (self.keys.get(), self.spread, self.size, self.reads);
        Random::of(Workload { keys, spread, size, reads }, thread)
    }
}

/// Has all sessions ask, and tells each second how far they are unless only JSON is to be printed.
fn ask<F: Front + Send>(fronts: Vec<F>, counts: &[usize], args: &Args) -> Result<Record, Failure> {
    let (seen, plan) = (Seen::default(), args.plan());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..)
            .zip(fronts.into_iter().zip(counts))
            .map(|(number, (mut front, &count))| {
                let (mut requests, seen) = (args.requests(number), &seen);
                scope.spawn(move || {
                    let record = load::run(&mut front, count, &mut requests, plan, seen);
                    // Nobody is to go on without this thread, nor to wait for it.
                    seen.enough.fetch_or(record.is_err(), Ordering::Relaxed);
                    record
                })
            })
            .collect();
        let told = if args.json { Ok(()) } else { tell(&seen, plan) };
        let mut record = Record::of(plan.length);
        for thread in threads {
            record.add(&thread.join().expect("it does not panic")?);
        }
        told.map(|()| record)
    })
}

/// Tells each second what was answered in it, from the moment on in which it counts, as long as all
/// threads go on.
fn tell(seen: &Seen, plan: Plan) -> Result<(), Failure> {
    let before = || (seen.answered.load(Ordering::Relaxed), seen.errors.load(Ordering::Relaxed));
    thread::sleep(plan.begin.saturating_duration_since(Instant::now()));
    say("  second   answered     errors")?;
    let mut last = before();
    for second in 1..=plan.length.as_secs() {
        let at = plan.begin + Duration::from_secs(second);
        thread::sleep(at.saturating_duration_since(Instant::now()));
        if seen.enough.load(Ordering::Relaxed) {
            break;
        }
        let now = before();
        say(format_args!("{second:>8} {:>10} {:>10}", now.0 - last.0, now.1 - last.1))?;
        last = now;
    }
    Ok(())
}
