//! What clients are answered, in RESP2 or in RESP3.

use quorate_models::kv::{Output, READ_MAX, Refused, VALUE_MAX};

use super::counters::Outcome;
use crate::node::client::{CallError, Returned};

/// The version of the protocol that a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// RESP2, which every connection begins with.
    #[default]
    Two,
    /// RESP3, which has types of its own for no value, for maps and for texts.
    Three,
}

/// How many bytes the values have that the cluster has answered.
pub fn size(answer: &Returned<Output>) -> usize {
    match answer {
        Returned::Output(Output::Batch(outputs)) => outputs.iter().map(values).sum(),
        Returned::Output(output) => values(output),
        Returned::Outcome(_) => 0,
    }
}

fn values<O>(output: &Output<O>) -> usize {
    match output {
        Output::Value(value) => value.as_ref().map_or(0, |value| value.len()),
        Output::Values(values) => values.iter().flatten().map(|value| value.len()).sum(),
        _ => 0,
    }
}

/// Appends a word: `+OK`.
pub fn simple(out: &mut Vec<u8>, word: &str) {
    out.extend_from_slice(format!("+{word}\r\n").as_bytes());
}

/// Appends an error, which begins with its kind: `ERR`. What would break its line is left out.
pub fn error(out: &mut Vec<u8>, message: &str) {
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    out.extend_from_slice(format!("-{line}\r\n").as_bytes());
}

/// Appends a number.
pub fn number(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(format!(":{number}\r\n").as_bytes());
}

/// Appends bytes.
pub fn bulk(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(format!("${}\r\n", bytes.len()).as_bytes());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Appends what stands for no value.
pub fn nil(out: &mut Vec<u8>, version: Version) {
    out.extend_from_slice(match version {
        Version::Two => b"$-1\r\n",
        Version::Three => b"_\r\n",
    });
}

/// Appends the head of an array, whose `length` values follow.
pub fn array(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(format!("*{length}\r\n").as_bytes());
}

/// Appends the head of a map, whose `pairs` follow, each a key and a value.
pub fn map(out: &mut Vec<u8>, pairs: usize, version: Version) {
    match version {
        Version::Two => array(out, 2 * pairs),
        Version::Three => out.extend_from_slice(format!("%{pairs}\r\n").as_bytes()),
    }
}

/// Appends a text for people.
pub fn text(out: &mut Vec<u8>, text: &str, version: Version) {
    match version {
        Version::Two => bulk(out, text.as_bytes()),
        Version::Three => {
            out.extend_from_slice(format!("={}\r\ntxt:{text}\r\n", text.len() + 4).as_bytes());
        }
    }
}

fn value(out: &mut Vec<u8>, value: Option<&[u8]>, version: Version) {
    match value {
        Some(bytes) => bulk(out, bytes),
        None => nil(out, version),
    }
}

/// How a put with a condition is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tested {
    /// As `SET` does: `OK`, or no value.
    #[default]
    Word,
    /// As `SETNX` does: 1 or 0.
    Number,
}

/// How the answer to a command is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Of a put with a condition.
    pub tested: Tested,
    /// The command changes nothing.
    pub only_reads: bool,
    /// The protocol that was spoken when it came.
    pub version: Version,
}

/// Appends what the store returned, which is not what a batch returns, and says how the command
/// ended.
pub fn output<O>(out: &mut Vec<u8>, output: &Output<O>, shape: Shape) -> Outcome {
    let Shape { tested, version, .. } = shape;
    match output {
        Output::Stored => simple(out, "OK"),
        Output::Value(held) => value(out, held.as_deref(), version),
        Output::Values(values) => {
            array(out, values.len());
            values.iter().for_each(|held| value(out, held.as_deref(), version));
        }
        Output::Number(count) => number(out, *count),
        Output::Tested { stored } => match (tested, stored) {
            (Tested::Word, true) => simple(out, "OK"),
            (Tested::Word, false) => nil(out, version),
            (Tested::Number, stored) => number(out, (*stored).into()),
        },
        Output::Refused(why) => {
            error(out, &refused(*why));
            return Outcome::Error;
        }
        Output::Swapped
        | Output::Mismatch { .. }
        | Output::Deleted { .. }
        | Output::Batch(_)
        | Output::Etcd(_) => {
            unreachable!("no command of ours returns such a thing")
        }
    }
    Outcome::Done
}

fn refused(why: Refused) -> String {
    match why {
        Refused::NoNumber => "ERR value is not an integer or out of range".into(),
        Refused::Overflow => "ERR increment or decrement would overflow".into(),
        Refused::TooLong => format!(
            "ERR a value has {VALUE_MAX} bytes at most, and an answer has {READ_MAX}; nothing was \
             changed"
        ),
        Refused::NoRegister => "ERR this cluster reads and writes single keys, and no more".into(),
    }
}

/// What a command is answered to which the cluster has not answered, and how it ended.
pub fn unanswered(problem: &CallError, shape: Shape) -> (String, Outcome) {
    match problem {
        CallError::Encode(_) => (format!("ERR {problem}; nothing was done"), Outcome::Error),
        CallError::Busy(_) => {
            (format!("BUSY {problem}; nothing was done; try again"), Outcome::Busy)
        }
        _ if shape.only_reads => (
            format!("UNKNOWN {problem}; nothing was read, and it can be asked again"),
            Outcome::Unknown,
        ),
        CallError::Ended => (format!("UNKNOWN {problem}"), Outcome::Unknown),
        CallError::Unknown(_) | CallError::NoMember | CallError::Transport(_) => (
            format!("UNKNOWN {problem}: the command may have taken effect, or may still"),
            Outcome::Unknown,
        ),
    }
}
