//! What is checked of Raft, with which bounds.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults, Sees, Spec};
use stateright::actor::{ActorModel, Id};

use super::ghost::{self, Ghost};
use super::properties::{self, Named, System};
use super::rules::Rule;
use super::{Batch, Raft, Server, State, Timer, Timing, facts, obsolete};
use super::{conduct, directions};
use crate::client::{Client, Habits};
use crate::kv::{Command, Kv};
use crate::rules::{AllBut, RuleBook};

/// The rule book of the specs, which can suspend rules. The specs of the whole protocol suspend
/// none; that of a node cannot suspend any.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// A spec of Raft that replicates the key-value store.
pub type RaftSpec = Spec<Raft<Kv, Book>, (), Arc<Ghost<Kv>>>;

/// A spec of Raft as a spec of any protocol.
///
/// The engine is compiled for a type of actors where that type is made an [`AnySpec`]. That is
/// here, once; a `Box::new` elsewhere would compile it all again.
pub trait Boxed {
    fn boxed(self) -> Box<dyn AnySpec>;
}

impl Boxed for RaftSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// The timing of a cluster on one machine.
pub fn timing() -> Timing {
    Timing {
        heartbeat: Duration::from_millis(50),
        election: Duration::from_millis(150)..Duration::from_millis(300),
    }
}

/// How long a client of the node waits for an answer before it asks another server.
const RETRY: Duration = Duration::from_millis(100);

/// One entry a message: a leader that always sends its whole log cannot have a prefix of it on a
/// majority, and then figure 8 does not happen. There is room for no byte, so that each command is
/// one that goes however large it is.
const BATCH: Batch = Batch { entries: 1, bytes: 0 };

/// A cluster of `count` servers and clients with these scripts.
pub(super) fn system(rules: Book, count: usize, scripts: &[&[Command]]) -> System<Kv, Book> {
    let servers: Vec<Id> = (0..count).map(Id::from).collect();
    let habits = Habits {
        asks_again: rules.keeps(Rule::ClientAsksAgain),
        tries_another: rules.keeps(Rule::ClientTriesAnother),
        follows_redirect: rules.keeps(Rule::ClientFollowsRedirect),
        knows_its_answer: rules.keeps(Rule::AnswerIsItsOwn),
    };
    let server = Raft::Server(Server {
        servers: servers.clone(),
        timing: timing(),
        batch: BATCH,
        rules,
        machine: PhantomData,
    });
    let clients = scripts.iter().map(|script| {
        Raft::Client(Client {
            servers: servers.clone(),
            script: script.to_vec(),
            retry: RETRY..RETRY,
            habits,
        })
    });
    ActorModel::new((), Arc::new(Ghost::default()))
        .actors(std::iter::repeat_n(server, count))
        .actors(clients)
}

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds<'a> {
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// Timeouts of each kind, in total.
    pub elections: u8,
    pub heartbeats: u8,
    pub retries: u8,
    pub faults: Faults,
}

/// False if a rule is suspended that keeps something on disk. That the storage agrees with the
/// state is then broken at once, before it does any harm; such specs show the harm.
pub(super) fn keeps_all_durable(rules: &Book) -> bool {
    [Rule::TermSurvivesCrash, Rule::VoteSurvivesCrash, Rule::LogSurvivesCrash]
        .into_iter()
        .all(|rule| rules.keeps(rule))
}

/// True if two states of a member say the same about what survives a crash.
pub fn same_durable(one: &State<Kv>, other: &State<Kv>) -> bool {
    match (one, other) {
        (State::Server(one), State::Server(other)) => one.storage == other.storage,
        _ => true,
    }
}

/// The servers of a spec, to give them other settings.
pub(super) fn servers_mut(spec: &mut RaftSpec) -> impl Iterator<Item = &mut Server<Kv, Book>> {
    spec.system.actors.iter_mut().filter_map(|actor| match actor {
        Raft::Server(server) => Some(server),
        Raft::Client(_) => None,
    })
}

