//! What must be true of Viewstamped Replication, and what must be possible, so that nothing holds
//! for want of behaviour.

use std::collections::BTreeSet;
use std::sync::Arc;

use stateright::actor::Id;

use super::ghost::Ghost;
use super::logs::{agree_up_to, has};
use crate::claims::{self, all_answered, clients, is_explained};
use crate::data::Data;
use crate::member::Member;
use crate::number::{Epoch, Index};
use crate::quorum::is_majority;
use crate::service::{Sequence, Session};
use crate::state_machine::StateMachine;
use crate::viewstamped::group::{Group, View};
use crate::viewstamped::log::Entry;
use crate::viewstamped::state::{Replica, Status};
use crate::viewstamped::{MachineOf, Params, Server};

/// The members of a system, and its history.
pub type System<P> = claims::System<Server<P>, Arc<Ghost>>;
/// Its state.
pub type SystemState<P> = claims::SystemState<Server<P>, Arc<Ghost>>;
/// What is true or not of a state.
pub type Condition<P> = fn(&System<P>, &SystemState<P>) -> bool;

/// A property and its name.
pub type Named<P> = (&'static str, Condition<P>);

pub const LINEARIZABILITY: &str = "linearizability";
pub const LOGS_AGREE: &str = "what is committed is the same everywhere";
pub const NOTHING_IS_LOST: &str = "the primary of the latest view has what is acknowledged";
pub const MAJORITY_HOLDS: &str = "a majority holds what is acknowledged, but for who forgot it";
pub const STATE_FOLLOWS: &str = "the state is what the committed requests make of it";
pub const ONCE: &str = "no request is in a log twice";
pub const ONE_LOG: &str = "logs of one view differ in length only";

pub const GROUP_FOLLOWS: &str = "the group is that of the last reconfiguration that is committed";
pub const ONE_PRIMARY: &str = "a view has one primary";
pub const WINDOW: &str = "what is not committed fits the window";

/// What the clients see, and why.
pub fn safety<P: Params>() -> Vec<Named<P>> {
    vec![
        (LINEARIZABILITY, linearizability),
        (LOGS_AGREE, logs_agree),
        (NOTHING_IS_LOST, nothing_is_lost),
        (MAJORITY_HOLDS, majority_holds),
        (STATE_FOLLOWS, state_follows),
        (ONCE, once),
        (ONE_LOG, one_log),
        (GROUP_FOLLOWS, group_follows),
        (ONE_PRIMARY, one_primary),
        (WINDOW, window),
    ]
}

/// The replicas that are up.
fn up<P: Params>(state: &SystemState<P>) -> impl Iterator<Item = &Replica<MachineOf<P>>> {
    claims::servers_up(state).map(|(_, replica)| replica)
}

/// Those of them who are in a group.
fn inside<P: Params>(state: &SystemState<P>) -> impl Iterator<Item = &Replica<MachineOf<P>>> {
    up(state).filter(|replica| !replica.is_outside())
}

/// Whether a replica has crashed, and does not know yet what it has forgotten.
fn has_forgotten<P: Params>(
    state: &SystemState<P>,
    id: Id,
    replica: &Replica<MachineOf<P>>,
) -> bool {
    let group = replica.group.as_ref();
    let is_blank = replica.is_outside() && group.is_some_and(|it| replica.commit < it.since);
    replica.is_recovering() || is_blank || state.crashed[usize::from(id)]
}

/// Some order of the operations explains what the clients were told.
fn linearizability<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    is_explained(system, state, &state.history.returned)
}

/// Any two replicas have the same requests as far as both have committed.
pub fn logs_agree<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    claims::pairs(state).all(|(a, b)| agree_up_to(a.commit.min(b.commit), &a.log, &b.log))
}

/// By client that was answered, its last command that was.
fn acknowledged<'a, P: Params>(
    system: &'a System<P>,
    state: &'a SystemState<P>,
) -> impl Iterator<Item = (Session, Sequence)> {
    let answered = clients(system, state).filter(|(_, _, own)| !own.answers.is_empty());
    answered.map(|(id, _, own)| (Session::of(id), Sequence(own.answers.len() as u32)))
}

/// The primary of the latest view in which anybody was normal, if it still is that, has every
/// command that a client was answered; unless more have forgotten everything than may.
fn nothing_is_lost<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let group = latest_group(system, state);
    let members = claims::servers(state).filter(|(id, _)| group.has(*id));
    if !group.is_quorum(members.filter(|(id, it)| !has_forgotten(state, *id, it)).count()) {
        return true;
    }
    let latest = up(state).map(|it| it.last_normal).max();
    let primary = up(state).find(|it| it.is_primary() && Some(it.view) == latest);
    primary.is_none_or(|primary| {
        acknowledged(system, state).all(|(session, sequence)| has(primary, session, sequence))
    })
}

