//! What is committed takes effect, in its order.

use std::collections::BTreeMap;

use super::log::Txn;
use super::server::Step;
use super::zxid::Zxid;
use super::{Command, Params, compaction, sync};
use crate::service::{Answer, Sequence, Session};
use crate::window::weight;

/// All up to `zxid` is committed.
pub(super) fn commit_up_to<P: Params>(step: &mut Step<P>, zxid: Zxid) {
    let known = step.process_mut();
    known.committed = known.committed.max(zxid);
    go_on(step);
}

/// What is committed and on the disk takes effect, and the leader answers its clients. Each waits
/// for the last of its commands alone: a leader that starts again does not answer all that it has
/// on its disk.
pub(super) fn go_on<P: Params>(step: &mut Step<P>) {
    let known = step.process();
    let (until, leads) = (known.committed.min(known.disk.log.last()), known.leading().is_some());
    let mut done = BTreeMap::new();
    while let Some(txn) = step.process().history.first_behind(step.process().effective)
        && txn.zxid <= until
    {
        let txn = txn.clone();
        apply(step, &txn);
        if leads {
            close(step, &txn);
            done.insert(txn.request.session, txn.request.sequence);
        }
    }
    for (session, sequence) in done {
        answer_executed(step, session, sequence);
    }
    sync::answer_held(step);
    compaction::take_if_due(step);
}

/// The next transaction takes effect.
fn apply<P: Params>(step: &mut Step<P>, txn: &Txn<Command<P>>) {
    let is_weighed = step.server.compaction.is_some();
    let known = step.process_mut();
    known.data.apply(&txn.request);
    known.effective = txn.zxid;
    if is_weighed {
        known.since_snapshot += weight::<P::Machine>(&txn.request);
    }
}

/// The leader's window has room again.
fn close<P: Params>(step: &mut Step<P>, txn: &Txn<Command<P>>) {
    if let Some(own) = step.leading_mut() {
        own.window.commit::<P::Machine>(&txn.request);
    }
}

/// Tells the client what its command returned, if it is the last one of its session, and how far
/// the log is by then.
pub(super) fn answer_executed<P: Params>(step: &mut Step<P>, session: Session, sequence: Sequence) {
    if let Some(last) = step.process().data.sessions.last(session)
        && last.sequence == sequence
    {
        let (output, index) = (last.output.clone(), step.process().effective_index());
        let answer = Answer::Done { output, index };
        step.answer(session, sequence, answer);
    }
}
