//! What is checked of Raft in larger spaces: more elections, faults and servers.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::{
    ANSWERED_ANYWAY, Bounds, ELECTED, EVERY_RULE, FAILED_OVER, Fact, OLDER_COMMAND, RaftSpec, fact,
    fact_in_flight, raft,
};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::raft::Batch;
use crate::raft::claims::facts;
use crate::raft::claims::properties;
use crate::system::{Boxed, servers_mut};

/// Those of the default set. The counts change only with a reason.
pub fn default_set() -> Vec<Box<dyn AnySpec>> {
    vec![
        elections_3().counts(4_938_432, 13_562_604).boxed(),
        lossy_2().counts(9_083_765, 36_862_352).boxed(),
        failover_lossy().counts(1_804_614, 5_958_019).boxed(),
        crashes_2().counts(1_829_488, 5_661_628).boxed(),
        window().counts(335_489, 1_096_175).boxed(),
        batches().counts(1_514_291, 4_258_617).boxed(),
        retry_2().counts(14_892, 32_988).boxed(),
        failover_retry().counts(47_142, 79_195).boxed(),
        failover_2().counts(1_344_972, 3_572_916).boxed(),
        readers_2().counts(157_279, 405_993).boxed(),
        four_client().counts(152_576, 516_677).boxed(),
        five_client().counts(4_654, 14_460).boxed(),
    ]
}

/// Those for when there are minutes to spare.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        elections_4().counts(27_266_007, 83_722_986).boxed(),
        heartbeat().counts(20_201_366, 58_035_735).boxed(),
        five_2().counts(7_091_716, 33_282_545).boxed(),
        replication_3().counts(18_456_306, 49_935_847).boxed(),
        four_3().counts(1_671_185, 7_195_485).boxed(),
        five_client_2().counts(6_808_233, 33_224_149).boxed(),
    ]
}

/// One election more than in the default set: as many as figure 8 takes.
fn elections_4() -> RaftSpec {
    let bounds = Bounds { servers: 3, elections: 4, ..Bounds::default() };
    raft("raft/elections-4", EVERY_RULE, bounds, ELECTED)
        .summary("four elections, and their no-ops")
}

/// Elections, and a leader that speaks up at any moment.
fn heartbeat() -> RaftSpec {
    let bounds = Bounds { servers: 3, elections: 3, heartbeats: 1, ..Bounds::default() };
    raft("raft/heartbeat", EVERY_RULE, bounds, ELECTED)
        .summary("elections, and a heartbeat of a leader, deposed or not")
}

/// What is lost is sent again: by the leader's heartbeat, and by the client.
pub fn lossy_2() -> RaftSpec {
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::default() };
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds {
        servers: 3,
        scripts,
        elections: 1,
        heartbeats: 1,
        retries: 1,
        faults,
        ..Bounds::default()
    };
    raft("raft/lossy-2", EVERY_RULE, bounds, ANSWERED_ANYWAY)
        .summary("a lost message, a doubled one, a retry, a heartbeat")
}

/// A leader that dies, and one message, whichever it is, that is lost.
fn failover_lossy() -> RaftSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, drops: 1, ..Faults::default() };
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, elections: 2, faults, ..Bounds::default() };
    raft("raft/failover-lossy", EVERY_RULE, bounds, FAILED_OVER)
        .summary("the leader may die, and a message may be lost")
}

/// A client's command while leaders change twice.
pub fn elections_3() -> RaftSpec {
    leader_after_the_next("raft/elections-3", &[put("x", "1")])
        .summary("a client's command, and a leader after the next")
}

/// Two commands of a client, and a leader after the next.
fn replication_3() -> RaftSpec {
    leader_after_the_next("raft/replication-3", &[put("x", "1"), put("x", "2")])
        .summary("a client's two commands, and a leader after the next")
}

fn leader_after_the_next(name: &str, script: &[Command]) -> RaftSpec {
    let bounds = Bounds { servers: 3, scripts: &[script], elections: 3, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a second leader", properties::a_second_leader),
        fact("an overwritten entry", properties::an_overwritten_entry),
        OLDER_COMMAND,
        fact("all answered", all_answered),
    ];
    raft(name, EVERY_RULE, bounds, facts)
}

/// More than one message on its way to a follower, of which one is lost.
fn window() -> RaftSpec {
    let faults = Faults { drops: 1, ..Faults::default() };
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds =
        Bounds { servers: 2, scripts, elections: 2, heartbeats: 1, faults, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("two messages are on their way", facts::two_on_their_way),
        fact("all answered", all_answered),
    ];
    let mut spec = raft("raft/window", EVERY_RULE, bounds, facts)
        .summary("two messages on their way to a follower, one of them is lost, and a heartbeat");
    for server in servers_mut(&mut spec) {
        server.window = 2;
    }
    spec
}

/// A leader that dies between two commands of a client, or while it carries out either.
fn failover_2() -> RaftSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::default() };
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let bounds = Bounds { servers: 3, scripts, elections: 2, faults, ..Bounds::default() };
    raft("raft/failover-2", EVERY_RULE, bounds, FAILED_OVER)
        .summary("a client's second command, and a leader that dies before it, in it or after it")
}

