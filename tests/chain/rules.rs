//! Every rule of chain replication is necessary: suspended, it leaves a counterexample to what it
//! protects. Lengths are the shortest there are, within the bounds, for that property alone.

use std::fmt;

use quorate_checker::engine::Miss;
use quorate_checker::spec::{Action, Faults, SAVED_BEFORE_SENT, STORAGE_AGREES};
use quorate_models::chain::ChainMember;
use quorate_models::chain::claims::ghost::Ghost;
use quorate_models::chain::claims::properties::{
    ACKED_BY_ALL, LINEARIZABILITY, PREFIXES, all_acknowledged,
};
use quorate_models::chain::rules::Rule;
use quorate_models::chain::specs::live::{self, ALL_ACKED, ALL_ANSWERED, ONLY_THE_LIVING};
use quorate_models::chain::specs::{self, Book, Bounds, ChainSpec, Checked};
use quorate_models::claims::all_answered;
use quorate_models::kv::{Command, get, put};

use crate::proofs::{
    Within, assert_breaks, assert_each_is_proven, missed, necessary, slower, suspending,
};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = ChainMember<Checked>;
    type Ghost = Ghost;

    fn spec(&self, rules: Book) -> ChainSpec {
        specs::chain("proof", rules, *self, &[])
    }
}

impl Within for live::Bounds<'_> {
    type Rule = Rule;
    type Actor = ChainMember<Checked>;
    type Ghost = Ghost;

    fn spec(&self, rules: Book) -> ChainSpec {
        live::chain("proof", rules, self.clone(), &[])
    }
}

/// A spec that leads the search to one scenario, which its name tells.
struct Directed(&'static str, fn(&str, Book) -> ChainSpec);

impl fmt::Debug for Directed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Within for Directed {
    type Rule = Rule;
    type Actor = ChainMember<Checked>;
    type Ghost = Ghost;

    fn spec(&self, rules: Book) -> ChainSpec {
        (self.1)(self.0, rules)
    }
}

/// The paper's protocol, under its assumption.
const FAIL_STOP: Directed = Directed("fail-stop", specs::fail_stop);
/// The tail is cut off from the master.
const CUT_OFF: Directed = Directed("cut off", specs::cut_off);
/// The head is taken for dead, and then its successor.
const TWO_IN_TURN: Directed = Directed("two in turn", specs::two_in_turn);
/// On the clock, the middle dies and no other server.
const MIDDLE_DIES: Directed = Directed("the middle dies", middle_dies);

fn middle_dies(name: &str, rules: Book) -> ChainSpec {
    let bounds = live::Bounds { servers: 3, scripts: &[&[put("x", "1")]], faults: CRASH, ..CALM };
    let spec = live::chain(name, rules, bounds, &[]);
    spec.directed(
        "no server dies but S3",
        |(), _, action| !matches!(action, Action::Crash(id) if usize::from(*id) != 2),
    )
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
const DUPLICATE: Faults = Faults { duplicates: 1, ..Faults::NONE };
const DROP: Faults = Faults { drops: 1, ..Faults::NONE };

const TWO: Bounds<'static> =
    Bounds { servers: 2, scripts: &[], pings: 0, suspicions: 0, retries: 0, faults: Faults::NONE };
const THREE: Bounds<'static> = Bounds { servers: 3, ..TWO };

necessary! {
    head_orders: HeadOrders breaks PREFIXES in 2
        within Bounds { scripts: &[&[put("x", "1")]], retries: 1, ..TWO };
    forwards_in_order: ForwardsInOrder breaks PREFIXES in 3
        within Bounds { scripts: &[&[put("x", "1")], &[put("x", "2")]], ..TWO };
    taken_once: TakenOnce breaks PREFIXES in 3
        within Bounds { scripts: &[&[put("x", "1")]], faults: DUPLICATE, ..TWO };
    tail_answers: TailAnswers breaks LINEARIZABILITY in 7
        within Bounds {
            scripts: &[&[put("x", "1"), get("x")]],
            suspicions: 1,
            retries: 1,
            ..TWO
        };
    ack_is_the_tails: AckIsTheTails breaks ACKED_BY_ALL in 3
        within Bounds { scripts: &[&[put("x", "1")]], ..THREE };
    tail_reads: TailReads breaks LINEARIZABILITY in 6 within FAIL_STOP;
    reads_pass_the_chain: ReadsPassTheChain breaks LINEARIZABILITY in 8 within CUT_OFF;
    hops_name_their_chain: HopsNameTheirChain breaks LINEARIZABILITY in 12
        within Bounds {
            scripts: &[&[put("x", "1"), get("x")], &[get("x")]],
            suspicions: 1,
            retries: 1,
            faults: DUPLICATE,
            ..TWO
        };
    chains_only_rise: ChainsOnlyRise breaks LINEARIZABILITY in 18
        within TWO_IN_TURN;
    restart_is_death: RestartIsDeath breaks PREFIXES in 4
        within Bounds { scripts: &[&[put("x", "1")]], faults: CRASH, ..TWO };
    chain_survives_crash: ChainSurvivesCrash breaks LINEARIZABILITY in 11
        within Bounds {
            scripts: &[&[put("x", "1"), get("x")]],
            suspicions: 2,
            retries: 1,
            faults: CRASH,
            ..TWO
        };
    save_before_send: SaveBeforeSend breaks SAVED_BEFORE_SENT in 1
        within Bounds { suspicions: 1, ..TWO };
    retry_takes_effect_once: RetryTakesEffectOnce breaks LINEARIZABILITY in 8
        within Bounds {
            scripts: &[&[put("x", "1"), Command::Delete { key: "x".into() }]],
            faults: DUPLICATE,
            ..TWO
        };
    answer_is_its_own: AnswerIsItsOwn breaks LINEARIZABILITY in 4
        within Bounds { scripts: &[&[put("x", "1"), get("x")]], faults: DUPLICATE, ..TWO };
}

const CALM: live::Bounds<'static> =
    live::Bounds { servers: 2, scripts: &[], early: 0, faults: Faults::NONE, recovery: None };

missed! {
    pings_go_on: PingsGoOn lets ALL_ANSWERED be missed by Lasso in 18
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: CRASH, ..CALM };
    silent_is_dead: SilentIsDead lets ONLY_THE_LIVING be missed by Lasso in 4
        within live::Bounds { faults: CRASH, ..CALM };
    last_server_stays: LastServerStays lets ALL_ANSWERED be missed by Lasso in 57
        within live::Bounds { scripts: &[&[put("x", "1")]], early: 2, ..CALM };
    chain_is_told_again: ChainIsToldAgain lets ONLY_THE_LIVING be missed by Lasso in 8
        within live::Bounds { early: 1, faults: DROP, ..CALM };
    outsiders_ping: OutsidersPing lets ALL_ANSWERED be missed by Lasso in 37
        within live::Bounds { servers: 3, scripts: &[&[put("x", "1")]], early: 2, ..CALM };
    sent_until_acked: SentUntilAcked lets ALL_ANSWERED be missed by Lasso in 43
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: DROP, ..CALM };
    tail_death_commits: TailDeathCommits lets ALL_ANSWERED be missed by Lasso in 35
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: CRASH, ..CALM };
    known_is_acked: KnownIsAcked lets ALL_ACKED be missed by Lasso in 10
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: DROP, ..CALM };
    retry_is_answered: RetryIsAnswered lets ALL_ANSWERED be missed by Lasso in 45
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: DROP, ..CALM };
    client_asks_again: ClientAsksAgain lets ALL_ANSWERED be missed by Lasso in 6
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: DROP, ..CALM };
    client_tries_another: ClientTriesAnother lets ALL_ANSWERED be missed by Lasso in 20
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: CRASH, ..CALM };
}

