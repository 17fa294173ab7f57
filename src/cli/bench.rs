//! `quorate bench`: how fast a running cluster answers.

mod load;
mod record;
mod workload;

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use quorate_models::kv::Kv;

use super::exit::{self, Code, Failure};
use super::kv::{self, Consistency};
use super::output::say;
use super::setup;
use crate::node::client::Client;
use crate::node::config::Config;
use crate::node::transport::Members;
use load::{Plan, Seen};
use record::Record;
use workload::{Keys, Requests, Workload};

/// What is said of it, for `--help`.
const NOTES: &str = "\
Each session asks for one thing at a time, and for the next as soon as it has the answer: so a
cluster that is slow is asked less. The keys are bench-0, bench-1 and so on, and what they hold is
overwritten. A gap is a time in which nobody had an answer, as while a new leader is elected.

Exits 3 if nothing was answered.";

/// What is asked of which cluster, and for how long.
#[derive(clap::Args)]
#[command(after_help = NOTES)]
pub struct Args {
    /// The cluster's config
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How many ask at a time, each with a socket of its own
    #[arg(long, value_name = "N", default_value = "64")]
    sessions: NonZeroU64,
    /// On how many threads they do
    #[arg(long, value_name = "N", default_value = "1")]
    threads: NonZeroU64,
    /// The bytes of each value
    #[arg(long, value_name = "BYTES", default_value = "100", value_parser = size)]
    size: usize,
    /// How many of a hundred requests are reads
    #[arg(long, value_name = "PERCENT", default_value = "0",
        value_parser = clap::value_parser!(u8).range(0..=100))]
    reads: u8,
    /// How new the reads must be
    #[arg(long, value_enum, default_value_t)]
    consistency: Consistency,
    /// How many keys there are
    #[arg(long, value_name = "N", default_value = "1000")]
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
    #[arg(long, value_name = "MS", default_value = "100")]
    gap: NonZeroU64,
    /// Print a JSON object in the end, and nothing before
    #[arg(long)]
    json: bool,
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
    let config = Config::load(&args.config)?;
    setup::check(&config)?;
    let members = setup::members(&config)?;
    let crews = crews(args, &members)?;
    let plan = Plan {
        begin: Instant::now() + args.warm_up,
        length: args.duration,
        freshness: args.consistency.into(),
        timeout: args.timeout,
    };
    let workload =
        Workload { keys: args.keys.get(), spread: args.spread, size: args.size, reads: args.reads };
    let record = ask(crews, &workload, plan, args.json)?;
    let gap = Duration::from_millis(args.gap.get());
    if args.json {
        let json = record.json(gap);
        say(serde_json::to_string_pretty(&json).expect("numbers have a JSON form"))?;
    } else {
        say(record.text(gap))?;
    }
    if record.count() == 0 {
        return Err(Failure::new(Code::Unknown, "nothing was answered: see `quorate status`"));
    }
    Ok(())
}

/// The sessions of each thread.
fn crews(args: &Args, members: &Members) -> Result<Vec<Vec<Client<Kv>>>, Failure> {
    let threads = args.threads.min(args.sessions).get() as usize;
    let mut crews: Vec<Vec<_>> = (0..threads).map(|_| Vec::new()).collect();
    for session in 0..args.sessions.get() as usize {
        let client = Client::open(members).map_err(|error| Failure::new(Code::Io, error))?;
        crews[session % threads].push(client);
    }
    Ok(crews)
}

/// Has all threads ask, and tells each second how far they are unless it is to be `quiet`.
fn ask(
    crews: Vec<Vec<Client<Kv>>>,
    workload: &Workload,
    plan: Plan,
    quiet: bool,
) -> Result<Record, Failure> {
    let seen = Seen::default();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..)
            .zip(crews)
            .map(|(number, clients)| {
                let (requests, seen) = (Requests::of(workload.clone(), number), &seen);
                scope.spawn(move || load::run(clients, requests, plan, seen))
            })
            .collect();
        let told = if quiet { Ok(()) } else { tell(&seen, plan) };
        let mut record = Record::of(plan.length);
        for thread in threads {
            record.add(&thread.join().expect("it does not panic")?);
        }
        told.map(|()| record)
    })
}

/// Tells each second what was answered in it, from the moment on in which it counts.
fn tell(seen: &Seen, plan: Plan) -> Result<(), Failure> {
    let before = || (seen.answered.load(Ordering::Relaxed), seen.errors.load(Ordering::Relaxed));
    thread::sleep(plan.begin.saturating_duration_since(Instant::now()));
    say("  second   answered     errors")?;
    let mut last = before();
    for second in 1..=plan.length.as_secs() {
        let at = plan.begin + Duration::from_secs(second);
        thread::sleep(at.saturating_duration_since(Instant::now()));
        let now = before();
        say(format_args!("{second:>8} {:>10} {:>10}", now.0 - last.0, now.1 - last.1))?;
        last = now;
    }
    Ok(())
}
