//! Clusters that change their replicas, while views change and replicas crash.
//!
//! The orders are on their way from the start, and arrive at any moment. On the clock they are
//! given when the operator's timer fires.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;
use stateright::actor::Id;

use super::{
    Book, CRASH, EVERY_RULE, Fact, SEEN, ViewstampedSpec, fact, live, safety, short_of_room,
};
use crate::kv::{Command, put};
use crate::operator::Operator;
use crate::order::{Change, Order};
use crate::rules::AllBut;
use crate::system::{Boxed, servers_mut, with_operator};
use crate::viewstamped::claims::{obsolete, properties};
use crate::viewstamped::rules::Rule;

/// What a spec lets happen, with how many of its replicas it begins, and what they are asked for:
/// each of these changes is asked of one of them.
#[derive(Clone, Debug)]
pub struct Epochs<'a, B> {
    pub founders: usize,
    pub changes: &'a [(usize, Asked)],
    pub bounds: B,
}

/// A change of the replicas, by their numbers.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    Add(usize),
    Remove(usize),
    Replace(&'static [usize]),
}

impl From<Asked> for Change {
    fn from(asked: Asked) -> Change {
        match asked {
            Asked::Add(id) => Change::Add { id: Id::from(id) },
            Asked::Remove(id) => Change::Remove { id: Id::from(id) },
            Asked::Replace(all) => {
                Change::Replace { voters: all.iter().copied().map(Id::from).collect() }
            }
        }
    }
}

/// `spec` with the first replicas at first, and an operator that asks for changes.
fn changing<B>(mut spec: ViewstampedSpec, epochs: &Epochs<'_, B>, waits: bool) -> ViewstampedSpec {
    for server in servers_mut(&mut spec) {
        server.founders.replicas.truncate(epochs.founders);
        server.founders.stores.retain(|id, _| usize::from(*id) < epochs.founders);
    }
    let crashes = spec.faults.crashes + spec.faults.rollbacks > 0;
    spec.obsolete =
        spec.obsolete.filter(|_| !crashes).map(|_| obsolete::is_obsolete_in_epochs as _);
    let orders = epochs.changes.iter();
    let orders = orders.map(|(to, asked)| (Id::from(*to), Order::Change((*asked).into())));
    with_operator(spec, Operator { orders: orders.collect(), waits })
}

/// Viewstamped Replication whose replicas change: its safety, and the facts that must be reachable.
pub fn epochs(
    name: &str,
    rules: Book,
    epochs: &Epochs<'_, safety::Bounds<'_>>,
    facts: &[Fact],
) -> ViewstampedSpec {
    changing(safety::viewstamped(name, rules, epochs.bounds, facts), epochs, false)
}

/// The same on the clock: what must happen.
pub fn epochs_live(
    name: &str,
    rules: Book,
    epochs: &Epochs<'_, live::Bounds<'_>>,
    facts: &[Fact],
) -> ViewstampedSpec {
    changing(live::viewstamped(name, rules, epochs.bounds.clone(), facts), epochs, true)
        .eventually_always(REPLACED_MAY_GO, SEEN, properties::all_replaced_may_go)
        .eventually_always(TAKES_PART, SEEN, properties::the_group_takes_part)
}

/// Who is replaced hears in the end that enough take part in the new epoch.
pub const REPLACED_MAY_GO: &str = "who was replaced may go";
/// The latest group, and nobody else.
pub const TAKES_PART: &str = "the latest group takes part, and nobody else";

/// The specs of epochs. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        add().counts(37_972, 118_450).boxed(),
        replace().counts(41_596, 145_543).boxed(),
        views().counts(397_977, 1_416_047).boxed(),
        crash().counts(341_355, 1_201_112).boxed(),
        on_disk().counts(70_888, 247_920).boxed(),
        checkpoint().counts(93_816, 344_501).boxed(),
        live().counts(47_519, 114_860).boxed(),
        crash_live().counts(24_648, 62_572).boxed(),
        silent_live().boxed(),
    ]
}

const BEGUN: Fact = fact("an epoch begun", properties::an_epoch_begun);
const MAY_GO: Fact = fact("a replica may go", properties::a_replica_may_go);
const ANSWERED: Fact = fact("answered in a later epoch", properties::answered_in_a_later_epoch);

/// The primary of three is replaced by a fourth replica.
const REPLACE: &[(usize, Asked)] = &[(0, Asked::Replace(&[1, 2, 3]))];

/// Three founders, of four replicas in all.
fn three<B>(changes: &[(usize, Asked)], bounds: B) -> Epochs<'_, B> {
    Epochs { founders: 3, changes, bounds }
}

