//! Directions: restrictions that lead a search to a scenario of tens of steps.

use std::sync::Arc;

use quorate_checker::spec::{Action, ActionOf, State as SpecState};
use stateright::actor::Id;

use super::Checked;
use crate::kv::Kv;
use crate::member;
use crate::number::Index;
use crate::raft::claims::ghost::Ghost;
use crate::raft::config::Config;
use crate::raft::identity::StoreId;
use crate::raft::message::Message::{AppendEntries, InstallSnapshot, RequestVote};
use crate::raft::state::{Role, ServerState};
use crate::raft::{Raft, Timer, lease};
use crate::service::Message::{Order, Peer, Request};
use crate::state_machine::StateMachine;

type Now = SpecState<Raft<Checked>, Arc<Ghost<Kv>>>;
type Next = ActionOf<Raft<Checked>>;

/// The first server stands in odd terms, the second in even ones. Leaders of the first two terms
/// reach nobody, that of the third the third server.
pub(super) fn figure_8((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return server == if term % 2 == 1 { 0 } else { 1 };
    }
    let Action::Deliver { dst, msg: Peer(AppendEntries(m)), .. } = action else {
        return true;
    };
    match m.term.0 {
        1 | 2 => false,
        3 => usize::from(*dst) == 2,
        _ => true,
    }
}

/// The first, the second, the third and the second server stand in turn. Leaders reach nobody.
pub(super) fn shorter((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return [0, 1, 2, 1].get(term as usize - 1) == Some(&server);
    }
    !matches!(action, Action::Deliver { msg: Peer(AppendEntries(_)), .. })
}

/// In each term who stands, who hears of it, and whom the leader reaches: the scenario in which the
/// second server acknowledges two entries of term 1 that are gone everywhere else when it counts.
pub(super) fn late_reply((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return server == if term % 2 == 1 { 0 } else { 2 };
    }
    let Action::Deliver { dst, msg, .. } = action else {
        return true;
    };
    let dst = usize::from(*dst);
    match msg {
        Peer(RequestVote(m)) => match m.term.0 {
            1 => [1, 2].contains(&dst),
            2 => [3, 4].contains(&dst),
            3 => [2, 3].contains(&dst),
            _ => [1, 4].contains(&dst),
        },
        Peer(AppendEntries(m)) => match m.term.0 {
            1 => dst == 1,
            2 => dst == 0,
            3 => dst == 3,
            _ => false,
        },
        _ => true,
    }
}

/// The first server stands first; timers fire too soon only for the second in the terms 2 and 4 and
/// the third in term 3, while the first has nothing but its entry of term 1.
pub(super) fn left_behind((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return server == 0 || term > 1;
    }
    let Action::EarlyTimeout(id, timer) = action else {
        return true;
    };
    let (server, term) = (usize::from(*id), term_of(state, *id) + 1);
    *timer == member::Timer::Server(Timer::Election)
        && term == u64::from(state.spent.early) + 2
        && server == if term % 2 == 0 { 1 } else { 2 }
        && is_of_term_1(state, Id::from(0))
}

/// The first, the second and the first of four servers stand in turn. The first reaches nobody, and
/// is voted for by the last in the end; the second reaches the third.
pub(super) fn disjoint((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return [0, 1, 0].get(term as usize - 1) == Some(&server);
    }
    let Action::Deliver { src, dst, msg } = action else { return true };
    let (src, dst) = (usize::from(*src), usize::from(*dst));
    match msg {
        Peer(RequestVote(m)) => m.term.0 < 3 || dst == 3,
        Peer(AppendEntries(_)) => (src, dst) == (1, 2),
        _ => true,
    }
}

/// The first server stands, then the third. The first reaches the second, and the third only before
/// anything is stored behind that it leaves.
pub(super) fn leaver((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return [0, 2].get(term as usize - 1) == Some(&server);
    }
    let Action::Deliver { src, dst, msg } = action else { return true };
    match (msg, usize::from(*src), usize::from(*dst)) {
        (Peer(AppendEntries(_)), 0, 1) => true,
        (Peer(AppendEntries(m)), 0, 2) => m.previous.index.0 < 2,
        (Peer(AppendEntries(_)), ..) => false,
        _ => true,
    }
}

/// The first server stands first, and is cut off for so long that the second asks to stand. What
/// comes too soon is that the third asks as well, and is welcome, then a heartbeat of the first to
/// the second, and then a client. No time passes any more.
pub(super) fn asks_and_hears_again((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return server == 0 || term == 2 && server == 1;
    }
    let early = state.spent.early;
    match action {
        Action::Cut(_) => server(state, 0).is_leader() && server(state, 0).commit.0 == 1,
        Action::Heal(_) => early == 1 && server(state, 2).term().0 == 2,
        Action::Deliver { dst, msg: Peer(AppendEntries(_)), .. } => {
            early == 0 || usize::from(*dst) == 1
        }
        Action::Tick => early == 0,
        Action::EarlyTimeout(_, member::Timer::Retry) => early == 2,
        Action::EarlyTimeout(id, member::Timer::Server(Timer::Heartbeat)) => {
            early == 1 && usize::from(*id) == 0
        }
        Action::EarlyTimeout(id, member::Timer::Server(Timer::Election)) => {
            early == 0 && usize::from(*id) == 2 && server(state, 2).term().0 == 1
        }
        Action::EarlyTimeout(..) => false,
        _ => true,
    }
}

