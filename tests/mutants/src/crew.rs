//! Processes that run mutants: each has one of its own, so that none can take the others with it.

use std::fmt;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::worker::{KILLED, OUTGREW};

/// How long a process may take for one mutant.
const PATIENCE: Duration = Duration::from_secs(1800);

/// How a process ends that panics.
const PANIC: &str = "exit status: 101";

/// What became of a mutant.
pub enum Fate {
    /// By which spec and property, in how many steps.
    Killed(String),
    /// No spec can tell it from the original: every handler does the same wherever one is called.
    Alike,
    /// The specs came to the expected verdicts; of some, where they ended at a limit.
    Survived(Vec<String>),
    /// The process did not end in time, or ended otherwise than it should.
    Lost(String),
}

impl Fate {
    pub fn name(&self) -> &'static str {
        match self {
            Fate::Killed(_) => "killed",
            Fate::Alike => "as the original wherever a spec looks",
            Fate::Survived(_) => "survived",
            Fate::Lost(_) => "lost",
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fate::Killed(by) => write!(f, "killed by {by}"),
            Fate::Alike => f.write_str(self.name()),
            Fate::Survived(ends) if ends.is_empty() => f.write_str(self.name()),
            Fate::Survived(ends) => write!(f, "survived; at a limit: {}", ends.join("; ")),
            Fate::Lost(how) => write!(f, "lost: {how}"),
        }
    }
}

/// Runs each mutant of `tasks` through its specs, `jobs` at a time, and tells `tell` its fate.
pub fn run(tasks: Vec<(u32, Vec<String>)>, jobs: usize, tell: impl FnMut(u32, &Fate) + Send) {
    let (tasks, tell) = (Mutex::new(tasks.into_iter()), Mutex::new(tell));
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let Some((number, specs)) = tasks.lock().expect("none panicked").next() else {
                        return;
                    };
                    let fate = fate(number, &specs);
                    tell.lock().expect("none panicked")(number, &fate);
                }
            });
        }
    });
}

/// The fate of one mutant.
fn fate(number: u32, specs: &[String]) -> Fate {
    if specs.is_empty() {
        return Fate::Alike;
    }
    let program = std::env::current_exe().expect("this program has a file");
    let mut command = Command::new(program);
    command.args(["--large", "--worker", &number.to_string(), "--specs", &specs.join(",")]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("this program runs");
    match end_of(&mut child) {
        None => {}
        // A panic outside of all handlers that an engine guards: `check` would end with it.
        Some(how) if how == PANIC => return Fate::Killed("a panic".to_owned()),
        Some(how) => return Fate::Lost(how),
    }
    let output = child.wait_with_output().expect("it has ended");
    let text = String::from_utf8_lossy(&output.stdout);
    if let Some(by) = text.lines().find_map(|line| line.strip_prefix(KILLED)) {
        return Fate::Killed(by.trim().to_owned());
    }
    let ends = text.lines().filter_map(|line| line.strip_prefix(OUTGREW));
    Fate::Survived(ends.map(|end| end.trim().to_owned()).collect())
}

/// Waits for `child`; says what went wrong, if anything did.
fn end_of(child: &mut Child) -> Option<String> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().expect("a process of ours") {
            return (!status.success()).then(|| status.to_string());
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("a process of ours");
    child.wait().expect("it has ended");
    Some(format!("no end within {} s", PATIENCE.as_secs()))
}
