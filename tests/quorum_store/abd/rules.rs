//! Every rule of the atomic register is necessary: suspended, it leaves a counterexample to what it
//! protects. Lengths are the shortest there are, within the bounds, for that property alone.

use std::fmt;

use quorate_checker::engine::Miss;
use quorate_checker::spec::{Faults, SAVED_BEFORE_SENT};
use quorate_models::kv::{get, put};
use quorate_models::quorum_store::abd::Abd;
use quorate_models::quorum_store::abd::claims::properties::{
    LINEARIZABILITY, MAJORITY_HOLDS, NEVER_BACK, ONE_CONTENT, ONE_TAG,
};
use quorate_models::quorum_store::abd::rules::Rule;
use quorate_models::quorum_store::abd::specs::live::{self, ALL_ANSWERED, ALL_TAKE_PART};
use quorate_models::quorum_store::abd::specs::{self, AbdSpec, Book, Bounds, Checked, Past, WIPE};

use crate::proofs::{Within, assert_each_is_proven, missed, necessary};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = Abd<Checked>;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> AbdSpec {
        specs::abd("proof", rules, *self, &[])
    }
}

impl Within for live::Bounds<'_> {
    type Rule = Rule;
    type Actor = Abd<Checked>;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> AbdSpec {
        live::abd("proof", rules, self.clone(), &[])
    }
}

/// A spec that leads the search to one scenario, which its name tells.
struct Directed(&'static str, fn(&str, Book) -> AbdSpec);

impl fmt::Debug for Directed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Within for Directed {
    type Rule = Rule;
    type Actor = Abd<Checked>;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> AbdSpec {
        (self.1)("proof", rules)
    }
}

/// One client writes after the other.
const IN_TURN: Directed = Directed("in turn", specs::in_turn);

/// A server has lost what it stored, and is asked for it.
const REJOIN: Directed = Directed("rejoin", specs::rejoin);

/// A server has lost what it stored, and what it said of that arrives.
const OLD_LIFE: Directed = Directed("old life", specs::old_life);

/// It has lost that twice.
const OLDER_LIFE: Directed = Directed("older life", specs::older_life);

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
const DUPLICATE: Faults = Faults { duplicates: 1, ..Faults::NONE };
const DROP: Faults = Faults { drops: 1, ..Faults::NONE };

const THREE: Bounds<'static> =
    Bounds { servers: 3, scripts: &[], retries: 0, faults: Faults::NONE };

necessary! {
    writer_queries: WriterQueries breaks LINEARIZABILITY in 20 within IN_TURN;
    tag_has_writer: TagHasWriter breaks ONE_CONTENT in 10
        within Bounds { scripts: &[&[put("x", "1")], &[put("x", "2")]], ..THREE };
    retry_keeps_tag: RetryKeepsTag breaks ONE_TAG in 13
        within Bounds { scripts: &[&[put("x", "1")]], retries: 1, ..THREE };
    majority_tells: MajorityTells breaks LINEARIZABILITY in 14
        within Bounds { scripts: &[&[put("x", "1")], &[get("x"), get("x")]], ..THREE };
    highest_tag_is_taken: HighestTagIsTaken breaks LINEARIZABILITY in 18
        within Bounds { scripts: &[&[put("x", "1")], &[get("x"), get("x")]], ..THREE };
    reader_writes_back: ReaderWritesBack breaks LINEARIZABILITY in 13
        within Bounds { scripts: &[&[put("x", "1")], &[get("x"), get("x")]], ..THREE };
    majority_stores: MajorityStores breaks LINEARIZABILITY in 14
        within Bounds { scripts: &[&[put("x", "1")], &[get("x"), get("x")]], ..THREE };
    replica_counts_once: ReplicaCountsOnce breaks MAJORITY_HOLDS in 10
        within Bounds { servers: 4, scripts: &[&[put("x", "1")]], faults: DUPLICATE, ..THREE };
    answers_of_this_operation: AnswersOfThisOperation breaks MAJORITY_HOLDS in 15
        within Bounds { scripts: &[&[put("x", "1"), put("x", "2")]], ..THREE };
    higher_tag_only: HigherTagOnly breaks NEVER_BACK in 11
        within Bounds { scripts: &[&[put("x", "1")], &[put("x", "2")]], ..THREE };
    tag_survives_crash: TagSurvivesCrash breaks MAJORITY_HOLDS in 8
        within Bounds { scripts: &[&[put("x", "1")]], faults: CRASH, ..THREE };
    save_before_send: SaveBeforeSend breaks SAVED_BEFORE_SENT in 5
        within Bounds { scripts: &[&[put("x", "1")]], ..THREE };
    wiped_is_silent: WipedIsSilent breaks LINEARIZABILITY in 14 within REJOIN;
    copies_from_enough: CopiesFromEnough breaks MAJORITY_HOLDS in 13
        within Bounds { scripts: &[&[put("x", "1")]], faults: WIPE, ..THREE };
    old_life_counts_not: OldLifeCountsNot breaks MAJORITY_HOLDS in 21 within OLD_LIFE;
    lives_are_counted: LivesAreCounted breaks MAJORITY_HOLDS in 31 within OLDER_LIFE;
    lives_survive_crash: LivesSurviveCrash breaks MAJORITY_HOLDS in 23 within OLD_LIFE;
    answer_is_its_own: AnswerIsItsOwn breaks LINEARIZABILITY in 9
        within Bounds { scripts: &[&[put("x", "1"), get("x")]], faults: DUPLICATE, ..THREE };
}

const CALM: live::Bounds<'static> =
    live::Bounds { servers: 3, scripts: &[], faults: Faults::NONE, recovery: None, cut: None };

missed! {
    client_asks_again: ClientAsksAgain lets ALL_ANSWERED be missed by Stop in 1
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: DROP, ..CALM };
    client_tries_another: ClientTriesAnother lets ALL_ANSWERED be missed by Lasso in 4
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: CRASH, ..CALM };
    questions_are_sent_again: QuestionsAreSentAgain lets ALL_TAKE_PART be missed by Stop in 6
        within live::Bounds {
            scripts: &[],
            faults: Faults { drops: 1, ..WIPE },
            recovery: Some(1..=1),
            ..CALM
        };
}

#[test]
fn every_rule_has_its_counterexample() {
    assert_each_is_proven(Rule::ALL, &[PROVEN, MISSED]);
}
