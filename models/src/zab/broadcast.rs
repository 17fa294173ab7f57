//! Broadcast: an established leader gives each command a zxid and proposes it, as long as not too
//! much is open. What a majority has on its disks is committed.

use super::log::{Txn, Txns};
use super::rules::Rule;
use super::server::Step;
use super::state::Following;
use super::zxid::Zxid;
use super::{Command, Params, disk, execute, link};
use crate::service::Request;

/// A client asks for a command. An established leader proposes it, unless it knows it already.
pub(super) fn handle_request<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    let known = step.process();
    let Some(own) = known.leading().filter(|_| known.is_established()) else {
        return step.redirect(session, sequence);
    };
    let is_known =
        known.data.sessions.has_done(session, sequence) || own.window.has(session, sequence);
    if !step.require(Rule::RetryTakesEffectOnce, !is_known) {
        if step.keeps(Rule::RetryIsAnswered) {
            execute::answer_executed(step, session, sequence);
        }
        return;
    }
    if let Some(own) = step.leading_mut() {
        own.window.wait(request);
    }
    propose_waiting(step);
    commit(step);
}

/// Proposes what waits, as far as the window has room.
fn propose_waiting<P: Params>(step: &mut Step<P>) {
    let most = step.server.flow.open;
    let is_kept = step.keeps(Rule::WindowIsKept);
    while let Some(own) = step.leading_mut()
        && let Some(request) = own.window.next::<P::Machine>(|open| open <= most || !is_kept)
    {
        let known = step.process();
        let zxid = known.history.last().next_in(known.disk.accepted);
        disk::append(step, Txn { zxid, request });
        propose(step, zxid);
    }
}

/// Sends the transaction to all who have accepted the epoch, each in its turn.
fn propose<P: Params>(step: &mut Step<P>, zxid: Zxid) {
    let all = step.keeps(Rule::ProposeToEpochAckers);
    let Some(own) = step.leading_mut() else { return };
    let mut followers = Vec::new();
    for (to, link) in &mut own.links {
        if all || link.phase.has_history() {
            followers.push(*to);
        } else {
            link.sent = zxid;
        }
    }
    for to in followers {
        link::feed(step, to);
    }
}

/// Commits what a majority has on its disks.
pub(super) fn commit<P: Params>(step: &mut Step<P>) {
    let known = step.process();
    let Some(own) = known.leading().filter(|_| known.is_established()) else { return };
    let holders = own.links.values().filter(|link| link.phase.has_history() && !link.observes);
    let mut logged: Vec<Zxid> = holders.map(|link| link.logged).collect();
    let last = disk::acknowledged(step);
    logged.push(last);
    logged.sort_unstable_by(|a, b| b.cmp(a));
    let quorum = step.server.servers.len() / 2;
    let held = logged.get(quorum).copied().unwrap_or_default();
    let held = if step.keeps(Rule::MajorityAcks) { held } else { last };
    if held <= known.committed {
        return;
    }
    let followers: Vec<_> = own.links.keys().copied().collect();
    execute::commit_up_to(step, held);
    for to in followers {
        link::feed(step, to);
    }
    propose_waiting(step);
}

/// Follower: the next transactions.
pub(super) fn take_propose<P: Params>(step: &mut Step<P>, txns: &Txns<Command<P>>) {
    disk::take(step, txns);
    let has_history = step.process().following().is_some_and(Following::has_history);
    if has_history && !step.keeps(Rule::AckAfterLog) {
        disk::acknowledge(step);
    }
}

/// Follower: all up to `zxid` is committed.
pub(super) fn take_commit<P: Params>(step: &mut Step<P>, zxid: Zxid) {
    execute::commit_up_to(step, zxid);
}
