//! The view service: who is heard, and which view there is.

use std::collections::BTreeMap;

use stateright::actor::{Id, Out};

use super::message::{Message, Ping, ViewIs};
use super::rules::Rule;
use super::server::Step;
use super::state::{Service, Storage};
use super::view::next_view;
use super::{Params, Server, Timer};
use crate::number::Incarnation;
use crate::rules::RuleBook;

/// The view service starts: it goes on with the view on its disk, and gives every member of it the
/// time to be heard.
pub(super) fn start<P: Params>(
    server: &Server<P>,
    storage: Option<&Storage>,
    out: &mut Out<Server<P>>,
) -> Service {
    let (view, is_acknowledged) = match storage {
        Some(Storage::Service { view, is_acknowledged }) => (*view, *is_acknowledged),
        // Nothing was answered before the view in which a cluster begins.
        _ => (server.first_view, true),
    };
    let members = view.primary.into_iter().chain(view.backup);
    let alive: BTreeMap<Id, Incarnation> =
        members.map(|member| (member.id, member.incarnation)).collect();
    for id in alive.keys().filter(|_| server.rules.keeps(Rule::SilentIsDead)) {
        out.set_timer(Timer::Dead(*id), server.timing.dead.clone());
    }
    Service { view, is_acknowledged, alive }
}

/// A server is there. It is told the view, and what it has acknowledged counts, also if it has
/// started again since: its backup has the database all the same.
pub(super) fn handle_ping<P: Params>(step: &mut Step<P>, from: Id, ping: Ping) {
    hear(step, from, ping.incarnation);
    let view = step.service().view;
    let is_primary = view.primary.is_some_and(|primary| primary.id == from);
    let names_view = step.require(Rule::AckNamesItsView, ping.acknowledged == view.number);
    if is_primary && names_view && !step.service().is_acknowledged {
        step.service_mut().is_acknowledged = true;
        step.save();
    }
    begin_next_view(step);
    tell_view(step, from, ping.incarnation);
}

/// Hears a server, which has not started again since, as far as the view service knows.
fn hear<P: Params>(step: &mut Step<P>, server: Id, incarnation: Incarnation) {
    let heard = step.service().alive.get(&server).copied().unwrap_or_default();
    if !step.require(Rule::OldStartIsPast, incarnation >= heard) {
        return;
    }
    if step.keeps(Rule::SilentIsDead) {
        step.set_timer(Timer::Dead(server), step.server.timing.dead.clone());
    }
    step.service_mut().alive.insert(server, incarnation);
}

/// A server was not heard for too long.
pub(super) fn handle_silence<P: Params>(step: &mut Step<P>, silent: Id) {
    step.service_mut().alive.remove(&silent);
    begin_next_view(step);
}

/// Begins the next view, if it is time for one.
fn begin_next_view<P: Params>(step: &mut Step<P>) {
    let Service { view, is_acknowledged, alive } = step.service();
    let Some(next) = next_view(&step.server.rules, *view, *is_acknowledged, alive) else {
        return;
    };
    let service = step.service_mut();
    service.view = next;
    service.is_acknowledged = false;
    step.save();
    if step.keeps(Rule::ViewIsToldAtOnce) {
        let alive = step.service().alive.clone();
        alive.into_iter().for_each(|(server, to)| tell_view(step, server, to));
    }
}

fn tell_view<P: Params>(step: &mut Step<P>, server: Id, to: Incarnation) {
    let view = step.service().view;
    step.send(server, Message::View(ViewIs { view, to }));
}
