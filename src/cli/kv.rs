//! `quorate kv`: reads and writes the replicated key-value store.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Command, Kv, Output, Refused, Text};
pub use quorate_models::kv::{KEY_MAX, VALUE_MAX};

use super::exit::{self, Code, Failure};
use super::{output, setup, unanswered};
use crate::node::client::{CallError, Client};
use crate::node::config::Config;

/// What is said of all operations, for `--help`.
const NOTES: &str = "\
Keys and values are bytes, of text as a rule. A key that begins with a dash stands behind `--`, as
in `get -- -5`.

Exits 1 if the key is absent or holds another value, and 3 if nobody answers in time: a command may
have taken effect then, or may still. It exits 3 as well if the answer came too late to be known.";

/// How a value is printed, for `--help`.
const PRINTED: &str = "\
On a terminal a line break follows, and what is no text is shown as \\xff. Elsewhere the bytes are
written as they are and nothing else, so that `put KEY -` reads them back.";

/// Which cluster to ask for what.
#[derive(clap::Args)]
#[command(after_help = NOTES)]
pub struct Args {
    /// The cluster's config
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How long to try, in seconds
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds, global = true)]
    timeout: Duration,
    #[command(subcommand)]
    operation: Operation,
}

#[derive(Subcommand)]
enum Operation {
    /// Sets a key to a value
    Put {
        /// The key
        key: OsString,
        /// The value; `-` reads it from the standard input, all bytes of it
        #[arg(allow_hyphen_values = true)]
        value: OsString,
        #[command(flatten)]
        dash: Dash,
    },
    /// Prints the value of a key
    #[command(after_help = PRINTED)]
    Get {
        /// The key
        key: OsString,
        /// How new the value must be
        #[arg(long, value_enum, default_value_t)]
        consistency: Consistency,
    },
    /// Sets a key to a new value if it holds the old one
    Cas {
        /// The key
        key: OsString,
        /// The value that it must hold; `-` reads it from the standard input
        #[arg(allow_hyphen_values = true)]
        old: OsString,
        /// The value that it then holds; `-` reads it from the standard input
        #[arg(allow_hyphen_values = true)]
        new: OsString,
        #[command(flatten)]
        dash: Dash,
    },
    /// Removes a key
    Delete {
        /// The key
        key: OsString,
    },
}

/// What is asked of a read.
#[derive(Clone, Copy, Default, clap::ValueEnum)]
pub enum Consistency {
    /// All that was answered to anybody before
    #[default]
    Linearizable,
    /// The same, as long as clocks agree, and cheaper where nodes have leases
    Lease,
    /// What the server that is asked has applied, which may be less
    Stale,
    /// What one server of a quorum-store holds; elsewhere as linearizable
    One,
    /// As linearizable: what a majority of the servers knows
    Quorum,
}

impl From<Consistency> for Freshness {
    fn from(consistency: Consistency) -> Self {
        match consistency {
            Consistency::Linearizable | Consistency::Quorum => Freshness::Linearizable,
            Consistency::Lease => Freshness::Lease,
            Consistency::Stale => Freshness::Stale,
            Consistency::One => Freshness::One,
        }
    }
}

#[derive(clap::Args)]
struct Dash {
    /// Take `-` for a value of one dash, not for the standard input
    #[arg(long)]
    literal: bool,
}

impl Dash {
    /// The bytes that `value` stands for.
    fn read(&self, name: &str, value: OsString) -> Result<Text, Failure> {
        if value == "-" && !self.literal { read_value() } else { within(name, &value, VALUE_MAX) }
    }
}

/// Carries out one operation.
pub fn run(args: Args) -> ExitCode {
    exit::report(operate(args))
}

fn operate(args: Args) -> Result<(), Failure> {
    let freshness = match &args.operation {
        Operation::Get { consistency, .. } => Some(Freshness::from(*consistency)),
        _ => None,
    };
    let command = command(args.operation)?;
    let key = key_of(&command).clone();
    let config = Config::load(&args.config)?;
    setup::check(&config)?;
    let members = setup::members(&config)?;
    let mut client = Client::<Kv>::open(&members).map_err(|error| Failure::new(Code::Io, error))?;
    let output = match freshness {
        Some(freshness) => client.read(command, freshness, args.timeout),
        None => client.call(command, args.timeout),
    };
    let output = output.map_err(|error| match error {
        CallError::Unknown(_) => {
            let mut message = error.to_string();
            if let Some(why) = unanswered::why(&config, client.has_heard(), client.notices()) {
                message = format!("{message}: {why}");
            }
            if freshness.is_none() {
                message = format!(
                    "unknown outcome: {message}; the command may have taken effect, or may still"
                );
            }
            Failure::new(Code::Unknown, message)
        }
        CallError::NoMember if freshness.is_some() => Failure::new(Code::Unknown, error),
        CallError::Ended | CallError::NoMember => {
            Failure::new(Code::Unknown, format!("unknown outcome: {error}"))
        }
        CallError::Busy(_) => Failure::new(Code::Busy, error),
        CallError::Encode(_) => Failure::new(Code::Usage, error),
        CallError::Transport(_) => Failure::new(Code::Io, error),
    })?;
    show(&key, output)
}

