//! Safety: what is checked of Raft while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults, Spec};

use super::{
    Book, EVERY_RULE, Fact, RaftSpec, SEEN, directions, fact, fact_in_flight, keeps_all_durable,
    same_durable, system,
};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::member;
use crate::raft::claims::{conduct, facts, ghost, obsolete, properties};
use crate::raft::rules::Rule;
use crate::raft::{Options, Timer};
use crate::rules::AllBut;
use crate::system::{Boxed, by_choice, suspended};

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
    pub options: Options,
}

/// Raft within `bounds`: its safety, and the facts that must be reachable.
pub fn raft(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> RaftSpec {
    let forgets = obsolete::filter(&rules, bounds.options, bounds.faults);
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
    let spec = Spec::new(
        name,
        system(rules, bounds.options, bounds.servers, bounds.scripts),
        bounds.servers,
    )
    .claims(claims.chain(facts.iter().copied()))
    .suspending(suspended)
    .ghost(ghost::observe)
    .faults(bounds.faults)
    .timeouts(
        "election timeouts",
        |timer| *timer == member::Timer::Server(Timer::Election),
        bounds.elections,
    )
    .timeouts(
        "heartbeats",
        |timer| *timer == member::Timer::Server(Timer::Heartbeat),
        bounds.heartbeats,
    )
    .timeouts("client retries", |timer| timer.is_retry(), bounds.retries);
    let spec = by_choice(spec);
    let spec = if all_durable { spec.durable(same_durable) } else { spec };
    match forgets {
        Some(filter) => spec.obsolete(filter),
        None => spec,
    }
}

/// The specs of Raft. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        election().counts(338_804, 815_637).boxed(),
        replication().counts(184_799, 467_807).boxed(),
        readers().counts(1_256_485, 3_957_967).boxed(),
        failover().counts(419_541, 1_133_646).boxed(),
        lossy().counts(135_296, 445_386).boxed(),
        sticky().counts(3_951_031, 16_493_220).boxed(),
        one().counts(154, 211).boxed(),
        two().counts(77_513, 175_280).boxed(),
        rollback().boxed(),
        taken_out().counts(286_262, 746_898).boxed(),
        shorter().counts(214, 570).boxed(),
        five().counts(4_696, 14_845).boxed(),
        figure_8("raft/figure-8", EVERY_RULE).counts(1_873, 3_769).boxed(),
        figure_8_naive().boxed(),
        late_reply("raft/late-reply", EVERY_RULE).counts(4_016, 11_751).boxed(),
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
    let facts: &[Fact] = &[
        fact("a commit", properties::a_commit),
        fact("a second leader", properties::a_second_leader),
        fact("an overwritten entry", properties::an_overwritten_entry),
        OLDER_COMMAND,
        fact("a later leader reads", facts::a_later_leader_reads),
        fact("all answered", all_answered),
    ];
    raft("raft/replication", EVERY_RULE, bounds, facts)
        .summary("a client's commands while leaders change")
}

/// A writer and a reader of the same key.
pub fn readers() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x")]];
    let bounds = Bounds { servers: 3, scripts, elections: 2, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a read before the write", facts::nothing_read),
        fact("a read while the write has no answer", facts::read_while_writing),
        fact("all answered", all_answered),
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

/// Servers that ask before they stand and keep to a leader that they hear, and leaders that check
/// their quorum. That a leader is not heard any more is found at any moment.
pub fn sticky() -> RaftSpec {
    let options = super::cut::BOTH;
    let bounds = Bounds { servers: 3, elections: 2, options, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a second leader", properties::a_second_leader),
        fact("a server asks to stand while a majority is led", properties::asks_though_led),
        fact("an overwritten entry", properties::an_overwritten_entry),
    ];
    raft("raft/sticky", EVERY_RULE, bounds, facts)
        .summary("servers that ask before they stand, and leaders that check their quorum")
}

/// A server that has nobody to wait for: it is elected and commits by its own word.
pub fn one() -> RaftSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::default() };
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds {
        servers: 1,
        scripts,
        elections: 2,
        heartbeats: 1,
        retries: 2,
        faults,
        ..Bounds::default()
    };
    let facts: &[Fact] = &[
        fact("a second leader", properties::a_second_leader),
        fact("a recovered server", properties::a_recovered_server),
        fact("all answered", all_answered),
    ];
    raft("raft/one", EVERY_RULE, bounds, facts).summary("one server, which is a majority")
}