slower! {
    new_successor_gets_sent: NewSuccessorGetsSent lets ALL_ANSWERED take 4 ticks instead of 3
        until all_answered within MIDDLE_DIES;
    ack_is_passed_on: AckIsPassedOn lets ALL_ACKED take 1 ticks instead of 0
        until all_acknowledged within live::Bounds { scripts: &[&[put("x", "1")]], ..CALM };
    forward_tells_chain: ForwardTellsChain lets ALL_ANSWERED take 4 ticks instead of 3
        until all_answered within MIDDLE_DIES;
    chain_is_told_at_once: ChainIsToldAtOnce lets ALL_ANSWERED take 8 ticks instead of 4
        until all_answered
        within live::Bounds { servers: 3, scripts: &[&[put("x", "1")]], faults: CRASH, ..CALM };
    head_is_named: HeadIsNamed lets ALL_ANSWERED take 8 ticks instead of 4
        until all_answered
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: DROP, ..CALM };
    client_follows_redirect: ClientFollowsRedirect lets ALL_ANSWERED take 8 ticks instead of 4
        until all_answered
        within live::Bounds { scripts: &[&[put("x", "1")]], faults: DROP, ..CALM };
}

/// A chain that is not saved is found before it does harm.
#[test]
fn what_is_not_saved_is_told() {
    let bounds = Bounds { suspicions: 1, ..TWO };
    let spec = suspending(&bounds, Rule::ChainSurvivesCrash);
    assert_breaks(spec.durable(specs::same_durable), STORAGE_AGREES, 1);
}

#[test]
fn every_rule_has_its_counterexample() {
    assert_each_is_proven(Rule::ALL, &[PROVEN, MISSED, SLOWER]);
}
