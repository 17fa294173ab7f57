//! One measurement of one system, and its figures.

use std::thread;
use std::time::{Duration, Instant};

use quorate::bench::load::Plan;
use quorate::bench::record::Record;
use quorate::cli::exit::{Code, Failure};
use serde_json::{Value, json};

use crate::cpu;
use crate::progress::{All, Progress};

/// What is asked, by how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// How many sessions ask at a time.
    pub sessions: usize,
    /// The bytes of each value.
    pub size: usize,
    /// Whether they read, or write.
    pub reads: bool,
}

impl Cell {
    /// What it is called.
    pub fn name(&self) -> String {
        let what = if self.reads { "read" } else { "write" };
        let size = match self.size {
            size if size >= 1 << 20 => format!("{} MiB", size >> 20),
            size if size >= 1 << 10 => format!("{} KiB", size >> 10),
            size => format!("{size} B"),
        };
        format!("{what:<5} {size:>5} {:>5}", self.sessions)
    }
}

/// For how long a system is asked before it counts, and for how long it counts.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Before.
    pub warm_up: Duration,
    /// While it counts.
    pub length: Duration,
}

/// After so long a request is given up.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// A cluster that is measured.
pub trait System {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// The processes of its servers.
    fn processes(&self) -> Vec<u32>;

    /// Has one session for each of `progress` read or write at its key, as `plan` says.
    fn load(
        &mut self,
        progress: &mut [Progress],
        reads: bool,
        plan: Plan,
    ) -> Result<Record, Failure>;

    /// What `key` holds now, by a linearizable read.
    fn read(&mut self, key: &str) -> Result<Option<Vec<u8>>, Failure>;

    /// Refuses to go on if one of its servers has ended.
    fn must_run(&mut self) -> Result<(), Failure>;
}

/// What was measured. Medians of several are taken number by number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// How many requests were answered a second.
    pub per_second: f64,
    /// The median latency, in milliseconds.
    pub p50: f64,
    /// What 99 of 100 requests took at most, in milliseconds.
    pub p99: f64,
    /// The processor time of the servers for a request, in microseconds.
    pub cpu: f64,
    /// That of the clients.
    pub client_cpu: f64,
}

impl Figures {
    /// For a program.
    pub fn json(&self) -> Value {
        let Figures { per_second, p50, p99, cpu, client_cpu } = self;
        json!({
            "per_second": per_second,
            "p50_ms": p50,
            "p99_ms": p99,
            "server_cpu_us": cpu,
            "client_cpu_us": client_cpu,
        })
    }

    /// The median of each number.
    ///
    /// # Panics
    /// If there are none.
    pub fn median(all: &[Figures]) -> Figures {
        let of = |number: fn(&Figures) -> f64| median(all.iter().map(number));
        Figures {
            per_second: of(|figures| figures.per_second),
            p50: of(|figures| figures.p50),
            p99: of(|figures| figures.p99),
            cpu: of(|figures| figures.cpu),
            client_cpu: of(|figures| figures.client_cpu),
        }
    }
}

/// The median of these numbers, of which there is one.
pub fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Measures one cell of `system`, at most at `rate` a second if there is one. Then reads all its
/// keys back, and adds to `missing` what was acknowledged and is not there.
pub fn measure(
    system: &mut dyn System,
    cell: Cell,
    times: Times,
    rate: Option<f64>,
    all: &mut All,
    missing: &mut Vec<String>,
) -> Result<Figures, Failure> {
    let progress = all.of(cell.size, cell.sessions);
    let pace = rate.map(|rate| Duration::from_secs_f64(cell.sessions as f64 / rate));
    let begin = Instant::now() + times.warm_up;
    let plan = Plan { begin, length: times.length, timeout: TIMEOUT, pace };
    let (servers, own) = (system.processes(), [std::process::id()]);
    let (record, cpu, client_cpu) = thread::scope(|scope| {
        let within = |processes| cpu::used_within(processes, plan.begin, plan.length);
        let cpu = [&servers[..], &own].map(|them| scope.spawn(move || within(them)));
        let record = system.load(progress, cell.reads, plan);
        let [cpu, client_cpu] = cpu.map(|thread| thread.join().expect("it does not panic"));
        record.map(|record| (record, cpu, client_cpu))
    })?;
    system.must_run()?;
    if let Some(why) = record.first_error() {
        println!("{} {}: {} errors, the first: {why}", cell.name(), system.name(), record.errors());
    }
    if record.count() == 0 {
        let message = format!("{} {}: nothing was answered", cell.name(), system.name());
        return Err(Failure::new(Code::Unknown, message));
    }
    missing.extend(lost(system, progress.iter())?);
    let kind = if cell.reads { &record.reads } else { &record.writes };
    let count = record.count() as f64;
    let ms = |share| kind.latency(share).as_secs_f64() * 1e3;
    Ok(Figures {
        per_second: count / times.length.as_secs_f64(),
        p50: ms(0.5),
        p99: ms(0.99),
        cpu: cpu.as_secs_f64() * 1e6 / count,
        client_cpu: client_cpu.as_secs_f64() * 1e6 / count,
    })
}

/// What `system` has acknowledged and does not hold, a line for each key.
pub fn lost<'a>(
    system: &mut dyn System,
    progress: impl Iterator<Item = &'a Progress>,
) -> Result<Vec<String>, Failure> {
    let mut lost = Vec::new();
    for progress in progress {
        let held = system.read(progress.key())?;
        lost.extend(progress.missing(system.name(), held.as_deref()));
    }
    Ok(lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_taken_number_by_number() {
        let of = |per_second, p50| Figures { per_second, p50, ..Figures::default() };
        let median = Figures::median(&[of(1.0, 30.0), of(3.0, 10.0), of(2.0, 20.0)]);
        assert_eq!((median.per_second, median.p50), (2.0, 20.0));
        let one = Figures::median(&[of(5.0, 6.0)]);
        assert_eq!((one.per_second, one.p50), (5.0, 6.0));
    }

    #[test]
    fn a_cell_is_named_by_what_it_asks() {
        let name = |size, reads| Cell { sessions: 64, size, reads }.name();
        assert_eq!(name(100, true), "read  100 B    64");
        assert_eq!(name(1_024, false), "write 1 KiB    64");
        assert_eq!(name(1 << 20, false), "write 1 MiB    64");
    }
}
