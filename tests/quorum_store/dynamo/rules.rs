//! Every rule of Dynamo's store is necessary: suspended, it leaves a counterexample to what it
//! protects. Lengths are the shortest there are, within the bounds, for that property alone.

use quorate_checker::engine::Miss;
use quorate_checker::spec::{Cut, Faults, SAVED_BEFORE_SENT};
use quorate_models::quorum_store::dynamo::Dynamo;
use quorate_models::quorum_store::dynamo::claims::ghost::Ghost;
use quorate_models::quorum_store::dynamo::claims::properties::{
    CONVERGED, FRESH, NOTHING_LOST, ONE_WRITE, OWN_WRITES, STAYS_DELETED,
};
use quorate_models::quorum_store::dynamo::object::{Command, delete, get, put};
use quorate_models::quorum_store::dynamo::rules::Rule;
use quorate_models::quorum_store::dynamo::specs::live::{self, ALL_ANSWERED, FORGOTTEN};
use quorate_models::quorum_store::dynamo::specs::{
    self, Book, Bounds, DynamoSpec, LASTING, Setting, WIPE,
};

use crate::proofs::{Within, assert_breaks, assert_each_is_proven, missed, necessary, suspending};

/// A setting that promises less claims less. Where a server loses its store, what then lasts.
impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = Dynamo<Book>;
    type Ghost = Ghost;

    fn spec(&self, rules: Book) -> DynamoSpec {
        match self.faults.rollbacks {
            0 => specs::dynamo("proof", rules, *self, &[]),
            _ => specs::claiming("proof", rules, *self, LASTING, &[]),
        }
    }
}

impl Within for live::Bounds<'_> {
    type Rule = Rule;
    type Actor = Dynamo<Book>;
    type Ghost = Ghost;

    fn spec(&self, rules: Book) -> DynamoSpec {
        live::dynamo("proof", rules, self.clone(), &[])
    }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
const DUPLICATE: Faults = Faults { duplicates: 1, ..Faults::NONE };
const DROP: Faults = Faults { drops: 1, ..Faults::NONE };

/// R = 2 and W = 2 of three homes, and nobody else.
const QUORUMS: Bounds<'static> = Bounds {
    setting: Setting::of(3, 2, 2),
    servers: 3,
    scripts: &[],
    retries: 0,
    lates: 0,
    exchanges: 0,
    faults: Faults::NONE,
};

/// R = 1 and W = 1 of so many homes.
const fn quick(homes: usize) -> Bounds<'static> {
    Bounds { setting: Setting::of(homes, 1, 1), servers: homes, ..QUORUMS }
}

