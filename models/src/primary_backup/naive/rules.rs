//! The rules that the designs of the articles lack: each with one sentence and its source.
//!
//! Guards that are no rules here, for they are rules of Raft: a command that is sent again is taken
//! once, only votes of this term count, and a server that sees a newer term makes it its own.
//!
//! Of the sources, "Raft" is Ongaro and Ousterhout, extended version; Pb1 and Pb3 are properties of
//! the primary-backup approach (Budhiraja, Marzullo, Schneider and Toueg, 1993).

use crate::rules::rules;

rules! {
    AnsweredWhenCopied: "a command is answered when the follower has it", "Alsberg and Day 1976";
    ReadsAtLeader: "only the leader answers a read", "Budhiraja et al. 1993, Pb3";
    OnlyLeaderWrites: "only the leader takes a command into its log",
        "Budhiraja et al. 1993, Pb3";
    LogGoesOneWay: "entries go from the leader to the follower, and never back", "Raft §5";
    EntryHasItsPlace: "an entry goes to its place in the log, and to no other", "Raft §5.3";
    FitsItsPull: "a follower takes a log only in answer to what it has now", "Raft §5.3";
    WriteTakesEffect: "a write that is answered takes effect", "Herlihy and Wing 1990";
    FollowerJudges: "the follower judges the leader by its silence", "Raft §5.2";
    LeaderStays: "a leader that does not hear its follower does not step down", "Raft §5.2";
    NewLeaderHasAll: "a new leader leads with the log that it has", "Raft §5.4";
    LeaderWaits: "a leader that does not hear its follower answers nobody",
        "Budhiraja et al. 1993, Pb1";
    DownIsKept: "who is found down stays so", "Chandra and Toueg 1996, completeness";
    EveryoneIsWatched: "the monitor looks at every server",
        "Chandra and Toueg 1996, completeness";
    MajorityIsEnough: "the votes of a majority elect a leader", "Raft §5.2";
    OneVoteATerm: "a server votes for one candidate in a term", "Raft §5.2";
    VoterCountsOnce: "a voter counts once, however often its vote arrives", "Raft §5.2";
}
