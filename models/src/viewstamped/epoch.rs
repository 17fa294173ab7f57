//! Epochs end and begin (VRR §7.1): the group of replicas is another one from then on.
//!
//! A reconfiguration is the last entry of its epoch. Whoever has committed it, and so all before
//! it, is in the next epoch, and normal in the first view of that if it is of the group. Whoever
//! hears of a later epoch stays where it is until it has been given what it lacks.
//!
//! ```text
//! S1 (primary)      S2                S3                S4 (new)
//!  |-- Prepare ----->|                 |                 |   the group is to be S1, S2, S4
//!  |<-- PrepareOk ---|                 |                 |   two of three have that: committed
//!  |-- Commit ------>|                 |                 |
//!  |-- Commit -------|---------------->|                 |   S1 is in epoch 1, S2 soon
//!  |-- StartEpoch ---|-----------------|---------------->|
//!  |<-- GetState ----|-----------------|-----------------|
//!  |-- Committed ----|-----------------|---------------->|   S4 is in epoch 1
//!  |-- EpochStarted -|---------------->|                 |
//!  |                 |                 |<- EpochStarted -|   two of three are: S3 may go
//! ```

use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::Id;

use super::group::{Group, View};
use super::log::Log;
use super::message::{Commit, EpochStarted, Message, Recovery, StartEpoch};
use super::rules::Rule;
use super::server::Step;
use super::state::{Nonce, Status};
use super::{Command, Params, Timer, backup, primary, transfer};
use crate::crash_vector::CrashVector;
use crate::number::{Epoch, Incarnation};

/// Whether a message is handled. What is of an earlier epoch is, but nobody heeds it, and who is
/// there is told of this one. What is of a later epoch is not, and makes the replica ask for what
/// it lacks: of what it says, only what that one is given counts.
pub(super) fn admits<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: &Message<Command<P>>,
) -> bool {
    let Some(view) = message.view() else { return true };
    let own = step.replica().epoch();
    let is_said_again = matches!(message, Message::Commit(_) | Message::StartEpoch(_));
    if view.epoch < own && (is_said_again || matches!(message, Message::StartViewChange(_))) {
        tell(step, from);
    }
    if view.epoch <= own || matches!(message, Message::Committed(_) | Message::Piece(_)) {
        return true;
    }
    if is_said_again && step.replica().has_asked {
        transfer::is_time_to_ask(step);
    }
    transfer::ask_once(step, from, View::before(view.epoch));
    step.require(Rule::EpochBeginsWithState, false)
}

/// Tells a replica of an earlier epoch that this one has begun, if this replica has what that one
/// lacks, and gives it: that one asks whoever has told it.
pub(super) fn tell<P: Params>(step: &mut Step<P>, to: Id) {
    let gives = has_beginning(step) && transfer::may_give(step);
    if gives && step.keeps(Rule::OldEpochIsTold) {
        start_epoch(step, vec![to], step.replica().epoch());
    }
}

/// Says to these replicas that an epoch begins.
fn start_epoch<P: Params>(step: &mut Step<P>, to: Vec<Id>, epoch: Epoch) {
    let view = View::before(epoch);
    for to in to {
        step.send(to, Message::StartEpoch(StartEpoch { view }));
    }
}

/// Whether this replica has all from before its epoch.
fn has_beginning<P: Params>(step: &Step<P>) -> bool {
    step.replica().commit >= step.group().since
}

/// The reconfiguration to `group` is committed here: the epoch is over. The primary tells the
/// others that, and those who come that the next one begins.
pub(super) fn begin<P: Params>(step: &mut Step<P>, group: Group) {
    let known = step.replica();
    if known.is_primary() {
        let (view, commit) = (known.view, known.commit);
        step.broadcast(&Message::Commit(Commit { view, commit }));
        let added = group.added().filter(|_| step.keeps(Rule::StartEpochIsSent)).collect();
        start_epoch(step, added, group.epoch);
    }
    enter(step, group);
}

/// What this replica has been given reaches into a later epoch: it moves there.
pub(super) fn move_on<P: Params>(step: &mut Step<P>) {
    let Some(incoming) = &step.replica().incoming else { return };
    let Some(group) = incoming.group.clone() else { return };
    let all = Log::behind_base(incoming.op);
    transfer::take(step, &all);
    enter(step, group);
}