/// The rules that are not in force, in words.
pub(super) fn suspended(rules: &Book) -> Vec<String> {
    rules.0.iter().map(|rule| rule.wording().to_string()).collect()
}

/// What the claims see: who is in which state, and what happened. Some facts see more.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// A fact, which must be reachable, and what it sees.
pub(super) fn fact(
    (name, condition): &Named<Kv, Book>,
) -> Claim<Raft<Kv, Book>, (), Arc<Ghost<Kv>>> {
    let is_of_network = facts::OF_NETWORK.contains(name);
    let sees = if is_of_network { SEEN.and(Sees::NETWORK) } else { SEEN };
    Claim::reachable(name, sees, *condition)
}

/// Raft within `bounds`: its safety, and the facts that must be reachable.
pub fn raft(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Named<Kv, Book>]) -> RaftSpec {
    // A server that is rolled back may heed again what it had come to ignore.
    let prunes = obsolete::applies(&rules) && bounds.faults.rollbacks == 0;
    let suspended = suspended(&rules);
    let all_durable = keeps_all_durable(&rules);
    let mut claims = properties::safety();
    claims.extend(conduct::claims());
    if bounds.faults.rollbacks == 0 {
        claims.push((properties::NOBODY_TAKEN_OUT, properties::nobody_is_taken_out));
    } else {
        let name = "whoever has lost its storage does not count";
        claims.push((name, properties::the_lost_do_not_count));
    }
    let claims = claims.into_iter().map(|(name, claim)| Claim::always(name, SEEN, claim));
    let spec = Spec::new(name, system(rules, bounds.servers, bounds.scripts), bounds.servers)
        .claims(claims.chain(facts.iter().map(fact)))
        .suspending(suspended)
        .ghost(ghost::observe)
        .faults(bounds.faults)
        .timeouts("election timeouts", |timer| *timer == Timer::Election, bounds.elections)
        .timeouts("heartbeats", |timer| *timer == Timer::Heartbeat, bounds.heartbeats)
        .timeouts("client retries", |timer| *timer == Timer::Retry, bounds.retries);
    let spec = if all_durable { spec.durable(same_durable) } else { spec };
    if prunes { spec.obsolete(obsolete::is_obsolete) } else { spec }
}

pub fn put(key: &str, value: &str) -> Command {
    Command::Put { key: key.into(), value: value.into() }
}

pub fn get(key: &str) -> Command {
    Command::Get { key: key.into() }
}

/// The specs of Raft. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        election().counts(306_179, 750_777).boxed(),
        replication().counts(5_347_717, 15_453_451).boxed(),
        readers().counts(728_542, 2_164_735).boxed(),
        failover().counts(4_666_061, 14_841_390).boxed(),
        lossy().counts(1_019_856, 4_183_311).boxed(),
        one().counts(88, 114).boxed(),
        two().counts(174_122, 428_615).boxed(),
        rollback().boxed(),
        taken_out().counts(305_513, 848_430).boxed(),
        shorter().counts(214, 570).boxed(),
        five().counts(4_696, 14_845).boxed(),
        figure_8("raft/figure-8", EVERY_RULE).counts(1_869, 3_754).boxed(),
        figure_8_naive().boxed(),
        late_reply("raft/late-reply", EVERY_RULE).counts(8_112, 23_410).boxed(),
    ]
}

/// Elections, and nothing but elections.
pub fn election() -> RaftSpec {
    let bounds = Bounds { servers: 3, elections: 3, ..Bounds::default() };
    raft("raft/election", EVERY_RULE, bounds, ELECTED)
        .summary("elections, and the no-ops of the leaders")
}