/// The first server stands, and is asked for a read at once. It is cut off when it holds a lease,
/// and the second stands. Time passes no further than until that leads.
pub(super) fn late_read((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return server as u64 + 1 == term;
    }
    match action {
        Action::Cut(_) => lease::is_held(server(state, 0)),
        Action::Tick => {
            let (first, second) = (server(state, 0), server(state, 1));
            !second.is_leader() && (!first.is_leader() || lease::is_held(first))
        }
        Action::EarlyTimeout(id, timer) => {
            usize::from(*id) == 3 && timer.is_retry() && server(state, 0).is_leader()
        }
        _ => true,
    }
}

fn server(state: &Now, number: usize) -> &ServerState<Kv> {
    state.system.actor_states[number].server().expect("a server")
}

/// The first server stands, and the third is wiped when that leads and does not know it.
pub(super) fn comes_back((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, _)) = stands(state, action) {
        return server == 0;
    }
    let Action::Rollback(id) = action else { return true };
    let mut servers = state.system.actor_states.iter().filter_map(|member| member.server());
    usize::from(*id) == 2
        && servers.any(|server| match &server.role {
            Role::Leader { followers, .. } => !followers.contains_key(id),
            _ => false,
        })
}

/// The first server stands, then the third. The second is wiped while the first holds a lease.
pub(super) fn wiped_grantor((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return [0, 2].get(term as usize - 2) == Some(&server);
    }
    let Action::Rollback(id) = action else { return true };
    usize::from(*id) == 1 && lease::is_held(server(state, 0))
}

/// The first server stands, then the second, which reaches the third alone. The first is asked for
/// reads, and the second for writes. When one is committed the third is wiped, and hears of the
/// first alone, which it did not before.
pub(super) fn wiped_reads((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return server as u64 + 2 == term;
    }
    let is_wiped = state.spent.rollbacks > 0;
    match action {
        Action::Rollback(id) => {
            let second = server(state, 1);
            usize::from(*id) == 2
                && second.is_leader()
                && second.commit == second.log().last_index()
        }
        Action::Deliver { dst, msg: Request(request), .. } => {
            (usize::from(*dst) == 0) == Kv::is_read_only(&request.command)
        }
        Action::Deliver { src, dst, msg: Peer(_) } => {
            match (usize::from(*src), usize::from(*dst)) {
                (0, 2) | (2, 0) => is_wiped,
                (1, 2) | (2, 1) => !is_wiped,
                (1, 0) => server(state, 1).term().0 == 2,
                _ => true,
            }
        }
        _ => true,
    }
}

/// The first server stands first. The third is wiped once that leads, before a client asks it.
pub(super) fn wiped_early((): &(), state: &Now, action: &Next) -> bool {
    if let Some((number, _)) = stands(state, action) {
        return number == 0 || server(state, 0).term().0 > 1;
    }
    let Action::Rollback(id) = action else { return true };
    let first = server(state, 0);
    usize::from(*id) == 2 && first.is_leader() && first.log().last_index() == Index(2)
}

/// The first server stands in the first term, and the second. The third is wiped. Only
/// the first reaches others with its entries.
pub(super) fn wiped_founder((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return (server, term) == (0, 1) || server == 1;
    }
    match action {
        Action::Rollback(id) => usize::from(*id) == 2,
        Action::Deliver { src, msg: Peer(AppendEntries(_)), .. } => usize::from(*src) == 0,
        _ => true,
    }
}

/// The first server stands, with the vote of the second, and the third is wiped before it hears of
/// it. When that is promoted the second server stands, and asks the third alone.
pub(super) fn taken_back((): &(), state: &Now, action: &Next) -> bool {
    let mut servers = state.system.actor_states.iter().filter_map(|member| member.server());
    let third = Id::from(2);
    let mut leads = |holds: fn(&Config, Id) -> bool| {
        servers.any(|server| server.is_leader() && holds(server.config(), third))
    };
    if let Some((server, term)) = stands(state, action) {
        let is_back = |config: &Config, id: Id| {
            config.voters.contains(&id) && config.stores.get(&id) == Some(&StoreId::default())
        };
        return (server, term) == (0, 2) || (server, term) == (1, 3) && leads(is_back);
    }
    match action {
        Action::Rollback(id) => *id == third && term_of(state, third) == 1 && leads(|_, _| true),
        Action::Deliver { msg: Order(_), .. } => leads(|_, _| true),
        Action::Deliver { dst, msg: Peer(RequestVote(m)), .. } => {
            m.term.0 == if *dst == third { 3 } else { 2 }
        }
        _ => true,
    }
}

