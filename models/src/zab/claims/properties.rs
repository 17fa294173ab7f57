//! What must be true of ZAB, and what must be possible, so that nothing holds for want of
//! behaviour.
//!
//! Of the paper's properties *agreement* and *total order* are parts of prefix consistency, and
//! *integrity* is of [`ONE_HISTORY`] and [`ONCE`].

use std::collections::BTreeSet;
use std::sync::Arc;

use stateright::actor::Id;

use super::ghost::Ghost;
use crate::claims::{self, all_answered, clients, is_explained};
use crate::member::Member;
use crate::number::Epoch;
use crate::quorum::is_majority;
use crate::service::{Sequence, Session};
use crate::state_machine::StateMachine;
use crate::window::weight;
use crate::zab::log::{Log, Txn};
use crate::zab::specs::FIRST_STORE;
use crate::zab::state::{Following, Link, LinkPhase, Process};
use crate::zab::zxid::Zxid;
use crate::zab::{MachineOf, Params, Server};

/// The members of a system, and its history.
pub type System<P> = claims::System<Server<P>, Arc<Ghost>>;
/// Its state.
pub type SystemState<P> = claims::SystemState<Server<P>, Arc<Ghost>>;
/// What is true or not of a state.
pub type Condition<P> = fn(&System<P>, &SystemState<P>) -> bool;

/// A property and its name.
pub type Named<P> = (&'static str, Condition<P>);

pub const LINEARIZABILITY: &str = "linearizability";
pub const LEADERSHIP: &str = "an epoch is accepted by a majority for one leader only";
pub const PREFIX: &str = "what took effect is the same everywhere, in the same order";
pub const ONE_HISTORY: &str = "logs that have one zxid have the same up to it";
pub const PRIMARY_ORDER: &str = "a log has no gap within an epoch, and epochs rise";
pub const PRIMARY_INTEGRITY: &str =
    "an established leader has what took effect anywhere of earlier epochs";
pub const NOTHING_IS_LOST: &str = "the leader of the latest epoch has what is acknowledged";
pub const MAJORITY_HOLDS: &str = "a majority has on its disks what took effect";
pub const COMMITS_ARE_KNOWN: &str = "nobody is told to commit what it has not";
pub const STATE_FOLLOWS: &str = "the state is what the log makes of the snapshot";
pub const ONCE: &str = "no command is in a log twice";
pub const WINDOW: &str = "what a leader leaves open fits the window";
pub const LINKS: &str = "whom a leader hears by a link it gives what it has";

/// What the clients see, and why.
pub fn safety<P: Params>() -> Vec<Named<P>> {
    vec![
        (LINEARIZABILITY, linearizability),
        (LEADERSHIP, leadership),
        (PREFIX, prefix),
        (ONE_HISTORY, one_history),
        (PRIMARY_ORDER, primary_order),
        (PRIMARY_INTEGRITY, primary_integrity),
        (NOTHING_IS_LOST, nothing_is_lost),
        (MAJORITY_HOLDS, majority_holds),
        (COMMITS_ARE_KNOWN, commits_are_known),
        (STATE_FOLLOWS, state_follows),
        (ONCE, once),
        (WINDOW, window),
        (LINKS, links),
    ]
}

/// The servers that are up.
fn up<P: Params>(state: &SystemState<P>) -> impl Iterator<Item = &Process<MachineOf<P>>> {
    claims::servers_up(state).map(|(_, process)| process)
}

/// Some order of the operations explains what the clients were told.
fn linearizability<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    is_explained(system, state, &state.history.returned)
}

/// Leadership: no two servers have had a majority accept the same epoch.
fn leadership<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    !state.history.twice
}

/// The transactions that two logs have both in reach, up to `zxid`: those of each.
fn both_up_to<'a, C: Clone>(
    a: &'a Log<C>,
    b: &'a Log<C>,
    zxid: Zxid,
) -> [impl Iterator<Item = &'a Txn<C>>; 2] {
    let base = a.base().max(b.base());
    [a, b].map(|log| log.iter().filter(move |txn| txn.zxid > base && txn.zxid <= zxid))
}

/// Prefix consistency: of what took effect at two servers one is a prefix of the other.
pub fn prefix<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    claims::pairs(state).all(|(a, b)| {
        let [a, b] = both_up_to(&a.history, &b.history, a.effective.min(b.effective));
        a.eq(b)
    })
}

