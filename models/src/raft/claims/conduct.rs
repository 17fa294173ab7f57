//! What no server may do, whatever comes of it.

use quorate_checker::spec::{Event, Step};
use serde::Serialize;

use super::properties::{Named, System, SystemState};
use crate::claims::servers;
use crate::member::{self, Member};
use crate::raft::state::{Progress, Role, ServerState};
use crate::raft::{Params, Raft, Timer};
use crate::service::Message;
use crate::state_machine::StateMachine;

/// A step that no server may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Misstep {
    /// It sent a message to itself.
    WroteToItself,
    /// It raised its term when a timer fired that was not its election timer.
    RaisedTermUnasked,
    /// It was taken out, for it had lost what it acknowledged, and has acted all the same.
    ActedThoughTakenOut,
    /// It leads, and neither answered a read nor kept it for later.
    DroppedRead,
}

impl Misstep {
    /// What the step of a server is, if it is one of these.
    pub fn of<P: Params>(
        step: &Step<'_, Raft<P>>,
        before: &ServerState<P::Machine>,
        after: &ServerState<P::Machine>,
    ) -> Option<Misstep> {
        if matches!(step.event, Event::Crash | Event::Recover) {
            return None;
        }
        if step.sent.iter().any(|(receiver, _)| *receiver == step.actor) {
            return Some(Misstep::WroteToItself);
        }
        let is_other =
            |timer: &member::Timer<Timer>| *timer != member::Timer::Server(Timer::Election);
        if matches!(step.event, Event::Timeout(timer) if is_other(timer))
            && after.term() > before.term()
        {
            return Some(Misstep::RaisedTermUnasked);
        }
        if drops_read::<P>(step, after) {
            return Some(Misstep::DroppedRead);
        }
        let has_acted = !step.sent.is_empty() || before != after;
        (before.is_taken_out() && has_acted).then_some(Misstep::ActedThoughTakenOut)
    }
}

/// Does a leader by this step do nothing about a read that it is asked for?
fn drops_read<P: Params>(step: &Step<'_, Raft<P>>, after: &ServerState<P::Machine>) -> bool {
    let request = match &step.event {
        Event::Deliver { msg: Message::Request(request), .. } => request,
        Event::Deliver { msg: Message::Read(request), .. } => &request.clone().plain(),
        _ => return false,
    };
    let is_read = P::Machine::is_read_only(&request.command);
    let mut kept = after.reads.asked.iter().chain(&after.reads.waiting);
    let is_kept = kept.any(|read| read.question.request == *request);
    after.is_leader() && is_read && !is_kept && step.sent.is_empty()
}

pub const NO_READ_DROPPED: &str = "no leader drops a read";
pub const HELD_NO_LONGER: &str = "no read waits for what is applied";
pub const WINDOW_KEPT: &str = "no more is on its way to a follower than may be";

/// That no server takes a step of each kind, and that no leader sends too much.
pub fn claims<P: Params>() -> Vec<Named<P>> {
    vec![
        (WINDOW_KEPT, window_is_kept),
        (HELD_NO_LONGER, nothing_is_held_too_long),
        ("no server writes to itself", |_, state| is_not(state, Misstep::WroteToItself)),
        ("no term without an election", |_, state| is_not(state, Misstep::RaisedTermUnasked)),
        (NO_READ_DROPPED, |_, state| is_not(state, Misstep::DroppedRead)),
        ("whoever is taken out is still", |_, state| is_not(state, Misstep::ActedThoughTakenOut)),
    ]
}

fn is_not<P: Params>(state: &SystemState<P>, misstep: Misstep) -> bool {
    state.history.misstep != Some(misstep)
}

/// A leader has no more appends on their way to a follower than its window.
fn window_is_kept<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let mut servers = system.actors.iter().zip(followers(state));
    servers.all(|(member, mut followers)| {
        let Member::Server(server) = member else { return true };
        followers.all(|known| known.in_flight.len() <= server.window)
    })
}

/// What a read waits for is not applied.
fn nothing_is_held_too_long<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).all(|(_, server)| {
        let first = server.reads.held.first();
        first.is_none_or(|(index, _)| *index > server.applied.index)
    })
}

/// By member, what it knows of its followers; nothing, if it leads nobody.
fn followers<P: Params>(
    state: &SystemState<P>,
) -> impl Iterator<Item = impl Iterator<Item = &Progress>> {
    state.actor_states.iter().map(|member| {
        let followers = match member.server().map(|server| &server.role) {
            Some(Role::Leader { followers, .. }) => Some(followers.values()),
            _ => None,
        };
        followers.into_iter().flatten()
    })
}
