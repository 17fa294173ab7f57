//! How much processor time processes have used.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::param::clock_ticks_per_second;

/// The time that these processes have used together, in the kernel and outside of it. One that is
/// not there counts for nothing.
pub fn used(processes: &[u32]) -> Duration {
    let ticks: u64 = processes.iter().filter_map(|process| ticks(*process)).sum();
    Duration::from_secs_f64(ticks as f64 / clock_ticks_per_second() as f64)
}

/// `utime` and `stime` of `/proc/PID/stat`, its 14th and 15th field. The second field is a name in
/// parentheses, which may have spaces.
fn ticks(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

/// How much these processes use from `begin` on, for so long. It waits until then.
pub fn used_within(processes: &[u32], begin: Instant, length: Duration) -> Duration {
    let wait = |until: Instant| thread::sleep(until.saturating_duration_since(Instant::now()));
    wait(begin);
    let before = used(processes);
    wait(begin + length);
    used(processes).saturating_sub(before)
}
