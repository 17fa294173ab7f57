//! What must be true of primary and backup, and what must be possible, so that nothing holds for
//! want of behaviour.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ghost::Ghost;
use crate::claims::{self, all_answered, clients, is_explained};
use crate::number::Place;
use crate::primary_backup::state::{Part, Replica, Service};
use crate::primary_backup::view::Member;
use crate::primary_backup::{MachineOf, Params, Server};
use crate::service::{Sequence, Session};

/// The members of a system with a view service, and its history.
pub type System<P> = claims::System<Server<P>, Arc<Ghost>>;
/// Its state.
pub type SystemState<P> = claims::SystemState<Server<P>, Arc<Ghost>>;
/// What is true or not of a state.
pub type Condition<P> = fn(&System<P>, &SystemState<P>) -> bool;

/// A property and its name.
pub type Named<P> = (&'static str, Condition<P>);

pub const LINEARIZABILITY: &str = "linearizability";
pub const ONE_ANSWERS: &str = "at most one server can answer";
pub const NOTHING_IS_LOST: &str = "what is acknowledged is in every copy";
pub const COPIES_AGREE: &str = "the backup is ahead of the primary by what it has taken";
pub const VIEWS_LAST: &str = "no view is left without need";
pub const PARTS: &str = "a server has the part that its newest view gives it";
pub const ONCE: &str = "no command is on its way twice, or when it is done";

/// What the clients see, and why.
pub fn safety<P: Params>() -> Vec<Named<P>> {
    vec![
        (LINEARIZABILITY, linearizability),
        (ONE_ANSWERS, one_answers),
        (NOTHING_IS_LOST, nothing_is_lost),
        (COPIES_AGREE, copies_agree),
        (ONCE, once),
        (PARTS, parts),
        (VIEWS_LAST, views_last),
    ]
}

/// The view service.
fn service<P: Params>(state: &SystemState<P>) -> Option<&Service> {
    claims::servers(state).find_map(|(_, server)| server.service())
}

/// The servers that are up.
fn replicas<P: Params>(state: &SystemState<P>) -> impl Iterator<Item = &Replica<MachineOf<P>>> {
    claims::servers_up(state).filter_map(|(_, server)| server.replica())
}

/// The server that is this member, if that is up and has not started again.
fn member<P: Params>(
    state: &SystemState<P>,
    member: Option<Member>,
) -> Option<&Replica<MachineOf<P>>> {
    replicas(state).find(|known| Some(known.member) == member)
}

/// The backup that would take what this primary forwards.
fn backup_of<'a, P: Params>(
    state: &'a SystemState<P>,
    primary: &Replica<MachineOf<P>>,
) -> Option<&'a Replica<MachineOf<P>>> {
    let backup = member(state, primary.view.backup)?;
    let is_backup = matches!(backup.part, Part::Backup { .. });
    (is_backup && backup.view.number == primary.view.number).then_some(backup)
}

/// Some order of the operations explains what the clients were told.
fn linearizability<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    is_explained(system, state, &state.history.returned)
}

/// At most one server can answer a client: alone in its view, or with a backup that knows it.
pub fn one_answers<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let primaries = replicas(state).filter(|known| known.is_primary());
    let able = primaries
        .filter(|primary| primary.view.backup.is_none() || backup_of(state, primary).is_some());
    able.count() <= 1
}

/// The primary of the view, and its backup if it has been handed the database in this view, have
/// done whatever a client was answered.
fn nothing_is_lost<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let Some(view) = service(state).map(|service| service.view) else { return false };
    let primary = member(state, view.primary);
    let backup = member(state, view.backup).filter(|backup| backup.view == view);
    let mut copies = primary.into_iter().chain(backup).filter(|copy| copy.data.is_some());
    copies.all(|copy| {
        clients(system, state).all(|(id, _, own)| {
            let (session, last) = (Session::of(id), own.answers.len());
            last == 0 || copy.has_done(session, Sequence(last as u32))
        })
    })
}

/// A primary and its backup have the same database, but for the commands that the backup has taken
/// and the primary does not know to be taken.
fn copies_agree<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    replicas(state).all(|primary| {
        let Part::Primary { taken: Some(at), open } = &primary.part else { return true };
        let Some(backup) = backup_of(state, primary) else { return true };
        let Part::Backup { taken: Some(Place(taken)) } = backup.part else { return true };
        let mut expected = primary.data.clone().unwrap_or_default();
        let ahead = taken.saturating_sub(at.0) as usize;
        open.iter().take(ahead).for_each(|request| expected.apply(request));
        taken >= at.0 && ahead <= open.len() && backup.data.as_ref() == Some(&expected)
    })
}

/// A primary forwards no command twice, and none that has taken effect: it would do so again.
fn once<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    replicas(state).all(|known| {
        let Part::Primary { open, .. } = &known.part else { return true };
        let numbers: BTreeSet<_> = open.iter().map(|it| (it.session, it.sequence)).collect();
        numbers.len() == open.len() && !numbers.iter().any(|(id, it)| known.has_done(*id, *it))
    })
}

/// A server that is up does what its newest view says that it is, and nothing else.
pub fn parts<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    replicas(state).all(|known| {
        let is = |role: Option<Member>| role == Some(known.member);
        let (is_primary, is_backup) = (is(known.view.primary), is(known.view.backup));
        match known.part {
            Part::Primary { .. } => is_primary,
            Part::Backup { .. } => is_backup,
            Part::Idle => !is_primary && !is_backup,
        }
    })
}

/// The view service replaces nobody whom it hears, and begins no view that is as the one before.
pub fn views_last<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    !state.history.needless
}

/// The view service, if it is up, knows that the primary has acknowledged the view: now somebody
/// can take its place.
pub fn view_is_acknowledged<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let up = claims::servers_up(state).find_map(|(_, server)| server.service());
    up.is_none_or(|service| service.is_acknowledged)
}

/// A server that is up is primary, and knows that it is.
pub fn a_primary_is_up<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let Some(view) = service(state).map(|service| service.view) else { return false };
    member(state, view.primary).is_some_and(|it| it.is_primary() && it.view == view)
}

/// And so is a backup, which has the database.
pub fn two_copies<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let Some(view) = service(state).map(|service| service.view) else { return false };
    let backup = member(state, view.backup);
    a_primary_is_up(system, state)
        && backup
            .is_some_and(|it| it.view == view && matches!(it.part, Part::Backup { taken: Some(_) }))
}

/// A backup has become primary.
pub fn a_promotion<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.promoted
}

/// A server that was idle has been handed the database.
pub fn a_transfer<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.joined
}

/// A primary has learned that it is none any more.
pub fn a_deposed_primary<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.deposed
}

/// Two servers take themselves for primary.
pub fn two_take_themselves_for_primary<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    replicas(state).filter(|known| known.is_primary()).count() > 1
}

/// Every command is answered though a backup has become primary.
pub fn answered_after_promotion<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    state.history.promoted && all_answered(system, state)
}

/// Every command is answered though a server has lost its database.
pub fn answered_after_a_loss<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    state.history.lost && all_answered(system, state)
}

/// The view service has left its first view.
pub fn a_second_view<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    service(state).is_some_and(|service| service.view.number.0 > 1)
}
