//! What a follower takes from its leader (§5.3).

use stateright::actor::Id;

use super::Timer;
use super::log::Entry;
use super::message::{AppendEntries, AppendReply, Message, Outcome};
use super::rules::Rule;
use super::server::Step;
use super::state::Role;
use super::{Command, Params};
use super::{commit, contact, identity};
use crate::number::Index;

/// Takes the leader's entries if they fit behind the own log. raft.tla
/// `HandleAppendEntriesRequest`.
pub(super) fn handle_append_entries<P: Params>(
    step: &mut Step<P>,
    leader: Id,
    message: AppendEntries<Command<P>>,
) {
    if !step.require(Rule::StaleLeaderRefused, message.term >= step.term()) {
        // It is out of date, and this is how it learns so.
        if step.keeps(Rule::StaleLeaderIsTold) {
            refuse(step, leader, &message);
        }
        return;
    }
    hear(step, leader);
    let log = step.state().log();
    let is_compacted = message.previous.index < log.base().index;
    let fits =
        log.contains(message.previous) || (is_compacted && step.keeps(Rule::CompactedMatches));
    if !step.require(Rule::LogMatchesBeforeAppend, fits) {
        if message.acknowledged && step.keeps(Rule::LostMemoryTakesOut) {
            take_out(step, leader, message.round);
        } else if step.keeps(Rule::RefusalIsTold) {
            refuse(step, leader, &message);
        }
        return;
    }
    let matched = Index(message.previous.index.0 + message.entries.len() as u64);
    store(step, message.previous.index, message.entries);
    commit::follow(step, message.commit, matched);
    reply(step, leader, message.round, Outcome::Stored { matched });
}

/// Says that the log does not have the entry before those of `message`, and how far the logs may
/// match: not where the own entries are of a later term than that one, for terms never go down
/// within a log.
fn refuse<P: Params>(step: &mut Step<P>, leader: Id, message: &AppendEntries<Command<P>>) {
    let may_match = step.state().log().last_within(message.previous);
    reply(step, leader, message.round, Outcome::Refused { may_match });
}

/// Notes that the leader of this term is there.
pub(super) fn hear<P: Params>(step: &mut Step<P>, leader: Id) {
    match step.state().role {
        Role::Leader { .. } | Role::TakenOut { .. } => return,
        Role::PreCandidate { .. } | Role::Candidate { .. }
            if !step.keeps(Rule::CandidateYields) => {}
        Role::PreCandidate { .. } | Role::Candidate { .. } | Role::Follower { .. } => {
            step.become_follower(Some(leader));
            if step.server.options.are_sticky() {
                step.set_contact_timer();
            }
            contact::promise(step);
        }
    }
    if step.keeps(Rule::LeaderPutsOffElection) {
        step.set_election_timer();
    }
}

/// Says that this server lacks what it has acknowledged, and takes no further part: what it voted
/// may be lost as well. The leader of a term goes by what it was told in this term, so a server
/// whose storage is whole has all of it.
pub(super) fn take_out<P: Params>(step: &mut Step<P>, leader: Id, round: u64) {
    step.state_mut().role = Role::TakenOut { leader };
    step.cancel_timer(Timer::Election);
    contact::rest(step);
    reply(step, leader, round, Outcome::Lost);
}

/// Puts the leader's `entries` behind `previous`, where the logs match. What is there already and
/// agrees stays, for the message may be an old one. What is compacted is committed, and so agrees.
fn store<P: Params>(step: &mut Step<P>, previous: Index, entries: Vec<Entry<Command<P>>>) {
    if !step.keeps(Rule::OnlyConflictTruncates) && step.state().log().last_index() > previous {
        step.truncate_from(previous.next());
    }
    let mut index = previous;
    for entry in entries {
        index = index.next();
        if index <= step.state().log().base().index {
            continue;
        }
        match step.state().log().term_at(index) {
            Some(term) if term == entry.term => continue,
            Some(_) if step.keeps(Rule::ConflictTruncates) => {
                step.truncate_from(index);
            }
            Some(_) => continue,
            None => {}
        }
        step.store(entry);
    }
}

pub(super) fn reply<P: Params>(step: &mut Step<P>, leader: Id, round: u64, outcome: Outcome) {
    let (term, store, promise) = (step.term(), identity::own(step), contact::promised(step));
    let reply = AppendReply { term, outcome, round, store, promise };
    step.send(leader, Message::AppendReply(reply));
}
