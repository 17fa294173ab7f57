//! Messages that have come too late: their receiver ignores them now and for ever, also after a
//! crash. The numbers that they are told by are on its disk, and only rise; so nothing is forgotten
//! where disks are lost.

use stateright::actor::Id;

use crate::member;
use crate::number::{Epoch, Incarnation, Place};
use crate::rules::RuleBook;
use crate::service;
use crate::state_machine::StateMachine;
use crate::zab::message::Message;
use crate::zab::rules::Rule;
use crate::zab::state::{Link, LinkPhase, Process};
use crate::zab::zxid::Zxid;
use crate::zab::{MemberState, Spoken};

/// The rules without which a message that looks obsolete may still do something.
pub const GROUNDS: [Rule; 5] = [
    Rule::LetGoStaysLetGo,
    Rule::OldEpochIgnored,
    Rule::AcceptedEpochRises,
    Rule::AcceptedEpochSurvives,
    Rule::AnswerIsItsOwn,
];

/// True if what is obsolete by all rules is so by `rules`.
pub fn applies(rules: &impl RuleBook<Rule>) -> bool {
    GROUNDS.iter().all(|rule| rules.keeps(*rule))
}

/// True if a member in `state` ignores `message`, whatever happens before it arrives.
pub fn is_obsolete<M: StateMachine>(state: &MemberState<M>, from: Id, message: &Spoken<M>) -> bool {
    match (state, message) {
        (member::State::Server(known), service::Message::Peer(message)) => {
            is_past(known, from, message)
        }
        (member::State::Client(client), service::Message::Reply(m)) => client.ignores(m),
        _ => false,
    }
}

fn is_past<M: StateMachine>(known: &Process<M>, from: Id, message: &Message<M>) -> bool {
    let is_left = |session: Incarnation| session < known.disk.begun;
    match message {
        Message::NewEpoch(m) => is_left(m.session),
        Message::Packet(m) => is_left(m.session),
        Message::Ping(m) => is_left(m.session),
        Message::CEpoch(m) => {
            let leadership = known.leading().map(|own| own.leadership);
            let is_over = leadership != Some(m.leadership);
            let is_told = link(known, from).is_some_and(|link| link.session >= m.session)
                || known.leading().is_some_and(|own| own.has_let_go(from, m.session));
            m.leadership > Incarnation::ZERO && (is_over || is_told)
        }
        Message::AckEpoch(m) => {
            is_led_no_more(known, m.epoch)
                || link(known, from).is_some_and(|link| {
                    let is_done = link.phase != LinkPhase::Discovery;
                    link.session > m.session || (link.session == m.session && is_done)
                })
        }
        Message::Ack(m) => {
            is_led_no_more(known, m.epoch) || is_told(known, from, m.session, m.heard, m.logged)
        }
        Message::AckLd(m) => {
            is_led_no_more(known, m.epoch) || is_told(known, from, m.session, m.heard, m.logged)
        }
        Message::Pong(m) => is_led_no_more(known, m.epoch),
        Message::Elected(_)
        | Message::Notification(_)
        | Message::SyncRequest(_)
        | Message::SyncReply(_) => false,
    }
}

/// Whether a server does not lead this epoch, and never will.
fn is_led_no_more<M: StateMachine>(known: &Process<M>, epoch: Epoch) -> bool {
    let leads = known.leading().is_some_and(|own| own.has_epoch());
    epoch < known.disk.accepted || (epoch == known.disk.accepted && !leads)
}

fn link<M: StateMachine>(known: &Process<M>, from: Id) -> Option<&Link<M>> {
    known.leading()?.links.get(&from)
}

/// Whether a leader knows already that this follower has taken and logged so much.
fn is_told<M: StateMachine>(
    known: &Process<M>,
    from: Id,
    session: Incarnation,
    heard: Place,
    logged: Zxid,
) -> bool {
    link(known, from).is_some_and(|link| {
        let is_known = link.heard >= heard && link.logged >= logged;
        link.session > session || (link.phase.has_history() && is_known)
    })
}