/// The first server stands, then the second. The first is asked for reads alone, and no other is.
pub(super) fn reads_at_the_first((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return server as u64 + 1 == term;
    }
    match action {
        Action::Deliver { dst, msg: Request(request), .. } => {
            (usize::from(*dst) == 0) == Kv::is_read_only(&request.command)
        }
        _ => true,
    }
}

/// Only the first server stands.
pub(super) fn first_stands((): &(), state: &Now, action: &Next) -> bool {
    stands(state, action).is_none_or(|(server, _)| server == 0)
}

/// Only the first server stands, with the vote of the second, which hears of entries and nothing
/// else. The third hears nothing but entries, heartbeats and snapshots.
pub(super) fn suffix((): &(), state: &Now, action: &Next) -> bool {
    let Action::Deliver { dst, msg, .. } = action else {
        return first_stands(&(), state, action);
    };
    match (usize::from(*dst), msg) {
        (1, Peer(AppendEntries(m))) => !m.entries.is_empty(),
        (1, msg) => matches!(msg, Peer(RequestVote(_))),
        (2, msg) => matches!(msg, Peer(AppendEntries(_) | InstallSnapshot(_))),
        _ => true,
    }
}

/// Only the first server stands, and the third hears of its snapshots alone.
pub(super) fn third_is_late((): &(), state: &Now, action: &Next) -> bool {
    let is_to_third = |dst: Id| usize::from(dst) == 2;
    match action {
        Action::Deliver { dst, msg: Peer(InstallSnapshot(_)), .. } if is_to_third(*dst) => true,
        Action::Deliver { dst, .. } if is_to_third(*dst) => false,
        _ => first_stands(&(), state, action),
    }
}

/// The first server stands, and the third is sent no entry but the first.
pub(super) fn third_gets_one((): &(), state: &Now, action: &Next) -> bool {
    match action {
        Action::Deliver { dst, msg: Peer(AppendEntries(m)), .. } if usize::from(*dst) == 2 => {
            m.previous.index == Index::ZERO || m.entries.is_empty()
        }
        _ => first_stands(&(), state, action),
    }
}

/// The first server stands, and then the third, which has heard of no entry but the first.
pub(super) fn leavers((): &(), state: &Now, action: &Next) -> bool {
    if let Some((server, term)) = stands(state, action) {
        return server == if term > 1 { 2 } else { 0 };
    }
    match action {
        Action::Deliver { dst, msg: Peer(AppendEntries(m)), .. } if usize::from(*dst) == 2 => {
            m.previous.index == Index::ZERO
        }
        _ => true,
    }
}

/// Nobody stands before the first server does, and nothing is cut before it leads.
pub(super) fn first_leads_first((): &(), state: &Now, action: &Next) -> bool {
    let mut servers = state.system.actor_states.iter().filter_map(|member| member.server());
    match action {
        Action::Timeout(id, member::Timer::Server(Timer::Election)) => {
            usize::from(*id) == 0 || servers.any(|server| server.term().0 > 0)
        }
        Action::Cut(_) => servers.any(|server| server.is_leader() || server.term().0 > 1),
        _ => true,
    }
}

/// The first server stands, then the second. The third alone votes for them, and the second reaches
/// it alone. Clients ask whoever stood last, and ask the second again.
pub(super) fn overwritten((): &(), state: &Now, action: &Next) -> bool {
    let servers = state.system.actor_states.iter().filter_map(|member| member.server());
    let term = servers.map(|server| server.term().0).max().unwrap_or(0) as usize;
    match action {
        Action::Timeout(id, member::Timer::Server(_)) => usize::from(*id) == term,
        Action::Timeout(_, timer) => term == 2 && *timer == member::Timer::Try(Id::from(1)),
        Action::Deliver { dst, msg: Peer(RequestVote(_)), .. } => usize::from(*dst) != 0,
        Action::Deliver { src, dst, msg: Peer(_) } => {
            usize::from(*src) == 2 || (usize::from(*src), usize::from(*dst)) == (1, 2)
        }
        Action::Deliver { dst, msg: Request(_), .. } => usize::from(*dst) + 1 == term,
        _ => true,
    }
}

/// True if the last entry of the server's log is of term 1.
fn is_of_term_1(state: &Now, id: Id) -> bool {
    match &*state.system.actor_states[usize::from(id)] {
        member::State::Server(server) => server.log().last().term.0 == 1,
        member::State::Client(_) | member::State::Operator => false,
    }
}

/// The server that stands for election by `action`, and in which term.
fn stands(state: &Now, action: &Next) -> Option<(usize, u64)> {
    let Action::Timeout(id, member::Timer::Server(Timer::Election)) = action else {
        return None;
    };
    Some((usize::from(*id), term_of(state, *id) + 1))
}

fn term_of(state: &Now, id: Id) -> u64 {
    match &*state.system.actor_states[usize::from(id)] {
        member::State::Server(server) => server.term().0,
        member::State::Client(_) | member::State::Operator => 0,
    }
}
