//! The rules of Viewstamped Replication: without each of them there is a run that breaks what it
//! protects. Each within small bounds, and the length of each shortest counterexample is pinned.

use std::sync::Arc;

use quorate_checker::report::Verdict;
use quorate_checker::spec::{Action, ActionOf, Faults, SAVED_BEFORE_SENT, State};
use quorate_models::kv::put;
use quorate_models::member;
use quorate_models::rules::AllBut;
use quorate_models::service;
use quorate_models::viewstamped::claims::ghost::Ghost;
use quorate_models::viewstamped::claims::properties::{
    LOGS_AGREE, MAJORITY_HOLDS, NOTHING_IS_LOST, ONCE, ONE_LOG, STATE_FOLLOWS, WINDOW,
};
use quorate_models::viewstamped::message::Message;
use quorate_models::viewstamped::rules::Rule;
use quorate_models::viewstamped::specs::{
    Book, Bounds, CRASH, Checked, ViewstampedSpec, backups_crash, short_of_room, viewstamped,
};
use quorate_models::viewstamped::{Limits, Timer, Viewstamped};

use crate::proofs::{Within, assert_breaks, assert_each_is_proven, explore, necessary};
use crate::{epochs, live};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = Viewstamped<Checked>;
    type Ghost = Arc<Ghost>;

    fn spec(&self, rules: Book) -> ViewstampedSpec {
        viewstamped("proof", rules, *self, &[])
    }
}

/// Three replicas, and a client that writes, or two that do.
macro_rules! three {
    (write $(, $field:ident: $value:expr)*) => {
        three!(@ &[&[put("x", "1")]] $(, $field: $value)*)
    };
    (two $(, $field:ident: $value:expr)*) => {
        three!(@ &[&[put("x", "1")], &[put("x", "2")]] $(, $field: $value)*)
    };
    (@ $scripts:expr $(, $field:ident: $value:expr)*) => {
        Bounds { replicas: 3, scripts: $scripts, $($field: $value,)* ..Bounds::default() }
    };
}

const WIPE: Faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };
/// A replica with a disk that keeps what it knows crashes, while a client writes.
macro_rules! disks {
    ($($field:ident: $value:expr),*) => {
        three!(write, faults: CRASH, on_disk: true $(, $field: $value)*)
    };
}

const TWO_CRASHES: Faults = Faults { crashes: 2, ..CRASH };

necessary! {
    only_primary_serves: OnlyPrimaryServes breaks ONE_LOG in 3 within three!(two, retries: 1);
    retry_takes_effect_once: RetryTakesEffectOnce breaks ONCE in 5
        within three!(write, silences: 1, retries: 1);
    normal_and_same_view: NormalAndSameView breaks NOTHING_IS_LOST in 8
        within three!(write, silences: 1);
    prepares_in_order: PreparesInOrder breaks ONE_LOG in 3 within three!(two);
    taken_once: TakenOnce breaks ONCE in 6 within three!(two);
    view_survives_crash: ViewSurvivesCrash breaks NOTHING_IS_LOST in 10
        within disks!(silences: 1);
    log_survives_crash: LogSurvivesCrash breaks NOTHING_IS_LOST in 6 within disks!();
    save_before_send: SaveBeforeSend breaks SAVED_BEFORE_SENT in 1 within disks!();
    dropped_is_on_disk: DroppedIsOnDisk breaks MAJORITY_HOLDS in 8
        within disks!(silences: 1, limits: short_of_room(12));
    commits_after_f: CommitsAfterF breaks MAJORITY_HOLDS in 2 within three!(write, silences: 1);
    view_rises: ViewRises breaks MAJORITY_HOLDS in 14 within three!(write, silences: 1);
    starts_after_quorum: StartsAfterQuorum breaks NOTHING_IS_LOST in 6
        within three!(write, silences: 1);
    longest_log: LongestLog breaks NOTHING_IS_LOST in 8 within three!(write, silences: 1);
    cuts_only_on_arrival: CutsOnlyOnArrival breaks ONE_LOG in 10
        within three!(two, silences: 1, retries: 1);
    normal_view_only_with_log: NormalViewOnlyWithLog breaks ONE_LOG in 8
        within three!(two, silences: 1, retries: 1);
    state_follows_log: StateFollowsLog breaks STATE_FOLLOWS in 9
        within three!(write, agains: 1, limits: short_of_room(1 << 20));
    client_table_travels: ClientTableTravels breaks STATE_FOLLOWS in 9
        within three!(write, agains: 1, limits: short_of_room(1 << 20));
    window_is_kept: WindowIsKept breaks WINDOW in 2
        within three!(two, limits: Limits { window: 1, ..Limits::default() });
    recovers_no_less: RecoversNoLess breaks MAJORITY_HOLDS in 12
        within three!(write, faults: CRASH, limits: short_of_room(1 << 20));
    new_disk_recovers: NewDiskRecovers breaks NOTHING_IS_LOST in 6
        within three!(write, faults: WIPE);
    recovering_is_silent: RecoveringIsSilent breaks MAJORITY_HOLDS in 8
        within three!(write, silences: 1, faults: CRASH);
    recovers_from_quorum: RecoversFromQuorum breaks NOTHING_IS_LOST in 11
        within three!(write, silences: 1, faults: CRASH);
    answer_is_its_own: AnswerIsItsOwn breaks NOTHING_IS_LOST in 9
        within three!(write, silences: 1);
}

