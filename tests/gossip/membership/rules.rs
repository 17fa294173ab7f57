//! Every rule of membership is necessary: suspended, it leaves a counterexample to what it
//! protects. Lengths are the shortest there are, within the bounds, for that property alone.

use quorate_checker::engine::Miss;
use quorate_checker::report::Verdict;
use quorate_checker::spec::{Cut, Faults, SAVED_BEFORE_SENT};
use quorate_models::gossip::membership::claims::ghost::Ghost;
use quorate_models::gossip::membership::claims::properties::{
    COMPLETENESS, DEAD_STAY_DEAD, FORGOTTEN, KNOWN, NEVER_BACK, OWN_INCARNATIONS, RESTART_KNOWN,
    UNSUSPECTED, all_suspect_or_none,
};
use quorate_models::gossip::membership::rules::Rule;
use quorate_models::gossip::membership::specs::live::{self, Bounds, Meanwhile, Pace};
use quorate_models::gossip::membership::specs::{Book, Contacts, MembershipSpec, SETTINGS, safety};
use quorate_models::gossip::membership::{Server, Settings};

use crate::proofs::{
    Within, assert_each_is_proven, explore, missed, necessary, slower, suspending,
};

impl Within for Bounds {
    type Rule = Rule;
    type Actor = Server<Book>;
    type Ghost = Ghost;

    fn spec(&self, rules: Book) -> MembershipSpec {
        live::membership("proof", rules, self.clone(), &[])
    }
}

impl Within for safety::Bounds {
    type Rule = Rule;
    type Actor = Server<Book>;
    type Ghost = Ghost;

    fn spec(&self, rules: Book) -> MembershipSpec {
        safety::membership("proof", rules, *self, &[])
    }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
const DROP: Faults = Faults { drops: 1, ..Faults::NONE };

/// Two members, one of which takes the other for dead, at any moment.
const TWO: safety::Bounds =
    safety::Bounds { servers: 2, periods: 3, overdue: 1, deaths: 1, faults: Faults::NONE };

/// On the clock, three members, and a suspect has no time to contradict.
fn hasty() -> Bounds {
    Bounds { pace: Pace::Hasty, ..Bounds::default() }
}

/// The same, and one member is suspected for no reason.
fn doubted() -> Bounds {
    Bounds { early: 2, ..hasty() }
}

/// On the clock, a member dies for good.
fn dies() -> Bounds {
    Bounds { faults: CRASH, ..Bounds::default() }
}

/// On the clock, a member dies for good, is talked about for long, and is to be forgotten.
fn talked_about() -> Bounds {
    let settings = Settings { tellings: 8, ..SETTINGS };
    Bounds { pace: Pace::Forgetful, settings, ..dies() }
}

necessary! {
    worse_news_wins: WorseNewsWins breaks NEVER_BACK in 5 within TWO;
    only_owner_raises: OnlyOwnerRaises breaks OWN_INCARNATIONS in 5 within TWO;
    save_before_send: SaveBeforeSend breaks SAVED_BEFORE_SENT in 4 within TWO;
    dead_is_forgotten_last: DeadIsForgottenLast breaks DEAD_STAY_DEAD in 6 within TWO;
    indirect_before_suspect: IndirectBeforeSuspect breaks UNSUSPECTED in 15
        within Bounds { faults: DROP, meanwhile: Meanwhile::Unsuspected, ..hasty() };
}

missed! {
    higher_incarnation_wins: HigherIncarnationWins lets KNOWN be missed by Lasso in 21
        within Bounds { servers: 2, ..doubted() };
    suspect_refutes: SuspectRefutes lets KNOWN be missed by Lasso in 21
        within Bounds { servers: 2, ..doubted() };
    suspect_hears_first: SuspectHearsFirst lets KNOWN be missed by Lasso in 58 within doubted();
    incarnation_outlives_crash: IncarnationOutlivesCrash lets RESTART_KNOWN be missed by Lasso
        in 17
        within Bounds { servers: 2, faults: CRASH, recovery: Some(1..=1), ..hasty() };
    suspicion_has_deadline: SuspicionHasDeadline lets COMPLETENESS be missed by Lasso in 12
        within Bounds { servers: 2, ..dies() };
    deadline_stands: DeadlineStands lets COMPLETENESS be missed by Lasso in 12
        within Bounds { servers: 2, ..dies() };
    round_robin_probe: RoundRobinProbe lets COMPLETENESS be missed by Lasso in 18 within dies();
    unknown_is_added: UnknownIsAdded lets KNOWN be missed by Lasso in 9
        within Bounds { servers: 2, contacts: Contacts::First, ..hasty() };
    dead_not_readded: DeadNotReadded lets FORGOTTEN be missed by Lasso in 133
        within talked_about();
    contacts_are_probed: ContactsAreProbed lets KNOWN be missed by Lasso in 26
        within Bounds { servers: 2, cut: Some(Cut::between([0], [1]).healing(8..=8)), ..hasty() };
}

slower! {
    rumours_are_told: RumoursAreTold lets COMPLETENESS take 6 ticks instead of 1
        until all_suspect_or_none within dies();
}

/// A suspect that is not told by everybody may still hear it as a rumour, as in SWIM: where two
/// are all there are, it does.
#[test]
fn a_rumour_may_reach_whom_it_is_about() {
    let bounds = Bounds { servers: 2, ..doubted() };
    let report = explore(suspending(&bounds, Rule::SuspectHearsFirst).only(KNOWN));
    assert_eq!((report.verdict, report.cut_short), (Verdict::Holds, None));
}

#[test]
fn every_rule_has_its_counterexample() {
    assert_each_is_proven(Rule::ALL, &[PROVEN, MISSED, SLOWER]);
}
