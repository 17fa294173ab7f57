//! How a server takes part again that has lost its disk: it copies what the others hold, of which
//! every majority that it was in has told somebody.
//!
//! What it said before may still be on its way, and must not count once it has copied. So it begins
//! another *life*, with a number above those of all its lives before, and each replica knows of
//! that before it is copied from. A coordinator that is told of the new life by any replica counts
//! nothing of the old one.
//!
//! ```text
//! S3 (new disk)     S1                S2
//!  |-- Count ------>|                 |      how often has S3 lost its disk?
//!  |-- Count ------------------------>|
//!  |<- Counted 1 ---|                 |
//!  |<- Counted 1 ---------------------|
//!  |-- Copy, 2 ---->|                 |      from now on S1 says that S3 is in life 2
//!  |-- Copy, 2 ---------------------->|
//!  |<- Page --------|                 |
//!  |<- Page --------------------------|      all of enough others: it takes part
//! ```
//!
//! Source: Michael, Ports, Sharma, Szekeres: Recovering Shared Objects Without Stable Storage, DISC
//! 2017. There no server has a disk, and each asks when it starts.

use std::collections::BTreeMap;

use stateright::actor::{Id, Out};

use super::message::{Copy, Count, Counted, Message, Page};
use super::replica::{store, takes_part};
use super::rules::Rule;
use super::server::Step;
use super::state::{Part, Progress, Storage};
use super::{Content, Key, MachineOf, Params, PeerMessage, Server, Timer};
use crate::crash_vector::Life;
use crate::number::Incarnation;
use crate::quorum_store::register::{Registers, Tagged};
use crate::rules::RuleBook;
use crate::service;

/// A server starts that has lost its disk, or has begun to copy what it lost.
pub(super) fn begin<P: Params>(
    server: &Server<P>,
    id: Id,
    storage: &Storage<MachineOf<P>>,
    out: &mut Out<Server<P>>,
) -> Part<Key<P>> {
    let store = storage.store;
    let has_begun = storage.crashes.store_of(id) == Some(store);
    let part = match has_begun {
        true => copying(server, id, Life { incarnation: storage.crashes.of(id), store }),
        false => Part::Counting { told: BTreeMap::new() },
    };
    for (to, message) in questions(server, id, store, &part) {
        out.send(to, service::Message::Peer(message));
    }
    if server.rules.keeps(Rule::QuestionsAreSentAgain) {
        out.set_timer(Timer::Again, server.timing.again.clone());
    }
    part
}

/// It begins to copy, and has nothing of anybody.
fn copying<P: Params>(server: &Server<P>, id: Id, life: Life) -> Part<Key<P>> {
    let from = server.others(id).map(|other| (other, Progress::UpTo(None))).collect();
    Part::Copying { life, from }
}

/// What a server that has lost its disk asks whom.
fn questions<P: Params>(
    server: &Server<P>,
    id: Id,
    store: u64,
    part: &Part<Key<P>>,
) -> Vec<(Id, PeerMessage<P>)> {
    let question = |to: Id| match part {
        Part::Replica => None,
        Part::Counting { told } if told.contains_key(&to) => None,
        Part::Counting { .. } => Some((to, Message::Count(Count { store }))),
        Part::Copying { life, from } => match from.get(&to)? {
            Progress::All => None,
            Progress::UpTo(last) => {
                Some((to, Message::Copy(Copy { life: *life, behind: last.clone() })))
            }
        },
    };
    server.others(id).filter_map(question).collect()
}

/// It asks those of `whom` who have not answered.
fn ask<P: Params>(step: &mut Step<P>, whom: impl Fn(Id) -> bool) {
    let (store, part) = (step.state().storage.store, step.state().part.clone());
    for (to, message) in questions(step.server, step.id, store, &part) {
        if whom(to) {
            step.send(to, message);
        }
    }
}

/// Some answers may be lost.
pub(super) fn send_again<P: Params>(step: &mut Step<P>) {
    if step.state().is_wiped() {
        step.set_timer(Timer::Again, step.server.timing.again.clone());
        ask(step, |_| true);
    }
}

/// Whether so many others are enough: those who are left, itself among them, are no majority. So
/// one of these others was in every majority.
fn is_enough<P: Params>(step: &Step<P>, count: usize) -> bool {
    let rest = step.server.servers.len() - count;
    step.require(Rule::CopiesFromEnough, !step.server.is_quorum(rest))
}

