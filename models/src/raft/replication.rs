//! Log replication (§5.3).

use stateright::actor::Id;

use super::commit;
use super::log::{Entry, Log, Payload, Position};
use super::message::{AppendEntries, AppendReply, Message, Outcome};
use super::rules::Rule;
use super::server::Step;
use super::state::{Progress, Role};
use super::{Batch, Timer};
use super::{Command, Params};
use crate::number::Index;
use crate::state_machine::StateMachine;

/// An append without entries.
const HEARTBEAT: Batch = Batch { entries: 0, bytes: 0 };

/// A leader keeps its followers from standing for election. A heartbeat is an append without
/// entries: its answer tells what the follower still lacks.
pub(super) fn send_heartbeats<P: Params>(step: &mut Step<P>) {
    if step.keeps(Rule::HeartbeatsGoOn) {
        step.set_heartbeat_timer();
    }
    send_to_all(step, HEARTBEAT);
}

/// Sends all followers what they lack.
pub(super) fn replicate<P: Params>(step: &mut Step<P>) {
    send_to_all(step, step.server.batch);
}

fn send_to_all<P: Params>(step: &mut Step<P>, batch: Batch) {
    for peer in step.peers() {
        send_append(step, peer, batch);
    }
}

/// Sends a follower the entries it is believed to lack. raft.tla `AppendEntries`.
fn send_append<P: Params>(step: &mut Step<P>, follower: Id, batch: Batch) {
    let state = step.state();
    let Role::Leader { followers } = &state.role else {
        return;
    };
    let Some(progress) = followers.get(&follower).filter(|progress| !progress.is_lost) else {
        return;
    };
    let index = Index(progress.next.0 - 1);
    let previous = Position { index, term: state.log().term_at(index).unwrap_or_default() };
    let entries = next_batch::<P>(state.log(), index, batch);
    let message = AppendEntries {
        term: state.term(),
        previous,
        acknowledged: entries.is_empty() && index <= progress.matched,
        entries,
        commit: state.commit,
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

/// Takes the leader's entries if they fit behind the own log. raft.tla
/// `HandleAppendEntriesRequest`.
pub(super) fn handle_append_entries<P: Params>(
    step: &mut Step<P>,
    leader: Id,
    message: AppendEntries<Command<P>>,
) {
    let refused = Index(message.previous.index.0.saturating_sub(1));
    if !step.require(Rule::StaleLeaderRefused, message.term >= step.term()) {
        // It is out of date, and this is how it learns so.
        if step.keeps(Rule::StaleLeaderIsTold) {
            reply(step, leader, Outcome::Refused, refused);
        }
        return;
    }
    hear(step, leader);
    let log = step.state().log();
    if !step.require(Rule::LogMatchesBeforeAppend, log.contains(message.previous)) {
        let index = refused.min(log.last_index());
        if message.acknowledged && step.keeps(Rule::LostMemoryTakesOut) {
            return take_out(step, leader, index);
        }
        if step.keeps(Rule::RefusalIsTold) {
            reply(step, leader, Outcome::Refused, index);
        }
        return;
    }
    let matched = Index(message.previous.index.0 + message.entries.len() as u64);
    store(step, message.previous.index, message.entries);
    commit::follow(step, message.commit, matched);
    reply(step, leader, Outcome::Stored, matched);
}

/// Notes that the leader of this term is there.
fn hear<P: Params>(step: &mut Step<P>, leader: Id) {
    match step.state().role {
        Role::Leader { .. } | Role::TakenOut { .. } => return,
        Role::Candidate { .. } if !step.keeps(Rule::CandidateYields) => {}
        Role::Candidate { .. } | Role::Follower { .. } => step.become_follower(Some(leader)),
    }
    if step.keeps(Rule::LeaderPutsOffElection) {
        step.set_election_timer();
    }
}

/// Says that this server lacks what it has acknowledged, and takes no further part: what it voted
/// may be lost as well. The leader of a term goes by what it was told in this term, so a server
/// whose storage is whole has all of it.
fn take_out<P: Params>(step: &mut Step<P>, leader: Id, index: Index) {
    step.state_mut().role = Role::TakenOut { leader };
    step.cancel_timer(Timer::Election);
    reply(step, leader, Outcome::Lost, index);
}

/// Puts the leader's `entries` behind `previous`, where the logs match. What is there already and
/// agrees stays, for the message may be an old one.
fn store<P: Params>(step: &mut Step<P>, previous: Index, entries: Vec<Entry<Command<P>>>) {
    if !step.keeps(Rule::OnlyConflictTruncates) && step.state().log().last_index() > previous {
        step.storage_mut().log.truncate_from(previous.next());
    }
    let mut index = previous;
    for entry in entries {
        index = index.next();
        match step.state().log().term_at(index) {
            Some(term) if term == entry.term => continue,
            Some(_) if step.keeps(Rule::ConflictTruncates) => {
                step.storage_mut().log.truncate_from(index);
            }
            Some(_) => continue,
            None => {}
        }
        step.storage_mut().log.append(entry);
    }
}

fn reply<P: Params>(step: &mut Step<P>, leader: Id, outcome: Outcome, index: Index) {
    let term = step.term();
    step.send(leader, Message::AppendReply(AppendReply { term, outcome, index }));
}

/// Learns how far a follower's log matches, or tries again from further back.
/// raft.tla `HandleAppendEntriesResponse`.
pub(super) fn handle_append_reply<P: Params>(step: &mut Step<P>, follower: Id, reply: AppendReply) {
    if !step.require(Rule::RepliesOfThisTermCount, reply.term == step.term()) {
        return;
    }
    let Role::Leader { followers } = &step.state().role else {
        return;
    };
    let Some(known) = followers.get(&follower).filter(|known| !known.is_lost) else {
        return;
    };
    let known = *known;
    if reply.outcome == Outcome::Lost {
        return give_up(step, follower);
    }
    let is_stored = reply.outcome == Outcome::Stored;
    let mut progress = known;
    if step.require(Rule::RefusalMatchesNothing, is_stored) {
        progress.matched = progress.matched.max(reply.index);
        if step.keeps(Rule::NextFollowsMatched) {
            progress.next = progress.next.max(progress.matched.next());
        }
    }
    if !is_stored && step.keeps(Rule::RefusedAppendGoesBack) {
        progress.next = progress.next.min(reply.index.next()).max(progress.matched.next());
    }
    if progress != known {
        if let Role::Leader { followers } = &mut step.state_mut().role {
            followers.insert(follower, progress);
        }
        commit::advance(step);
    } else if !is_stored || reply.index < known.matched || !step.keeps(Rule::HeartbeatShowsLoss) {
        // It has come late, and tells nothing of what the follower lacks now.
        return;
    }
    let lacks = progress.next <= step.state().log().last_index();
    if lacks && step.keeps(Rule::SendsTheRest) {
        send_append(step, follower, step.server.batch);
    }
}

/// Counts no more on a follower that has lost what it acknowledged, and sends it nothing more.
fn give_up<P: Params>(step: &mut Step<P>, follower: Id) {
    if let Role::Leader { followers } = &mut step.state_mut().role
        && let Some(progress) = followers.get_mut(&follower)
    {
        *progress = Progress { matched: Index::ZERO, is_lost: true, ..*progress };
    }
}
