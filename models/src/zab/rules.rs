//! The rules of ZAB: each with one sentence and its source. A test suspends each in turn and shows
//! what it is needed for.
//!
//! Guards that are no rules, for no exhausted space breaks without one of them, and why:
//!
//! - A proposal that a follower has already is dropped (zk-specs 2). Packets are numbered, so none
//!   comes twice; what is no successor is dropped in any case.
//! - Packets that have overtaken others are put by. Else they are sent again, which takes longer.
//! - Reads that wait are dropped by who leaves its leader. They would pile up where none is heard.
//! - A server that has heard of nothing that is committed answers no read that may be stale. All
//!   see one order even if it does; but it would answer that there is nothing.
//! - Transactions are committed in their order (ZAB §IV.C). An ACK is for all up to its zxid.
//! - A leader that waits for epochs gives up if those who elected it look again (ZK-3109). Here it
//!   gives up at its next census, and a wait for that is no longer than the silence that others
//!   wait for.
//!
//! Of the sources, "ZAB" is Junqueira, Reed, Serafini: Zab: High-performance broadcast for
//! primary-backup systems, DSN 2011; "Zab 1.0" the page of that name of ZooKeeper's wiki; "ZK-n" an
//! issue of ZooKeeper's, ZOOKEEPER-n; "FLE" ZooKeeper's class `FastLeaderElection`; "zk-specs" the
//! issues that Binyu Huang, Lingzhi Ouyang and
//! others found when they wrote ZooKeeper's TLA+ specifications, `zookeeper-specifications`.

use crate::rules::rules;

rules! {
    AcceptedEpochRises: "only an epoch above all that were accepted is accepted",
        "ZAB §IV.A";
    AcceptedEpochSurvives: "what was accepted is so after a restart", "Zab 1.0; ZK-2307";
    NewestHistoryLeads: "a leader gives way to a follower with a newer history", "Zab 1.0";
    EpochBeforeZxid: "of two histories that of the later epoch is newer, and then the longer one",
        "ZAB §IV.A";
    QuorumIsSynced: "a leader proposes only when a majority has its history", "ZAB §IV.B";
    HistoryBeforeEpoch: "the epoch of a history is written when the history is", "ZK-4643";
    AckLdAfterHistory: "a history is acknowledged when it is on the disk", "ZK-3911; ZK-4646";
    AppliesOnlyCommittedInSync: "of a history only what was committed takes effect", "ZK-4394";
    ReportsDurableZxid: "a server tells of its disk, and not of its memory", "ZK-2845";
    StreamEndsWithEpoch: "nothing of a leader is written after it was left", "ZK-4712";
    SyncedIsServed: "what came with a history is in the memory that others are served from",
        "ZK-4925";
    TruncCutsUncommon: "what the leader's history has not is dropped", "ZAB §IV.B";
    ProposeToEpochAckers: "proposals go to all who have accepted the epoch", "zk-specs 1";
    CommitLdIsLeaders: "a follower is told the commits of its leader", "zk-specs 3";
    LinksKeepOrder: "a follower takes what its leader says in the order in which it was said",
        "ZAB §II";
    NextZxidOnly: "a follower takes a transaction only behind the one before it", "ZAB §III.C";
    LetGoStaysLetGo: "a link that its leader has let go is not opened again", "quorate";
    OldEpochIgnored: "what comes of a leader that is not followed any more is dropped", "ZAB §IV.C";
    MajorityAcks: "a transaction is committed when a majority has it", "ZAB §IV.C";
    AckAfterLog: "a transaction is acknowledged when it is on the disk", "ZAB §IV.C";
    RetryTakesEffectOnce: "a command that is sent again takes effect once", "thesis §6.3";
    LogKeepsUnsent: "what a follower is yet to be sent stays in the leader's log, or it is let go",
        "quorate";
    WindowIsKept: "a leader leaves no more open than it may", "quorate";
    LostDiskDoesNotCount: "a server that has lost its disk has no vote, and acknowledges nothing",
        "quorate";
    LostDiskOpensNewLinks: "a server that has lost its disk never opens a link that it had before",
        "quorate";
    MajorityElects: "a leader has the votes of a majority", "FLE";
    RoundsApart: "a vote counts in its own round only", "FLE";
    VoteForNewest: "the vote is for the newest history", "FLE";
    BetterVoteIsAwaited: "who has the votes of a majority waits whether a better one comes", "FLE";
    FollowerAsksLeader: "a follower answers a read as its leader tells it", "ZooKeeper, sync";
    MajorityConfirms: "a read waits until a majority confirms that its leader still leads",
        "thesis §6.4";
    RoundAfterRead: "only what was asked after a read came confirms it", "etcd-io/raft PR 397";
    SyncOfEstablished: "a leader says how far to read only when a majority has its history",
        "thesis §6.4";
    ReadWaitsForEffect: "a read waits until what was committed before it has taken effect",
        "ZooKeeper, sync";
    SessionGoesOn: "a server answers no session by less of the log than it was told of",
        "ZooKeeper, lastZxidSeen";
    AnswerIsItsOwn: "a client takes an answer only for the command that it is waiting for",
        "thesis §6.3";

    // Nothing bad comes of it without these; but something good never comes.
    RoundIsAdopted: "who hears of a later round of votes takes part in that one", "FLE";
    VoteCountsOnce: "a server's vote counts once in a round, and not after a better one", "quorate";
    MajorityIsJoined: "who looks joins a leader only if a majority follows that", "FLE";
    NotificationsAreSentAgain: "who looks for a leader says so again", "FLE";
    LeaderNeedsQuorum: "a leader that does not hear a majority ceases to lead", "ZAB §V";
    RefusedEpochIsLeft: "a leader whose epoch is not accepted by those who follow looks anew",
        "ZooKeeper, initLimit";
    NewcomerIsHeard: "who has just come is not missed at the leader's next census", "quorate";
    FollowerNeedsLeader: "a follower that does not hear its leader looks for another one", "ZAB §V";
    LeaderIsHeard: "a leader says again and again that it is there", "ZAB §V";
    PacketsAreSentAgain: "what a follower has not heard is sent again", "ZAB §II";
    DiscoveryIsSentAgain: "what makes a leader known, and its epoch, is sent again", "ZAB §II";
    RetryIsAnswered: "a retry of a command that took effect gets its outcome", "thesis §6.3";
    ClientAsksAgain: "a client that gets no answer asks again", "thesis §6.3";
    ClientTriesAnother: "a client that gets no answer asks another server", "thesis §6.2";

    // Without these it comes, but later.
    EpochAboveQuorum: "a new epoch is above all that a majority has accepted", "ZAB §IV.A; ZK-335";
    VoteIsTold: "who changes its vote tells all others", "FLE";
    LookingIsAnswered: "who looks for a leader is told who follows whom", "FLE";
    LeaderIsNamed: "who follows tells a client whom", "quorate";
    ClientFollowsRedirect: "a client asks the leader that it is told of", "thesis §6.2";
}