/// This replica has all from before the epoch of `group`, and takes part in that if it is of the
/// group. By its disk it never has before; but what if that disk is new?
fn enter<P: Params>(step: &mut Step<P>, group: Group) {
    let (id, view) = (step.id, View::before(group.epoch));
    let is_member = group.has(id);
    let is_on_record = group.stores.get(&id) == Some(&step.replica().nonce.store);
    let known = step.replica_mut();
    known.view = view;
    known.group = Some(group);
    known.crashes = CrashVector::default();
    known.incoming = None;
    known.has_asked = false;
    let incarnation = Incarnation::ZERO;
    known.nonce = Nonce { epoch: view.epoch, incarnation, ..known.nonce };
    step.save();
    if !is_member {
        step.replica_mut().status = Status::Outside { started: BTreeSet::new() };
        return stand_by(step);
    }
    if !step.require(Rule::NewStoreCounts, is_on_record) {
        step.replica_mut().status = Status::Counting { told: BTreeMap::new() };
        say_there(step);
        return stand_by(step);
    }
    step.replica_mut().nonce.incarnation = Incarnation(1);
    take_part(step, view.next());
}

/// This replica takes part in its epoch, and says so to those who are replaced.
fn take_part<P: Params>(step: &mut Step<P>, view: View) {
    for to in step.group().replaced().collect::<Vec<_>>() {
        step.send(to, Message::EpochStarted(EpochStarted { view: View::before(view.epoch) }));
    }
    if step.group().primary(view) != step.id {
        let commit = step.replica().commit;
        return backup::begin(step, view, commit);
    }
    let known = step.replica_mut();
    known.view = view;
    known.last_normal = view;
    step.cancel_timer(Timer::Silence);
    step.set_timer(Timer::Again, step.server.timing.again.clone());
    primary::begin(step);
}

/// This replica takes part in nothing, and does what it does again and again.
fn stand_by<P: Params>(step: &mut Step<P>) {
    step.cancel_timer(Timer::Silence);
    step.set_timer(Timer::Again, step.server.timing.again.clone());
}

/// Says to the group that this replica is there.
fn say_there<P: Params>(step: &mut Step<P>) {
    let nonce = step.replica().nonce;
    step.broadcast(&Message::Recovery(Recovery { nonce }));
}

/// Whether this replica was replaced, and those who replace it may need what it has.
pub(super) fn is_needed<P: Params>(step: &Step<P>) -> bool {
    let Status::Outside { started } = &step.replica().status else { return false };
    step.group().needs(step.id, step.replica().commit, started.len())
}

/// Who was replaced and is needed says to those who do not take part yet that the epoch has begun.
/// Any other one of no group says that it is there.
pub(super) fn send_again<P: Params>(step: &mut Step<P>) {
    transfer::is_time_to_ask(step);
    let Status::Outside { started } = &step.replica().status else { return };
    if is_needed(step) {
        let is_silent = |id: &&Id| !started.contains(id) && step.keeps(Rule::StartEpochIsSentAgain);
        let silent: Vec<Id> = step.group().replicas.iter().filter(is_silent).copied().collect();
        start_epoch(step, silent, step.replica().epoch());
    } else if step.keeps(Rule::RecoveryIsSentAgain) {
        say_there(step);
    }
}

/// An epoch has begun. Who takes part in it, or in a later one, says so.
pub(super) fn handle_start_epoch<P: Params>(step: &mut Step<P>, from: Id, message: StartEpoch) {
    if !step.replica().is_apart() {
        step.send(from, Message::EpochStarted(EpochStarted { view: message.view }));
    }
}

/// A replica takes part in an epoch.
pub(super) fn handle_epoch_started<P: Params>(step: &mut Step<P>, from: Id, message: EpochStarted) {
    let known = step.replica();
    let is_of_group = message.view.epoch == known.epoch() && step.group().has(from);
    let Status::Outside { started } = &known.status else { return };
    if !is_of_group || started.contains(&from) {
        return;
    }
    if let Status::Outside { started } = &mut step.replica_mut().status {
        started.insert(from);
    }
}
