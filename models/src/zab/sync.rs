//! Reads that no transaction is spent on: any server that is up to date answers them by what has
//! taken effect there, once it has got as far as its leader was when it was asked: `sync`, and then
//! a read.
//!
//! ZooKeeper's `sync` is no operation of a majority. Its leader answers behind all that it has
//! proposed, and asks nobody. So a read after it has all that *that leader* had; and if another one
//! leads by then, which it does not know, it misses what that one has committed. Here a leader has
//! a majority confirm, after it was asked, that it still leads. Who accepts a later epoch follows
//! it no more; so a majority that followed it after the read had begun had not accepted one before,
//! and nobody had committed anything that it does not know. One such *round* is on its way at a
//! time. Reads that come meanwhile share the next.
//!
//! ZooKeeper's leader answers behind what it has proposed, here behind what it has committed: that
//! is all that a client can have been answered.
//!
//! ```text
//! C1             S2 (follower)        S1 (leader)          S3
//!  |-- Read ----------->|                  |                |
//!  |                    |-- SyncRequest -->|                |
//!  |                    |<- Ping, round 1 -|- Ping, round 1>|
//!  |                    |-- Pong, round 1 >|                |   a majority: it still leads
//!  |                    |<- SyncReply 1.7 -|                |
//!  |                    |<- COMMIT 1.7 ----|                |   S2 has got so far
//!  |<- its value -------|                  |                |
//! ```

use std::collections::BTreeSet;

use serde::Serialize;
use stateright::actor::Id;

use super::message::{Message, SyncReply, SyncRequest};
use super::rules::Rule;
use super::server::Step;
use super::zxid::Zxid;
use super::{Command, Params, broadcast, link, stale_read};
use crate::consistency::{Consistency, Query};
use crate::service::{Answer, Request};
use crate::state_machine::StateMachine;

/// What a leader knows of the reads that it is asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Syncs<C> {
    /// How often it has asked whether it still leads.
    pub round: u64,
    /// Who has confirmed that in the last round, while it was of use.
    pub heard: BTreeSet<Id>,
    /// The reads that came before the round that is on its way, and who is to answer each. There is
    /// none on its way if there are none of these.
    pub asked: BTreeSet<(Id, Request<C>)>,
    /// Those that wait for the next round.
    pub waiting: BTreeSet<(Id, Request<C>)>,
}

impl<C> Default for Syncs<C> {
    fn default() -> Self {
        let (heard, asked, waiting) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Syncs { round: 0, heard, asked, waiting }
    }
}

/// A client asks for a read and says what it needs. What is no read is a command, and so is a
/// linearizable read where only leaders read.
pub(super) fn handle_query<P: Params>(step: &mut Step<P>, request: Request<Query<Command<P>>>) {
    let consistency = request.command.consistency;
    let request = request.plain();
    if !P::Machine::is_read_only(&request.command) {
        return broadcast::handle_request(step, request);
    }
    match consistency {
        Consistency::Stale { seen } => stale_read::handle(step, &request, seen),
        Consistency::Linearizable | Consistency::Lease | Consistency::One => {
            match step.server.follower_reads {
                true => handle_read(step, request),
                false => broadcast::handle_request(step, request),
            }
        }
    }
}

/// A linearizable read: a follower asks its leader how far it must get, and a leader its followers
/// whether it leads. Any other server knows nobody to ask.
fn handle_read<P: Params>(step: &mut Step<P>, read: Request<Command<P>>) {
    if step.process().is_established() {
        return take(step, step.id, read);
    }
    let Some(own) = step.process().following().filter(|own| own.is_up_to_date()) else {
        return step.redirect(read.session, read.sequence);
    };
    let leader = own.leader;
    if step.keeps(Rule::FollowerAsksLeader) {
        step.send(leader, Message::SyncRequest(SyncRequest { read }));
    } else {
        answer(step, &read);
    }
}

/// A follower asks how far it must get to answer a read.
pub(super) fn handle_sync_request<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: SyncRequest<Command<P>>,
) {
    take(step, from, message.read);
}

