//! The rules of MOSS: each with one sentence and its source. A test suspends each in turn and shows
//! what it is needed for.
//!
//! Guards that are no rules, for nothing breaks without one of them, and why:
//!
//! - A server whose lock times out grants it to an ask that waits before it asks itself. Without
//!   that it would ask, and give way when it hears the older ask again.
//! - A lock that is granted to an ask goes to a newer ask of the same server at once (`decide`).
//!   Otherwise it would have to time out first.
//!
//! Of the sources, "Ricart" is *An Optimal Algorithm for Mutual Exclusion in Computer Networks* by
//! Ricart and Agrawala, CACM 1981, "Maekawa" is *A √N Algorithm for Mutual Exclusion in
//! Decentralized Systems*, TOCS 1985, "Lamport" is *Time, Clocks, and the Ordering of Events in a
//! Distributed System*, CACM 1978, and "Raft" is the paper by Ongaro and Ousterhout.

use crate::rules::rules;

rules! {
    OwnLockToo: "who asks for the locks of the others has its own, and does not grant it",
        "Ricart";
    OlderAskFirst: "of two that ask, the one with the newer ask gives way to the older one",
        "Ricart";
    ClockAdvances: "a clock that is heard is overtaken before the next ask", "Lamport";
    DeferredIsGrantedLater: "a lock that is free again goes to the oldest ask that waits for it",
        "Ricart";
    NeighboursAreAll: "the locks of all members are asked for, not of those that a server knows",
        "Maekawa";
    ReleaseOfThisAsk: "a release frees the lock only of the ask that is released", "quorate";
    GrantOfThisAsk: "a lock counts only for the ask that it was granted to", "quorate";
    UnwantedIsReturned: "who is granted a lock that it does not ask for any more gives it back",
        "Maekawa";
    LocksTimeOut: "the lock of a silent holder is free again, and a silent server's is not waited \
        for", "quorate";
    MajorityOfLocks: "a majority of the locks is needed, and is enough", "Raft §5.2";
    EpochWithLock: "a lock that has timed out is granted only in a later epoch", "Raft §5.1";
    LockSurvivesCrash: "the clock, the lock and its epoch are on disk", "Raft §5.2";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "Raft §5.2";
    AsksAgain: "who asks and gets too few locks asks again", "Raft §5.2";
    LeaderIsHeard: "a leader says again and again that it leads", "Raft §5.2";
    LeaderIsFollowed: "who hears a leader asks no more", "Raft §5.2";
    NewerLeaderDeposes: "a leader that hears of a newer one follows it", "Raft §5.1";
}
