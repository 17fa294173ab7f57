//! Bugs that other implementations of Raft had, or that are known to be easily made, and what
//! becomes of each here: what shows it, or why it cannot occur. R is for safety, X for liveness.

mod changes;
mod reads;

use quorate_models::raft::rules::Rule;

use Seen::{Cannot, Expected, Fact, Suspended};
use changes::OF_CHANGES;
use reads::OF_READS;

/// How a bug is seen.
pub enum Seen {
    /// The rule that it lacks is suspended. What becomes of that, as the proof has it.
    Suspended(Rule, &'static str),
    /// A spec has it, and is there to see this property broken.
    Expected { spec: &'static str, breaks: &'static str },
    /// With it this fact could not be reached in the spec.
    Fact { spec: &'static str, name: &'static str },
    /// It cannot occur, for this reason.
    Cannot(&'static str),
}

/// A bug: its number, what is wrong, who had it, how it is seen.
pub type Entry = (&'static str, &'static str, &'static str, &'static [Seen]);

const BUGS: &[Entry] = &[
    (
        "R01",
        "the vote, or the term, is gone after a restart",
        "akka-raft 62",
        &[
            Suspended(Rule::VoteSurvivesCrash, "breaks ELECTION_SAFETY in 8"),
            Suspended(Rule::TermSurvivesCrash, "breaks ELECTION_SAFETY in 8"),
        ],
    ),
    (
        "R03",
        "a reply leaves before what it says is on disk",
        "Raft figure 2; Stateright's spawn",
        &[Suspended(Rule::SaveBeforeSend, "breaks SAVED_BEFORE_SENT in 1")],
    ),
    (
        "R04",
        "a vote is granted whatever the candidate's log",
        "Raft §5.4.1",
        &[Suspended(Rule::VoteForUpToDateLog, "breaks LEADER_COMPLETENESS in 8")],
    ),
    (
        "R05",
        "of two logs the longer one is taken for the newer",
        "Raft §5.4.1; CCF 1641",
        &[Suspended(Rule::LastTermBeforeLength, "breaks LEADER_COMPLETENESS in 12")],
    ),
    (
        "R06",
        "a vote that arrives twice is counted twice",
        "xraft 27; akka-raft 45",
        &[Suspended(Rule::VoterCountsOnce, "breaks ELECTION_SAFETY in 8")],
    ),
    (
        "R07",
        "a vote of an older term is counted",
        "little-raft 44",
        &[Suspended(Rule::VotesOfThisTermCount, "breaks ELECTION_SAFETY in 7")],
    ),
    (
        "R08",
        "who shows a newer term has the vote, whatever its log",
        "openraft 1220",
        &[Suspended(Rule::VoteForUpToDateLog, "breaks LEADER_COMPLETENESS in 8")],
    ),
    (
        "R10",
        "entries from a leader of an older term are taken",
        "Raft figure 2",
        &[Suspended(Rule::StaleLeaderRefused, "breaks STATE_MACHINE_SAFETY in 9")],
    ),
    (
        "R11",
        "a deposed leader appends in the new term",
        "camunda 5360",
        &[Suspended(Rule::OnlyLeaderAppends, "breaks LOG_MATCHING in 4")],
    ),
    (
        "R12",
        "a server comes back under its name with nothing on disk",
        "openraft's questions: wipe-node",
        &[
            Suspended(Rule::OtherStoreHasNoVote, "breaks ELECTION_SAFETY in 8"),
            Suspended(Rule::OtherStoreDoesNotCount, "breaks LEADER_COMPLETENESS in 14"),
            Expected { spec: "raft/wiped-founder", breaks: "election safety" },
            Expected { spec: "raft/rollback", breaks: "election safety" },
            Suspended(Rule::LostMemoryTakesOut, "lets CAUGHT_UP be missed by Lasso in 22"),
        ],
    ),
    (
        "R13",
        "a new term is on disk later than the first entry of it",
        "openraft's io_ordering",
        &[Cannot("Term, vote and log are one storage, and a save writes what changed at once.")],
    ),
    (
        "R14",
        "a follower cuts off entries that agree with the leader's",
        "openraft 9540c904; raft.tla",
        &[Suspended(Rule::OnlyConflictTruncates, "breaks LEADER_COMPLETENESS in 12")],
    ),
    (
        "R15",
        "an entry of an older term is committed by counting its copies",
        "Raft §5.4.2; logcabin 44, async-raft 108",
        &[
            Suspended(Rule::OwnTermCommits, "breaks LEADER_COMPLETENESS in 18"),
            Expected { spec: "raft/figure-8-naive", breaks: "leader completeness" },
        ],
    ),
    (
        "R16",
        "a follower commits past what it matched with the leader",
        "copycat 265, scylladb 9965",
        &[Suspended(Rule::CommitWithinMatched, "breaks STATE_MACHINE_SAFETY in 10")],
    ),
    (
        "R18",
        "the hint of a refusal is taken for a match",
        "CCF, arXiv 2406.17455",
        &[Suspended(Rule::RefusalMatchesNothing, "lets CAUGHT_UP be missed by Lasso in 30")],
    ),
    (
        "R19",
        "entries are taken behind a gap",
        "oxia 1239",
        &[Suspended(Rule::LogMatchesBeforeAppend, "breaks LOG_MATCHING in 11")],
    ),
    (
        "R21",
        "a leader counts its own copy before that is on disk",
        "RaftFsync.tla; etcd 14370",
        &[Suspended(Rule::LogSurvivesCrash, "breaks LEADER_COMPLETENESS in 10")],
    ),
    (
        "R22",
        "a follower acknowledges what is not on disk",
        "RaftFsync.tla; NATS 2.12.1",
        &[
            Suspended(Rule::SaveBeforeSend, "breaks SAVED_BEFORE_SENT in 1"),
            Suspended(Rule::LogSurvivesCrash, "breaks LEADER_COMPLETENESS in 10"),
        ],
    ),
    (
        "R24",
        "what is applied goes back when a snapshot is installed",
        "openraft eed681d5",
        &[Suspended(Rule::NewerThanCommit, "breaks NOBODY_TAKEN_OUT in 19")],
    ),
    (
        "R25",
        "a leader takes for a majority what is none",
        "openraft 1802",
        &[Suspended(Rule::MajorityStores, "breaks LEADER_COMPLETENESS in 6")],
    ),
    (
        "R35",
        "a command that is sent again takes effect again",
        "thesis §6.3; etcd 18424",
        &[Suspended(Rule::RetryTakesEffectOnce, "breaks LINEARIZABILITY in 19")],
    ),
    (
        "R36",
        "a snapshot has no sessions, or they end by a clock, or a forgotten command is executed",
        "thesis §6.3; openraft 2096",
        &[
            Suspended(Rule::SessionsInSnapshot, "breaks STATE_MACHINE_SAFETY in 14"),
            Suspended(Rule::EndedIsNotExecuted, "breaks ONCE in 9"),
            Cannot("They end by the log, at the same entry everywhere."),
        ],
    ),
    (
        "R37",
        "a client takes a redirect, or silence, for a no and asks for something else",
        "openraft 2096",
        &[Cannot("A client asks for the same command, under the same number, until it is done.")],
    ),
    (
        "R38",
        "a snapshot takes the place of newer entries",
        "openraft 543; Alluxio 12179",
        &[Suspended(Rule::NewerThanCommit, "breaks NOBODY_TAKEN_OUT in 19")],
    ),
    (
        "R39",
        "a snapshot cuts off entries behind it that agree with it",
        "camunda 6092; etcd 1763",
        &[Suspended(Rule::MatchingSuffixStays, "breaks NOBODY_TAKEN_OUT in 17")],
    ),
    (
        "R40",
        "a snapshot leaves entries that conflict with it",
        "openraft 674e78aa; hashicorp/raft 697",
        &[Suspended(Rule::ConflictGoesWithSnapshot, "breaks STATE_MACHINE_SAFETY in 11")],
    ),
    (
        "R41",
        "entries that follow what is compacted are refused",
        "openraft 44381b0c, 71a290cd",
        &[Suspended(Rule::CompactedMatches, "breaks NOBODY_TAKEN_OUT in 12")],
    ),
    (
        "R43",
        "a snapshot stands for what is not committed",
        "found by thought",
        &[Suspended(Rule::SnapshotOfApplied, "breaks STATE_MACHINE_SAFETY in 9")],
    ),
    (
        "X01",
        "who cannot hear the leader deposes it, again and again",
        "Cloudflare, November 2020",
        &[
            Expected { spec: "raft/partition-basic-live", breaks: "a majority follows a leader" },
            Expected { spec: "raft/one-way-basic-live", breaks: "a majority follows a leader" },
        ],
    ),
    (
        "X02",
        "a leader that reaches too few goes on, and keeps others from being elected",
        "openraft 2080",
        &[
            Suspended(Rule::StepsDownUnheard, "lets MAJORITY_FOLLOWS be missed by Lasso in 40"),
            Expected { spec: "raft/pre-vote-alone-live", breaks: "a majority follows a leader" },
        ],
    ),
    (
        "X03",
        "who asks to stand refuses others for the sake of its old leader",
        "etcd 8334, raft-rs 84",
        &[Cannot("The leader is part of a follower's role, which is lost when it asks.")],
    ),
    (
        "X04",
        "a former leader is refused by those that it led",
        "hashicorp/raft 606",
        &[Cannot("They count on it for the least election timeout, before which it asks nobody.")],
    ),
    (
        "X05",
        "who is asked waits as if it had heard a leader",
        "hashicorp/raft 609",
        &[Suspended(Rule::PreVoteIsNoContact, "lets MAJORITY_FOLLOWS be missed by Lasso in 8")],
    ),
    (
        "X06",
        "who asks in an older term gets no answer",
        "canonical/raft 279",
        &[Suspended(Rule::OlderTermIsTold, "lets MAJORITY_FOLLOWS be missed by Lasso in 28")],
    ),
    (
        "X07",
        "a candidate with a short log and a server with a longer one that asks block each other",
        "rabbitmq/ra 439",
        &[Cannot("A candidate answers who asks as all others do; see raft/unequal-live.")],
    ),
    (
        "X08",
        "a log is newer only if it is not shorter either",
        "openraft a48a3282",
        &[Fact { spec: "raft/shorter", name: "a shorter log won" }],
    ),
    (
        "X10",
        "the time until a server stands is drawn once and for all",
        "EastGuard 120; thesis §9",
        &[Cannot("It is drawn anew whenever the timer is set.")],
    ),
    (
        "X11",
        "an entry of an older term waits for the next command",
        "dledger 305",
        &[Suspended(Rule::NoOpAtStartOfTerm, "lets ALL_ANSWERED be missed by Lasso in 41")],
    ),
    (
        "X12",
        "followers never learn what was committed last",
        "etcd-io/raft 131",
        &[Suspended(Rule::CommitIsPassedOn, "lets CAUGHT_UP be missed by Lasso in 8")],
    ),
    (
        "X13",
        "a leader does not find where a follower's log agrees with its own",
        "openraft 6d53aa12; etcd 1366; scylladb 9552",
        &[
            Suspended(Rule::RefusedAppendGoesBack, "lets CAUGHT_UP be missed by Lasso in 23"),
            Suspended(Rule::RefusalIsTold, "lets CAUGHT_UP be missed by Lasso in 21"),
            Suspended(Rule::HeartbeatShowsLoss, "lets CAUGHT_UP be missed by Lasso in 17"),
        ],
    ),
    (
        "X14",
        "a leader that sends a snapshot waits for ever",
        "dgraph 2707; etcd-io/raft testdata",
        &[
            Suspended(Rule::InstalledIsTold, "lets CAUGHT_UP be missed by Lasso in 49"),
            Suspended(Rule::PieceIsSent, "lets CAUGHT_UP be missed by Lasso in 29"),
        ],
    ),
    (
        "X15",
        "a snapshot is sent again and again, for an entry that conflicts with it stays",
        "hashicorp/raft 697",
        &[Suspended(Rule::ConflictGoesWithSnapshot, "breaks STATE_MACHINE_SAFETY in 11")],
    ),
    (
        "X25",
        "an answer does not tell a leader of the newer term",
        "redpanda 31547",
        &[Suspended(Rule::StaleLeaderIsTold, "lets ALL_FOLLOW take 6 ticks instead of 4")],
    ),
    (
        "X28",
        "writes end in another order, and the last of them is forgotten",
        "openraft 1964",
        &[Cannot("A node waits for each write before it goes on: none is under way meanwhile.")],
    ),
];

/// The proofs, where words are apart by one space.
fn proofs() -> String {
    let sources = [
        include_str!("rules/safety.rs"),
        include_str!("rules/liveness.rs"),
        include_str!("rules/cut.rs"),
        include_str!("rules/snapshot.rs"),
        include_str!("rules/identity.rs"),
        include_str!("rules/lease.rs"),
        include_str!("rules/read.rs"),
        include_str!("rules/membership.rs"),
        include_str!("rules/session.rs"),
        include_str!("rules/transfer.rs"),
    ];
    sources.concat().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_bug_has_its_number_and_what_is_said_of_it_is_so() {
    let proofs = proofs();
    let specs = quorate_models::specs();
    let property = |spec: &str, name: &str| {
        let spec = specs.iter().find(|it| it.name() == spec).expect("a spec of this name");
        let infos = spec.properties().into_iter();
        infos.into_iter().find(|info| info.name == name).expect("a property of this name")
    };
    for list in [BUGS, OF_READS, OF_CHANGES] {
        assert!(list.is_sorted_by(|one, next| one.0 < next.0), "each is here once");
    }
    for (id, what, source, seen) in BUGS.iter().chain(OF_READS).chain(OF_CHANGES) {
        assert!(!what.is_empty() && !source.is_empty() && !seen.is_empty(), "{id}");
        for seen in *seen {
            match seen {
                Suspended(rule, becomes) => {
                    let proof = format!(": {rule:?} {becomes} ");
                    assert!(proofs.contains(&proof), "{id}: there is no proof that{proof}");
                }
                Expected { spec, breaks } => {
                    assert!(property(spec, breaks).violation_expected, "{id}: {spec}");
                }
                Fact { spec, name } => {
                    assert!(!property(spec, name).violation_expected, "{id}: {spec}");
                }
                Cannot(why) => assert!(why.ends_with('.'), "{id}: no reason"),
            }
        }
    }
}
