//! The rules of an election, in the order in which they mend the hearsay election: each with one
//! sentence and its source. A test suspends each in turn and shows what it is needed for.
//!
//! Guards that are no rules, for nothing breaks without one of them, and why:
//!
//! - A leader is not told of a newer epoch by a refusal, as Raft's is. It hears of it when the next
//!   candidate asks, or the next leader speaks.
//! - A server asks only its neighbours, and only they hear that it leads. Whom it does not know it
//!   cannot ask.
//!
//! Of the sources, "Raft" is the paper by Ongaro and Ousterhout, extended version, and "G03" is a
//! bug that systems had which elected by hearsay.

use crate::rules::rules;

rules! {
    MessageIsAVote: "a message counts only if it is a vote for the server that counts it",
        "quorate";
    OneVoteAnEpoch: "a server votes for one candidate in an epoch", "Raft §5.2";
    NoVoteInOlderEpoch: "a server does not vote in an older epoch than its own", "Raft §5.1";
    VoteSurvivesCrash: "the epoch and the vote in it are on disk", "Raft §5.2";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "Raft §5.2";
    VoteIsItsVoters: "a vote counts as that of the server that gave it, whoever tells of it",
        "G03";
    VoterCountsOnce: "a vote that arrives twice counts once", "Raft §5.2";
    VoteIsOfItsEpoch: "a vote counts only in the epoch in which it was given", "Raft §5.2";
    OwnVote: "a candidate votes for itself, and so for nobody else in its epoch", "Raft §5.2";
    MajorityOfMembers: "a majority is one of all members, the candidate among them, and not of the \
        servers that it knows", "Raft §5.2";
    NewerEpochDeposes: "who hears of a newer epoch makes it its own, and leads or stands no more",
        "Raft §5.1";
    LeaderIsHeard: "a leader says again and again that it leads", "Raft §5.2";
    LeaderIsFollowed: "who hears the leader of its epoch follows it, and stands only when the \
        leader is silent", "Raft §5.2";
    StandsAgain: "a candidate that is not elected stands again", "Raft §5.2";
}
