//! One spec, checked on a thread of its own: whatever the search is at, somebody hears a signal.

use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, INTERRUPTED, Limits, Report};

use super::progress::Display;
use crate::cli::exit::{Code, Failure};

/// How often it is looked whether the search must stop.
const LOOK: Duration = Duration::from_millis(50);

/// How long a search may take to stop. Longer takes what cannot be cut short: properties of runs
/// are decided on the whole graph, and a handler may never return.
const PATIENCE: Duration = Duration::from_secs(1);

/// Signals that come so soon after the first are the same: `timeout` and a terminal that closes
/// send several.
const ONE_SIGNAL: Duration = Duration::from_millis(500);

/// A flag that SIGINT, SIGTERM and SIGHUP set. A later one of them ends the process at once.
///
/// # Errors
/// If the system does not let signals be heard.
pub fn interrupt() -> Result<Arc<AtomicBool>, Failure> {
    let flag = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&flag);
    let mut first = None;
    ctrlc::set_handler(move || {
        told.store(true, Ordering::Relaxed);
        if first.get_or_insert_with(Instant::now).elapsed() > ONE_SIGNAL {
            std::process::exit(Code::Interrupted as i32);
        }
    })
    .map_err(|error| Failure::new(Code::Io, format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(flag)
}

/// Checks `spec` and shows how far that has come. Of a search that is interrupted and does not
/// stop, the report says how far it has come and no more.
///
/// # Panics
/// If the search does.
pub fn check(
    spec: Box<dyn AnySpec>,
    engine: Engine,
    limits: &Limits,
    mut display: Display,
) -> Report {
    let mut last = Report::unfinished(&*spec, engine, INTERRUPTED);
    let (sender, progress) = channel();
    let own = limits.clone();
    let search = thread::spawn(move || {
        // Nobody listens any more to a search that did not stop.
        spec.check(engine, &own, &mut |now| sender.send(*now).unwrap_or_default())
    });
    let mut told = None;
    loop {
        match progress.recv_timeout(LOOK) {
            Ok(now) => {
                display.update(&now);
                last.advance(&now);
            }
            Err(RecvTimeoutError::Disconnected) => {
                return search.join().unwrap_or_else(|cause| panic::resume_unwind(cause));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if limits.interrupt.load(Ordering::Relaxed)
            && told.get_or_insert_with(Instant::now).elapsed() >= PATIENCE
        {
            return last;
        }
    }
}
