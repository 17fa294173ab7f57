//! Of clusters that change their servers, and of leaders that hand over.

use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::membership::QUORUM_FOLLOWS;

use super::Entry;
use super::Seen::{Cannot, Fact, Suspended};

pub const OF_CHANGES: &[Entry] = &[
    (
        "R44",
        "a leader begins a change before it has committed something of its own term",
        "Ongaro, raft-dev 2015",
        &[Suspended(Rule::OwnTermCommittedFirst, "breaks LEADER_COMPLETENESS in 18")],
    ),
    (
        "R45",
        "a change begins while the last one is on its way",
        "thesis §4.1; valkey 3926",
        &[Suspended(Rule::OneChangeAtATime, "breaks LEADER_COMPLETENESS in 10")],
    ),
    (
        "R46",
        "several voters change in one step",
        "Raft figure 10",
        &[Suspended(Rule::SeveralChangeJointly, "breaks LEADER_COMPLETENESS in 9")],
    ),
    (
        "R47",
        "a configuration counts once it is applied, and who has not applied it stands",
        "etcd 7280, 11284",
        &[Cannot("A configuration counts as soon as it is in the log: none waits to be applied.")],
    ),
    (
        "R48",
        "of a joint configuration one majority alone decides",
        "CCF; openraft 6c0ccaf3",
        &[Suspended(Rule::BothMajorities, "breaks LEADER_COMPLETENESS in 9")],
    ),
    (
        "R49",
        "a joint configuration is left before it is committed",
        "camunda 60086",
        &[Suspended(Rule::LeaveJointAfterCommit, "breaks LEADER_COMPLETENESS in 9")],
    ),
    (
        "R50",
        "a leader that is removed counts itself",
        "etcd confchange_v1_remove_leader; RedisLabs/raft 5",
        &[Suspended(Rule::RemovedLeaderDoesNotCount, "breaks LEADER_COMPLETENESS in 18")],
    ),
    (
        "R51",
        "a learner counts among those who store",
        "octo-im 43",
        &[Suspended(Rule::LearnersDoNotCount, "breaks LEADER_COMPLETENESS in 15")],
    ),
    (
        "R52",
        "a learner stands for election",
        "NuRaft 553; akka-raft 49",
        &[Suspended(Rule::LearnersDoNotStand, "breaks LEADERS_VOTE in 16")],
    ),
    (
        "X16",
        "an answer of before its removal counts for a server that is back",
        "raft-rs 571; etcd-io/raft 349",
        &[Suspended(Rule::RepliesOfThisMemberCount, "breaks MATCHED_IS_STORED in 15")],
    ),
    (
        "X17",
        "a server that has a vote and does not know it refuses to vote",
        "raft-rs 57; etcd 10998",
        &[
            Suspended(Rule::StrangersGetVotes, "lets QUORUM_FOLLOWS be missed by Unbounded in 45"),
            Suspended(Rule::LearnersAreAsked, "lets QUORUM_FOLLOWS be missed by Unbounded in 38"),
        ],
    ),
    (
        "X18",
        "a leader that is removed by an entry that it alone has does not stand again",
        "openraft 2091; thesis §4.2.2",
        &[Suspended(
            Rule::RemovedStandsUntilCommit,
            "lets QUORUM_FOLLOWS be missed by Unbounded in 40",
        )],
    ),
    (
        "X19",
        "a server that is removed stands for ever, in terms that rise",
        "logcabin 56, 205",
        &[
            Suspended(Rule::RemovedRests, "lets QUORUM_FOLLOWS be missed by Unbounded in 59"),
            Suspended(Rule::RemovedIsTold, "lets NOBODY_ASKS be missed by Unbounded in 113"),
            Suspended(Rule::RemovedAskerIsTold, "lets NOBODY_ASKS be missed by Lasso in 38"),
        ],
    ),
    (
        "X20",
        "with a joint configuration nobody can be elected",
        "E. Hoch, raft-dev 2014",
        &[Fact { spec: "raft/joint-live", name: QUORUM_FOLLOWS }],
    ),
    (
        "X21",
        "a server that is removed does not answer before the others can commit that",
        "CCF",
        &[Cannot("Who is removed answers whoever asks it, for as long as it runs.")],
    ),
    (
        "X22",
        "changes that overlap leave a joint configuration behind",
        "openraft's questions: joint consensus",
        &[Cannot("A leader leaves a joint configuration in the step in which it commits it.")],
    ),
    (
        "X23",
        "a leader that could not hand over takes no commands any more",
        "openraft 2088; redpanda 2606",
        &[Suspended(Rule::HandOverEnds, "lets ALL_ANSWERED be missed by Lasso in 68")],
    ),
];