/// A leader is asked how far `server` must get to answer a read.
fn take<P: Params>(step: &mut Step<P>, server: Id, read: Request<Command<P>>) {
    let is_established = step.process().is_established();
    if !step.require(Rule::SyncOfEstablished, is_established) {
        return;
    }
    let asks = (server, read);
    let Some(own) = step.process().leading() else { return };
    if own.syncs.asked.contains(&asks) || own.syncs.waiting.contains(&asks) {
        return;
    }
    if let Some(own) = step.leading_mut() {
        own.syncs.waiting.insert(asks);
    }
    ask_if_due(step);
}

/// Asks the followers whether this server still leads, if reads wait for that and no such round is
/// on its way.
fn ask_if_due<P: Params>(step: &mut Step<P>) {
    let Some(own) = step.process().leading() else { return };
    if own.syncs.waiting.is_empty() || !own.syncs.asked.is_empty() {
        return;
    }
    let followers: Vec<Id> = own.links.keys().copied().collect();
    if let Some(own) = step.leading_mut() {
        own.syncs.round += 1;
        own.syncs.asked = std::mem::take(&mut own.syncs.waiting);
    }
    for to in followers {
        link::ping(step, to);
    }
    tell_if_confirmed(step);
}

/// A follower of this link and epoch is there, and was asked in this round last.
pub(super) fn hear<P: Params>(step: &mut Step<P>, from: Id, round: u64) {
    let Some(own) = step.process().leading() else { return };
    let is_news = !own.syncs.asked.is_empty() && !own.syncs.heard.contains(&from);
    if !is_news || !step.require(Rule::RoundAfterRead, round == own.syncs.round) {
        return;
    }
    if let Some(own) = step.leading_mut() {
        own.syncs.heard.insert(from);
    }
    tell_if_confirmed(step);
}

/// Tells how far it is to all whose reads the round confirms. Then begins the next.
fn tell_if_confirmed<P: Params>(step: &mut Step<P>) {
    let Some(own) = step.process().leading() else { return };
    let heard = own.syncs.heard.iter().filter(|id| own.counts(**id)).count() + 1;
    let is_majority = step.server.is_quorum(heard);
    if !step.require(Rule::MajorityConfirms, is_majority) {
        return;
    }
    let Some(own) = step.leading_mut() else { return };
    own.syncs.heard.clear();
    for (server, read) in std::mem::take(&mut own.syncs.asked) {
        tell(step, server, read);
    }
    ask_if_due(step);
}

/// Tells a server how far it must get to answer a read.
fn tell<P: Params>(step: &mut Step<P>, server: Id, read: Request<Command<P>>) {
    let message = SyncReply { zxid: step.process().committed, read };
    if server == step.id {
        return handle_sync_reply(step, message);
    }
    step.send(server, Message::SyncReply(message));
}

/// A leader has told how far this server must get to answer a read. It does not matter which one,
/// nor when: all of that was committed after the read had begun.
pub(super) fn handle_sync_reply<P: Params>(step: &mut Step<P>, message: SyncReply<Command<P>>) {
    let SyncReply { zxid, read } = message;
    let has_got_there = step.process().effective >= zxid;
    if step.require(Rule::ReadWaitsForEffect, has_got_there) {
        return answer(step, &read);
    }
    step.process_mut().held.insert((zxid, read));
}

/// Answers the reads that have waited for what has taken effect by now.
pub(super) fn answer_held<P: Params>(step: &mut Step<P>) {
    let has_got_to = |zxid: Zxid, step: &Step<P>| zxid <= step.process().effective;
    while step.process().held.first().is_some_and(|(zxid, _)| has_got_to(*zxid, step)) {
        if let Some((_, read)) = step.process_mut().held.pop_first() {
            answer(step, &read);
        }
    }
}

/// Answers a read by what has taken effect here.
pub(super) fn answer<P: Params>(step: &mut Step<P>, read: &Request<Command<P>>) {
    let output = step.process().data.machine.read(&read.command);
    let index = step.process().effective_index();
    step.answer(read.session, read.sequence, Answer::Read { output, index });
}