/// The smallest cluster that has to agree.
pub fn two() -> RaftSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::default() };
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds {
        servers: 2,
        scripts,
        elections: 2,
        heartbeats: 1,
        retries: 1,
        faults,
        ..Bounds::default()
    };
    let facts: &[Fact] = &[
        fact("a second leader", properties::a_second_leader),
        fact("a recovered server", properties::a_recovered_server),
        fact("all answered", all_answered),
    ];
    raft("raft/two", EVERY_RULE, bounds, facts).summary("two servers, of which both must live")
}

/// What no protocol mends: a disk that forgets. A server that has lost its vote votes again, and
/// one that has lost an entry lets the leader go on without it.
pub fn rollback() -> RaftSpec {
    let faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };
    let bounds = Bounds { servers: 3, elections: 2, faults, ..Bounds::default() };
    let facts: &[Fact] = &[fact("a second leader", properties::a_second_leader)];
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
    let facts: &[Fact] = &[
        fact("a server is taken out", properties::a_server_taken_out),
        fact("a leader knows of a loss", properties::a_leader_knows_of_a_loss),
    ];
    let spec = raft("raft/taken-out", EVERY_RULE, bounds, facts);
    spec.summary("a server's storage is rolled back under the leader, which finds it out")
}

/// The log of the leader of term 1 is the longest when that of term 2 stands again.
pub fn shorter() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, elections: 4, ..Bounds::default() };
    let facts: &[Fact] = &[fact("a shorter log won", facts::a_shorter_log_won)];
    raft("raft/shorter", EVERY_RULE, bounds, facts)
        .summary("a log that is shorter but newer wins an election")
        .directed("S1, S2, S3 and S2 stand in turn, and leaders reach nobody", directions::shorter)
}

/// Five servers: two of them may lag.
pub fn five() -> RaftSpec {
    let bounds = Bounds { servers: 5, elections: 1, ..Bounds::default() };
    let facts: &[Fact] =
        &[fact("a leader", properties::a_leader), fact("a commit", properties::a_commit)];
    raft("raft/five", EVERY_RULE, bounds, facts).summary("five servers and one election")
}

/// Figure 8: the first and the second server lead in turn, four times. The no-ops are the entries.
pub fn figure_8(name: &str, rules: Book) -> RaftSpec {
    let bounds = Bounds { servers: 3, elections: 4, ..Bounds::default() };
    raft(name, rules, bounds, &[fact("an overwritten entry", properties::an_overwritten_entry)])
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
    raft(name, rules, bounds, &[fact("an overwritten entry", properties::an_overwritten_entry)])
        .summary("an acknowledgement of an older term says nothing about the log of today")
        .directed(
            "S1 and S3 stand in turn, with fixed voters and followers",
            directions::late_reply,
        )
}

/// What elections come to.
pub(super) const ELECTED: &[Fact] = &[
    fact("a leader", properties::a_leader),
    fact("a commit", properties::a_commit),
    fact("a second leader", properties::a_second_leader),
    fact("an overwritten entry", properties::an_overwritten_entry),
];

/// What a client's command comes to though messages are lost and it is sent again.
pub(super) const ANSWERED_ANYWAY: &[Fact] = &[
    fact("a commit", properties::a_commit),
    fact("all answered", all_answered),
    fact_in_flight(facts::ANSWERED_AFTER_DROP, facts::answered_after_drop),
    fact_in_flight(facts::ASKED_AGAIN, facts::asked_again),
    fact("all answered after a retry", facts::answered_after_retry),
];

/// What both come to when a server dies and comes back.
pub(super) const FAILED_OVER: &[Fact] = &[
    fact("a second leader", properties::a_second_leader),
    fact("an overwritten entry", properties::an_overwritten_entry),
    fact("a recovered server", properties::a_recovered_server),
    fact("a leader down with an answered command", facts::a_leader_down_answered),
    fact("a leader down with an unanswered command", facts::a_leader_down_unanswered),
    fact("a command gone with its leader", facts::a_command_gone_with_its_leader),
    fact("a leader that crashed has rejoined", facts::a_leader_rejoined),
    OLDER_COMMAND,
    fact("all answered", all_answered),
];

/// Needs the no-op: without it an older entry waits for the next command.
pub(super) const OLDER_COMMAND: Fact =
    fact("an older command is committed", properties::an_older_command_committed);
