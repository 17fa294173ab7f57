//! What no single state tells: what members were before they started again, and what was forgotten.

use std::collections::BTreeMap;

use quorate_checker::spec::{Event, Step};
use serde::Serialize;
use stateright::actor::Id;

use crate::gossip::membership::Server;
use crate::gossip::membership::rules::Rule;
use crate::gossip::membership::state::State;
use crate::number::Incarnation;
use crate::rules::RuleBook;

/// The history of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ghost {
    /// By member, the highest incarnation that it had before it started again.
    pub ended: BTreeMap<Id, Incarnation>,
    /// By who forgot, and whom: in which incarnation that was dead.
    pub forgotten: BTreeMap<(Id, Id), Incarnation>,
    /// Somebody went back from what it knew of a member to what is older.
    pub went_back: bool,
    /// A member that was forgotten is listed again, in an incarnation in which it was dead.
    pub rose: bool,
}

/// The ghost after `step`, if that changed it.
pub fn observe<R: RuleBook<Rule>>(
    (): &(),
    ghost: &Ghost,
    step: &Step<'_, Server<R>>,
) -> Option<Ghost> {
    let mut next = ghost.clone();
    match step.event {
        Event::Crash => {
            let ended = next.ended.entry(step.actor).or_default();
            *ended = step.before.own.max(*ended);
            next.forgotten.retain(|(holder, _), _| *holder != step.actor);
        }
        Event::Recover => {}
        Event::Deliver { .. } | Event::Timeout(_) | Event::Random(_) => {
            compare(&mut next, step.actor, step.before, step.after);
        }
    }
    (next != *ghost).then_some(next)
}

/// What one step made of what a member knew.
fn compare(ghost: &mut Ghost, holder: Id, before: &State, after: &State) {
    for (member, known) in &before.members {
        match after.members.get(member) {
            Some(word) => ghost.went_back |= word < known,
            None => drop(ghost.forgotten.insert((holder, *member), known.incarnation)),
        }
    }
    for (member, word) in after.members.iter().filter(|(it, _)| !before.members.contains_key(it)) {
        let dead = ghost.forgotten.get(&(holder, *member));
        ghost.rose |= dead.is_some_and(|dead| word.incarnation <= *dead);
    }
}
