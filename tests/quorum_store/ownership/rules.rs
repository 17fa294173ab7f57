//! Every rule by which a key moves is necessary: suspended, it leaves a counterexample to what it
//! protects. Lengths are the shortest there are, within the bounds, for that property alone.

use quorate_checker::engine::Miss;
use quorate_checker::spec::{Faults, SAVED_BEFORE_SENT};
use quorate_models::kv::{get, put};
use quorate_models::quorum_store::ownership::Ownership;
use quorate_models::quorum_store::ownership::claims::{
    ALL_MOVED, Ghost, LINEARIZABILITY, ONE_SERVES,
};
use quorate_models::quorum_store::ownership::rules::Rule;
use quorate_models::quorum_store::ownership::specs::{
    self, ALL_ANSWERED, Book, Bounds, OwnershipSpec, TWO_TO_THREE,
};

use crate::proofs::{Within, assert_breaks, assert_each_is_proven, missed, necessary, suspending};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = Ownership<Book>;
    type Ghost = Ghost;

    fn spec(&self, rules: Book) -> OwnershipSpec {
        specs::ownership("proof", rules, self, &[])
    }
}

/// The same on the clock.
#[derive(Debug)]
struct Timely<'a>(Bounds<'a>);

impl Within for Timely<'_> {
    type Rule = Rule;
    type Actor = Ownership<Book>;
    type Ghost = Ghost;

    fn spec(&self, rules: Book) -> OwnershipSpec {
        specs::timely("proof", rules, &self.0)
    }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
const DUPLICATE: Faults = Faults { duplicates: 1, ..Faults::NONE };
const DROP: Faults = Faults { drops: 1, ..Faults::NONE };

/// A third server comes and is to own all keys.
const THREE: Bounds<'static> = Bounds {
    servers: 3,
    rings: TWO_TO_THREE,
    scripts: &[],
    retries: 1,
    faults: Faults::NONE,
    recovery: 1..=1,
};

necessary! {
    ring_by_epoch: RingByEpoch breaks LINEARIZABILITY in 12
        within Bounds { scripts: &[&[put("x", "1"), get("x")]], ..THREE };
    new_owner_copies_first: NewOwnerCopiesFirst breaks LINEARIZABILITY in 8
        within Bounds { scripts: &[&[put("x", "1"), get("x")]], ..THREE };
    old_owner_stops: OldOwnerStops breaks LINEARIZABILITY in 12
        within Bounds { scripts: &[&[put("x", "1"), get("x")]], ..THREE };
    whole_is_copied: WholeIsCopied breaks LINEARIZABILITY in 14
        within Bounds {
            rings: &[&[0], &[1, 0], &[2, 1, 0]],
            scripts: &[&[put("x", "1"), get("x")]],
            ..THREE
        };
    page_of_this_copy: PageOfThisCopy breaks ONE_SERVES in 7
        within Bounds {
            servers: 2,
            rings: &[&[0, 1], &[1, 0], &[0, 1]],
            scripts: &[&[put("x", "1"), get("x")]],
            retries: 0,
            faults: DUPLICATE,
            ..THREE
        };
    store_survives_crash: StoreSurvivesCrash breaks LINEARIZABILITY in 6
        within Bounds { scripts: &[&[put("x", "1"), get("x")]], faults: CRASH, ..THREE };
    save_before_send: SaveBeforeSend breaks SAVED_BEFORE_SENT in 1
        within Bounds { scripts: &[&[put("x", "1"), get("x")]], ..THREE };
    answer_is_its_own: AnswerIsItsOwn breaks LINEARIZABILITY in 7
        within Bounds { scripts: &[&[put("x", "1"), get("x")]], ..THREE };
}

/// Two servers serve one key before anybody has seen anything of it.
#[test]
fn two_servers_serve_a_key_without_these_rules() {
    let bounds = Bounds { scripts: &[&[put("x", "1"), get("x")]], ..THREE };
    for (rule, steps) in
        [(Rule::RingByEpoch, 5), (Rule::NewOwnerCopiesFirst, 1), (Rule::OldOwnerStops, 5)]
    {
        assert_breaks(suspending(&bounds, rule), ONE_SERVES, steps);
    }
}

missed! {
    copies_are_asked_again: CopiesAreAskedAgain lets ALL_MOVED be missed by Stop in 14
        within Timely(Bounds {
            scripts: &[&[put("x", "1"), get("x")]],
            faults: DROP,
            ..THREE
        });
    client_asks_again: ClientAsksAgain lets ALL_ANSWERED be missed by Stop in 10
        within Timely(Bounds {
            scripts: &[&[put("x", "1"), get("x")]],
            faults: DROP,
            ..THREE
        });
}

#[test]
fn every_rule_has_its_counterexample() {
    assert_each_is_proven(Rule::ALL, &[PROVEN, MISSED]);
}
