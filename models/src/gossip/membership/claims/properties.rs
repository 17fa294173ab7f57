//! What must be true of membership, what must happen, and what must be possible, so that nothing
//! holds for want of behaviour.

use stateright::actor::{ActorModel, ActorModelState, Id};

use super::ghost::Ghost;
use crate::gossip::membership::Server;
use crate::gossip::membership::rules::Rule;
use crate::gossip::membership::state::State;
use crate::gossip::membership::word::{Status, Word};
use crate::number::Incarnation;
use crate::rules::RuleBook;

/// The members and their history.
pub type System<R> = ActorModel<Server<R>, (), Ghost>;
/// Its state.
pub type SystemState<R> = ActorModelState<Server<R>, Ghost>;
/// A condition on it.
pub type Condition<R> = fn(&System<R>, &SystemState<R>) -> bool;

/// A property and its name.
pub type Named<R> = (&'static str, Condition<R>);

pub const NEVER_BACK: &str = "nobody goes back to an older word";
pub const OWN_INCARNATIONS: &str = "no incarnation but a member's own";
pub const DEAD_STAY_DEAD: &str = "nobody rises from the dead by hearsay";

/// Who lives is never suspected: true only where no more is lost than a relay makes good.
pub const UNSUSPECTED: &str = "who is up is not suspected";
/// Who lives is never taken for dead: true only where suspects have the time to contradict.
pub const NOT_BURIED: &str = "who is up is not taken for dead";

/// SWIM's strong completeness: who has crashed is taken for living by nobody.
pub const COMPLETENESS: &str = "who is down is dead for all";
/// Eventual strong accuracy, and more: each knows each other as it is.
pub const KNOWN: &str = "who is up is known as it is";
/// That a member has started again does not escape anybody.
pub const RESTART_KNOWN: &str = "each start is known to all";
/// Who has crashed is in nobody's list.
pub const FORGOTTEN: &str = "who is down is forgotten";

/// What is always true, whatever the faults.
pub fn safety<R: RuleBook<Rule>>() -> Vec<Named<R>> {
    vec![
        (NEVER_BACK, |_, state| !state.history.went_back),
        (OWN_INCARNATIONS, no_incarnation_is_made_up),
        (DEAD_STAY_DEAD, |_, state| !state.history.rose),
    ]
}

/// The members that are up.
fn up<R: RuleBook<Rule>>(state: &SystemState<R>) -> impl Iterator<Item = (Id, &State)> {
    let members = state.actor_states.iter().zip(&state.crashed).enumerate();
    members.filter(|(_, (_, crashed))| !**crashed).map(|(id, (own, _))| (Id::from(id), &**own))
}

/// The members that are down.
fn down<R: RuleBook<Rule>>(state: &SystemState<R>) -> impl Iterator<Item = Id> {
    let crashed = state.crashed.iter().enumerate().filter(|(_, crashed)| **crashed);
    crashed.map(|(id, _)| Id::from(id))
}

/// What each member that is up knows of each other that is up: the other one, and what is known.
fn known<R: RuleBook<Rule>>(
    state: &SystemState<R>,
) -> impl Iterator<Item = (Id, &State, Option<Word>)> {
    up(state).flat_map(move |(holder, own)| {
        let others = up(state).filter(move |(id, _)| *id != holder);
        others.map(move |(id, other)| (id, other, own.members.get(&id).copied()))
    })
}

/// What is known of a member was said by it at some time.
fn no_incarnation_is_made_up<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    let said = |id: Id| {
        let ended = state.history.ended.get(&id).copied().unwrap_or(Incarnation::ZERO);
        state.actor_states[usize::from(id)].own.max(ended)
    };
    let mut words = up(state).flat_map(|(_, own)| &own.members);
    words.all(|(id, word)| word.incarnation <= said(*id))
}

/// No member that is up is listed as anything but alive.
pub fn unsuspected<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    known(state).all(|(_, _, word)| word.is_none_or(|word| word.status == Status::Alive))
}

/// No member that is up is listed as dead.
pub fn not_buried<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    known(state).all(|(_, _, word)| word.is_none_or(Word::may_live))
}

/// Nobody takes a member that is down for living.
pub fn completeness<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    down(state).all(|gone| up(state).all(|(_, own)| !own.takes_for_living(gone)))
}

/// Every member that is down is at least suspected by all.
pub fn all_suspect<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    let is_alive =
        |own: &State, gone| own.members.get(&gone).is_some_and(|word| word.status == Status::Alive);
    down(state).all(|gone| up(state).all(|(_, own)| !is_alive(own, gone)))
}

/// All suspect whoever is down, or nobody does.
pub fn all_suspect_or_none<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    let suspects =
        |own: &State, gone| own.members.get(&gone).is_some_and(|word| word.status != Status::Alive);
    down(state).all(|gone| {
        let count = up(state).filter(|(_, own)| suspects(own, gone)).count();
        count == 0 || count == up(state).count()
    })
}

/// A member suspects two that are up.
pub fn two_living_are_suspected<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    let is_living = |id: &Id| !state.crashed[usize::from(*id)];
    up(state).any(|(_, own)| {
        let words = own.members.iter().filter(|(id, _)| is_living(id));
        words.filter(|(_, word)| word.status == Status::Suspect).count() > 1
    })
}

/// Every member that is up knows every other that is up to live, in its incarnation.
pub fn known_as_it_is<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    known(state).all(|(_, other, word)| word == Some(Word::alive(other.own)))
}

/// Whoever has started again is known in an incarnation that it had at no start before.
pub fn restart_is_known<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    let ended = &state.history.ended;
    known(state).all(|(id, _, word)| {
        ended.get(&id).is_none_or(|ended| word.is_some_and(|word| word.incarnation > *ended))
    })
}

/// Nobody lists a member that is down.
pub fn forgotten<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    down(state).all(|gone| up(state).all(|(_, own)| !own.members.contains_key(&gone)))
}

/// A member that is up is suspected.
pub fn a_living_one_is_suspected<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    let mut words = known(state).filter_map(|(_, _, word)| word);
    words.any(|word| word.status == Status::Suspect)
}

/// A member that is up is taken for dead.
pub fn a_living_one_is_buried<R: RuleBook<Rule>>(
    system: &System<R>,
    state: &SystemState<R>,
) -> bool {
    !not_buried(system, state)
}

/// A member that never crashed has contradicted a suspicion, and everybody believes it.
pub fn one_has_refuted<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    let ended = &state.history.ended;
    let mut living = up(state);
    living.any(|(id, own)| own.own > Incarnation::ZERO && !ended.contains_key(&id))
        && known_as_it_is(system, state)
}

/// A member is down, everybody knows it, and nobody is suspected.
pub fn one_is_dead_for_all<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    down(state).next().is_some() && completeness(system, state) && known_as_it_is(system, state)
}

/// A member that was forgotten by somebody is listed by all again, having started again.
pub fn one_is_back<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    let mut forgotten = state.history.forgotten.keys();
    forgotten.any(|(_, member)| !state.crashed[usize::from(*member)])
        && known_as_it_is(system, state)
}

/// Everybody knows everybody.
pub fn all_know_all<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    down(state).next().is_none() && known_as_it_is(system, state)
}
