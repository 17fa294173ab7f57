//! What a leader sends its followers, when, and how much at once (§5.3; thesis §10.2.1).
//!
//! To each follower a few appends are on their way at most, so that a command is sent once and not
//! again with each that comes after it. What comes meanwhile goes with the next append. What is on
//! its way is taken for received: a heartbeat asks for it, and whoever lacks it says so.

use stateright::actor::Id;

use super::log::{Entry, Log, Payload, Position};
use super::message::{AppendEntries, AppendReply, Message, Outcome};
use super::read::Said;
use super::rules::Rule;
use super::server::Step;
use super::state::{Progress, Role};
use super::{Batch, Command, Params, commit, identity, read, snapshot, transfer};
use crate::number::Index;
use crate::state_machine::StateMachine;

/// A leader keeps its followers from standing for election. A heartbeat's answer tells what the
/// follower still lacks.
pub(super) fn send_heartbeats<P: Params>(step: &mut Step<P>) {
    if step.keeps(Rule::HeartbeatsGoOn) {
        step.set_heartbeat_timer();
    }
    ask_all(step, step.keeps(Rule::HeartbeatShowsLoss));
}

/// Sends every follower an append without entries, which it answers. It asks for all that was sent,
/// or for no more than is known to be there.
pub(super) fn ask_all<P: Params>(step: &mut Step<P>, asks_for_sent: bool) {
    for follower in followers(step) {
        ask(step, follower, asks_for_sent);
    }
}

/// Sends a follower an append without entries: it hears the leader, and what is committed.
pub(super) fn ask<P: Params>(step: &mut Step<P>, follower: Id, asks_for_sent: bool) {
    if lacks_compacted(step, follower) && step.keeps(Rule::SnapshotIsOffered) {
        // Each answer to an offer has a piece sent: as many as there are reads are too many.
        if asks_for_sent {
            snapshot::offer(step, follower);
        }
    } else if let Some(progress) = progress(step, follower) {
        // What is before the base is known no more.
        let known = progress.matched.max(step.state().log().base().index);
        let index = if asks_for_sent { before(progress.next) } else { known };
        send_append(step, follower, index, Vec::new());
    }
}

/// To whom a leader sends its log.
fn followers<P: Params>(step: &Step<P>) -> Vec<Id> {
    match &step.state().role {
        Role::Leader { followers, .. } => followers.keys().copied().collect(),
        _ => Vec::new(),
    }
}

/// Sends all followers what they lack, as far as they have room.
pub(super) fn replicate<P: Params>(step: &mut Step<P>) {
    for follower in followers(step) {
        send_the_rest(step, follower);
    }
}

/// Sends a follower what it lacks until so many appends are on their way; at least one, though it
/// may be empty, if there is room for it.
fn send_the_rest<P: Params>(step: &mut Step<P>, follower: Id) {
    while has_room(step, follower) {
        send_batch(step, follower);
        if !lacks(step, follower) {
            return;
        }
    }
}

/// May one more append be sent?
fn has_room<P: Params>(step: &Step<P>, follower: Id) -> bool {
    !lacks_compacted(step, follower)
        && progress(step, follower).is_some_and(|progress| {
            step.require(Rule::WindowBoundsFlight, progress.in_flight.len() < step.server.window)
        })
}

/// Does the follower lack an entry that is not in the log any more?
pub(super) fn lacks_compacted<P: Params>(step: &Step<P>, follower: Id) -> bool {
    let base = step.state().log().base().index;
    progress(step, follower).is_some_and(|progress| progress.next <= base)
}

/// How far a follower's log is known to match.
pub(super) fn matched<P: Params>(step: &Step<P>, follower: Id) -> Index {
    progress(step, follower).map_or(Index::ZERO, |progress| progress.matched)
}

/// Notes that a follower has been heard, if the leader minds.
pub(super) fn hear<P: Params>(step: &mut Step<P>, follower: Id) {
    let minds = step.server.options.check_quorum;
    if minds
        && progress(step, follower).is_some_and(|progress| !progress.is_heard)
        && let Some(progress) = progress_mut(step, follower)
    {
        progress.is_heard = true;
    }
}

/// Has the follower not been sent all?
fn lacks<P: Params>(step: &Step<P>, follower: Id) -> bool {
    let last = step.state().log().last_index();
    progress(step, follower).is_some_and(|progress| progress.next <= last)
}

/// What is known of a follower that is counted on.
fn progress<'a, P: Params>(step: &'a Step<P>, follower: Id) -> Option<&'a Progress> {
    let Role::Leader { followers, .. } = &step.state().role else {
        return None;
    };
    followers.get(&follower).filter(|progress| !progress.is_lost)
}

fn progress_mut<'a, P: Params>(step: &'a mut Step<P>, follower: Id) -> Option<&'a mut Progress> {
    match &mut step.state_mut().role {
        Role::Leader { followers, .. } => followers.get_mut(&follower),
        _ => None,
    }
}

