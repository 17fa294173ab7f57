//! Reads that a leader answers without a slot, for as long as nobody else can lead (PML §5.2).
//!
//! A leader asks for a lease with a notice. Whoever hears that promises nobody's ballot, and stands
//! with none, for the least silence after which it stands: that begins when it is asked, which is
//! after the leader has asked. So once a majority has heard, nobody else leads before as much has
//! passed since the leader *asked*. For as long by its own clock, less the drift of clocks, it
//! holds a lease. Two overlap, so that one is asked for while the other one lasts.
//!
//! A follower's promise outlives its memory, and it says how long it is, for nodes may have other
//! timers while an operator changes them one after the other. A leader promises itself nothing: who
//! is promised its ballot finds that it leads no more, and has no lease. A node lets the timer of a
//! lease fire before it looks at the messages that came meanwhile.
//!
//! ```text
//! C1             S1 (leader)                S2
//!  |-- Read by lease ->|                     |   it holds none: the read gets a slot
//!  .                   |-- Chosen, round 1 ->|   promised: nobody else for 150 ms
//!  .                   |<- Heard, round 1 ---|   two of three: a lease
//!  |-- Read by lease ->|                     |
//!  |<--- Reply --------|                     |   without a slot
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::Id;

use super::message::{Chosen, Heard, Message};
use super::rules::Rule;
use super::server::Step;
use super::state::ServerState;
use super::{Command, Params, Timer, Timing, leader};
use crate::consistency::{Consistency, Query};
use crate::number::Index;
use crate::service::{Answer, Request};
use crate::state_machine::StateMachine;

/// How much faster one clock may be than another, in percent.
pub const DRIFT: u32 = 10;

/// What a leader knows of one of its leases.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Lease {
    #[default]
    None,
    /// It holds one when a majority has heard, unless the timer fires before.
    Asked { round: u64, heard: BTreeSet<Id> },
    /// Until the timer fires.
    Held,
}

/// What a leader knows of its leases.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Leases {
    pub all: [Lease; 2],
    /// How often it has asked for one.
    pub round: u64,
    /// A read has come since.
    pub is_wanted: bool,
    /// The last slot for which anything was reported to it: up to there others may have answered.
    pub reported: Index,
}

/// How long a lease lasts: the promise of a follower whose clock runs fast, measured by a leader
/// whose clock runs slow.
pub fn length(timing: &Timing) -> Duration {
    timing.silence.start * (100 - DRIFT) / (100 + DRIFT)
}

/// Does this server lead, and nobody else?
pub fn is_held<M: StateMachine>(state: &ServerState<M>) -> bool {
    state.leader().is_some_and(|leader| leader.leases.all.contains(&Lease::Held))
}

/// A client asks for a read and says what it needs. If that is a lease, and there is one, the
/// leader reads what is chosen, and else the read gets a slot.
pub(super) fn handle_query<P: Params>(step: &mut Step<P>, request: Request<Query<Command<P>>>) {
    let by_lease = request.command.consistency == Consistency::Lease;
    let request = request.plain();
    if by_lease && step.server.lease_reads && P::Machine::is_read_only(&request.command) {
        want(step);
        let holds_lease = step.require(Rule::LeaseIsHeld, is_held(step.state()));
        if step.state().is_leader() && holds_lease && knows_chosen(step) {
            let output = step.state().data.machine.read(&request.command);
            return step.answer(request.session, request.sequence, Answer::done(output));
        }
    }
    leader::handle_request(step, request);
}

/// Whether the leader knows all to be chosen that anybody else may have answered before it led.
fn knows_chosen<P: Params>(step: &Step<P>) -> bool {
    let reported = step.state().leader().map_or(Index::ZERO, |leader| leader.leases.reported);
    step.require(Rule::ReadsWhatIsReported, step.state().chosen() >= reported)
}

/// A leader is to hold a lease. It asks for one at once if it has none, or else soon.
fn want<P: Params>(step: &mut Step<P>) {
    let Some(leader) = step.state().leader() else { return };
    let has_none = leader.leases.all.iter().all(|lease| *lease == Lease::None);
    if !leader.leases.is_wanted
        && let Some(leader) = step.state_mut().leader_mut()
    {
        leader.leases.is_wanted = true;
    }
    if has_none {
        let (ballot, up_to, lease) = (step.promised(), step.state().chosen(), ask(step));
        step.broadcast(&Message::Chosen(Chosen { ballot, up_to, lease }));
    }
}