/// Four replicas, and a client for each script.
fn four<'a>(scripts: &'a [&'a [Command]]) -> safety::Bounds<'a> {
    safety::Bounds { replicas: 4, scripts, ..safety::Bounds::default() }
}

/// Three replicas become four.
fn add() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = three(&[(0, Asked::Add(3))], four(scripts));
    epochs("viewstamped/reconfigure-add", EVERY_RULE, &bounds, &[BEGUN, ANSWERED])
        .summary("three replicas become four, while a client writes")
}

/// The primary is replaced.
fn replace() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = three(REPLACE, four(scripts));
    epochs("viewstamped/reconfigure-replace", EVERY_RULE, &bounds, &[BEGUN, MAY_GO])
        .summary("the primary of three replicas is replaced by a new one, while a client writes")
}

/// Two replicas become three, and a view is wanted, in whichever epoch.
fn views() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = safety::Bounds { replicas: 3, silences: 1, ..four(scripts) };
    let bounds = Epochs { founders: 2, changes: &[(0, Asked::Add(2))], bounds };
    let facts: &[Fact] = &[BEGUN, ANSWERED, fact("a view change", properties::a_view_change)];
    epochs("viewstamped/reconfigure-views", EVERY_RULE, &bounds, facts)
        .summary("two replicas become three, and a view is wanted before, meanwhile or after")
}

/// The primary is replaced, and a replica crashes.
fn crash() -> ViewstampedSpec {
    let bounds = safety::Bounds { faults: CRASH, ..four(&[]) };
    let facts: &[Fact] = &[BEGUN, MAY_GO, fact("a recovery", properties::a_recovery)];
    epochs("viewstamped/reconfigure-crash", EVERY_RULE, &three(REPLACE, bounds), facts)
        .summary("the primary of three replicas is replaced by a new one, and a replica crashes")
}

/// The same crash of replicas that keep what they know on their disks.
fn on_disk() -> ViewstampedSpec {
    let bounds = safety::Bounds { faults: CRASH, on_disk: true, ..four(&[]) };
    epochs("viewstamped/reconfigure-disks", EVERY_RULE, &three(REPLACE, bounds), &[BEGUN, MAY_GO])
        .summary("a primary is replaced, and a replica crashes that keeps its log on its disk")
}

/// The primary is replaced where no log keeps what is committed.
fn checkpoint() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = safety::Bounds { limits: short_of_room(6), ..four(scripts) };
    let facts: &[Fact] =
        &[BEGUN, MAY_GO, fact("a checkpoint in pieces", properties::a_checkpoint_in_pieces)];
    epochs("viewstamped/reconfigure-checkpoint", EVERY_RULE, &three(REPLACE, bounds), facts)
        .summary("a new replica is given a checkpoint, and the group with it")
}

/// The primary is replaced, while `faults` happen.
fn replace_live<'a>(scripts: &'a [&'a [Command]], faults: Faults) -> Epochs<'a, live::Bounds<'a>> {
    three(REPLACE, live::Bounds { replicas: 4, scripts, faults, ..live::Bounds::default() })
}

/// A replica is replaced, and a message is lost.
fn live() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = replace_live(scripts, Faults { drops: 1, ..Faults::NONE });
    epochs_live("viewstamped/reconfigure-live", EVERY_RULE, &bounds, &[BEGUN])
        .summary("a primary is replaced, a message is lost, and all of the new group take part")
        .worst_case(TAKES_PART, SEEN, properties::the_group_takes_part)
}

/// A replica is replaced, and one goes for good.
fn crash_live() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = replace_live(scripts, CRASH);
    epochs_live("viewstamped/reconfigure-crash-live", EVERY_RULE, &bounds, &[BEGUN])
        .summary("a primary is replaced, a replica dies for good, and the others go on")
        .worst_case(live::ONE_VIEW, SEEN, properties::one_view)
}

/// Who is replaced goes at once. With it goes what the new group has not got yet, if one of that
/// dies: the bounds of `viewstamped/reconfigure-crash-live`.
fn silent_live() -> ViewstampedSpec {
    let rules = AllBut(vec![Rule::ReplacedGives]);
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    epochs_live("viewstamped/reconfigure-silent-live", rules, &replace_live(scripts, CRASH), &[])
        .summary(
            "who is replaced gives nothing any more, one of the new group dies, and all is over",
        )
        .only(live::ONE_VIEW)
        .expect_violation(live::ONE_VIEW)
}
