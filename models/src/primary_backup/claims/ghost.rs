//! What no single state tells: what the clients saw return before what, and what came about once.

use std::sync::Arc;

use quorate_checker::spec::{Event, Step};
use serde::Serialize;

use crate::claims::Returned;
use crate::member;
use crate::primary_backup::state::{Part, Service, State};
use crate::primary_backup::view::Member;
use crate::primary_backup::{MachineOf, Params, PrimaryBackup};

/// The history of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ghost {
    pub returned: Returned,
    /// A backup has become primary.
    pub promoted: bool,
    /// A server that was idle has been handed the database.
    pub joined: bool,
    /// A server has lost its database in a crash.
    pub lost: bool,
    /// A server that was primary has become something else without a crash.
    pub deposed: bool,
    /// The view service has left a view though none of its members was gone, nor missing.
    pub needless: bool,
}

/// The ghost after `step`, if that changed it.
pub fn observe<P: Params>(
    (): &(),
    ghost: &Arc<Ghost>,
    step: &Step<'_, PrimaryBackup<P>>,
) -> Option<Arc<Ghost>> {
    let mut next = Arc::clone(ghost);
    match (step.before, step.after) {
        (member::State::Client(_), member::State::Client(_)) => {
            if let Some(returned) = ghost.returned.after(step) {
                Arc::make_mut(&mut next).returned = returned;
            }
        }
        (member::State::Server(before), member::State::Server(after)) => {
            note(&mut next, step, before, after);
        }
        (member::State::Operator, member::State::Operator) => {}
        _ => unreachable!("who is what stays"),
    }
    (next != *ghost).then_some(next)
}

/// The ghost of a spec that asks for no more of the past than what became of servers.
pub fn observe_servers<P: Params>(
    (): &(),
    ghost: &Arc<Ghost>,
    step: &Step<'_, PrimaryBackup<P>>,
) -> Option<Arc<Ghost>> {
    let (Some(before), Some(after)) = (step.before.server(), step.after.server()) else {
        return None;
    };
    let mut next = Arc::clone(ghost);
    note(&mut next, step, before, after);
    (next != *ghost).then_some(next)
}

fn note<P: Params>(
    ghost: &mut Arc<Ghost>,
    step: &Step<'_, PrimaryBackup<P>>,
    before: &State<MachineOf<P>>,
    after: &State<MachineOf<P>>,
) {
    if let (Some(before), Some(after)) = (before.service(), after.service())
        && leaves_needlessly(before, after)
    {
        Arc::make_mut(ghost).needless = true;
    }
    let (Some(before), Some(after)) = (before.replica(), after.replica()) else { return };
    let has_crashed = matches!(step.event, Event::Crash | Event::Recover);
    let was_backup = matches!(before.part, Part::Backup { .. });
    let seen = Ghost {
        returned: ghost.returned.clone(),
        promoted: ghost.promoted || (was_backup && after.is_primary()),
        joined: ghost.joined || (before.data.is_none() && after.data.is_some() && was_backup),
        lost: ghost.lost || (has_crashed && before.data.is_some()),
        deposed: ghost.deposed || (before.is_primary() && !after.is_primary() && !has_crashed),
        needless: ghost.needless,
    };
    if seen != **ghost {
        *Arc::make_mut(ghost) = seen;
    }
}

/// True if the view service has left a view whose primary is there, though its backup is there as
/// well, or no other is to be had. A server is there if it was heard, and has not started again.
/// That an earlier start of it was heard is no news.
fn leaves_needlessly(before: &Service, after: &Service) -> bool {
    let is_there = |role: Option<Member>| {
        let heard = role.and_then(|it| Some((after.alive.get(&it.id)?, it.incarnation)));
        heard.is_some_and(|(heard, incarnation)| *heard <= incarnation)
    };
    let (old, new) = (before.view, after.view);
    let needs_none = is_there(old.backup) || old.backup == new.backup;
    old != new && is_there(old.primary) && needs_none
}
