//! Leaders that hand over: nothing is lost by it, and it comes to an end.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults, Sees};
use stateright::actor::Id;

use super::cut::BOTH;
use super::{Book, EVERY_RULE, Fact, RaftSpec, SEEN, fact, fact_in_flight, identity, live, safety};
use crate::claims::all_answered;
use crate::kv::{Command, put};
use crate::operator::Operator;
use crate::order::Order;
use crate::raft::claims::{properties, transfer};
use crate::system::{Boxed, with_operator};

/// A leader that hands over does so for a while only.
pub const ENDS: &str = "no leader hands over for ever";
/// If nothing goes wrong.
pub const RELIEVED: &str = "whoever is to take over leads in the end";

/// The specs of leaders that hand over. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        safe("raft/transfer", EVERY_RULE).counts(271_399, 1_296_190).boxed(),
        doubled("raft/transfer-doubled", EVERY_RULE).counts(158_871, 790_965).boxed(),
        wiped("raft/transfer-wiped", EVERY_RULE).counts(74_935, 159_468).boxed(),
        relieved("raft/transfer-calm-live", EVERY_RULE).counts(13_592, 29_072).boxed(),
        live("raft/transfer-live", EVERY_RULE).counts(82_717, 167_094).boxed(),
    ]
}

/// `spec`, with an operator that wants the second server to lead, and says so to those `asked`.
pub(super) fn ordered(spec: RaftSpec, asked: &[usize], waits: bool) -> RaftSpec {
    let order = Order::Transfer { to: Id::from(transfer::HEIR) };
    let orders = asked.iter().map(|server| (Id::from(*server), order.clone())).collect();
    with_operator(spec, Operator { orders, waits })
}

/// A client writes while the first server is to hand over, if it leads. When its time is over, and
/// when the order arrives, is found at any moment.
pub fn safe(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let facts: &[Fact] = &[
        NEXT,
        fact_in_flight("a leader takes commands again", transfer::takes_commands_again),
        fact("an overwritten entry", properties::an_overwritten_entry),
        fact("all answered", all_answered),
    ];
    one_order(name, rules, scripts, Faults::NONE, facts)
        .summary("a leader hands over while a client writes")
}

/// A message arrives twice, perhaps the one that tells a server to stand.
pub fn doubled(name: &str, rules: Book) -> RaftSpec {
    let faults = Faults { duplicates: 1, ..Faults::NONE };
    one_order(name, rules, &[], faults, &[NEXT])
        .summary("a leader hands over, and a message arrives twice")
}

fn one_order(
    name: &str,
    rules: Book,
    scripts: &[&[Command]],
    faults: Faults,
    facts: &[Fact],
) -> RaftSpec {
    let (servers, elections, options) = (3, 1, BOTH);
    let bounds =
        safety::Bounds { servers, scripts, elections, faults, options, ..Default::default() };
    let in_flight = SEEN.and(Sees::NETWORK);
    let spec = safety::raft(name, rules, bounds, facts).claims([
        Claim::always(transfer::HEIR_HAS_ALL, in_flight, transfer::heir_has_all),
        Claim::always(transfer::HEIR_ALONE, in_flight, transfer::heir_alone),
        Claim::always(transfer::ONE_TERM_EACH, SEEN, transfer::two_terms),
    ]);
    ordered(spec, &[0], false)
}

/// A server loses its store, perhaps the one that is to take over.
pub fn wiped(name: &str, rules: Book) -> RaftSpec {
    let faults = identity::WIPE;
    let bounds = safety::Bounds { servers: 3, elections: 1, faults, ..safety::Bounds::default() };
    let facts: &[Fact] = &[
        fact("whoever was to take over leads", transfer::the_heir_leads),
        fact_in_flight("a wiped server is told to stand", transfer::a_wiped_server_is_told),
    ];
    let spec = identity::knowing_all(safety::raft(name, rules, bounds, facts));
    ordered(spec, &[0], false).summary("a leader hands over, and a server loses its store")
}

/// Nothing goes wrong, so whoever is to take over does.
pub fn relieved(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = live::Bounds { servers: 3, scripts, options: BOTH, ..live::Bounds::default() };
    let spec = live::raft(name, rules, bounds, &[live::LATER_LEADER]);
    ordered(spec, &[0, 1, 2], true)
        .leads_to(RELIEVED, SEEN, transfer::hands_over, transfer::the_heir_leads)
        .summary("a leader hands over, and whoever is to take over leads")
}

/// A server dies, perhaps the one that is to take over.
pub fn live(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let bounds =
        live::Bounds { servers: 3, scripts, faults, options: BOTH, ..live::Bounds::default() };
    let facts: &[Fact] =
        &[live::LATER_LEADER, fact("a leader is handing over", transfer::hands_over), NEXT];
    let spec = live::raft(name, rules, bounds, facts);
    ordered(spec, &[0, 1, 2], true)
        .leads_to(ENDS, SEEN, transfer::hands_over, transfer::nobody_hands_over)
        .worst_case(live::ALL_ANSWERED, SEEN, all_answered)
        .summary("a leader hands over and a server dies, and the command is answered all the same")
}

const NEXT: Fact = fact("whoever was to take over leads next", transfer::the_heir_leads_next);
