//! Reconfigurations (VRR §7.1): an operator asks for another group of replicas.
//!
//! An order says what is to be, and not which epoch it is for: given twice, it does nothing. It is
//! answered when it is so. The primary begins no reconfiguration before the last one is committed,
//! and none with a replica that it has not heard: of that it would not know the store.

use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::Id;

use super::group::Group;
use super::log::Entry;
use super::server::Step;
use super::state::Status;
use super::{Params, primary};
use crate::order::{Change, Order, Refusal};
use crate::service::{Answer, Request};

/// An operator asks for something.
pub(super) fn handle_order<P: Params>(step: &mut Step<P>, order: &Request<Order>) {
    let (session, sequence) = (order.session, order.sequence);
    let Order::Change(change) = &order.command else { return step.refuse_order(order) };
    let known = step.replica();
    let Status::Primary { heard, .. } = &known.status else {
        let answer = Answer::Redirect { leader: step.leader() };
        return step.answer_order(session, sequence, answer);
    };
    let coming = known.log.entries_behind(known.commit).find_map(Entry::group);
    let situation = Situation { group: step.group(), coming, heard, least: step.server.least };
    match situation.decide(change) {
        Ok(Decision::Done) => step.answer_order(session, sequence, Answer::done(Ok(()))),
        Ok(Decision::Wait) => {}
        Ok(Decision::Begin(replicas)) => begin(step, &replicas),
        Err(refusal) => step.answer_order(session, sequence, Answer::done(Err(refusal))),
    }
}

/// What a primary goes by.
pub struct Situation<'a> {
    pub group: &'a Group,
    /// That of the next epoch, if there is to be one.
    pub coming: Option<&'a Group>,
    /// By replica of no group that was heard, its store.
    pub heard: &'a BTreeMap<Id, u64>,
    /// So many replicas there are at least.
    pub least: usize,
}

/// What a primary does about a change that it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is so.
    Done,
    /// It is on its way. An operator asks again.
    Wait,
    /// The next epoch has these replicas.
    Begin(BTreeSet<Id>),
}

impl Situation<'_> {
    /// What is to be done about `change`.
    ///
    /// # Errors
    /// Why the primary refuses it.
    pub fn decide(&self, change: &Change) -> Result<Decision, Refusal> {
        let is_those = |group: &Group, wanted: &BTreeSet<Id>| {
            group.replicas.iter().copied().collect::<BTreeSet<Id>>() == *wanted
        };
        if let Some(coming) = self.coming {
            let wanted = wanted(coming, change)?;
            let is_coming = is_those(coming, &wanted);
            return if is_coming { Ok(Decision::Wait) } else { Err(Refusal::ChangePending) };
        }
        let wanted = wanted(self.group, change)?;
        if is_those(self.group, &wanted) {
            return Ok(Decision::Done);
        }
        if wanted.is_empty() {
            return Err(Refusal::NoVoterLeft);
        }
        if wanted.len() < self.least {
            return Err(Refusal::TooFew { least: self.least });
        }
        let is_known = |id: &Id| self.group.has(*id) || self.heard.contains_key(id);
        match wanted.iter().find(|id| !is_known(id)) {
            Some(id) => Err(Refusal::Unheard { id: *id }),
            None => Ok(Decision::Begin(wanted)),
        }
    }
}

/// Which replicas there are to be.
fn wanted(group: &Group, change: &Change) -> Result<BTreeSet<Id>, Refusal> {
    let mut wanted: BTreeSet<Id> = group.replicas.iter().copied().collect();
    match change {
        Change::Add { id } => drop(wanted.insert(*id)),
        Change::Promote { id } if !group.has(*id) => return Err(Refusal::NoMember { id: *id }),
        Change::Promote { .. } => {}
        Change::Remove { id } => drop(wanted.remove(id)),
        Change::Replace { voters } => wanted.clone_from(voters),
    }
    Ok(wanted)
}

