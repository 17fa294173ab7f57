//! Links: what a leader tells a follower arrives in order and whole, as over TCP.
//!
//! A follower opens a link, and gives it a number. On the link the leader numbers its packets. The
//! follower takes the next one only, and puts by those that have overtaken it. What it has not
//! taken is sent again, ever more rarely: a large packet may take longer than it takes to ask.

use stateright::actor::Id;

use super::log::Txn;
use super::message::{Ack, Content, Message, Packet, Ping, Pong};
use super::rules::Rule;
use super::server::Step;
use super::state::{LeaderPhase, Leading, Link, LinkPhase, Process};
use super::{Flow, MachineOf, Params, Timer, broadcast, discovery, disk, sync, synchronization};
use crate::number::Place;
use crate::state_machine::StateMachine;

/// How often a leader looks at most until it sends packets again.
const LONGEST: u8 = 32;

/// Sends the next packet to a follower.
pub(super) fn push<P: Params>(step: &mut Step<P>, to: Id, content: Content<MachineOf<P>>) {
    let epoch = step.process().disk.accepted;
    let Some(link) = step.link_mut(to) else { return };
    link.unheard.push_back(content.clone());
    let place = Place(link.heard.0 + link.unheard.len() as u64);
    let packet = Packet { session: link.session, epoch, place, content };
    step.send(to, Message::Packet(packet));
}

/// Sends a follower what it has not been sent yet, as far as not too much is under way.
pub(super) fn feed<P: Params>(step: &mut Step<P>, to: Id) {
    while let Some((content, link)) = next(step, to) {
        if let Some(own) = step.leading_mut() {
            own.links.insert(to, link);
        }
        push(step, to, content);
    }
}

type Next<M> = Option<(Content<M>, Link<M>)>;

/// The next packet to a follower, and its link once that is sent.
fn next<P: Params>(step: &Step<P>, to: Id) -> Next<MachineOf<P>> {
    let known = step.process();
    let own = known.leading()?;
    let link = own.links.get(&to)?;
    if link.unheard.len() >= step.server.flow.packets {
        return None;
    }
    let commit = known.committed.min(link.sent);
    if let Some((piece, giving)) = link.giving.as_ref().and_then(synchronization::next_piece) {
        return Some((Content::Snap(piece), Link { giving, ..link.clone() }));
    }
    match link.phase {
        LinkPhase::Discovery | LinkPhase::Accepted { .. } => None,
        LinkPhase::Synchronization { until } if link.sent >= until => {
            Some((Content::NewLeader, Link { phase: LinkPhase::Told, ..link.clone() }))
        }
        LinkPhase::Synchronized if is_established(own) => {
            let is_leaders = step.keeps(Rule::CommitLdIsLeaders);
            let commit = if is_leaders { commit } else { link.logged };
            let link = Link { phase: LinkPhase::Broadcast, told: commit, ..link.clone() };
            Some((Content::CommitLd(commit), link))
        }
        LinkPhase::Broadcast if commit > link.told => {
            Some((Content::Commit(commit), Link { told: commit, ..link.clone() }))
        }
        _ => propose(known, link, step.server.flow),
    }
}

fn is_established<M: StateMachine>(own: &Leading<M>) -> bool {
    own.phase == LeaderPhase::Broadcast
}

/// The next transactions.
fn propose<M: StateMachine>(known: &Process<M>, link: &Link<M>, flow: Flow) -> Next<M> {
    let txns = known.history.some_behind::<M>(link.sent, flow);
    let Txn { zxid, .. } = txns.last()?;
    let link = Link { sent: *zxid, ..link.clone() };
    Some((Content::Propose(txns), link))
}

/// The follower has taken all packets up to `heard`.
pub(super) fn hear<P: Params>(step: &mut Step<P>, from: Id, heard: Place) {
    let Some(link) = step.link_mut(from) else { return };
    if heard > link.heard {
        let count = (heard.0 - link.heard.0) as usize;
        link.unheard = link.unheard.skip(count.min(link.unheard.len()));
        link.heard = heard;
        link.waited = 0;
    }
}

/// Follower: the leader says something. It is taken if it is the next packet of this link, and then
/// those that have overtaken it.
pub(super) fn handle_packet<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: Packet<MachineOf<P>>,
) {
    if !step.follows_on(from, message.session, message.epoch) {
        return;
    }
    let Some(own) = step.process().following() else { return };
    let is_next = message.place == own.heard.next();
    if !step.require(Rule::LinksKeepOrder, is_next) {
        return put_by(step, message);
    }
    step.set_timer(Timer::Silence, step.server.timing.silence.clone());
    take(step, message.place, message.content);
    while let Some(own) = step.following_mut()
        && let Some(content) = own.early.remove(&own.heard.next())
    {
        let place = own.heard.next();
        take(step, place, content);
    }
}

