//! Reads that a leader answers without asking, for as long as nobody else can lead (thesis §6.4.1).
//!
//! Whoever hears a leader votes for no other for the least election timeout: that is a promise, and
//! it begins when the follower is asked, which is after the leader has asked. So once a majority
//! has confirmed a round, nobody else is elected before the least election timeout has passed since
//! the round *began*. For as long by its own clock, less the drift of clocks, the leader holds a
//! lease.
//!
//! A promise outlives the follower's term and its memory. A follower says how long it is, for nodes
//! may have other timers while an operator changes them one after the other. It does not bind
//! whoever the leader wants to take over, so a leader that has handed over takes no lease any more
//! in its term. A node lets the timer of a lease fire before it looks at the messages that came
//! meanwhile.

use std::time::Duration;

use serde::Serialize;

use super::read::{self, Read};
use super::rules::Rule;
use super::server::Step;
use super::state::{Role, ServerState};
use super::{Command, Params, Timer, Timing, contact};
use crate::state_machine::StateMachine;

/// How much faster one clock may be than another, in percent.
pub const DRIFT: u32 = 10;

/// What a leader knows of its lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Lease {
    /// It holds none. The next round brings one.
    #[default]
    None,
    /// The round that is on its way brings it, if a majority answers before the timer fires.
    Asked,
    /// Until the timer fires.
    Held,
    /// It has handed over, and takes none any more.
    Forgone,
}

/// How long a lease lasts: the least election timeout of a follower whose clock runs fast, measured
/// by a leader whose clock runs slow.
pub fn length(timing: &Timing) -> Duration {
    timing.election.start * (100 - DRIFT) / (100 + DRIFT)
}

fn lease(state: &ServerState<impl StateMachine>) -> Lease {
    match &state.role {
        Role::Leader { round, .. } => round.lease,
        _ => Lease::None,
    }
}

fn set<P: Params>(step: &mut Step<P>, lease: Lease) {
    if let Role::Leader { round, .. } = &mut step.state_mut().role {
        round.lease = lease;
    }
}

/// Does this server lead, and nobody else?
pub fn is_held(state: &ServerState<impl StateMachine>) -> bool {
    lease(state) == Lease::Held
}

/// A leader begins a round: it asks for a lease, unless it has one or takes none.
pub(super) fn ask<P: Params>(step: &mut Step<P>) {
    if step.server.options.lease_reads && lease(step.state()) == Lease::None {
        if step.keeps(Rule::LeaseFromSending) {
            step.set_lease_timer();
        }
        set(step, Lease::Asked);
    }
}

/// A follower that confirms the round promises its vote for so long. If that is less than a lease
/// takes, this round brings none: the follower has other timers, or no leases.
pub(super) fn heed<P: Params>(step: &mut Step<P>, promise: Option<Duration>) {
    let is_short = promise < contact::promised(step);
    if lease(step.state()) == Lease::Asked && is_short {
        step.cancel_timer(Timer::Lease);
        set(step, Lease::None);
    }
}

/// A majority has confirmed the round.
pub(super) fn confirm<P: Params>(step: &mut Step<P>) {
    if lease(step.state()) != Lease::Asked {
        return;
    }
    if !step.keeps(Rule::LeaseFromSending) {
        step.set_lease_timer();
    }
    set(step, Lease::Held);
}

/// A lease is over, or what was to bring one has taken too long.
pub(super) fn end<P: Params>(step: &mut Step<P>) {
    if matches!(lease(step.state()), Lease::Asked | Lease::Held) {
        set(step, Lease::None);
    }
}

/// A leader hands over.
pub(super) fn forgo<P: Params>(step: &mut Step<P>) {
    if step.server.options.lease_reads && step.keeps(Rule::TransferEndsLease) {
        step.cancel_timer(Timer::Lease);
        set(step, Lease::Forgone);
    }
}

/// Takes in a read that the leader is asked for, and may answer by its lease.
pub(super) fn handle_read<P: Params>(step: &mut Step<P>, read: Read<Command<P>>) {
    if read.question.by_lease && is_held(step.state()) {
        return read::serve(step, read);
    }
    read::handle_read(step, read);
}
