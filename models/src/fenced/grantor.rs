//! The grantor: who writes, and in which epoch.

use stateright::actor::{Id, Out};

use super::message::{Grant, Message};
use super::rules::Rule;
use super::server::Step;
use super::state::State;
use super::{Params, Server, Timer};
use crate::number::Epoch;

/// The grantor starts. Any writer may be next.
pub(super) fn start<P: Params>(server: &Server<P>, out: &mut Out<Server<P>>) {
    for writer in server.writers() {
        out.set_timer(Timer::Due(*writer), server.due.clone());
    }
}

/// A writer is granted the store in a new epoch, whether it had it before or not. All writers are
/// told.
pub(super) fn handle_due<P: Params>(step: &mut Step<P>, writer: Id) {
    step.set_timer(Timer::Due(writer), step.server.due.clone());
    let last = step.state().grantor().expect("this is the grantor");
    let epoch = if step.keeps(Rule::EpochsRise) { last.next() } else { Epoch(1) };
    *step.state_mut() = State::Grantor(epoch);
    step.save();
    let grant = Grant { epoch, writer };
    for writer in step.server.writers() {
        step.send(*writer, Message::Grant(grant));
    }
}