/// Follower: keeps a packet that has overtaken others.
fn put_by<P: Params>(step: &mut Step<P>, packet: Packet<MachineOf<P>>) {
    let most = step.server.flow.early as u64;
    let Some(own) = step.process().following() else { return };
    let is_early = packet.place > own.heard && packet.place.0 <= own.heard.0 + most;
    let is_put_by = own.early.contains_key(&packet.place);
    if !is_early || is_put_by {
        return;
    }
    if let Some(own) = step.following_mut() {
        own.early.insert(packet.place, packet.content);
    }
    step.set_timer(Timer::Silence, step.server.timing.silence.clone());
}

/// Follower: takes what its leader says.
fn take<P: Params>(step: &mut Step<P>, place: Place, content: Content<MachineOf<P>>) {
    if let Some(own) = step.following_mut() {
        own.heard = place.max(own.heard);
    }
    match content {
        Content::Diff(txns) => synchronization::take_diff(step, &txns),
        Content::Trunc { to, txns } => synchronization::take_trunc(step, to, &txns),
        Content::Snap(piece) => synchronization::take_snap(step, piece),
        Content::Propose(txns) => broadcast::take_propose(step, &txns),
        Content::NewLeader => synchronization::take_new_leader(step),
        Content::CommitLd(zxid) => synchronization::take_commit_ld(step, zxid),
        Content::Commit(zxid) => broadcast::take_commit(step, zxid),
    }
    tell_how_far(step, place);
}

/// A history that comes in many packets goes on before the leader asks how far it is.
fn tell_how_far<P: Params>(step: &mut Step<P>, place: Place) {
    let half = (step.server.flow.packets as u64 / 2).max(1);
    if place.0.is_multiple_of(half) {
        send_pong(step, 0);
    }
}

/// Follower: tells the leader how far it is, and in which round it was asked.
fn send_pong<P: Params>(step: &mut Step<P>, round: u64) {
    let Some(own) = step.process().following() else { return };
    let (leader, epoch, heard) = (own.leader, own.epoch, own.heard);
    let (has_history, session) = (own.has_history(), step.process().disk.begun);
    let logged = has_history.then(|| disk::acknowledged(step));
    step.send(leader, Message::Pong(Pong { session, epoch, heard, logged, round }));
}

/// Follower: the leader is there.
pub(super) fn handle_ping<P: Params>(step: &mut Step<P>, from: Id, message: Ping) {
    if step.follows_on(from, message.session, message.epoch) {
        step.set_timer(Timer::Silence, step.server.timing.silence.clone());
        send_pong(step, message.round);
    }
}

/// The follower is there, and so far.
pub(super) fn handle_pong<P: Params>(step: &mut Step<P>, from: Id, message: Pong) {
    if !step.leads_on(from, message.session, message.epoch) {
        return;
    }
    if let Some(own) = step.leading_mut() {
        own.heard.insert(from);
    }
    hear(step, from, message.heard);
    sync::hear(step, from, message.round);
    match message.logged {
        Some(logged) => synchronization::hold(step, from, logged),
        None => feed(step, from),
    }
}

/// A follower has so much on its disk.
pub(super) fn handle_ack<P: Params>(step: &mut Step<P>, from: Id, message: Ack) {
    if !step.leads_on(from, message.session, message.epoch) {
        return;
    }
    hear(step, from, message.heard);
    synchronization::hold(step, from, message.logged);
}

/// The leader says that it is there, and again what its followers have not taken for a while.
pub(super) fn send_again<P: Params>(step: &mut Step<P>) {
    let Some(own) = step.process().leading() else { return };
    let has_epoch = own.has_epoch();
    for (to, link) in own.links.clone() {
        match link.phase {
            LinkPhase::Discovery if has_epoch && step.keeps(Rule::DiscoveryIsSentAgain) => {
                discovery::send_new_epoch(step, to);
            }
            LinkPhase::Discovery | LinkPhase::Accepted { .. } => {}
            _ => send_unheard(step, to),
        }
        if has_epoch && step.keeps(Rule::LeaderIsHeard) {
            ping(step, to);
        }
    }
}

/// Tells a follower that the leader is there, and in which round it is asked whether that leads.
pub(super) fn ping<P: Params>(step: &mut Step<P>, to: Id) {
    let epoch = step.process().disk.accepted;
    let Some(own) = step.process().leading() else { return };
    let Some(link) = own.links.get(&to) else { return };
    let (session, round) = (link.session, own.syncs.round);
    step.send(to, Message::Ping(Ping { session, epoch, round }));
}

/// The leader looks, and a follower has not taken a packet since it looked before. It waits for
/// that twice as long each time.
fn send_unheard<P: Params>(step: &mut Step<P>, to: Id) {
    if !step.keeps(Rule::PacketsAreSentAgain) {
        return;
    }
    let epoch = step.process().disk.accepted;
    let Some(link) = step.link_mut(to).filter(|link| !link.unheard.is_empty()) else { return };
    link.waited = if link.waited == LONGEST { LONGEST / 2 + 1 } else { link.waited + 1 };
    if link.waited == 1 || !link.waited.is_power_of_two() {
        return;
    }
    let (session, unheard) = (link.session, link.unheard.clone());
    for (number, content) in (link.heard.0 + 1..).zip(unheard) {
        let packet = Packet { session, epoch, place: Place(number), content };
        step.send(to, Message::Packet(packet));
    }
}
