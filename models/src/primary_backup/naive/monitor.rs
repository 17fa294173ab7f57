//! The monitor: it finds out who is down, and tells the other one to lead.

use std::collections::BTreeSet;

use stateright::actor::Id;

use super::message::Message;
use super::rules::Rule;
use super::state::Role;
use super::{Step, Timer};

/// The monitor hears a server.
pub(super) fn hear(step: &mut Step, from: Id) {
    if let Role::Monitor { heard, .. } = &step.state().role
        && !heard.contains(&from)
        && let Role::Monitor { heard, .. } = &mut step.state_mut().role
    {
        heard.insert(from);
    }
}

/// Whom the monitor has not heard since it looked last is down, and the other one is to lead.
pub(super) fn check(step: &mut Step) {
    step.renew(Timer::Check);
    let watched = if step.keeps(Rule::EveryoneIsWatched) { 2 } else { 1 };
    let watched = step.server.servers[..watched].to_vec();
    let is_kept = step.keeps(Rule::DownIsKept);
    let Role::Monitor { heard, down } = &mut step.state_mut().role else {
        return;
    };
    let silent = watched.into_iter().filter(|server| !heard.contains(server));
    let found: BTreeSet<Id> = silent.filter(|server| !down.contains(server)).collect();
    heard.clear();
    if !is_kept {
        // It writes "up" over every "down".
        down.clear();
    }
    down.extend(&found);
    for server in found {
        let partner = step.server.partner(server);
        step.send(partner, Message::LeadAlone);
    }
}
