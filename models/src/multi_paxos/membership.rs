//! How a cluster changes its servers (PMMC §4.4; Lamport, Malkhi, Zhou: Reconfiguring a state
//! machine, 2010, §3).
//!
//! A leader proposes a change for a slot, as it does a command, and no-ops behind it if nobody asks
//! for anything, so that the change takes effect soon. When that is so it says so to all whom the
//! change concerns. A leader that finds a change of others among what is reported to it stands
//! anew: the new servers may have accepted something behind that change of which it was told
//! nothing.
//!
//! ```text
//! Operator       S1 (leader)               S2                S3
//!  |-- remove S3 --->|                       |                 |
//!  .                 |-- Accept 1.1 slot 7 ->|                 |   S3 leaves; alpha is 2
//!  .                 |-- Accept 1.1 slot 8 ->|                 |   a no-op
//!  .                 |<- Accepted, both -----|                 |   from slot 9 on S1 and S2 decide
//!  .                 |-- Chosen 1.1 -------->|                 |
//!  .                 |-- Chosen 1.1 ---------|---------------->|   it knows, and rests
//! ```
//!
//! Who comes learns first, and gets a vote when it has caught up. Its store is on record from then
//! on, so that it has no vote if it has lost that.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stateright::actor::Id;

use super::config::Config;
use super::message::{Chosen, Message};
use super::rules::Rule;
use super::server::Step;
use super::state::Role;
use super::{Params, leader, learn, scout};
use crate::number::Index;
use crate::order::{Change, Order, Refusal};
use crate::service::{Answer, Request};

/// What a leader knows of changes, beside those that are chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Changing {
    /// The slot of the last change that was reported to it; 0 if none was.
    pub reported: Index,
    /// The slot of the last change that is proposed or chosen; 0 if there is none.
    pub last: Index,
    /// What an operator asks for, and what has no slot yet.
    pub wanted: Option<Config>,
    /// What those have said lately who have no vote.
    pub heard: BTreeMap<Id, Learner>,
}

/// What a learner has said of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Learner {
    pub store: u64,
    /// All slots up to this one it knows to be chosen.
    pub chosen: Index,
    /// It has said that since the leader last said that it leads.
    pub is_fresh: bool,
}

/// What a leader goes by when it is asked for a change.
pub struct Situation<'a> {
    /// The servers when all that is chosen has taken effect.
    pub latest: &'a Config,
    /// A change is on its way.
    pub is_pending: bool,
    /// As in [`Server::lease_reads`](super::Server::lease_reads).
    pub lease_reads: bool,
    /// Of each learner that was heard lately, its store.
    pub stores: BTreeMap<Id, u64>,
    /// Those of them that lack more than one message carries.
    pub lagging: BTreeSet<Id>,
    /// Who gets a vote must have been heard, and must not lag.
    pub catches_up_first: bool,
}

/// What a leader does about a change that it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It has taken effect.
    Done,
    /// It is on its way. An operator asks again.
    Wait,
    /// This configuration is to be proposed.
    Begin(Config),
}

impl Situation<'_> {
    /// What is to be done about `change`.
    ///
    /// # Errors
    /// Why the leader refuses the change.
    pub fn decide(&self, change: &Change) -> Result<Decision, Refusal> {
        let Some(next) = self.latest.after(change, &self.stores)? else {
            return Ok(if self.is_pending { Decision::Wait } else { Decision::Done });
        };
        if self.is_pending {
            return Err(Refusal::ChangePending);
        }
        if self.lease_reads {
            return Err(Refusal::LeasesAreOn);
        }
        let new = next.voters.difference(&self.latest.voters);
        for id in new.filter(|_| self.catches_up_first).copied() {
            if !self.stores.contains_key(&id) {
                return Err(Refusal::Unheard { id });
            }
            if self.lagging.contains(&id) {
                return Err(Refusal::LagsBehind { id });
            }
        }
        Ok(Decision::Begin(next))
    }
}