/// Tells a server that has lost its disk of its latest life.
pub(super) fn handle_count<P: Params>(step: &mut Step<P>, from: Id, message: Count) {
    if !takes_part(step) {
        return;
    }
    let incarnation = step.state().storage.crashes.of(from);
    step.send(from, Message::Counted(Counted { store: message.store, incarnation }));
}

/// Begins the next life when enough others have told of the ones before, and copies.
pub(super) fn handle_counted<P: Params>(step: &mut Step<P>, from: Id, message: Counted) {
    let store = step.state().storage.store;
    let Part::Counting { told } = &step.state().part else { return };
    if message.store != store {
        return;
    }
    let mut told = told.clone();
    told.insert(from, message.incarnation);
    let latest = told.values().max().copied().filter(|_| is_enough(step, told.len()));
    let Some(latest) = latest else {
        step.state_mut().part = Part::Counting { told };
        return;
    };
    let counted = if step.keeps(Rule::LivesAreCounted) { latest } else { Incarnation(1) };
    let (id, life) = (step.id, Life { incarnation: counted.next(), store });
    step.save();
    step.state_mut().storage.crashes.learn(id, life);
    step.state_mut().part = copying(step.server, id, life);
    ask(step, |_| true);
}

/// Tells a server that has lost its disk what this one holds. Nothing that it said in an earlier
/// life counts from now on.
pub(super) fn handle_copy<P: Params>(step: &mut Step<P>, from: Id, message: Copy<Key<P>>) {
    let Copy { life, behind } = message;
    let known = step.state().storage.crashes.of(from);
    if !takes_part(step) || life.incarnation < known {
        return;
    }
    if life.incarnation > known {
        step.save();
        step.state_mut().storage.crashes.learn(from, life);
    }
    let page = page(step, life, behind);
    step.send(from, Message::Page(page));
}

/// The registers behind this one that one message carries, or the next one if that is larger.
fn page<P: Params>(step: &Step<P>, life: Life, behind: Option<Key<P>>) -> Page<Key<P>, Content<P>> {
    let Storage { crashes, registers: all, .. } = &step.state().storage;
    let mut size = 0;
    let fits = |(number, (key, held)): &(usize, (&Key<P>, &Tagged<Content<P>>))| {
        size += MachineOf::<P>::size(key, &held.content);
        *number == 0 || size <= step.server.page
    };
    let some = all.behind(behind.as_ref()).enumerate().take_while(fits);
    let registers: Vec<_> = some.map(|(_, (key, held))| (key.clone(), held.clone())).collect();
    let has_more = |(key, _): &(Key<P>, _)| all.behind(Some(key)).next().is_some();
    let is_last = !registers.last().is_some_and(has_more);
    Page { life, behind, registers, is_last, crashes: crashes.clone() }
}

/// Holds what another one holds, unless it was told of something later. It takes part when it has
/// copied from enough others.
pub(super) fn handle_page<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: Page<Key<P>, Content<P>>,
) {
    let Page { life, behind, registers, is_last, crashes } = message;
    let Part::Copying { life: own, from: sources } = &step.state().part else { return };
    let is_next = sources.get(&from) == Some(&Progress::UpTo(behind));
    if *own != life || !is_next {
        return;
    }
    let last = registers.last().map(|(key, _)| key.clone());
    for (key, held) in registers {
        store(step, key, held);
    }
    step.learn(&crashes);
    let progress = if is_last { Progress::All } else { Progress::UpTo(last) };
    if let Part::Copying { from: sources, .. } = &mut step.state_mut().part {
        sources.insert(from, progress);
    }
    end_copy(step);
    ask(step, |other| other == from);
}

/// Takes part if all that enough others hold is copied.
fn end_copy<P: Params>(step: &mut Step<P>) {
    let Part::Copying { from, .. } = &step.state().part else { return };
    let count = from.values().filter(|progress| **progress == Progress::All).count();
    if is_enough(step, count) {
        step.save();
        step.state_mut().storage.has_rejoined = true;
        step.state_mut().part = Part::Replica;
        step.cancel_timer(Timer::Again);
    }
}
