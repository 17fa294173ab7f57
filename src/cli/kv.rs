//! `quorate kv`: reads and writes the replicated key-value store.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use quorate_models::kv::{Command, Kv, Output, Text};
use quorate_models::raft::Raft;
use quorate_models::state_machine::StateMachine;

use super::exit::{self, Code, Failure};
use super::{setup, unanswered};
use crate::node::client::{CallError, Client};
use crate::node::config::Config;

/// The largest key, in bytes: 64 KiB.
pub const KEY_MAX: usize = 64 << 10;

/// The largest value, in bytes: 1 MiB.
pub const VALUE_MAX: usize = 1 << 20;

/// Exit codes: 1 if the key is absent or holds another value, 3 if nobody answers in time.
#[derive(clap::Args)]
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
        key: String,
        /// The value; `-` reads it from the standard input
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Prints the value of a key
    Get { key: String },
    /// Sets a key to a new value if it holds the old one
    Cas {
        key: String,
        #[arg(allow_hyphen_values = true)]
        old: String,
        #[arg(allow_hyphen_values = true)]
        new: String,
    },
    /// Removes a key
    Delete { key: String },
}

/// Carries out one operation.
pub fn run(args: Args) -> ExitCode {
    exit::report(operate(args))
}

fn operate(args: Args) -> Result<(), Failure> {
    let command = command(args.operation)?;
    let (key, reads) = (key_of(&command).to_owned(), Kv::is_read_only(&command));
    let config = Config::load(&args.config)?;
    let members = setup::members(&config)?;
    let mut client =
        Client::<Raft<Kv>>::open(&members).map_err(|error| Failure::new(Code::Io, error))?;
    let output = client.call(command, args.timeout).map_err(|error| match error {
        CallError::Unknown(_) => {
            let mut message = error.to_string();
            if let Some(why) = unanswered::why(&config, client.has_heard(), client.notices()) {
                message = format!("{message}: {why}");
            }
            if !reads {
                message = format!(
                    "unknown outcome: {message}; the command may have taken effect, or may still"
                );
            }
            Failure::new(Code::Unknown, message)
        }
        CallError::Encode(_) => Failure::new(Code::Usage, error),
        CallError::Transport(_) => Failure::new(Code::Io, error),
    })?;
    show(&key, output)
}

/// Prints what an operation returned.
fn show(key: &str, output: Output) -> Result<(), Failure> {
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
    }
}

fn print(value: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout().lock(), "{value}")
        .map_err(|error| Failure::new(Code::Io, format!("cannot write to the output: {error}")))
}

fn command(operation: Operation) -> Result<Command, Failure> {
    Ok(match operation {
        Operation::Put { key, value } => {
            let value = if value == "-" { read_value()? } else { value };
            Command::Put { key: as_key(&key)?, value: as_value("value", &value)? }
        }
        Operation::Get { key } => Command::Get { key: as_key(&key)? },
        Operation::Cas { key, old, new } => Command::Cas {
            key: as_key(&key)?,
            old: as_value("old value", &old)?,
            new: as_value("new value", &new)?,
        },
        Operation::Delete { key } => Command::Delete { key: as_key(&key)? },
    })
}

fn key_of(command: &Command) -> &str {
    match command {
        Command::Put { key, .. }
        | Command::Get { key }
        | Command::Cas { key, .. }
        | Command::Delete { key } => key,
    }
}

fn as_key(key: &str) -> Result<Text, Failure> {
    within("key", key, KEY_MAX)
}

fn as_value(name: &str, value: &str) -> Result<Text, Failure> {
    within(name, value, VALUE_MAX)
}

fn within(name: &str, text: &str, limit: usize) -> Result<Text, Failure> {
    if text.len() <= limit {
        return Ok(Text::from(text));
    }
    let message = format!("the {name} has {} bytes; at most {limit} are allowed", text.len());
    Err(Failure::new(Code::Usage, message))
}

/// The value on the standard input, read no further than it takes to see that it is too long.
fn read_value() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let limit = VALUE_MAX as u64 + 1;
    std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(|error| {
        Failure::new(Code::Io, format!("cannot read the value from the input: {error}"))
    })?;
    if bytes.len() > VALUE_MAX {
        let message = format!("the value has more than {VALUE_MAX} bytes, which is the limit");
        return Err(Failure::new(Code::Usage, message));
    }
    String::from_utf8(bytes).map_err(|_| Failure::new(Code::Usage, "the value is not UTF-8 text"))
}

/// `text` as part of a message: in quotes, and not at any length.
fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    let rest = if short.len() < text.len() { "..." } else { "" };
    format!("{short:?}{rest}")
}

/// A positive number of seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    let duration = Duration::try_from_secs_f64(number).map_err(|error| error.to_string())?;
    if duration.is_zero() || duration > Duration::from_secs(86_400) {
        return Err("not between 0 and 86400 seconds".to_owned());
    }
    Ok(duration)
}