/// Whether a replica is of the latest group, or was replaced by that and gives what it has.
fn gives<M: StateMachine>(group: &Group, known: &Replica<M>) -> bool {
    match &known.status {
        Status::Outside { started } => !group.is_quorum(started.len()),
        _ => true,
    }
}

/// The group of the latest epoch that any replica knows.
fn latest_group<'a, P: Params>(system: &'a System<P>, state: &'a SystemState<P>) -> &'a Group {
    let latest = claims::servers(state).filter_map(|(_, replica)| replica.group.as_ref());
    latest.max_by_key(|group| group.epoch).unwrap_or_else(|| founders(system))
}

/// The replicas that the cluster begins with.
fn founders<P: Params>(system: &System<P>) -> &Group {
    let mut servers = system.actors.iter().filter_map(|member| match member {
        Member::Server(server) => Some(server),
        _ => None,
    });
    servers.next().map(|server| &server.founders).expect("a system has servers")
}

/// More than half of the replicas have what a client was answered, those counted that have crashed
/// and do not know yet what they have forgotten. Until more than half of the latest group have, it
/// is more than half of the group before, of whom those count who give it.
fn majority_holds<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let group = latest_group(system, state);
    acknowledged(system, state).all(|(session, sequence)| {
        let holds = |id: Id, it: &Replica<MachineOf<P>>| {
            has_forgotten(state, id, it) || gives(group, it) && has(it, session, sequence)
        };
        let holders: BTreeSet<Id> =
            claims::servers(state).filter(|(id, it)| holds(*id, it)).map(|(id, _)| id).collect();
        let of = |all: &[Id]| all.iter().filter(|id| holders.contains(id)).count();
        group.is_quorum(of(&group.replicas)) || is_majority(of(&group.before), group.before.len())
    })
}

/// A replica's state is what its committed requests make of an empty one, if its log has all of
/// them, and that of any other one that has committed as much.
fn state_follows<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let follows = |known: &Replica<MachineOf<P>>| {
        let mut data = Data::default();
        let committed = (1..=known.commit.0).map_while(|op| known.log.get(Index(op)));
        committed.filter_map(Entry::request).for_each(|request| data.apply(request));
        known.data == data
    };
    up(state).all(|known| known.log.base() > Index::ZERO || follows(known))
        && claims::pairs(state).all(|(a, b)| a.commit != b.commit || a.data == b.data)
}

/// Who takes part in an epoch has the group of the last reconfiguration that it has committed, and
/// is of it; and who has committed as much has the same group.
fn group_follows<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let group = |known: &'_ Replica<MachineOf<P>>| known.group.clone();
    let follows = |id: Id, known: &Replica<MachineOf<P>>| {
        let committed = (1..=known.commit.0).filter_map(|op| known.log.get(Index(op)));
        let last = committed.filter_map(Entry::group).last();
        let own = known.group.as_ref().unwrap_or_else(|| founders(system));
        (last.is_none() || last == known.group.as_ref())
            && own.has(id)
            && known.view.epoch == own.epoch
    };
    let takes_part = |known: &Replica<MachineOf<P>>| !known.is_apart();
    claims::servers_up(state).filter(|(_, it)| takes_part(it)).all(|(id, it)| follows(id, it))
        && claims::pairs(state)
            .filter(|(a, b)| takes_part(a) && takes_part(b) && a.commit == b.commit)
            .all(|(a, b)| group(a) == group(b))
}

/// No two replicas are primary of the same view.
fn one_primary<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let leads = |it: &Replica<_>| it.is_primary();
    claims::pairs(state).all(|(a, b)| !leads(a) || !leads(b) || a.view != b.view)
}

/// No log has a request twice, or behind what has taken effect one that has: it would take effect
/// again.
fn once<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    up(state).all(|known| {
        let all = known.log.requests_behind(Index::ZERO);
        let mut numbers = BTreeSet::new();
        let sessions = &known.data.sessions;
        let mut open = known.log.requests_behind(known.commit);
        all.map(|it| (it.session, it.sequence)).all(|number| numbers.insert(number))
            && open.all(|it| !sessions.has_done(it.session, it.sequence))
    })
}

