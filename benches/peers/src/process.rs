//! Processes that are started, waited for, and killed in the end, however that comes.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use quorate::cli::exit::{Code, Failure};
use serde_json::Value;

/// How long anything may take that must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server process. It is killed when this is dropped.
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, which is called `name` in messages. What it says goes to a file in `dir`.
    /// Its standard input stays open as long as this lives.
    pub fn start(mut command: Command, name: &str, dir: &Path) -> Result<Self, Failure> {
        let log = dir.join(format!("{name}.log"));
        let spawn = |command: &mut Command| {
            let out = File::options().create(true).append(true).open(&log)?;
            let err = out.try_clone()?;
            command.stdin(Stdio::piped()).stdout(out).stderr(err).spawn()
        };
        let child = spawn(&mut command).map_err(|error| {
            let program = command.get_program().display();
            Failure::new(Code::Io, format!("cannot start {program} as {name}: {error}"))
        })?;
        Ok(Process { child, name: name.to_owned(), log })
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Refuses a process that has ended, and tells what it said last.
    pub fn must_run(&mut self) -> Result<(), Failure> {
        let Ok(Some(status)) = self.child.try_wait() else { return Ok(()) };
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        let last = said.lines().last().unwrap_or("nothing");
        let message = format!("{} ended, {status}; its last words: {last}", self.name);
        Err(Failure::new(Code::NodeFailed, message))
    }
}

impl Drop for Process {
    /// Kills it with SIGKILL: it notices nothing.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `done` gives something.
pub fn wait_for<T>(
    what: &str,
    mut done: impl FnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    let limit = Instant::now() + PATIENCE;
    while Instant::now() < limit {
        if let Some(found) = done()? {
            return Ok(found);
        }
        thread::sleep(Duration::from_millis(10));
    }
    Err(Failure::new(Code::No, format!("waited in vain for {what}, for {PATIENCE:?}")))
}

/// A port such that the `count` behind it are free, for UDP and TCP. Another run at the same time
/// begins to look elsewhere.
pub fn free_ports(count: u16) -> Result<u16, Failure> {
    let is_free = |port| {
        UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
            && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
    };
    let first = 20_000 + std::process::id() as u16 % 5_000;
    let firsts = (first..30_000).step_by(usize::from(count));
    let mut free = firsts.filter(|first| (first + 1..=first + count).all(is_free));
    free.next().ok_or_else(|| Failure::new(Code::Io, "no ports are free from 25000 to 30000"))
}

/// Builds the `quorate` binary of this tree as users do, and tells where it is.
pub fn build_quorate() -> Result<PathBuf, Failure> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--bin", "quorate"]).arg("--manifest-path").arg(manifest);
    command.args(["--message-format", "json-render-diagnostics"]).stderr(Stdio::inherit());
    let advice = "build it with `cargo build --release` and name it with --quorate";
    let failed =
        |why: String| Failure::new(Code::Io, format!("cannot build quorate: {why}; {advice}"));
    let output = command.output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    let messages = output.stdout.split(|byte| *byte == b'\n');
    let executable = |line| {
        let message: Value = serde_json::from_slice(line).ok()?;
        let is_ours = message["target"]["name"] == "quorate";
        message["executable"].as_str().filter(|_| is_ours).map(PathBuf::from)
    };
    messages.filter_map(executable).next_back().ok_or_else(|| failed("it is nowhere".to_owned()))
}
