//! Broadcast: an established leader gives each command a zxid and proposes it. What a majority has
//! on its disks is committed.

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
    let is_known = known.data.sessions.has_done(session, sequence)
        || own.open.get(&session).is_some_and(|open| *open >= sequence);
    if !step.require(Rule::RetryTakesEffectOnce, !is_known) {
        if step.keeps(Rule::RetryIsAnswered) {
            execute::answer_executed(step, session, sequence);
        }
        return;
    }
    let zxid = known.history.last().next_in(known.disk.accepted);
    if let Some(own) = step.leading_mut() {
        own.open.insert(session, sequence);
    }
    disk::append(step, Txn { zxid, request });
    propose(step, zxid);
    commit(step);
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
    let holders = own.links.values().filter(|link| link.phase.has_history());
    let mut logged: Vec<Zxid> = holders.map(|link| link.logged).collect();
    let last = known.disk.log.last();
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
