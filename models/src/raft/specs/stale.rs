//! Reads that say what they need: what each kind guarantees, and what it does not.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Sees};

use super::safety::{Bounds, raft};
use super::{Book, EVERY_RULE, Fact, RaftSpec, SEEN, fact, fact_in_flight};
use crate::claims::all_answered;
use crate::consistency::Freshness;
use crate::kv::{Command, get, put};
use crate::raft::claims::{properties, reads};
use crate::system::{Boxed, clients_mut};

/// The specs of reads that say what they need. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        stale("raft/stale-reads", EVERY_RULE).counts(331_946, 871_310).boxed(),
        stale_is_not_new().boxed(),
    ]
}

/// All clients of `spec` ask this of their reads.
pub(super) fn asking(mut spec: RaftSpec, freshness: Freshness) -> RaftSpec {
    for client in clients_mut(&mut spec) {
        client.reads = Some(freshness);
    }
    spec
}

/// A client reads what it wrote, another one reads twice, and both read wherever they are answered.
pub fn stale(name: &str, rules: Book) -> RaftSpec {
    let facts: &[Fact] = &[
        fact("a read before the write", crate::raft::claims::facts::nothing_read),
        fact_in_flight("a server names the leader as it lags", reads::lags),
        fact("what clients saw is not linearizable", reads::is_not_linearizable),
        fact("all answered", all_answered),
    ];
    let mut spec = stale_within(name, rules, facts);
    spec.claims.retain(|claim| claim.name != properties::LINEARIZABILITY);
    spec.summary("reads that may be stale: all clients see one order, each as far as it is told")
}

fn stale_within(name: &str, rules: Book, facts: &[Fact]) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[get("x"), get("x")]];
    let bounds = Bounds { servers: 3, scripts, elections: 1, retries: 1, ..Bounds::default() };
    let claims = [
        Claim::always(reads::ONE_ORDER, SEEN, reads::one_order),
        Claim::always(reads::ASKS_NOBODY, SEEN, reads::asks_nobody),
        Claim::always(reads::TOLD_OF_SOMETHING, SEEN.and(Sees::NETWORK), reads::told_of_something),
    ];
    asking(raft(name, rules, bounds, facts).claims(claims), Freshness::Stale)
}

/// A read that may be stale misses what another client was told before.
fn stale_is_not_new() -> RaftSpec {
    stale_within("raft/stale-reads-late", EVERY_RULE, &[])
        .summary("a read that may be stale misses a write that was answered before it began")
        .expect_violation(properties::LINEARIZABILITY)
}
