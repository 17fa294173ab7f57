//! What is committed takes effect, in its order.

use std::sync::Arc;

use super::Params;
use super::rules::Rule;
use super::server::Step;
use super::zxid::Zxid;
use crate::service::{Answer, Sequence, Session};

/// All up to `zxid` is committed.
pub(super) fn commit_up_to<P: Params>(step: &mut Step<P>, zxid: Zxid) {
    let known = step.process_mut();
    known.committed = known.committed.max(zxid);
    go_on(step);
}

/// What is committed and on the disk takes effect, and the leader answers its clients.
pub(super) fn go_on<P: Params>(step: &mut Step<P>) {
    let known = step.process();
    let (until, leads) = (known.committed.min(known.disk.log.last()), known.leading().is_some());
    while let Some(txn) = step.process().history.first_behind(step.process().data.zxid)
        && txn.zxid <= until
    {
        let txn = txn.clone();
        step.process_mut().data.apply(&txn);
        if leads {
            close(step, txn.request.session, txn.request.sequence);
        }
    }
    take_snapshot_if_due(step);
}

/// The leader's client is answered.
fn close<P: Params>(step: &mut Step<P>, session: Session, sequence: Sequence) {
    if let Some(own) = step.leading_mut()
        && own.open.get(&session) == Some(&sequence)
    {
        own.open.remove(&session);
    }
    answer_executed(step, session, sequence);
}

/// Tells the client what its command returned, if it is the last one of its session.
pub(super) fn answer_executed<P: Params>(step: &mut Step<P>, session: Session, sequence: Sequence) {
    if let Some(last) = step.process().data.sessions.last(session)
        && last.sequence == sequence
    {
        let answer = Answer::done(last.output.clone());
        step.answer(session, sequence, answer);
    }
}

/// What has taken effect is in a snapshot, once that is enough, and the log begins behind it; but
/// what followers are not sent yet stays in the log.
fn take_snapshot_if_due<P: Params>(step: &mut Step<P>) {
    let Some(often) = step.server.snapshot_after else { return };
    let known = step.process();
    let count_up_to = |zxid| known.disk.log.count_up_to(zxid);
    let count = count_up_to(known.data.zxid) - count_up_to(known.disk.snapshot.zxid);
    if count < often || !known.unwritten.is_empty() {
        return;
    }
    let links = known.leading().into_iter().flat_map(|own| own.links.values());
    let needed = links.filter(|link| link.phase.is_fed()).map(|link| link.sent).min();
    let cut = needed.map_or(known.data.zxid, |sent| sent.min(known.data.zxid));
    let cut = if step.keeps(Rule::LogKeepsUnsent) { cut } else { known.data.zxid };
    let snapshot = Arc::new(known.data.clone());
    let disk = step.disk_mut();
    disk.snapshot = snapshot;
    disk.log.cut_up_to(cut);
    step.process_mut().history.cut_up_to(cut);
}
