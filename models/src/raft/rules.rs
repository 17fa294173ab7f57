//! The rules of Raft: each with one sentence and its source. A test suspends each in turn and shows
//! what it is needed for.
//!
//! Guards that are no rules, for nothing breaks without one of them alone, and why:
//!
//! - Only a request of this term gets a vote (`grants_vote`). Had the candidate a log that was up
//!   to date when it asked, it still has all of it that is committed, for what is committed is
//!   nowhere truncated; and the vote is spent in this term all the same. But it is spent on
//!   somebody who may not stand.
//! - What matched stays so (`acknowledge`, `max`). A leader that forgot it would commit
//!   less, until the next heartbeat is answered.
//! - What matched is not sent again though a refusal comes late (`go_back`, `is_news`). A follower
//!   keeps what agrees, and answers.
//! - What is acknowledged is not sent again (`acknowledge`, the other `max`). It would be after a
//!   refusal, once, where an earlier append arrives all the same.
//! - Entries of later terms than the follower's are skipped (`last_within`, at both ends). Without
//!   that a leader goes back one entry with each refusal.
//! - The commit index goes up (`follow`, `advance`). It is not on disk: a server that recovers
//!   begins at 0, and what it applied goes up by itself.
//! - A leader yields to no leader of its own term (`hear`): there is none.
//! - A client follows one redirect until it asks again by itself (`crate::client`). It would end
//!   anyway: a server names the leader of its term, and that one, if it leads no more, names
//!   nobody or one of a later term.
//!
//! - Only a welcome to the next term counts (`handle_pre_vote_reply`). A server that stood for want
//!   of a majority's welcome, because an older one counted, would not be elected.
//!
//! - Only a server of the cluster is handed over to, not the leader itself, and no other one while
//!   it goes on (`handle_order`). It is about what an operator is told: nobody would take over, and
//!   the leader would go on after a while.
//!
//! - A follower that promises its vote for less than a lease takes brings none (`heed`). All
//!   servers of a spec promise for the same time; a unit test shows one that does not.
//!
//! - A leader that steps down writes what it has not (`write_before_stepping_down`). It would be
//!   written with the newer term, before the server votes for or acknowledges anything.
//!
//! Bugs that others had, where the rule is not their mirror image:
//!
//! - A vote reply counted twice (xnnyygn/xraft 27): [`Rule::VoterCountsOnce`]. Three servers are
//!   too few: a candidate and one voter are a majority.
//! - A newer term taken for a granted vote, without a look at the log (openraft 1220):
//!   [`Rule::VoteForUpToDateLog`]. The voter in its counterexample does just this.
//! - A deposed leader that appends in the new term (camunda 5360): [`Rule::OnlyLeaderAppends`]. A
//!   deposed leader is a follower here, and has no other way to append.
//! - A refusal's hint taken for a match (CCF, arXiv 2406.17455): [`Rule::RefusalMatchesNothing`].
//!   It commits nothing wrong here, as [`Rule::OwnTermCommits`] asks for entries above any hint.
//! - A pre-candidate that keeps its old leader, and refuses others for its sake (etcd 8334, raft-rs
//!   84): the leader is part of a follower's role, which it loses when it asks.
//! - A former leader that is refused by those that it led (hashicorp/raft 606): they count on it
//!   for the least election timeout, and it does not ask sooner.
//! - A deposed leader whose heartbeats renew what its followers know of it (openraft 2080): there
//!   is nobody to send them to once the role is gone.
//!
//! Of the sources, "Raft" is Ongaro and Ousterhout, extended version; "thesis" is Ongaro's.

use crate::rules::{RuleBook, rules};