/// Sends a follower the first of the entries that it has not been sent. raft.tla `AppendEntries`.
fn send_batch<P: Params>(step: &mut Step<P>, follower: Id) {
    let Some(progress) = progress(step, follower) else {
        return;
    };
    let index = before(progress.next);
    let entries = next_batch::<P>(step.state().log(), index, step.server.batch);
    let sent = Index(index.0 + entries.len() as u64);
    send_append(step, follower, index, entries);
    if sent > index
        && let Some(progress) = progress_mut(step, follower)
    {
        progress.next = sent.next();
        progress.in_flight.push(sent);
    }
}

/// Sends `entries`, which are behind `index`.
fn send_append<P: Params>(
    step: &mut Step<P>,
    follower: Id,
    index: Index,
    entries: Vec<Entry<Command<P>>>,
) {
    let state = step.state();
    let is_acknowledged = progress(step, follower).is_some_and(|it| index <= it.matched);
    let message = AppendEntries {
        term: state.term(),
        previous: Position { index, term: state.log().term_at(index).unwrap_or_default() },
        acknowledged: entries.is_empty() && is_acknowledged,
        entries,
        commit: state.commit,
        round: state.round(),
    };
    step.send(follower, Message::AppendEntries(message));
}

/// The entries behind `index` that fit `batch`; the first is not refused for its size.
fn next_batch<P: Params>(
    log: &Log<Command<P>>,
    index: Index,
    batch: Batch,
) -> Vec<Entry<Command<P>>> {
    let mut bytes = 0;
    let fits = |(count, (_, entry)): &(usize, (Index, &Entry<Command<P>>))| {
        if let Payload::Command(request) = &entry.payload {
            bytes += P::Machine::weight(&request.command);
        }
        *count == 0 || bytes <= batch.bytes
    };
    let behind = log.behind(index).enumerate().take_while(fits).take(batch.entries);
    behind.map(|(_, (_, entry))| entry.clone()).collect()
}

/// Learns how far a follower's log matches, or tries again from further back.
/// raft.tla `HandleAppendEntriesResponse`.
pub(super) fn handle_append_reply<P: Params>(step: &mut Step<P>, follower: Id, reply: AppendReply) {
    if !step.require(Rule::RepliesOfThisTermCount, reply.term == step.term()) {
        return;
    }
    let Some(known) = progress(step, follower) else {
        return;
    };
    if !step.require(Rule::RepliesOfThisMemberCount, reply.round >= known.since) {
        return;
    }
    let mut progress = known.clone();
    let counts = identity::is_recorded(step, follower, reply.store);
    progress.has_other_store = !counts;
    progress.is_heard |= counts && step.server.options.check_quorum;
    match reply.outcome {
        Outcome::Lost => return give_up(step, follower),
        Outcome::Stored { matched } => acknowledge(&mut progress, matched),
        Outcome::Refused { may_match } => {
            go_back(step, &mut progress, may_match);
            if !step.keeps(Rule::RefusalMatchesNothing) {
                acknowledge(&mut progress, may_match.index);
            }
        }
    }
    let has_moved = Some(&progress) != self::progress(step, follower);
    if has_moved {
        if let Some(known) = progress_mut(step, follower) {
            *known = progress;
        }
        commit::advance(step);
        transfer::tell_to_stand(step, follower);
    }
    if counts {
        read::hear(step, follower, &Said { round: reply.round, promise: reply.promise });
    }
    if lacks_compacted(step, follower) {
        if has_moved && step.keeps(Rule::SnapshotIsOffered) {
            snapshot::offer(step, follower);
        }
    } else if lacks(step, follower) && step.keeps(Rule::SendsTheRest) {
        send_the_rest(step, follower);
    }
    identity::record(step, follower, reply.store);
}

/// The follower's log matches up to `matched`: what was sent up to there has arrived.
fn acknowledge(progress: &mut Progress, matched: Index) {
    progress.matched = progress.matched.max(matched);
    progress.next = progress.next.max(matched.next());
    progress.in_flight.retain(|end| *end > matched);
}

/// The follower's log matches up to `may_match` at most: what was sent behind it did not fit, or
/// has not arrived. A leader skips all entries of terms later than that of the follower's entry.
fn go_back<P: Params>(step: &Step<P>, progress: &mut Progress, may_match: Position) {
    let may_match = step.state().log().last_within(may_match).index;
    let is_news = may_match >= progress.matched && may_match.next() < progress.next;
    if is_news && step.keeps(Rule::RefusedAppendGoesBack) {
        progress.next = may_match.next();
        progress.in_flight.clear();
    }
}

/// Counts no more on a follower that has lost what it acknowledged, and sends it nothing more.
fn give_up<P: Params>(step: &mut Step<P>, follower: Id) {
    if let Some(progress) = progress_mut(step, follower) {
        progress.is_lost = true;
        progress.matched = Index::ZERO;
        progress.in_flight.clear();
    }
}

fn before(index: Index) -> Index {
    Index(index.0 - 1)
}