/// Prints what an operation returned.
fn show(key: &Text, output: Output) -> Result<(), Failure> {
    let absent = || Failure::new(Code::No, format!("there is no key {}", quoted(key)));
    match output {
        Output::Stored | Output::Swapped | Output::Deleted { existed: true } => Ok(()),
        Output::Value(Some(value)) => print(&value),
        Output::Value(None) | Output::Deleted { existed: false } => Err(absent()),
        Output::Mismatch { actual: None } => Err(absent()),
        Output::Mismatch { actual: Some(actual) } => {
            let (key, actual) = (quoted(key), quoted(&actual));
            Err(Failure::new(Code::No, format!("{key} holds {actual}, and was not changed")))
        }
        Output::Refused(Refused::NoRegister) => {
            let message = "this cluster reads and writes single keys, and no more";
            Err(Failure::new(Code::No, message))
        }
        other => unreachable!("no operation returns {other:?}"),
    }
}

fn print(value: &Text) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let bytes = written(value, stdout.is_terminal());
    let printed = stdout.write_all(&bytes).and_then(|()| stdout.flush());
    printed.map_err(output::unwritten)
}

/// `value` as it is written: for a person so that no byte of it does anything to the terminal but
/// break lines.
fn written(value: &Text, is_terminal: bool) -> Cow<'_, [u8]> {
    if !is_terminal {
        return Cow::Borrowed(value);
    }
    let lines = value.split(|byte| *byte == b'\n');
    let lines: String = lines.map(|line| format!("{:?}\n", Text::from(line))).collect();
    Cow::Owned(lines.into_bytes())
}

fn command(operation: Operation) -> Result<Command, Failure> {
    Ok(match operation {
        Operation::Put { key, value, dash } => {
            Command::Put { key: as_key(&key)?, value: dash.read("value", value)? }
        }
        Operation::Get { key, .. } => Command::Get { key: as_key(&key)? },
        Operation::Cas { old, new, dash, .. } if old == "-" && new == "-" && !dash.literal => {
            let message = "only one of two values can come from the standard input";
            return Err(Failure::new(Code::Usage, message));
        }
        Operation::Cas { key, old, new, dash } => Command::Cas {
            key: as_key(&key)?,
            old: dash.read("old value", old)?,
            new: dash.read("new value", new)?,
        },
        Operation::Delete { key } => Command::Delete { key: as_key(&key)? },
    })
}

fn key_of(command: &Command) -> &Text {
    match command {
        Command::Put { key, .. }
        | Command::Get { key }
        | Command::Cas { key, .. }
        | Command::Delete { key } => key,
        other => unreachable!("no operation is {other:?}"),
    }
}

fn as_key(key: &OsStr) -> Result<Text, Failure> {
    within("key", key, KEY_MAX)
}

fn within(name: &str, bytes: &OsStr, limit: usize) -> Result<Text, Failure> {
    let bytes = bytes.as_bytes();
    if bytes.len() <= limit {
        return Ok(Text::from(bytes));
    }
    let message = format!("the {name} has {} bytes; at most {limit} are allowed", bytes.len());
    Err(Failure::new(Code::Usage, message))
}

/// The value on the standard input, read no further than it takes to see that it is too long.
fn read_value() -> Result<Text, Failure> {
    let mut bytes = Vec::new();
    let limit = VALUE_MAX as u64 + 1;
    std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(|error| {
        Failure::new(Code::Io, format!("cannot read the value from the input: {error}"))
    })?;
    if bytes.len() > VALUE_MAX {
        let message = format!("the value has more than {VALUE_MAX} bytes, which is the limit");
        return Err(Failure::new(Code::Usage, message));
    }
    Ok(Text::from(&*bytes))
}

/// `text` as part of a message: in quotes, and not at any length.
fn quoted(text: &Text) -> String {
    let shown = format!("{text:?}");
    let short: String = shown.chars().take(60).collect();
    let rest = if short.len() < shown.len() { "..." } else { "" };
    format!("\"{short}\"{rest}")
}

/// A positive number of seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    let duration = Duration::try_from_secs_f64(number).unwrap_or_default();
    if duration.is_zero() || duration > Duration::from_secs(86_400) {
        return Err("it is more than 0 and at most 86400 seconds".to_owned());
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_shown_what_another_reader_gets_as_it_is() {
        for (value, shown) in [
            (&b"plain"[..], "plain\n"),
            ("grün\nblau".as_bytes(), "grün\nblau\n"),
            (b"\xff\x1b[2J", "\\xff\\u{1b}[2J\n"),
            (b"", "\n"),
        ] {
            let text = Text::from(value);
            assert_eq!(written(&text, false), value);
            assert_eq!(written(&text, true), shown.as_bytes());
        }
    }
}
