//! Reads that a follower answers (thesis §6.4).
//!
//! It asks its leader how far it must have applied the log, and waits until it has. The question
//! and the answer name the read, so that an answer that is late, or for one who asked before a
//! crash, still is about this read: what it tells was committed after the read began.

use stateright::actor::Id;

use super::message::{Message, ReadIndex, ReadIndexReply};
use super::read::{self, Question, Read};
use super::rules::Rule;
use super::server::Step;
use super::state::Role;
use super::{Command, Params, lease, membership};

/// Asks the leader for what it takes to answer a read here. False if this server answers none.
pub(super) fn ask_leader<P: Params>(step: &mut Step<P>, read: &Question<Command<P>>) -> bool {
    let Role::Follower { leader: Some(leader) } = step.state().role else {
        return false;
    };
    if !step.server.options.follower_reads || membership::is_outside(step.id, step.state()) {
        return false;
    }
    if step.keeps(Rule::FollowerAsksLeader) {
        step.send(leader, Message::ReadIndex(ReadIndex { read: read.clone() }));
    } else {
        read::answer(step, read);
    }
    true
}

/// A follower asks for a read. Only a leader can say something to it.
pub(super) fn handle_read_index<P: Params>(
    step: &mut Step<P>,
    follower: Id,
    message: ReadIndex<Command<P>>,
) {
    if step.state().is_leader() {
        lease::handle_read(step, Read { follower: Some(follower), question: message.read });
    }
}

/// A leader has told what it takes to answer a read.
pub(super) fn handle_read_index_reply<P: Params>(
    step: &mut Step<P>,
    message: ReadIndexReply<Command<P>>,
) {
    let is_applied = step.state().applied.index >= message.index;
    if step.require(Rule::ReadWaitsForApplied, is_applied) {
        return read::answer(step, &message.read);
    }
    let held = (message.index, message.read);
    if !step.state().reads.held.contains(&held) {
        step.state_mut().reads.held.insert(held);
    }
}

/// Answers the reads that have waited for what is applied by now.
pub(super) fn answer_held<P: Params>(step: &mut Step<P>) {
    let applied = step.state().applied.index;
    while step.state().reads.held.first().is_some_and(|(index, _)| *index <= applied) {
        if let Some((_, read)) = step.state_mut().reads.held.pop_first() {
            read::answer(step, &read);
        }
    }
}

/// Lets the reads go that have waited until their server stands: they would pile up where no leader
/// is heard any more.
pub(super) fn let_go<P: Params>(step: &mut Step<P>) {
    if !step.state().reads.held.is_empty() {
        step.state_mut().reads.held.clear();
    }
}
