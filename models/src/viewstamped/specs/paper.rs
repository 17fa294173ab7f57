//! The protocol as the paper has it, and where that breaks. Each has a spec beside it in which the
//! repair is in force, within the same bounds.

use std::sync::Arc;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Action, ActionOf, Faults, State};

use super::{Bounds, Checked, EVERY_RULE, Fact, ViewstampedSpec, fact, viewstamped};
use crate::kv::{Command, put};
use crate::member::Timer::Server;
use crate::number::ViewNumber;
use crate::rules::AllBut;
use crate::service::Message::Peer;
use crate::system::Boxed;
use crate::viewstamped::claims::ghost::Ghost;
use crate::viewstamped::claims::properties::{self, NOTHING_IS_LOST};
use crate::viewstamped::rules::Rule;
use crate::viewstamped::{Timer, Viewstamped};

/// The specs of the paper's own protocol, and of its repairs.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        paper_transfer().boxed(),
        transfer_repaired().counts(216_493, 1_133_450).boxed(),
        paper_crash().boxed(),
        crash_repaired().counts(70_830, 187_087).boxed(),
    ]
}

/// Two view changes, and somebody says again that it is primary.
fn two_views<'a>(scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    Bounds { replicas: 3, scripts, silences: 2, agains: 1, ..Bounds::default() }
}

/// State transfer by the paper: who hears of a later view cuts its log first, and is normal in that
/// view at once.
pub fn paper_transfer() -> ViewstampedSpec {
    let rules = AllBut(vec![Rule::CutsOnlyOnArrival, Rule::NormalViewOnlyWithLog]);
    viewstamped("viewstamped/paper-transfer", rules, two_views(&[&[put("x", "1")]]), &[])
        .summary("state transfer by the paper: the log that was cut passes for one of a later view")
        .only(NOTHING_IS_LOST)
        .expect_violation(NOTHING_IS_LOST)
}

/// The same bounds, repaired.
pub fn transfer_repaired() -> ViewstampedSpec {
    let facts: &[Fact] =
        &[fact("a transfer to a later view", properties::a_transfer_to_a_later_view)];
    viewstamped("viewstamped/transfer-repaired", EVERY_RULE, two_views(&[&[put("x", "1")]]), facts)
        .summary(
            "the same bounds: a replica stays in its view until the log of the later one is here",
        )
}

/// Two crashes, one after the other, and one view change.
fn two_crashes<'a>(scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    let faults = Faults { crashes: 2, down_at_once: 1, ..Faults::NONE };
    Bounds { replicas: 3, scripts, silences: 1, faults, ..Bounds::default() }
}

/// Recovery by the paper: what a replica told before it crashed still counts.
pub fn paper_crash() -> ViewstampedSpec {
    let rules = AllBut(vec![Rule::CrashesAreSeen]);
    viewstamped("viewstamped/paper-crash", rules, two_crashes(&[&[put("x", "1")]]), &[])
        .summary("recovery by the paper: a promise that was forgotten completes a view change")
        .directed(BACKUPS_CRASH, backups_crash)
        .only(NOTHING_IS_LOST)
        .expect_violation(NOTHING_IS_LOST)
}

/// The same bounds, repaired.
pub fn crash_repaired() -> ViewstampedSpec {
    let facts: &[Fact] = &[fact("a recovery", properties::a_recovery)];
    viewstamped("viewstamped/crash-repaired", EVERY_RULE, two_crashes(&[&[put("x", "1")]]), facts)
        .summary("the same bounds: what was told before a crash counts for nothing after")
        .directed(BACKUPS_CRASH, backups_crash)
}

/// What [`backups_crash`] restricts, in words.
pub const BACKUPS_CRASH: &str =
    "S2 wants the next view, of which S1 hears nothing, and only S2 and S3 crash";

/// True unless the first primary crashes or hears of a later view, or somebody else than S2 notices
/// silence.
pub fn backups_crash((): &(), _: &Now, action: &ActionOf<Viewstamped<Checked>>) -> bool {
    match action {
        Action::Crash(id) => usize::from(*id) > 0,
        Action::Timeout(id, Server(Timer::Silence)) => usize::from(*id) == 1,
        Action::Deliver { dst, msg: Peer(message), .. } => {
            usize::from(*dst) > 0 || message.view().is_none_or(|view| view.number == ViewNumber(1))
        }
        _ => true,
    }
}

type Now = State<Viewstamped<Checked>, Arc<Ghost>>;