/// An operator asks for a change, or for something that there is not.
pub(super) fn handle_order<P: Params>(step: &mut Step<P>, order: &Request<Order>) {
    match &order.command {
        Order::Change(change) => handle_change(step, order, change),
        Order::Transfer { .. } => step.refuse_order(order),
    }
}

/// The leader begins a change if it may.
fn handle_change<P: Params>(step: &mut Step<P>, order: &Request<Order>, change: &Change) {
    let (session, sequence) = (order.session, order.sequence);
    if !step.state().is_leader() {
        let answer = step.elsewhere();
        return step.answer_order(session, sequence, answer);
    }
    match situation(step).decide(change) {
        Ok(Decision::Done) => step.answer_order(session, sequence, Answer::done(Ok(()))),
        Ok(Decision::Wait) => {}
        Ok(Decision::Begin(config)) => leader::change(step, config),
        Err(refusal) => step.answer_order(session, sequence, Answer::done(Err(refusal))),
    }
}

/// What this leader goes by; nobody is heard by a server that does not lead.
fn situation<'a, P: Params>(step: &'a Step<P>) -> Situation<'a> {
    let heard = step.state().leader().into_iter().flat_map(|leader| &leader.changing.heard);
    let lags = |learner: &Learner| learn::lacks_much(step, learner.chosen.next());
    let lagging = heard.clone().filter(|(_, learner)| lags(learner));
    Situation {
        latest: step.latest_config(),
        is_pending: is_pending(step),
        lease_reads: step.server.lease_reads,
        stores: heard.clone().map(|(id, learner)| (*id, learner.store)).collect(),
        lagging: lagging.map(|(id, _)| *id).collect(),
        catches_up_first: step.keeps(Rule::LearnerCatchesUpFirst),
    }
}

/// The leader says that it leads. Who has no vote and has not answered since it last did so may be
/// down.
pub(super) fn forget_silent<P: Params>(step: &mut Step<P>) {
    let Some(leader) = step.state_mut().leader_mut() else { return };
    leader.changing.heard.retain(|_, learner| std::mem::take(&mut learner.is_fresh));
}

/// Is there a change that has not taken effect?
fn is_pending<P: Params>(step: &Step<P>) -> bool {
    let Some(leader) = step.state().leader() else { return false };
    leader.changing.wanted.is_some() || !is_filled(step)
}

/// Is all decided that stands between the last change and the slot from which on it counts?
pub(super) fn is_filled<P: Params>(step: &Step<P>) -> bool {
    let last = step.state().leader().map_or(Index::ZERO, |leader| leader.changing.last);
    last == Index::ZERO || step.state().chosen().0 + 1 >= last.0 + step.server.delay()
}

/// A server that is no voter says what it knows, for it is to be told the rest or to get a vote.
pub(super) fn hear<P: Params>(step: &mut Step<P>, from: Id, learner: Learner) {
    if step.is_voter(from) {
        return;
    }
    if let Some(leader) = step.state_mut().leader_mut() {
        leader.changing.heard.insert(from, learner);
    }
}

/// Something is chosen for `slot`: a change, or the last one of the slots between a change and
/// those that it is for. Then a leader says so to those whom it concerns. A leader to which the
/// change was reported stands anew.
pub(super) fn settle<P: Params>(step: &mut Step<P>, slot: Index, is_change: bool) {
    let delay = step.server.delay();
    let takes_effect = step.state().changes.last().0 + delay == slot.0 + 1;
    if !is_change && !takes_effect {
        return;
    }
    let mut concerned = step.other_members();
    concerned.extend(step.config(slot).members().filter(|id| *id != step.id));
    step.state_mut().changes.forget_before(slot, delay);
    if takes_effect && step.state().is_leader() {
        announce(step, &concerned);
    }
    go_by_changes(step);
    let is_reported =
        step.state().leader().is_some_and(|it| is_change && slot <= it.changing.reported);
    if is_reported && step.keeps(Rule::EachConfigPromises) {
        scout::stand(step);
    }
}