/// A state of these specs.
type Now = State<Viewstamped<Checked>, Arc<Ghost>>;
/// What may happen in a state.
type May = fn(&(), &Now, &ActionOf<Viewstamped<Checked>>) -> bool;

/// Of the runs that `may` allows, without `rules` one breaks `property` in so many steps. With the
/// rules `beside` suspended, and no other, none does.
fn assert_broken_by_some(
    (rules, beside): (&[Rule], &[Rule]),
    property: &'static str,
    steps: usize,
    bounds: Bounds<'_>,
    may: May,
) {
    let directed =
        |rules: &[Rule]| bounds.spec(AllBut(rules.to_vec())).directed("some runs only", may);
    assert_breaks(directed(rules), property, steps);
    let control = explore(directed(beside).only(property));
    assert_eq!((control.verdict, control.cut_short), (Verdict::Holds, None));
}

/// The number of whoever notices silence.
fn silent(action: &ActionOf<Viewstamped<Checked>>) -> Option<usize> {
    match action {
        Action::Timeout(id, member::Timer::Server(Timer::Silence)) => Some(usize::from(*id)),
        _ => None,
    }
}

/// Only S3 notices silence.
fn one_is_impatient((): &(), _: &Now, action: &ActionOf<Viewstamped<Checked>>) -> bool {
    silent(action).is_none_or(|id| id == 2)
}

/// A longer log of an older view wins over a committed one.
#[test]
fn last_normal_before_length() {
    let rules: (&[_], &[_]) = (&[Rule::LastNormalBeforeLength], &[]);
    let bounds = three!(two, silences: 2, retries: 1);
    assert_broken_by_some(rules, LOGS_AGREE, 16, bounds, |(), now, action| {
        // The second client asks again, the first one does not, and nobody is given what he lacks.
        let asks = |id| match action {
            Action::Timeout(it, timer) => timer.is_retry() && usize::from(*it) == id,
            _ => false,
        };
        let is_of_transfer = matches!(
            action,
            Action::Deliver { msg: service::Message::Peer(Message::GetState(_)), .. }
        );
        !asks(3) && !is_of_transfer && one_is_impatient(&(), now, action)
    });
}

/// What S3 has told for view 2 is counted for view 5, which has the same primary.
#[test]
fn do_view_change_of_this_view() {
    let rules: (&[_], &[_]) = (&[Rule::DoViewChangeOfThisView], &[]);
    let bounds = three!(write, silences: 4);
    assert_broken_by_some(rules, NOTHING_IS_LOST, 15, bounds, |(), now, action| match action {
        Action::Deliver { dst, msg: service::Message::Peer(message), .. } => {
            let of_its_views = message.view().is_none_or(|view| [2, 5].contains(&view.number.0));
            usize::from(*dst) != 1 || of_its_views
        }
        _ => one_is_impatient(&(), now, action),
    });
}

/// A crash is enough if a replica gives its log to a view that nobody else wants. As the paper has
/// it, this is what makes up for promises that are forgotten, as far as it does.
#[test]
fn do_view_change_after_f() {
    let rules: (&[_], &[_]) =
        (&[Rule::CrashesAreSeen, Rule::DoViewChangeAfterF], &[Rule::CrashesAreSeen]);
    let bounds = three!(write, silences: 1, faults: CRASH);
    assert_broken_by_some(rules, NOTHING_IS_LOST, 11, bounds, |(), _, _| true);
}

