//! How the command ends: every exit code, in one place.

use std::fmt;
use std::process::ExitCode;

use crate::node::client::CallError;

/// What the exit codes mean. Those from 64 on are the ones of `sysexits.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// All is well: every verdict is the expected one, the command took effect.
    Success = 0,
    /// The answer is no: an unexpected verdict, an absent key, a compare-and-swap that found
    /// another value, a refused order, a cluster that does not serve.
    No = 1,
    /// A check ended at a limit and decides nothing.
    Incomplete = 2,
    /// Nobody answered in time, or what became of a command is forgotten: it may have taken effect,
    /// or may still.
    Unknown = 3,
    /// The command line makes no sense, or asks for more than there is: an unknown node, a value
    /// over the limit.
    Usage = 64,
    /// A node of the cluster ended by itself, or its protocol found that it cannot go on.
    NodeFailed = 70,
    /// A file, directory, store or socket failed: missing, not to be written, damaged, in use.
    Io = 74,
    /// The config or the key can be read, and not be used as they are.
    Config = 78,
    /// A check was interrupted; what was found until then was told.
    Interrupted = 130,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        ExitCode::from(code as u8)
    }
}

/// How a command ends that was not answered for this reason.
impl From<&CallError> for Code {
    fn from(error: &CallError) -> Self {
        match error {
            CallError::Unknown(_) | CallError::Ended | CallError::NoMember => Code::Unknown,
            CallError::Encode(_) => Code::Usage,
            CallError::Unsent(_) | CallError::Transport(_) => Code::Io,
        }
    }
}

/// Why the command did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it exits with.
    pub code: Code,
    /// One sentence for a person, naming the file, field or address concerned.
    pub message: String,
}

impl Failure {
    /// A failure with `message`, whatever can be shown.
    pub fn new(code: Code, message: impl fmt::Display) -> Self {
        Failure { code, message: message.to_string() }
    }
}

/// Says on stderr what went wrong, if anything did, and gives the exit code.
pub fn report(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => Code::Success.into(),
        Err(failure) => {
            super::log::line(&format!("quorate: {}", failure.message));
            failure.code.into()
        }
    }
}