/// Commands while leaders change.
pub fn replication() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { servers: 3, scripts, elections: 2, ..Bounds::default() };
    let facts: &[Named<Kv, Book>] = &[
        ("a commit", properties::a_commit),
        ("a second leader", properties::a_second_leader),
        ("an overwritten entry", properties::an_overwritten_entry),
        OLDER_COMMAND,
        ("a later leader reads", facts::a_later_leader_reads),
        ("all answered", properties::all_answered),
    ];
    raft("raft/replication", EVERY_RULE, bounds, facts)
        .summary("a client's commands while leaders change")
}

/// A writer and a reader of the same key.
pub fn readers() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x")]];
    let bounds = Bounds { servers: 3, scripts, elections: 1, ..Bounds::default() };
    let facts: &[Named<Kv, Book>] = &[
        ("a read before the write", facts::nothing_read),
        ("a read while the write has no answer", facts::read_while_writing),
        ("all answered", properties::all_answered),
    ];
    raft("raft/readers", EVERY_RULE, bounds, facts).summary("a writer and a reader of the same key")
}

/// A server crashes, the leader among others, and comes back.
pub fn failover() -> RaftSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::default() };
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, elections: 2, faults, ..Bounds::default() };
    raft("raft/failover", EVERY_RULE, bounds, FAILED_OVER)
        .summary("a leader dies with and without an acknowledged entry, and recovers")
}

/// A message is lost, another one arrives twice, a client asks again.
pub fn lossy() -> RaftSpec {
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::default() };
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds =
        Bounds { servers: 3, scripts, elections: 1, retries: 1, faults, ..Bounds::default() };
    raft("raft/lossy", EVERY_RULE, bounds, ANSWERED_ANYWAY)
        .summary("a lost message, a doubled one, a retry")
}

/// A server that has nobody to wait for: it is elected and commits by its own word.
pub fn one() -> RaftSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::default() };
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { servers: 1, scripts, elections: 2, heartbeats: 1, retries: 2, faults };
    let facts: &[Named<Kv, Book>] = &[
        ("a second leader", properties::a_second_leader),
        ("a recovered server", properties::a_recovered_server),
        ("all answered", properties::all_answered),
    ];
    raft("raft/one", EVERY_RULE, bounds, facts).summary("one server, which is a majority")
}

/// The smallest cluster that has to agree.
pub fn two() -> RaftSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::default() };
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 2, scripts, elections: 2, heartbeats: 1, retries: 1, faults };
    let facts: &[Named<Kv, Book>] = &[
        ("a second leader", properties::a_second_leader),
        ("a recovered server", properties::a_recovered_server),
        ("all answered", properties::all_answered),
    ];
    raft("raft/two", EVERY_RULE, bounds, facts).summary("two servers, of which both must live")
}

/// What no protocol mends: a disk that forgets. A server that has lost its vote votes again, and
/// one that has lost an entry lets the leader go on without it.
pub fn rollback() -> RaftSpec {
    let faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };
    let bounds = Bounds { servers: 3, elections: 2, faults, ..Bounds::default() };
    let facts: &[Named<Kv, Book>] = &[("a second leader", properties::a_second_leader)];
    raft("raft/rollback", EVERY_RULE, bounds, facts)
        .summary("a server's storage is lost under it, and its vote with it")
        .expect_violation(properties::ELECTION_SAFETY)
        .expect_violation(properties::LEADER_COMPLETENESS)
        .expect_violation(properties::STATE_MACHINE_SAFETY)
}

/// With one leader, a storage that is lost under it does no harm: whose it was is found out when
/// the leader knows what it has acknowledged, and takes no further part.
pub fn taken_out() -> RaftSpec {
    let faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::default() };
    let bounds = Bounds { servers: 3, elections: 1, heartbeats: 2, faults, ..Bounds::default() };
    let facts: &[Named<Kv, Book>] = &[
        ("a server is taken out", properties::a_server_taken_out),
        ("a leader knows of a loss", properties::a_leader_knows_of_a_loss),
    ];
    let spec = raft("raft/taken-out", EVERY_RULE, bounds, facts);
    spec.summary("a server's storage is rolled back under the leader, which finds it out")
}

