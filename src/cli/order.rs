//! What the commands have in common that give a cluster an order.

use std::thread;
use std::time::{Duration, Instant};

use quorate_models::kv::Kv;
use quorate_models::order::{Order, Outcome, Refusal};

use super::exit::{Code, Failure};
use super::{output, setup, unanswered};
use crate::node::client::{CallError, Client};
use crate::node::config::Config;

/// For so long an order is given again that is refused for what passes.
const PASSES: Duration = Duration::from_secs(2);

/// How long to wait before it is given again.
const AGAIN: Duration = Duration::from_millis(100);

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
    let outcome = ask(config, order, timeout, unknown)?;
    if outcome == Err(Refusal::UnknownOrder) {
        let (path, protocol) = (config.path.display(), &config.protocol);
        let message =
            format!("{path}: {protocol}, the protocol of the cluster, knows no such order");
        return Err(Failure::new(Code::No, message));
    }
    report(outcome, done)
}

/// Prints `done`, if that is so.
///
/// # Errors
/// If it is not, or the output fails.
pub fn report(outcome: Outcome, done: &str) -> Result<(), Failure> {
    outcome.map_err(|refusal| Failure::new(Code::No, refusal))?;
    output::say(done)
}

/// What becomes of `order`, given to the cluster of `config`. If it is refused for what passes, it
/// is given again for a while.
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
    let until = Instant::now() + PASSES.min(timeout);
    loop {
        let outcome = once(config, &mut client, order.clone(), timeout, unknown)?;
        if !may_pass(&outcome) || Instant::now() > until {
            return Ok(outcome);
        }
        thread::sleep(AGAIN);
    }
}

/// A new leader has not heard its followers yet, nor has one that has just begun to count anew whom
/// it hears. Nodes on this machine read a changed config within a second.
fn may_pass(outcome: &Outcome) -> bool {
    matches!(outcome, Err(Refusal::Unheard { .. } | Refusal::NowhereKnown { .. }))
}

fn once(
    config: &Config,
    client: &mut Client<Kv>,
    order: Order,
    timeout: Duration,
    unknown: &str,
) -> Result<Outcome, Failure> {
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