/// Any two logs have the same up to the last zxid that both have.
fn one_history<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    claims::pairs(state).all(|(a, b)| {
        let (a, b) = (&a.disk.log, &b.disk.log);
        let common = a.iter().map(|txn| txn.zxid).filter(|zxid| b.has(*zxid)).last();
        common.is_none_or(|zxid| {
            let [a, b] = both_up_to(a, b, zxid);
            a.eq(b)
        })
    })
}

/// Local and global primary order: each transaction in a log is the successor of the one before.
fn primary_order<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    claims::servers(state).all(|(_, known)| {
        let log = &known.disk.log;
        let before = std::iter::once(log.base()).chain(log.iter().map(|txn| txn.zxid));
        before.zip(log.iter()).all(|(before, txn)| before.is_followed_by(txn.zxid))
    })
}

/// Primary integrity: an established leader has all that took effect anywhere of earlier epochs.
fn primary_integrity<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    up(state).filter(|leader| leader.is_established()).all(|leader| {
        let (epoch, history) = (leader.disk.accepted, &leader.history);
        let has = |zxid: Zxid| zxid <= history.base() || history.has(zxid);
        let effective = up(state).flat_map(|it| {
            let zxids = it.history.iter().map(|txn| txn.zxid);
            zxids.filter(|zxid| *zxid <= it.effective).chain([it.effective])
        });
        effective.filter(|zxid| zxid.epoch < epoch).all(has)
    })
}

/// By client that was answered, its last command that was. One that says what it asks of its reads
/// may have been answered those without a transaction.
fn acknowledged<'a, P: Params>(
    system: &'a System<P>,
    state: &'a SystemState<P>,
) -> impl Iterator<Item = (Session, Sequence)> {
    clients(system, state).filter_map(|(id, client, own)| {
        let mut answered = client.script.iter().take(own.answers.len());
        let is_logged = |it: &_| client.reads.is_none() || !MachineOf::<P>::is_read_only(it);
        let last = answered.rposition(is_logged)?;
        Some((Session::of(id), Sequence(last as u32 + 1)))
    })
}

/// Whether a command is in a server's log, or in what has taken effect there.
fn has<M: StateMachine>(known: &Process<M>, (session, sequence): (Session, Sequence)) -> bool {
    let is_it = |txn: &Txn<_>| txn.request.session == session && txn.request.sequence >= sequence;
    known.data.sessions.has_done(session, sequence) || known.history.iter().any(is_it)
}

/// The leader of the latest epoch that a majority has accepted has every command that a client was
/// answered, once it is established.
fn nothing_is_lost<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let latest = state.history.leaders.keys().last();
    let mut leaders = up(state).filter(|it| it.is_established());
    leaders
        .find(|it| Some(&it.disk.accepted) == latest)
        .is_none_or(|leader| acknowledged(system, state).all(|command| has(leader, command)))
}

/// More than half of the servers have on their disks what took effect anywhere, or had it before
/// they lost them.
fn majority_holds<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let servers: Vec<_> = claims::servers(state).map(|(_, known)| known).collect();
    servers.iter().map(|known| known.effective).all(|zxid| {
        let holds = |known: &Process<_>| {
            let is_lost = known.disk.store != FIRST_STORE;
            is_lost || zxid <= known.disk.in_snapshot() || known.disk.log.has(zxid)
        };
        let holders = servers.iter().filter(|known| holds(known)).count();
        is_majority(holders, servers.len())
    })
}

/// Nobody is told to commit a transaction that it has not taken.
fn commits_are_known<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    up(state).all(|known| known.committed <= known.last_taken())
}

/// A server's state is what its log makes of its snapshot, as far as that took effect.
fn state_follows<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    up(state).all(|known| {
        let Ok(mut data) = known.disk.data() else { return false };
        let from = known.disk.in_snapshot();
        let effective = known.disk.log.iter();
        effective
            .filter(|txn| txn.zxid > from && txn.zxid <= known.effective)
            .for_each(|txn| data.apply(&txn.request));
        known.data == data
    })
}

/// No log has a command twice: it would take effect again.
fn once<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    up(state).all(|known| {
        let log = known.disk.log.iter();
        let numbers: BTreeSet<_> =
            log.map(|txn| (txn.request.session, txn.request.sequence)).collect();
        numbers.len() == known.disk.log.len()
    })
}

