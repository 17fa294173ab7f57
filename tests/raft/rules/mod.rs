//! Every rule of Raft is necessary: suspended, it leaves a counterexample to what it protects.

mod aside;
mod cut;
mod directions;
mod identity;
mod lease;
mod liveness;
mod membership;
mod parallel;
mod read;
mod safety;
mod session;
mod snapshot;
mod transfer;

use std::fmt;
use std::sync::Arc;

use quorate_models::kv::Kv;
use quorate_models::raft::Raft;
use quorate_models::raft::claims::ghost::Ghost;
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::{self, Book, Checked, RaftSpec, live};

use quorate_models::rules::AllBut;

use crate::proofs::{SpecOf, Within, assert_each_is_proven};

impl Within for specs::Bounds<'_> {
    type Rule = Rule;
    type Actor = Raft<Checked>;
    type Ghost = Arc<Ghost<Kv>>;

    fn spec(&self, rules: Book) -> RaftSpec {
        specs::raft("proof", rules, *self, &[])
    }
}

impl Within for live::Bounds<'_> {
    type Rule = Rule;
    type Actor = Raft<Checked>;
    type Ghost = Arc<Ghost<Kv>>;

    fn spec(&self, rules: Book) -> RaftSpec {
        live::raft("proof", rules, self.clone(), &[])
    }
}

/// A spec that leads the search to one scenario, which its name tells.
struct Directed(&'static str, fn(&str, Book) -> RaftSpec);

impl fmt::Debug for Directed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Within for Directed {
    type Rule = Rule;
    type Actor = Raft<Checked>;
    type Ghost = Arc<Ghost<Kv>>;

    fn spec(&self, rules: Book) -> RaftSpec {
        (self.1)(self.0, rules)
    }
}

/// Bounds within which one rule is suspended from the start. Of a guard that another rule makes
/// unnecessary: it is proven to be needed where that one does not hold.
#[derive(Debug)]
struct Without<B>(Rule, B);

impl<B: Within<Rule = Rule>> Within for Without<B> {
    type Rule = Rule;
    type Actor = B::Actor;
    type Ghost = B::Ghost;

    fn spec(&self, AllBut(mut rules): Book) -> SpecOf<B> {
        rules.push(self.0);
        self.1.spec(AllBut(rules))
    }
}

#[test]
fn every_rule_has_its_counterexample() {
    assert_each_is_proven(
        Rule::ALL,
        &[
            safety::PROVEN,
            liveness::MISSED,
            liveness::SLOWER,
            cut::PROVEN,
            cut::MISSED,
            cut::SLOWER,
            identity::PROVEN,
            identity::MISSED,
            lease::PROVEN,
            read::PROVEN,
            transfer::PROVEN,
            transfer::MISSED,
            parallel::PROVEN,
            parallel::MISSED,
            membership::PROVEN,
            membership::MISSED,
            snapshot::PROVEN,
            snapshot::MISSED,
            aside::PROVEN,
            session::PROVEN,
            session::MISSED,
        ],
    );
}