/// The log of the leader of term 1 is the longest when that of term 2 stands again.
pub fn shorter() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, elections: 4, ..Bounds::default() };
    let facts: &[Named<Kv, Book>] = &[("a shorter log won", facts::a_shorter_log_won)];
    raft("raft/shorter", EVERY_RULE, bounds, facts)
        .summary("a log that is shorter but newer wins an election")
        .directed("S1, S2, S3 and S2 stand in turn, and leaders reach nobody", directions::shorter)
}

/// Five servers: two of them may lag.
pub fn five() -> RaftSpec {
    let bounds = Bounds { servers: 5, elections: 1, ..Bounds::default() };
    let facts: &[Named<Kv, Book>] =
        &[("a leader", properties::a_leader), ("a commit", properties::a_commit)];
    raft("raft/five", EVERY_RULE, bounds, facts).summary("five servers and one election")
}

/// Figure 8: the first and the second server lead in turn, four times. The no-ops are the entries.
pub fn figure_8(name: &str, rules: Book) -> RaftSpec {
    let bounds = Bounds { servers: 3, elections: 4, ..Bounds::default() };
    raft(name, rules, bounds, &[("an overwritten entry", properties::an_overwritten_entry)])
        .summary("an entry of an older term on a majority is not yet committed")
        .directed(
            "S1 and S2 stand in turn and reach nobody, then S3, then all",
            directions::figure_8,
        )
}

/// What figure 8 warns of: an entry of an older term committed by counting its copies.
pub fn figure_8_naive() -> RaftSpec {
    figure_8("raft/figure-8-naive", AllBut(vec![Rule::OwnTermCommits]))
        .summary("entries of older terms committed by counting copies, against §5.4.2")
        .expect_violation(properties::LEADER_COMPLETENESS)
        .expect_violation(properties::STATE_MACHINE_SAFETY)
}

/// Five servers, of which the first and the third lead in turn: an acknowledgement of the first
/// term arrives in the third.
pub fn late_reply(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 5, scripts, elections: 4, ..Bounds::default() };
    raft(name, rules, bounds, &[("an overwritten entry", properties::an_overwritten_entry)])
        .summary("an acknowledgement of an older term says nothing about the log of today")
        .directed(
            "S1 and S3 stand in turn, with fixed voters and followers",
            directions::late_reply,
        )
}

/// What elections come to.
pub(super) const ELECTED: &[Named<Kv, Book>] = &[
    ("a leader", properties::a_leader),
    ("a commit", properties::a_commit),
    ("a second leader", properties::a_second_leader),
    ("an overwritten entry", properties::an_overwritten_entry),
];

/// What a client's command comes to though messages are lost and it is sent again.
pub(super) const ANSWERED_ANYWAY: &[Named<Kv, Book>] = &[
    ("a commit", properties::a_commit),
    ("all answered", properties::all_answered),
    (facts::ANSWERED_AFTER_DROP, facts::answered_after_drop),
    (facts::ASKED_AGAIN, facts::asked_again),
    ("all answered after a retry", facts::answered_after_retry),
];

/// What both come to when a server dies and comes back.
pub(super) const FAILED_OVER: &[Named<Kv, Book>] = &[
    ("a second leader", properties::a_second_leader),
    ("an overwritten entry", properties::an_overwritten_entry),
    ("a recovered server", properties::a_recovered_server),
    ("a leader down with an answered command", facts::a_leader_down_answered),
    ("a leader down with an unanswered command", facts::a_leader_down_unanswered),
    ("a command gone with its leader", facts::a_command_gone_with_its_leader),
    ("a leader that crashed has rejoined", facts::a_leader_rejoined),
    OLDER_COMMAND,
    ("all answered", properties::all_answered),
];

/// Needs the no-op: without it an older entry waits for the next command.
pub(super) const OLDER_COMMAND: Named<Kv, Book> =
    ("an older command is committed", properties::an_older_command_committed);