necessary! {
    enough_tell: EnoughTell breaks FRESH in 8
        within Bounds { scripts: &[&[put("x", "1")], &[get("y"), get("x")]], ..QUORUMS };
    enough_store: EnoughStore breaks FRESH in 10
        within Bounds { scripts: &[&[put("x", "1")], &[get("y"), get("x")]], ..QUORUMS };
    all_told_is_returned: AllToldIsReturned breaks FRESH in 12
        within Bounds { scripts: &[&[put("x", "1")], &[get("y"), get("x")]], ..QUORUMS };
    replica_counts_once: ReplicaCountsOnce breaks FRESH in 9
        within Bounds {
            setting: Setting::of(3, 1, 3),
            scripts: &[&[put("x", "1")], &[get("y"), get("x")]],
            faults: DUPLICATE,
            ..QUORUMS
        };
    answers_of_this_operation: AnswersOfThisOperation breaks FRESH in 12
        within Bounds {
            scripts: &[&[put("x", "1"), put("x", "2")], &[get("y"), get("x")]],
            ..QUORUMS
        };
    hint_is_no_vote: HintIsNoVote breaks FRESH in 13
        within Bounds {
            servers: 4,
            scripts: &[&[put("x", "1")], &[get("y"), get("x")]],
            lates: 1,
            ..QUORUMS
        };
    home_coordinates: HomeCoordinates breaks FRESH in 12
        within Bounds {
            servers: 4,
            scripts: &[&[], &[get("y"), get("x")], &[], &[put("x", "1")]],
            ..QUORUMS
        };
    dot_per_write: DotPerWrite breaks ONE_WRITE in 5
        within Bounds { scripts: &[&[put("x", "1"), put("x", "2")]], ..QUORUMS };
    context_from_read: ContextFromRead breaks NOTHING_LOST in 5
        within Bounds { scripts: &[&[put("x", "1")], &[put("x", "2")]], ..quick(3) };
    dot_never_reused: DotNeverReused breaks ONE_WRITE in 7
        within Bounds {
            scripts: &[&[put("x", "1"), put("x", "2")]],
            faults: WIPE,
            ..QUORUMS
        };
    store_merges: StoreMerges breaks NOTHING_LOST in 4
        within Bounds { scripts: &[&[put("x", "1")], &[put("x", "2")]], ..quick(3) };
    read_repair_is_join: ReadRepairIsJoin breaks NOTHING_LOST in 8
        within Bounds { scripts: &[&[put("x", "1")], &[put("x", "2"), get("x")]], ..quick(2) };
    handoff_merges: HandoffMerges breaks NOTHING_LOST in 7
        within Bounds {
            servers: 3,
            scripts: &[&[put("x", "1")], &[put("x", "2")]],
            lates: 1,
            exchanges: 1,
            ..quick(2)
        };
    hint_is_kept: HintIsKept breaks NOTHING_LOST in 7
        within Bounds {
            setting: Setting::of(2, 2, 2).sloppy(),
            scripts: &[&[put("x", "1")]],
            lates: 1,
            exchanges: 1,
            faults: WIPE,
            ..QUORUMS
        };
    store_survives_crash: StoreSurvivesCrash breaks NOTHING_LOST in 3
        within Bounds { scripts: &[&[put("x", "1")]], faults: CRASH, ..quick(3) };
    save_before_send: SaveBeforeSend breaks SAVED_BEFORE_SENT in 1
        within Bounds { scripts: &[&[put("x", "1")]], ..QUORUMS };
    answer_is_its_own: AnswerIsItsOwn breaks OWN_WRITES in 9
        within Bounds {
            scripts: &[&[get("x"), put("x", "1"), get("x")]],
            faults: DUPLICATE,
            ..QUORUMS
        };
}

/// A client loses what another one has written, on a single server: no replica is needed for that.
#[test]
fn a_write_that_supersedes_what_its_client_has_not_read_loses_it() {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { scripts, ..quick(1) };
    assert_breaks(suspending(&bounds, Rule::ContextFromRead), NOTHING_LOST, 3);
}

/// A home misses a deletion, and brings back what the others have forgotten. With all rules in
/// force the others wait for it: `quorum-store/dynamo-delete-live`.
#[test]
fn tombstone_outlives() {
    for (servers, steps) in [(3, 25), (4, 32)] {
        let others = [0, 1, 3].into_iter().filter(|other| *other < servers);
        let bounds = live::Bounds {
            servers,
            scripts: &[&[put("x", "1"), get("x"), delete("x")]],
            cut: Some(Cut::between(others.collect::<Vec<_>>(), [2]).healing(3..=4)),
            forgets: true,
            ..CALM
        };
        assert_breaks(suspending(&bounds, Rule::TombstoneOutlives), STAYS_DELETED, steps);
    }
}

const CALM: live::Bounds<'static> = live::Bounds {
    setting: Setting::of(3, 2, 2),
    servers: 3,
    scripts: &[],
    faults: Faults::NONE,
    recovery: None,
    cut: None,
    forgets: false,
};

missed! {
    stores_are_compared: StoresAreCompared lets CONVERGED be missed by Lasso in 12
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: DROP, ..CALM };
    hints_are_handed_off: HintsAreHandedOff lets CONVERGED be missed by Lasso in 29
        within live::Bounds {
            servers: 4,
            scripts: &[&[put("x", "1")]],
            cut: Some(Cut::between([0, 1, 3], [2]).healing(1..=3)),
            ..CALM
        };
    deletions_are_swept: DeletionsAreSwept lets FORGOTTEN be missed by Lasso in 57
        within live::Bounds {
            scripts: &[&[put("x", "1"), get("x"), delete("x")]],
            forgets: true,
            ..CALM
        };
    client_asks_again: ClientAsksAgain lets ALL_ANSWERED be missed by Lasso in 12
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: DROP, ..CALM };
    client_tries_another: ClientTriesAnother lets ALL_ANSWERED be missed by Lasso in 8
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: CRASH, ..CALM };
}

#[test]
fn every_rule_has_its_counterexample() {
    let by_hand: &[(Rule, &str)] = &[(Rule::TombstoneOutlives, STAYS_DELETED)];
    assert_each_is_proven(Rule::ALL, &[PROVEN, MISSED, by_hand]);
}
