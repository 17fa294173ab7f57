//! What no step of a server may do, whatever comes of it.

use quorate_checker::spec::{Event, Step};
use serde::Serialize;

use super::properties::{Named, SystemState};
use crate::member;
use crate::raft::state::ServerState;
use crate::raft::{Params, Raft, Timer};

/// A step that no server may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Misstep {
    /// It sent a message to itself.
    WroteToItself,
    /// It raised its term when a timer fired that was not its election timer.
    RaisedTermUnasked,
    /// It was taken out, for it had lost what it acknowledged, and has acted all the same.
    ActedThoughTakenOut,
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
        let has_acted = !step.sent.is_empty() || before != after;
        (before.is_taken_out() && has_acted).then_some(Misstep::ActedThoughTakenOut)
    }
}

/// That no server takes a step of each kind.
pub fn claims<P: Params>() -> Vec<Named<P>> {
    vec![
        ("no server writes to itself", |_, state| is_not(state, Misstep::WroteToItself)),
        ("no term without an election", |_, state| is_not(state, Misstep::RaisedTermUnasked)),
        ("whoever is taken out is still", |_, state| is_not(state, Misstep::ActedThoughTakenOut)),
    ]
}

fn is_not<P: Params>(state: &SystemState<P>, misstep: Misstep) -> bool {
    state.history.misstep != Some(misstep)
}
