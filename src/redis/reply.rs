//! What clients are answered, in RESP2.

use quorate_models::kv::{Output, READ_MAX, Refused, VALUE_MAX};

use crate::node::client::{CallError, Returned};

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
pub fn nil(out: &mut Vec<u8>) {
    out.extend_from_slice(b"$-1\r\n");
}

/// Appends the head of an array, whose `length` values follow.
pub fn array(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(format!("*{length}\r\n").as_bytes());
}

fn value(out: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        Some(bytes) => bulk(out, bytes),
        None => nil(out),
    }
}

/// How a put with a condition is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tested {
    /// As `SET` does: `OK`, or no value.
    Word,
    /// As `SETNX` does: 1 or 0.
    Number,
}

/// Appends what the store returned.
pub fn output(out: &mut Vec<u8>, output: &Output, tested: Tested) {
    match output {
        Output::Stored => simple(out, "OK"),
        Output::Value(held) => value(out, held.as_deref()),
        Output::Values(values) => {
            array(out, values.len());
            values.iter().for_each(|held| value(out, held.as_deref()));
        }
        Output::Number(count) => number(out, *count),
        Output::Tested { stored } => match (tested, stored) {
            (Tested::Word, true) => simple(out, "OK"),
            (Tested::Word, false) => nil(out),
            (Tested::Number, stored) => number(out, (*stored).into()),
        },
        Output::Refused(Refused::NoNumber) => {
            error(out, "ERR value is not an integer or out of range");
        }
        Output::Refused(Refused::Overflow) => {
            error(out, "ERR increment or decrement would overflow");
        }
        Output::Refused(Refused::TooLong) => error(
            out,
            &format!(
                "ERR a value has {VALUE_MAX} bytes at most, and an answer has {READ_MAX}; nothing \
                 was changed"
            ),
        ),
        Output::Swapped | Output::Mismatch { .. } | Output::Deleted { .. } | Output::Etcd(_) => {
            unreachable!("no command of ours returns {output:?}")
        }
    }
}

/// Appends what became of a command.
pub fn answered(
    out: &mut Vec<u8>,
    answered: &Result<Returned<Output>, CallError>,
    tested: Tested,
    only_reads: bool,
) {
    match answered {
        Ok(Returned::Output(returned)) => output(out, returned, tested),
        Ok(Returned::Outcome(_)) => unreachable!("no client gives orders"),
        Err(problem @ CallError::Encode(_)) => error(out, &format!("ERR {problem}")),
        Err(problem) if only_reads => {
            error(out, &format!("UNKNOWN {problem}; nothing was read, and it can be asked again"));
        }
        Err(CallError::Ended) => error(out, &format!("UNKNOWN {}", CallError::Ended)),
        Err(problem) => error(
            out,
            &format!("UNKNOWN {problem}: the command may have taken effect, or may still"),
        ),
    }
}
