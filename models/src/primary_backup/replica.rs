//! A server: it says that it is there, and takes the part that the newest view gives it.

use stateright::actor::{Id, Out};

use super::message::{Message, Ping, ViewIs};
use super::rules::Rule;
use super::server::Step;
use super::state::{Part, Replica, Storage};
use super::view::{Member, View};
use super::{MachineOf, Params, Server, Timer, primary};
use crate::data::Data;
use crate::number::{Incarnation, Place, ViewNumber};
use crate::rules::RuleBook;

/// A server starts. If it has started before, all that it had in memory is lost: it waits for the
/// view service to give it a part.
pub(super) fn start<P: Params>(
    server: &Server<P>,
    id: Id,
    storage: Option<&Storage>,
    out: &mut Out<Server<P>>,
) -> Replica<MachineOf<P>> {
    let before = match storage {
        Some(Storage::Server { incarnation }) => *incarnation,
        _ => Incarnation::ZERO,
    };
    let keeps_count = server.rules.keeps(Rule::IncarnationSurvivesCrash);
    let incarnation = if keeps_count { before.next() } else { Incarnation(1) };
    out.save(Storage::Server { incarnation });
    let interval = server.timing.ping;
    out.set_timer(Timer::Ping, interval..interval);
    let member = Member { id, incarnation };
    let is_first = storage.is_none() && is_in(server, member, server.first_view);
    let mut replica = Replica {
        member,
        view: View::default(),
        acknowledged: ViewNumber::ZERO,
        part: Part::Idle,
        data: None,
    };
    if is_first {
        set_up(server, &mut replica);
    }
    replica
}

/// A member of the first view begins with an empty database, as the other one does. That view needs
/// no acknowledgement.
fn set_up<P: Params>(server: &Server<P>, replica: &mut Replica<MachineOf<P>>) {
    let view = server.first_view;
    let taken = Some(Place::ZERO);
    replica.view = view;
    replica.data = Some(Data::default());
    replica.part = if view.primary == Some(replica.member) {
        Part::Primary { taken, open: Vec::new() }
    } else {
        Part::Backup { taken }
    };
}

fn is_in<P: Params>(server: &Server<P>, member: Member, view: View) -> bool {
    let mut members = view.primary.into_iter().chain(view.backup);
    members.any(|it| member.is(&server.rules, it))
}

/// A server says that it is there, and a primary sends again what the backup has not taken.
pub(super) fn handle_ping_timeout<P: Params>(step: &mut Step<P>) {
    if step.keeps(Rule::PingsGoOn) {
        let interval = step.server.timing.ping;
        step.set_timer(Timer::Ping, interval..interval);
    }
    ping(step);
    if step.keeps(Rule::SentUntilTaken) {
        primary::send_again(step);
    }
}

/// Says that this server is there, and which view it has acknowledged.
pub(super) fn ping<P: Params>(step: &mut Step<P>) {
    let known = step.replica();
    let ping = Ping { incarnation: known.member.incarnation, acknowledged: known.acknowledged };
    let service = step.server.view_service();
    step.send(service, Message::Ping(ping));
}

/// Takes the part that a newer view gives this server.
pub(super) fn handle_view<P: Params>(step: &mut Step<P>, message: ViewIs) {
    let view = message.view;
    if message.to != step.replica().member.incarnation {
        return;
    }
    let is_newer = view.number > step.replica().view.number;
    if view == step.replica().view || !step.require(Rule::ViewsOnlyRise, is_newer) {
        return;
    }
    let member = step.replica().member;
    let is = |role: Option<Member>| role.is_some_and(|it| member.is(&step.server.rules, it));
    let (is_primary, is_backup) = (is(view.primary), is(view.backup));
    let needs_nothing = is_backup && !step.keeps(Rule::BackupHasAll);
    let known = step.replica_mut();
    known.view = view;
    if is_primary {
        return primary::begin(step);
    }
    // Without a database it has taken nothing.
    known.data = needs_nothing.then(Data::default);
    let taken = needs_nothing.then_some(Place::ZERO);
    known.part = if is_backup { Part::Backup { taken } } else { Part::Idle };
}