/// What an established leader has not committed is one transaction, or fits.
fn window<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let flows = system.actors.iter().filter_map(|member| match member {
        Member::Server(server) => Some(server.flow.open),
        Member::Client(_) | Member::Operator(_) => None,
    });
    let most = flows.min().unwrap_or_default();
    up(state).filter(|known| known.is_established()).all(|known| {
        let open = known.history.behind_zxid(known.committed).map(|(_, txn)| &txn.request);
        let weights: Vec<_> = open.map(weight::<MachineOf<P>>).collect();
        weights.len() <= 1 || weights.iter().sum::<usize>() <= most
    })
}

/// No link is at its beginning as its leader knows it, while its follower has the history by it:
/// that one would hear the leader, and be given nothing.
fn links<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let has_history = |of: Id, leader: Id, link: &Link<_>| {
        claims::servers_up(state).filter(|(id, _)| *id == of).any(|(_, known)| {
            let is_this = known.disk.begun == link.session;
            let own = known.following().filter(|own| is_this && own.leader == leader);
            own.is_some_and(Following::has_history)
        })
    };
    claims::servers_up(state).all(|(leader, known)| {
        let links = known.leading().into_iter().flat_map(|own| &own.links);
        let mut begun = links.filter(|(_, link)| link.phase == LinkPhase::Discovery);
        begun.all(|(of, link)| !has_history(*of, leader, link))
    })
}

/// All servers that are up follow one established leader, which is one of them.
pub fn one_leader<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    follow_one_leader(state)
}

/// As [`one_leader`].
pub fn follow_one_leader<P: Params>(state: &SystemState<P>) -> bool {
    let mut leaders = claims::servers_up(state).filter(|(_, known)| known.is_established());
    let Some((leader, _)) = leaders.next() else { return false };
    let follows = |id: Id, known: &Process<_>| {
        let own = known.following();
        id == leader || own.is_some_and(|own| own.leader == leader && own.is_up_to_date())
    };
    claims::servers_up(state).all(|(id, known)| follows(id, known))
}

/// All servers that are up have the same log on their disks, and all of it has taken effect.
pub fn all_caught_up<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let logs: BTreeSet<_> = up(state).map(|it| (it.disk.log.last(), it.effective)).collect();
    logs.len() == 1 && logs.iter().all(|(last, effective)| last == effective)
}

/// A leader is established.
pub fn a_leader<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    up(state).any(|known| known.is_established())
}

/// Two epochs have been accepted by majorities, and the later leader is established.
pub fn two_leaders<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let is_first = |epoch: Epoch| state.history.leaders.keys().next() == Some(&epoch);
    up(state).any(|known| known.is_established() && !is_first(known.disk.accepted))
}

/// A leader has let go a link.
pub fn a_link_let_go<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    up(state).filter_map(|known| known.leading()).any(|own| !own.let_go.is_empty())
}

/// A follower was given what it lacked.
pub fn a_diff<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.diff
}

/// A follower had what its leader had not, and has dropped it.
pub fn a_trunc<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.trunc
}

/// A follower was given a snapshot.
pub fn a_snap<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.snap
}

/// Who has lost its disk is up to date again.
pub fn an_observer<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let follows = |known: &Process<_>| known.following().is_some_and(|own| own.is_up_to_date());
    up(state).any(|known| known.disk.store != FIRST_STORE && follows(known))
}

/// A follower came to be up to date while something that it had was not committed.
pub fn joined_while_open<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.joined_open
}

/// An established leader has something of an earlier epoch, and nothing of one between.
pub fn an_epoch_without_a_proposal<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    up(state).filter(|known| known.is_established()).any(|known| {
        let last = known.history.last().epoch;
        let between = |epoch: &Epoch| *epoch > last && *epoch < known.disk.accepted;
        last > Epoch::ZERO && state.history.leaders.keys().any(between)
    })
}

/// Two servers have transactions of one counter and of different epochs.
pub fn two_of_one_counter<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let differ = |a: Zxid, b: Zxid| a.counter == b.counter && a.epoch != b.epoch;
    claims::pairs(state).any(|(a, b)| {
        a.disk.log.iter().any(|one| b.disk.log.iter().any(|other| differ(one.zxid, other.zxid)))
    })
}

/// Every command is answered, and two leaders were established.
pub fn answered_by_two<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    two_leaders(system, state) && all_answered(system, state)
}