/// The round in which a leader asks for a lease with its next notice, if one is wanted.
pub(super) fn ask<P: Params>(step: &mut Step<P>) -> Option<u64> {
    let leases = &step.state().leader()?.leases;
    let number = leases.all.iter().position(|lease| *lease == Lease::None)?;
    if !leases.is_wanted {
        return None;
    }
    if step.keeps(Rule::LeaseFromSending) {
        set_timer(step, number);
    }
    let leases = &mut step.state_mut().leader_mut()?.leases;
    leases.is_wanted = false;
    leases.round += 1;
    let round = leases.round;
    leases.all[number] = Lease::Asked { round, heard: BTreeSet::new() };
    confirm(step, number);
    Some(round)
}

fn set_timer<P: Params>(step: &mut Step<P>, number: usize) {
    let length = length(&step.server.timing);
    step.set_timer(Timer::Lease(number as u8), length..length);
}

/// A follower has heard, and promises as much as a lease takes and more, or the lease is none.
pub(super) fn handle_heard<P: Params>(step: &mut Step<P>, from: Id, message: Heard) {
    let Heard { ballot, round, promise } = message;
    let Some(leader) = step.state().leader() else { return };
    let is_asked = |lease: &Lease| {
        let Lease::Asked { round: asked, .. } = lease else { return false };
        step.require(Rule::HeardInThisRound, *asked == round)
    };
    let Some(number) = leader.leases.all.iter().position(is_asked) else { return };
    if ballot != step.promised() || promise < step.server.timing.silence.start {
        return;
    }
    if let Some(leader) = step.state_mut().leader_mut()
        && let Lease::Asked { heard, .. } = &mut leader.leases.all[number]
    {
        heard.insert(from);
    }
    confirm(step, number);
}

/// Holds a lease if a majority has heard.
fn confirm<P: Params>(step: &mut Step<P>, number: usize) {
    let Some(leader) = step.state().leader() else { return };
    let Lease::Asked { heard, .. } = &leader.leases.all[number] else { return };
    let has_heard = |id| id == step.id || heard.contains(&id);
    let is_enough = step.open_configs().all(|config| config.is_quorum(has_heard));
    if !step.require(Rule::MajorityPromisesLease, is_enough) {
        return;
    }
    if !step.keeps(Rule::LeaseFromSending) {
        set_timer(step, number);
    }
    if let Some(leader) = step.state_mut().leader_mut() {
        leader.leases.all[number] = Lease::Held;
    }
}

/// A lease is over, or what was to bring one has taken too long.
pub(super) fn end<P: Params>(step: &mut Step<P>, number: u8) {
    if let Some(leader) = step.state_mut().leader_mut() {
        leader.leases.all[usize::from(number)] = Lease::None;
    }
}

/// A leader leads no more.
pub(super) fn give_up<P: Params>(step: &mut Step<P>) {
    if step.server.lease_reads {
        step.cancel_timer(Timer::Lease(0));
        step.cancel_timer(Timer::Lease(1));
    }
}

/// A leader asks for a lease: for as long as this server waits at least before it stands, it
/// promises nobody else's ballot. A promise that was longer, before its timers were changed, is
/// kept to its end.
pub(super) fn promise<P: Params>(step: &mut Step<P>, leader: Id, round: u64) {
    if !step.server.lease_reads || !step.has_vote() {
        return;
    }
    let length = step.server.timing.silence.start;
    let (is_bound, before) = (step.state().is_bound, step.state().storage.lease);
    let length = if is_bound { length.max(before) } else { length };
    step.set_timer(Timer::Promise, length..length);
    if !is_bound {
        step.state_mut().is_bound = true;
    }
    if before != length {
        step.storage_mut().lease = length;
    }
    let (ballot, promise) = (step.promised(), length);
    step.send(leader, Message::Heard(Heard { ballot, round, promise }));
}

/// The time of a promise is over.
pub(super) fn redeem<P: Params>(step: &mut Step<P>) {
    if step.state().is_bound {
        step.state_mut().is_bound = false;
    }
}

/// Whether this server has promised a leader that it promises nobody else's ballot.
pub(super) fn is_bound<P: Params>(step: &Step<P>) -> bool {
    step.state().is_bound && step.keeps(Rule::BoundKeepsOthersOut)
}