/// S3 recovers twice, and counts an answer of the first time.
fn assert_needs_a_new_nonce(rule: Rule) {
    let faults = Faults { duplicates: 1, ..TWO_CRASHES };
    let bounds = three!(write, faults: faults);
    assert_broken_by_some(
        (&[rule], &[]),
        MAJORITY_HOLDS,
        15,
        bounds,
        |(), _, action| !matches!(action, Action::Crash(id) if usize::from(*id) != 2),
    );
}

#[test]
fn nonce_matches() {
    assert_needs_a_new_nonce(Rule::NonceMatches);
}

#[test]
fn nonce_is_new() {
    assert_needs_a_new_nonce(Rule::NonceIsNew);
}

/// Two of three have forgotten all, and one of them passes for somebody who knows the latest view.
#[test]
fn only_normal_answers() {
    let bounds = three!(write, silences: 1, retries: 1, faults: TWO_CRASHES);
    let rules: (&[_], &[_]) = (&[Rule::OnlyNormalAnswers], &[]);
    assert_broken_by_some(rules, NOTHING_IS_LOST, 18, bounds, |(), now, action| match action {
        // S2 and S3 crash, once their client has its answer.
        Action::Crash(id) => {
            let mut clients = now.system.actor_states.iter().filter_map(|it| it.client());
            usize::from(*id) > 0 && clients.all(|client| !client.answers.is_empty())
        }
        // S1 hears nothing of their view.
        Action::Deliver { dst, msg: service::Message::Peer(message), .. } => {
            usize::from(*dst) > 0 || message.view().is_none_or(|view| view.number.0 == 1)
        }
        _ => silent(action).is_none_or(|id| id == 1),
    });
}

/// The listed specs `viewstamped/paper-crash` and `viewstamped/crash-repaired` have these bounds.
#[test]
fn crashes_are_seen() {
    let bounds = three!(write, silences: 1, faults: TWO_CRASHES);
    let spec = bounds.spec(AllBut(vec![Rule::CrashesAreSeen]));
    assert_breaks(spec.directed("only backups crash", backups_crash), NOTHING_IS_LOST, 19);
}

/// S2 is primary of view 2, crashes, and is told of view 1 by S1, which was its primary.
#[test]
fn recovers_from_primary() {
    let rules: (&[_], &[_]) = (&[Rule::RecoversFromPrimary], &[]);
    let bounds = three!(write, silences: 1, retries: 1, faults: CRASH);
    assert_broken_by_some(rules, MAJORITY_HOLDS, 16, bounds, |(), _, action| match action {
        Action::Crash(id) => usize::from(*id) == 1,
        _ => silent(action).is_none_or(|id| id == 1),
    });
}

/// S3 has promised something, loses its disk, and passes for one that has never crashed. That S2
/// crashes is part of how the paper breaks.
#[test]
fn new_disk_counts() {
    let faults = Faults { crashes: 1, ..WIPE };
    let bounds = three!(write, silences: 1, faults: faults);
    let rules: (&[_], &[_]) = (&[Rule::NewDiskCounts], &[]);
    assert_broken_by_some(rules, NOTHING_IS_LOST, 19, bounds, |(), now, action| match action {
        Action::Rollback(id) => usize::from(*id) == 2,
        Action::Crash(id) => usize::from(*id) == 1,
        _ => backups_crash(&(), now, action),
    });
}

/// What the tests above suspend, one by one.
const DIRECTED: &[(Rule, &str)] = &[
    (Rule::LastNormalBeforeLength, LOGS_AGREE),
    (Rule::DoViewChangeOfThisView, NOTHING_IS_LOST),
    (Rule::DoViewChangeAfterF, NOTHING_IS_LOST),
    (Rule::NonceMatches, MAJORITY_HOLDS),
    (Rule::NonceIsNew, MAJORITY_HOLDS),
    (Rule::OnlyNormalAnswers, NOTHING_IS_LOST),
    (Rule::CrashesAreSeen, NOTHING_IS_LOST),
    (Rule::NewDiskCounts, NOTHING_IS_LOST),
    (Rule::RecoversFromPrimary, MAJORITY_HOLDS),
];

#[test]
fn every_rule_is_proven() {
    assert_each_is_proven(
        Rule::ALL,
        &[
            PROVEN,
            DIRECTED,
            live::MISSED,
            live::SLOWER,
            epochs::PROVEN,
            epochs::DIRECTED,
            epochs::MISSED,
            epochs::SLOWER,
        ],
    );
}