rules! {
    NewerTermDeposes: "a leader or candidate that sees a newer term steps down", "Raft §5.1";
    CandidateRaisesTerm: "a candidate stands in a term of its own", "Raft §5.2";
    OneVotePerTerm: "a server votes for at most one candidate in a term", "Raft §5.2";
    MajorityElects: "a leader has the votes of a majority", "Raft §5.2";
    VoterCountsOnce: "a voter counts once, however often its vote arrives", "Raft §5.2";
    VotesOfThisTermCount: "a candidate counts only the votes of its own term", "Raft §5.2";
    VoteForUpToDateLog: "a vote is granted only to a log at least as up to date", "Raft §5.4.1";
    LastTermBeforeLength: "of two logs the one with the later last term is more up to date",
        "Raft §5.4.1";
    TermSurvivesCrash: "the current term is on disk", "Raft figure 2";
    VoteSurvivesCrash: "the vote is on disk", "Raft figure 2";
    LogSurvivesCrash: "the log is on disk", "Raft figure 2";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "Raft figure 2";
    OnlyLeaderAppends: "only the leader takes commands into its log", "Raft §5.3";
    StaleLeaderRefused: "entries from a leader of an older term are refused", "Raft §5.1";
    LogMatchesBeforeAppend: "entries are taken only behind an entry both logs share", "Raft §5.3";
    ConflictTruncates: "an entry that conflicts with the leader's goes, with all behind it",
        "Raft §5.3";
    OnlyConflictTruncates: "entries that agree with the leader's stay, and all behind them",
        "Raft figure 2";
    RepliesOfThisTermCount: "a leader counts only what was acknowledged in its own term",
        "Raft figure 2";
    MajorityStores: "an entry is committed only when a majority stores it", "Raft §5.3";
    LeaderCountsWhatIsWritten: "a leader counts itself for what its own disk has",
        "thesis §10.2.1";
    OwnTermCommits: "only entries of the leader's own term are committed by counting",
        "Raft §5.4.2";
    CommitWithinMatched: "a follower commits nothing past what it matched with the leader",
        "Raft figure 2";
    ApplyOnlyCommitted: "only committed entries are applied and answered", "Raft §5.3";
    ApplyInOrder: "entries are applied one after the other", "Raft §5.3";
    RetryTakesEffectOnce: "a command that is sent again takes effect once", "thesis §6.3";
    OutcomeIsItsOwn: "a command is answered with its own outcome, not an older one's",
        "thesis §6.3";
    AnswerIsItsOwn: "a client takes an answer only for the command that it is waiting for",
        "thesis §6.3";
    NoOpAtStartOfTerm: "a leader appends a no-op at the start of its term", "Raft §8";

    // Nothing bad comes of it without these; but something good never comes.
    NewerTermIsAdopted: "a server that sees a newer term makes it its own", "Raft §5.1";
    NewTermNewVote: "in a new term a server has a new vote", "Raft figure 2";
    StandsAgain: "a candidate that is not elected stands again", "Raft §5.2";
    StandsAfterCrash: "a server that recovers stands if it hears of no leader", "Raft §5.2";
    StandsWhenDeposed: "a leader that steps down stands again if it hears of no other",
        "Raft §5.2";
    CandidateYields: "a candidate that hears the leader of its term follows it", "Raft §5.2";
    LeaderPutsOffElection: "who hears the leader does not stand", "Raft §5.2";
    LeaderSendsHeartbeats: "a new leader is heard again before it is missed", "Raft §5.2";
    HeartbeatsGoOn: "a leader sends heartbeats as long as it leads", "Raft §5.2";
    RefusalIsTold: "a follower that cannot take entries says so", "Raft §5.3";
    RefusalMatchesNothing: "where a follower refuses, nothing is known to match", "Raft §5.3";
    RefusedAppendGoesBack: "a refused append is tried again from further back", "Raft §5.3";
    SendsTheRest: "a follower that answers is sent what it still lacks", "Raft §5.3";
    HeartbeatShowsLoss: "a heartbeat asks for all that was sent, so that a loss shows",
        "Raft §5.3";
    WindowBoundsFlight: "so many appends are on their way to a follower at most",
        "etcd raft, Inflights";
    WrittenIsCounted: "a leader looks whether it may commit when its own disk has an entry",
        "thesis §10.2.1";
    CommitIsPassedOn: "a leader tells its followers what is committed", "Raft §5.3";
    RetryIsAnswered: "a retry of a command that took effect gets its outcome", "Raft §8";
    LostMemoryTakesOut: "who lacks what it has acknowledged says so and takes no further part",
        "etcd raft, commitTo";
    ClientAsksAgain: "a client that gets no answer asks again", "Raft §8";
    ClientTriesAnother: "a client that gets no answer asks another server", "Raft §8";

    // Of servers that ask before they stand, and of leaders that mind whether they are heard.
    MajorityWelcomes: "a server stands when a majority would vote for it", "thesis §9.6";
    PreVoteNeedsLog: "who asks with a log that is not up to date is not welcome", "thesis §9.6";
    PreVoteRaisesNoTerm: "who is asked stays in its term", "thesis §9.6";
    PreVoteIsNoContact: "who is asked has heard no leader by that", "hashicorp/raft 609";
    HeardLeaderRefuses: "who hears a leader welcomes no other", "thesis §9.6";
    OlderTermIsTold: "who asks in a term that is over is told of the newer one",
        "canonical/raft 279";
    AsksAgain: "a server that is not welcome asks again", "thesis §9.6";
    StepsDownUnheard: "a leader that does not hear a majority steps down", "thesis §6.2";
    HeardLeaderKeepsVote: "who hears a leader votes for no other", "thesis §4.2.3";

    // Of reads that are not in the log.
    OwnTermFirst: "a leader answers no read before an entry of its own term commits",
        "thesis §6.4";
    MajorityConfirms: "a read waits until a majority confirms that its leader still leads",
        "thesis §6.4";
    RoundAfterRead: "only what was asked after a read came confirms it", "etcd-io/raft PR 397";
    FollowerAsksLeader: "a follower answers a read as its leader tells it", "thesis §6.4";
    ReadWaitsForApplied: "a follower waits until it has applied what was committed before a read",
        "thesis §6.4";
    EarlyReadIsQueued: "a read that comes before a leader may answer it waits for that",
        "etcd PR 12762";

    SessionGoesOn: "a server answers no session by less of the log than it was told of",
        "Terry et al., session guarantees, 1994";

    // Of sessions that end.
    SessionsEnd: "a session ends so many entries after its last command", "thesis §6.3";
    CommandKeepsSession: "a session goes on with each of its commands", "thesis §6.3";
    EndedIsNotExecuted: "what came too late for its session is not executed", "thesis §6.3";
    UnknownBeginsFirst: "a client that knows nothing of the log is told where it stands first",
        "found by search";
    BeginsAtCommitted: "a client is told of nothing that may leave the log", "found by search";
    BeginsOnce: "a client sends a command with the first place that it is told", "found by search";
    EndedForGood: "a session is told of its end when every later leader sees it", "found by search";
    BeginIsTold: "a client that knows nothing of the log is answered", "thesis §6.3";
    EndedIsTold: "a client whose session has ended is told so", "thesis §6.3";

    // Of snapshots, and of what becomes of a log.
    SnapshotOfApplied: "a snapshot stands for what is applied, and no more", "Raft §7";
    SessionsInSnapshot: "the sessions are part of a snapshot", "thesis §6.3";
    ConfigInSnapshot: "who takes part is part of a snapshot", "thesis §5.1";
    NewerThanCommit: "who has committed more than a snapshot stands for keeps what it has",
        "openraft 543";
    MatchingSuffixStays: "who has the last entry of a snapshot keeps its log", "Raft §7";
    ConflictGoesWithSnapshot: "who has not the last entry of a snapshot gives up its log",
        "Raft §7";
    CompactedMatches: "what is compacted is committed, and matches any leader's",
        "openraft 44381b0c";
    PiecesOfOneSnapshot: "only pieces of one snapshot are put together", "Raft figure 13";
    PieceFits: "a piece is put behind the one before it", "Raft figure 13";
    SnapshotIsOffered: "who lacks what is compacted is offered a snapshot", "Raft §7";
    PieceIsSent: "who lacks a piece is sent it", "Raft figure 13";
    SnapshotOfItsMoment: "a snapshot taken aside is of the moment at which it was begun",
        "Raft §7";
    InstalledEndsTaking: "a snapshot taken aside is given up for one that is installed",
        "found by search";
    InstalledIsTold: "who has what a snapshot stands for says so", "etcd raft, MsgSnap";

    // Of leases. They are rules about time.
    LeaseShorterThanPromise: "a lease is shorter than what was promised, by the drift of clocks",
        "thesis §6.4.1";
    LeaseFromSending: "a lease begins when the leader asks, not when it is answered",
        "openraft, check_quorum";
    TransferEndsLease: "a leader that hands over has no lease any more in its term",
        "tikv/raft-rs 234";
    PromiseOutlivesTerm: "a server that hears of a newer term keeps what it has promised",
        "found by search";
    RestartKeepsPromise: "a server that has restarted keeps what it may have promised before",
        "found by search";

    // Of leaders that hand over.
    WhoHandsOverTakesNothing: "a leader that hands over takes no command", "thesis §3.10";
    HeirHasAll: "whoever is to take over has all of the leader's log when it stands",
        "thesis §3.10";
    OwnLeaderTellsToStand: "a server stands at once only if the leader of its own term says so",
        "thesis §3.10";
    HandOverEnds: "a leader that nobody relieves goes on after an election timeout",
        "thesis §3.10";
    HeirAsksNobody: "whoever is told to stand does not ask before", "etcd raft, campaignTransfer";
    HeirGetsVote: "who hears a leader votes for whom that leader wants", "thesis §4.2.3";

    // Of clusters that change their servers.
    OneChangeAtATime: "a change begins when the one before it is committed", "thesis §4.1";
    OwnTermCommittedFirst: "a leader changes servers when it has committed of its own term",
        "Ongaro, raft-dev, 2015";
    TruncatedIsUndone: "a configuration that leaves the log counts no more", "thesis §4.1";
    SeveralChangeJointly: "several voters change through a joint configuration", "Raft §6";
    BothMajorities: "a joint configuration decides by a majority of each of its halves", "Raft §6";
    LeaveJointAfterCommit: "a joint configuration is left when it is committed", "Raft §6";
    LearnersDoNotCount: "who learns has no vote and does not count", "thesis §4.2.1";
    LearnersDoNotStand: "who learns does not stand", "etcd raft, promotable";
    LearnerCatchesUpFirst: "who learns gets a vote when it has caught up", "thesis §4.2.1";
    NewMajorityIsHeard: "a change begins while its leader hears the majority that it needs",
        "etcd strict-reconfig-check";
    LearnersAreAsked: "a candidate asks learners as well, who may have a vote by their own logs",
        "found by search";
    StrangersGetVotes: "who votes does not ask whether the candidate is in its own configuration",
        "thesis §4.1";
    RepliesOfThisMemberCount: "what was said before a removal does not count for who is back",
        "raft-rs 571; openraft's replication session";
    RemovedLeaderDoesNotCount: "a leader that is removed does not count among those who store",
        "thesis §4.2.2; etcd confchange_v1_remove_leader";
    RemovedLeaderStepsDown: "a leader that is removed steps down when that is committed",
        "thesis §4.2.2";
    RemovedStandsUntilCommit: "who is removed stands as long as that may be undone",
        "thesis §4.2.2";
    RemovedRests: "who knows that its removal is committed does not stand", "thesis §4.2.3";
    RemovedIsTold: "who is removed is told when that is committed", "etcd 11284";
    RemovedAskerIsTold: "who is removed and asks whether it may stand is told again", "etcd 11284";

    // Of servers that know each other by their stores.
    OtherStoreHasNoVote: "who has another store than is known of it has no vote, nor stands",
        "openraft, node-id reuse; Vanlightly, raft README";
    OtherStoreDoesNotCount: "what a server says counts if its store is the one that is known of it",
        "found by search";
    StoreIsRecorded: "a leader records each member's store, once it is told of it",
        "found by search";
    ChangeLeavesAMajority: "a change leaves a majority without those who have lost their stores",
        "etcd strict-reconfig-check";

    // Without these it comes, but later.
    VotePutsOffElection: "who grants a vote does not stand meanwhile", "Raft figure 2";
    LeaderSaysSo: "a new leader is heard at once", "Raft §5.2";
    StaleLeaderIsTold: "a leader of an older term is told of the newer one", "Raft §5.1";
    CommandIsSentAtOnce: "a command is sent on when it comes, not with a heartbeat", "Raft §5.3";
    AppliedIsAnswered: "a leader answers the commands that it applies", "Raft §5.3";
    LeaderIsNamed: "a follower tells a client who the leader is", "Raft §8";
    ClientFollowsRedirect: "a client asks the leader that it is told of", "Raft §8";
}

/// A rule book for Raft.
pub trait RaftRules: RuleBook<Rule> {}

impl<R: RuleBook<Rule>> RaftRules for R {}