/// A server crashes, and it or another one once more: the first leader and then the second.
fn crashes_2() -> RaftSpec {
    let faults = Faults { crashes: 2, down_at_once: 1, ..Faults::default() };
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, elections: 2, faults, ..Bounds::default() };
    raft("raft/crashes-2", EVERY_RULE, bounds, FAILED_OVER)
        .summary("both leaders may die, or one of them twice, and recover")
}

/// Five servers and two leaders: majorities that share no more than one server.
fn five_2() -> RaftSpec {
    let bounds = Bounds { servers: 5, elections: 2, ..Bounds::default() };
    raft("raft/five-2", EVERY_RULE, bounds, ELECTED).summary("five servers and two elections")
}

/// Four servers and three leaders: where a majority is one more than half, and half is no majority.
/// The whole space has 39,817,947 states.
fn four_3() -> RaftSpec {
    let bounds = Bounds { servers: 4, elections: 3, ..Bounds::default() };
    raft("raft/four-3", EVERY_RULE, bounds, ELECTED)
        .summary("four servers and three elections")
        .reduced()
}

/// What four and five servers come to with a client.
const COMMANDED: &[Fact] = &[
    fact("a commit", properties::a_commit),
    fact("a second leader", properties::a_second_leader),
    fact("an overwritten entry", properties::an_overwritten_entry),
    OLDER_COMMAND,
    fact("all answered", all_answered),
];

/// A client's command on four servers while leaders change. With all renamings there are 3,586,872
/// states.
pub fn four_client() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 4, scripts, elections: 2, ..Bounds::default() };
    raft("raft/four-client", EVERY_RULE, bounds, COMMANDED)
        .summary("a client's command on four servers while leaders change")
        .reduced()
}

/// A client's command on five servers, of which two may lag. With all renamings there are 406,060
/// states.
pub fn five_client() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 5, scripts, elections: 1, ..Bounds::default() };
    let facts: &[Fact] =
        &[fact("a commit", properties::a_commit), fact("all answered", all_answered)];
    raft("raft/five-client", EVERY_RULE, bounds, facts)
        .summary("a client's command on five servers")
        .reduced()
}

/// A client's command on five servers while leaders change. With all renamings there are
/// 787,010,440 states.
fn five_client_2() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 5, scripts, elections: 2, ..Bounds::default() };
    raft("raft/five-client-2", EVERY_RULE, bounds, COMMANDED)
        .summary("a client's command on five servers while leaders change")
        .reduced()
}

/// How many entries one message of a node carries at most: more than there are in a spec.
pub const NODE_BATCH: Batch = Batch { entries: 256, bytes: 256 << 10 };

/// How many messages of a node are on their way to a follower at most.
pub const NODE_WINDOW: usize = 2;

/// A leader that sends a follower all that it lacks, and more before it answers, as a node does.
/// Only so does a message bring an entry that the follower has and behind it one that it has not.
pub fn batches() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let bounds = Bounds { servers: 3, scripts, elections: 2, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a second leader", properties::a_second_leader),
        fact("an overwritten entry", properties::an_overwritten_entry),
        OLDER_COMMAND,
        fact_in_flight(facts::HALF_KNOWN, facts::half_known),
        fact("all answered", all_answered),
    ];
    let mut spec = raft("raft/batches", EVERY_RULE, bounds, facts)
        .summary("a client's two commands, and messages of as many entries as there are");
    for server in servers_mut(&mut spec) {
        server.batch = NODE_BATCH;
        server.window = NODE_WINDOW;
    }
    spec
}

/// A command is asked for again after the next one has been answered.
pub fn retry_2() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), Command::Delete { key: "x".into() }]];
    let bounds = Bounds { servers: 3, scripts, elections: 1, retries: 1, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact_in_flight(facts::ASKED_AGAIN, facts::asked_again),
        fact_in_flight(facts::OVERTAKEN, facts::overtaken),
        fact("all answered after a retry", facts::answered_after_retry),
    ];
    raft("raft/retry-2", EVERY_RULE, bounds, facts)
        .summary("two commands, either of which is asked for twice")
}

/// A command is asked for again of the next leader, which was a follower when it took effect.
fn failover_retry() -> RaftSpec {
    let delete = Command::Delete { key: "x".into() };
    let scripts: &[&[Command]] = &[&[put("x", "1"), delete, get("x")]];
    let bounds = Bounds {
        servers: 2,
        scripts,
        elections: 2,
        heartbeats: 1,
        retries: 1,
        ..Bounds::default()
    };
    let facts: &[Fact] = &[
        fact("a second leader", properties::a_second_leader),
        fact_in_flight(facts::ASKED_AGAIN, facts::asked_again),
        fact("all answered after a retry", facts::answered_after_retry),
    ];
    raft("raft/failover-retry", EVERY_RULE, bounds, facts)
        .summary("a later leader is asked again for what an earlier one did")
}

/// A reader that reads twice: its second read begins when the write may be long over.
fn readers_2() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x"), get("x")]];
    let bounds = Bounds { servers: 3, scripts, elections: 1, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a read before the write", facts::nothing_read),
        fact("a read while the write has no answer", facts::read_while_writing),
        fact(facts::READ_AFTER_WRITE, facts::read_after_write),
        fact("all answered", all_answered),
    ];
    raft("raft/readers-2", EVERY_RULE, bounds, facts)
        .summary("a writer, and a reader that reads twice")
}