/// What a replica has in its log and has not committed fits the window.
fn window<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let limits = system.actors.iter().filter_map(|member| match member {
        Member::Server(server) => Some(server.limits.window),
        _ => None,
    });
    let most = limits.min().unwrap_or_default();
    up(state).all(|known| {
        let weights = known.log.entries_behind(known.commit).map(Entry::weight::<MachineOf<P>>);
        let weights: Vec<_> = weights.collect();
        weights.len() <= 1 || weights.iter().sum::<usize>() <= most
    })
}

/// Of two replicas that were normal last in the same view one has all that the other one has.
fn one_log<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    claims::pairs(state).filter(|(a, b)| a.last_normal == b.last_normal).all(|(a, b)| agree(a, b))
}

/// Two logs have the same requests as far as both reach.
fn agree<M: StateMachine>(a: &Replica<M>, b: &Replica<M>) -> bool {
    agree_up_to(a.log.last().min(b.log.last()), &a.log, &b.log)
}

/// All replicas that are up and in a group are normal in one view, whose primary is one of them.
pub fn one_view<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let views: BTreeSet<_> = inside(state).map(|it| (it.is_normal(), it.view)).collect();
    let is_one = views.len() == 1 && views.first().is_some_and(|(is_normal, _)| *is_normal);
    is_one && up(state).any(|it| it.is_primary())
}

/// All replicas that are up and in a group have the same log, but for what some have dropped, and
/// have committed all of it.
pub fn all_caught_up<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let ends: BTreeSet<_> = inside(state).map(|it| (it.log.last(), it.commit)).collect();
    let is_committed = ends.iter().all(|(last, commit)| last == commit) && ends.len() == 1;
    is_committed && logs_agree(system, state)
}

/// A later view than the first has started.
pub fn a_view_change<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.started > View::ZERO
}

/// And one that was wanted before has not.
pub fn a_view_skipped<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.skipped
}

/// A replica that crashed has recovered.
pub fn a_recovery<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.recovered
}

/// A replica has been given what it lacked of its own view.
pub fn a_transfer<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.caught_up
}

/// A replica has been given what it lacked of a later view.
pub fn a_transfer_to_a_later_view<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.moved_on
}

/// A replica has begun with the state that another one had made.
pub fn a_checkpoint_taken<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.given
}

/// A replica has a part of a checkpoint.
pub fn a_checkpoint_in_pieces<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    up(state).any(|it| it.incoming.as_ref().is_some_and(|incoming| incoming.pieces.is_some()))
}

/// A request waits for room in the window.
pub fn a_request_that_waits<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let waits = |it: &Replica<_>| match &it.status {
        Status::Primary { window, .. } => window.waiting() > 0,
        _ => false,
    };
    up(state).any(waits)
}

/// A replica asks what it has forgotten, while another one changes views.
pub fn recovering_during_a_view_change<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let is_changing = |it: &Replica<_>| matches!(it.status, Status::ViewChange { .. });
    up(state).any(is_changing) && up(state).any(Replica::is_recovering)
}

/// A replica takes part in a later epoch than the first.
pub fn an_epoch_begun<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.epoch > Epoch::ZERO
}

/// Every command is answered, and one is committed in a later epoch than the first.
pub fn answered_in_a_later_epoch<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let reaches = |known: &Replica<MachineOf<P>>| {
        known.group.as_ref().is_some_and(|group| known.commit > group.since)
    };
    all_answered(system, state) && up(state).any(reaches)
}

/// A replica was replaced, and enough take part in the new epoch for it to go.
pub fn a_replica_may_go<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let may_go = |it: &Replica<_>| it.is_outside() && it.commit > Index::ZERO;
    up(state).any(|it| may_go(it) && it.group.as_ref().is_some_and(|group| !gives(group, it)))
}

/// Of the latest group all that are up take part, and of the groups before nobody else does.
pub fn the_group_takes_part<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let group = latest_group(system, state);
    claims::servers_up(state).all(|(id, it)| it.is_apart() != group.has(id))
}

/// All that are up and were replaced may go.
pub fn all_replaced_may_go<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let is_needed = |(id, it): (Id, &Replica<MachineOf<P>>)| {
        let group = it.group.as_ref();
        it.is_outside() && group.is_some_and(|group| group.before.contains(&id) && gives(group, it))
    };
    !claims::servers_up(state).any(is_needed)
}

/// Two replicas have different requests under one op-number.
pub fn two_at_one_place<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    claims::pairs(state).any(|(a, b)| !agree(a, b))
}

/// Every command is answered, and a view change was between.
pub fn answered_after_a_view_change<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    a_view_change(system, state) && all_answered(system, state)
}

/// Every command is answered, and a replica has recovered.
pub fn answered_after_a_recovery<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    state.history.recovered && all_answered(system, state)
}
