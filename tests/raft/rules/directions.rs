//! Directions to counterexamples for which a search without a direction is too large if all rules
//! are in force, as the control run wants it.

use std::sync::Arc;

use quorate_checker::spec::{Action, ActionOf, Faults, State};
use quorate_models::kv::{Kv, get, put};
use quorate_models::member;
use quorate_models::raft::claims::ghost::Ghost;
use quorate_models::raft::message::Message::{AppendEntries, RequestVote};
use quorate_models::raft::specs::{self, BASIC, Book, Bounds, Checked, RaftSpec};
use quorate_models::raft::{Raft, Timer};
use quorate_models::service::{Message, Sequence};

use super::Directed;

/// A client writes and reads while leaders change.
pub const ONE_AFTER_ANOTHER: Directed = Directed("one after another", one_after_another);
/// A client reads at the earlier leader what it has written at the later one.
pub const OLD_LEADER: Directed = Directed("old leader", old_leader);
/// A leader sends heartbeats while another one is elected.
pub const HEARTBEAT: Directed = Directed("heartbeat", heartbeat);
/// The first leader, whose log is the longest, stands again.
pub const THIRD: Directed = Directed("third", third);
/// Two of four servers stand in one term, and each has one voter.
pub const TWO_OF_FOUR: Directed = Directed("two of four", two_of_four);

type Now = State<Raft<Checked>, Arc<Ghost<Kv>>>;
type Next = ActionOf<Raft<Checked>>;

const NONE: Bounds<'static> = Bounds {
    servers: 3,
    scripts: &[],
    elections: 2,
    heartbeats: 0,
    retries: 0,
    faults: Faults::NONE,
    options: BASIC,
};

fn one_after_another(name: &str, rules: Book) -> RaftSpec {
    let spec =
        specs::raft(name, rules, Bounds { scripts: &[&[put("x", "1"), get("x")]], ..NONE }, &[]);
    spec.directed("S1 stands, then S2", in_turn)
}

fn old_leader(name: &str, rules: Book) -> RaftSpec {
    let bounds = Bounds { retries: 1, scripts: &[&[put("x", "1"), get("x")]], ..NONE };
    let spec = specs::raft(name, rules, bounds, &[]);
    spec.directed("S2 stands, then S1, and S1 is asked for no read", |(), state, action| {
        let turn = stands(state, action);
        turn.is_none_or(|(server, term)| server + term == 1) && !reads_at_s1(state, action)
    })
}

fn heartbeat(name: &str, rules: Book) -> RaftSpec {
    let bounds = Bounds { heartbeats: 1, scripts: &[&[put("x", "1")]], ..NONE };
    let spec = specs::raft(name, rules, bounds, &[]);
    spec.directed("S1 stands, then S2, which hears no leader", |(), state, action| {
        in_turn(&(), state, action) && appends(action).is_none_or(|(_, dst)| dst != 1)
    })
}

fn third(name: &str, rules: Book) -> RaftSpec {
    let bounds = Bounds { elections: 3, scripts: &[&[put("x", "1")]], ..NONE };
    let spec = specs::raft(name, rules, bounds, &[]);
    spec.directed("S1, S2 and S1 stand in turn, and only S2 reaches S3", |(), state, action| {
        let turn = stands(state, action);
        turn.is_none_or(|(server, term)| [0, 1, 0].get(term) == Some(&server))
            && appends(action).is_none_or(|link| link == (1, 2))
    })
}

fn two_of_four(name: &str, rules: Book) -> RaftSpec {
    let faults = Faults { duplicates: 2, ..NONE.faults };
    let spec = specs::raft(name, rules, Bounds { servers: 4, faults, ..NONE }, &[]);
    spec.directed("S1 and S3 stand in term 1, S2 hears S1 and S4 hears S3", |(), state, action| {
        let Action::Deliver { src, dst, msg: Message::Peer(RequestVote(_)) } = action else {
            return stands(state, action).is_none_or(|(server, term)| server % 2 == 0 && term == 0);
        };
        usize::from(*dst) == usize::from(*src) + 1
    })
}

/// The first server stands in term 1, the second one in term 2.
fn in_turn((): &(), state: &Now, action: &Next) -> bool {
    stands(state, action).is_none_or(|(server, term)| server == term)
}

/// The server that stands for election by `action`, and its term before.
fn stands(state: &Now, action: &Next) -> Option<(usize, usize)> {
    let Action::Timeout(id, member::Timer::Server(Timer::Election)) = action else {
        return None;
    };
    let server = usize::from(*id);
    let own = state.system.actor_states[server].server()?;
    Some((server, own.term().0 as usize))
}

/// From which leader to whom `action` delivers entries or a heartbeat.
fn appends(action: &Next) -> Option<(usize, usize)> {
    match action {
        Action::Deliver { src, dst, msg: Message::Peer(AppendEntries(_)) } => {
            Some((usize::from(*src), usize::from(*dst)))
        }
        _ => None,
    }
}

/// The client asks for the write again, or the read arrives at the first server.
fn reads_at_s1(state: &Now, action: &Next) -> bool {
    match action {
        Action::Timeout(id, timer) if timer.is_retry() => {
            let client = state.system.actor_states[usize::from(*id)].client();
            client.is_some_and(|client| client.answers.is_empty())
        }
        Action::Deliver { dst, msg: Message::Request(request), .. } => {
            request.sequence == Sequence(2) && usize::from(*dst) == 0
        }
        _ => false,
    }
}