/// It goes by other changes than before: it may have lost the store that is on record, and who has
/// no vote any more neither leads nor stands.
pub(super) fn go_by_changes<P: Params>(step: &mut Step<P>) {
    let is_lost = is_lost(step);
    if step.state().is_wiped != is_lost {
        step.state_mut().is_wiped = is_lost;
    }
    if !step.is_voter(step.id) {
        rest(step);
    }
}

fn is_lost<P: Params>(step: &Step<P>) -> bool {
    let store = step.state().storage.store;
    let is_lost = step.open_configs().any(|config| config.is_lost(step.id, store));
    !step.require(Rule::OtherStoreIsWiped, !is_lost)
}

/// Tells these what is chosen.
fn announce<P: Params>(step: &mut Step<P>, concerned: &BTreeSet<Id>) {
    let (ballot, up_to, lease) = (step.promised(), step.state().chosen(), None);
    for to in concerned {
        step.send(*to, Message::Chosen(Chosen { ballot, up_to, lease }));
    }
}

/// This server has no vote any more.
fn rest<P: Params>(step: &mut Step<P>) {
    let rests = match step.state().role {
        Role::Follower { .. } => false,
        Role::Scout { .. } => step.keeps(Rule::RemovedRests),
        Role::Leader(_) => step.keeps(Rule::RemovedLeaderStepsDown),
    };
    if rests {
        step.follow(None);
    }
}

/// Is whoever stands removed by what is known here, and does not know it? One of whom this server
/// knows too little is none: it may have come back.
pub(super) fn is_removed<P: Params>(step: &Step<P>, candidate: Id, first: Index) -> bool {
    let knows_more = first <= step.state().chosen();
    knows_more && !step.is_voter(candidate) && step.keeps(Rule::RemovedIsTold)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(all: &[usize]) -> BTreeSet<Id> {
        all.iter().copied().map(Id::from).collect()
    }

    fn config(voters: &[usize], learners: &[usize], stores: &[(usize, u64)]) -> Config {
        let stores = stores.iter().map(|(id, store)| (Id::from(*id), *store)).collect();
        Config { voters: ids(voters), learners: ids(learners), stores }
    }

    #[test]
    fn a_change_is_begun_refused_or_done_already() {
        let latest = config(&[1, 2], &[3, 4, 5], &[]);
        let quiet = || Situation {
            latest: &latest,
            is_pending: false,
            lease_reads: false,
            stores: BTreeMap::from([(Id::from(3), 7), (Id::from(4), 8)]),
            lagging: ids(&[4]),
            catches_up_first: true,
        };
        let [two, three, four, five, six] = [2, 3, 4, 5, 6].map(Id::from);
        let promote = |id| Change::Promote { id };
        let next = config(&[1, 2, 3], &[4, 5], &[(3, 7)]);
        assert_eq!(quiet().decide(&promote(three)), Ok(Decision::Begin(next)));
        assert_eq!(quiet().decide(&promote(two)), Ok(Decision::Done));
        assert_eq!(quiet().decide(&promote(four)), Err(Refusal::LagsBehind { id: four }));
        assert_eq!(quiet().decide(&promote(five)), Err(Refusal::Unheard { id: five }));
        assert_eq!(quiet().decide(&promote(six)), Err(Refusal::NoMember { id: six }));
        let pending = || Situation { is_pending: true, ..quiet() };
        assert_eq!(pending().decide(&promote(two)), Ok(Decision::Wait));
        assert_eq!(pending().decide(&promote(three)), Err(Refusal::ChangePending));
        let with_leases = || Situation { lease_reads: true, ..quiet() };
        assert_eq!(with_leases().decide(&promote(two)), Ok(Decision::Done));
        assert_eq!(with_leases().decide(&promote(three)), Err(Refusal::LeasesAreOn));
    }
}