/// The epoch is to end, and the next one has these replicas.
fn begin<P: Params>(step: &mut Step<P>, replicas: &BTreeSet<Id>) {
    let known = step.replica();
    let Status::Primary { heard, .. } = &known.status else { return };
    let group = step.group();
    let store = |id: &Id| match group.has(*id) {
        true => known.crashes.store_of(*id).or_else(|| group.stores.get(id).copied()),
        false => heard.get(id).copied(),
    };
    let stores = replicas.iter().filter_map(|id| Some((*id, store(id)?))).collect();
    let next = Group {
        epoch: group.epoch.next(),
        since: known.log.last().next(),
        replicas: turns(group, step.id, replicas),
        stores,
        before: group.replicas.clone(),
    };
    primary::append(step, Entry::Reconfiguration(next));
    primary::commit(step);
}

/// The turns of `replicas`. The first is that of `primary`, if it stays, or of whose turn is next
/// of those who do; the last are those of the new ones.
fn turns(group: &Group, primary: Id, replicas: &BTreeSet<Id>) -> Vec<Id> {
    let mut turns = group.replicas.clone();
    let turn = turns.iter().position(|id| *id == primary).unwrap_or(0);
    turns.rotate_left(turn);
    turns.retain(|id| replicas.contains(id));
    turns.extend(replicas.iter().filter(|id| !group.has(**id)));
    turns
}

/// A replica of no group is there, and has this store.
pub(super) fn hear<P: Params>(step: &mut Step<P>, from: Id, store: u64) {
    let Status::Primary { heard, .. } = &step.replica().status else { return };
    if heard.get(&from) == Some(&store) {
        return;
    }
    if let Status::Primary { heard, .. } = &mut step.replica_mut().status {
        heard.insert(from, store);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(all: &[usize]) -> BTreeSet<Id> {
        all.iter().copied().map(Id::from).collect()
    }

    fn group(replicas: &[usize]) -> Group {
        Group::of_founders(replicas.iter().copied().map(Id::from).collect(), BTreeMap::new())
    }

    #[test]
    fn the_primary_keeps_its_turn_and_new_ones_come_last() {
        let of = |primary: usize, replicas: &[usize]| {
            let turns = turns(&group(&[1, 2, 3]), Id::from(primary), &ids(replicas));
            turns.into_iter().map(usize::from).collect::<Vec<_>>()
        };
        assert_eq!(of(2, &[1, 2, 3, 4]), [2, 3, 1, 4]);
        assert_eq!(of(2, &[1, 3, 0]), [3, 1, 0]);
        assert_eq!(of(1, &[4, 5]), [4, 5]);
    }

    #[test]
    fn a_change_is_begun_refused_or_done_already() {
        let (group, heard) = (group(&[1, 2, 3]), BTreeMap::from([(Id::from(4), 7)]));
        let next = Group { epoch: group.epoch.next(), ..self::group(&[1, 2, 3, 4]) };
        let decide = |coming, change: &Change| {
            Situation { group: &group, coming, heard: &heard, least: 3 }.decide(change)
        };
        let [three, four, five] = [3, 4, 5].map(Id::from);
        let add = Change::Add { id: four };
        assert_eq!(decide(None, &add), Ok(Decision::Begin(ids(&[1, 2, 3, 4]))));
        assert_eq!(decide(Some(&next), &add), Ok(Decision::Wait));
        let remove = Change::Remove { id: three };
        assert_eq!(decide(Some(&next), &remove), Err(Refusal::ChangePending));
        assert_eq!(decide(None, &remove), Err(Refusal::TooFew { least: 3 }));
        assert_eq!(decide(None, &Change::Remove { id: four }), Ok(Decision::Done));
        assert_eq!(decide(None, &Change::Promote { id: three }), Ok(Decision::Done));
        let stranger = decide(None, &Change::Promote { id: four });
        assert_eq!(stranger, Err(Refusal::NoMember { id: four }));
        assert_eq!(decide(None, &Change::Add { id: five }), Err(Refusal::Unheard { id: five }));
        let replace = |voters: &[usize]| Change::Replace { voters: ids(voters) };
        assert_eq!(decide(None, &replace(&[])), Err(Refusal::NoVoterLeft));
        assert_eq!(decide(None, &replace(&[1, 2, 4])), Ok(Decision::Begin(ids(&[1, 2, 4]))));
    }
}
