//! Reads that may be stale: any server answers them by what has taken effect there, and asks
//! nobody. That is what ZooKeeper promises of its reads.
//!
//! What takes effect is one sequence, so all clients see one order of the commands, each as far as
//! the server is that it asks. A session does not go back when it changes its server: it says how
//! far it was told that the log is. A server that is behind that says who leads. ZooKeeper's
//! clients say the last zxid that they have seen; here they say how many transactions those are,
//! which is the same of what is committed.

use super::rules::Rule;
use super::server::Step;
use super::zxid::Zxid;
use super::{Command, Params, sync};
use crate::number::Index;
use crate::service::Request;

/// Answers a read of a session that was told of the log up to `seen`, or names the leader.
pub(super) fn handle<P: Params>(step: &mut Step<P>, read: &Request<Command<P>>, seen: Index) {
    let is_far = step.process().effective_index() >= seen;
    if knows_anything(step) && step.require(Rule::SessionGoesOn, is_far) {
        return sync::answer(step, read);
    }
    step.redirect(read.session, read.sequence);
}

/// Whether this server has heard of what is committed since it started: one that has not would
/// answer everybody by nothing.
fn knows_anything<P: Params>(step: &Step<P>) -> bool {
    let known = step.process();
    let is_up_to_date = known.following().is_some_and(|own| own.is_up_to_date());
    known.effective > Zxid::ZERO || known.is_established() || is_up_to_date
}
