//! What the commands have in common that give a cluster an order.

use std::io::Write;
use std::time::Duration;

use quorate_models::kv::Kv;
use quorate_models::order::{Order, Outcome};

use super::exit::{Code, Failure};
use super::{setup, unanswered};
use crate::node::client::{CallError, Client};
use crate::node::config::Config;

/// Gives `order` to the cluster of `config`, and prints `done` once it is carried out.
///
/// # Errors
/// If it is refused, or as [`ask`].
pub fn give(
    config: &Config,
    order: Order,
    timeout: Duration,
    done: &str,
    unknown: &str,
) -> Result<(), Failure> {
    report(ask(config, order, timeout, unknown)?, done)
}

/// Prints `done`, if that is so.
///
/// # Errors
/// If it is not, or the output fails.
pub fn report(outcome: Outcome, done: &str) -> Result<(), Failure> {
    outcome.map_err(|refusal| Failure::new(Code::No, refusal))?;
    writeln!(std::io::stdout().lock(), "{done}")
        .map_err(|error| Failure::new(Code::Io, format!("cannot write to the output: {error}")))
}

/// What becomes of `order`, given to the cluster of `config`.
///
/// # Errors
/// If nobody answers within `timeout`, with `unknown`, what may be so then; or if the network
/// fails.
pub fn ask(
    config: &Config,
    order: Order,
    timeout: Duration,
    unknown: &str,
) -> Result<Outcome, Failure> {
    let members = setup::members(config)?;
    let mut client = Client::<Kv>::open(&members).map_err(|error| Failure::new(Code::Io, error))?;
    match client.order(order, timeout) {
        Ok(outcome) => Ok(outcome),
        Err(CallError::Unknown(waited)) => {
            let mut message = format!("unknown outcome: no answer within {waited:?}");
            if let Some(why) = unanswered::why(config, client.has_heard(), client.notices()) {
                message = format!("{message}: {why}");
            }
            Err(Failure::new(Code::Unknown, format!("{message}; {unknown}")))
        }
        Err(error @ CallError::NoMember) => {
            Err(Failure::new(Code::Unknown, format!("unknown outcome: {error}; {unknown}")))
        }
        Err(error) => Err(Failure::new(Code::Io, error)),
    }
}
