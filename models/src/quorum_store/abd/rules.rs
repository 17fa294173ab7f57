//! The rules of the atomic register: each with one sentence and its source. A test suspends each in
//! turn and shows what it is needed for.
//!
//! Guards that are no rules, and why:
//!
//! - A replica that tells twice what it holds counts once (`handle_queried`): what is told is kept
//!   by replica.
//! - A coordinator does not give up a later command of a session for an earlier one
//!   (`handle_request`). The client has the answer to the earlier one.
//!
//! Of the sources, "ABD" is Attiya, Bar-Noy, Dolev: Sharing Memory Robustly in Message-Passing
//! Systems, JACM 1995, "LS" is Lynch, Shvartsman: Robust Emulation of Shared Memory Using Dynamic
//! Quorum-Acknowledged Broadcasts, FTCS 1997, and "DISC'17" is Michael, Ports, Sharma, Szekeres:
//! Recovering Shared Objects Without Stable Storage.

use crate::rules::rules;

rules! {
    WriterQueries: "a write has a tag above all that a majority holds", "LS §3";
    TagHasWriter: "of two writes of one number the tags tell who wrote", "LS §3";
    RetryKeepsTag: "a write that is sent again keeps its tag", "quorate";
    MajorityTells: "an operation goes on when a majority has told what it holds", "ABD §3";
    HighestTagIsTaken: "of what a majority holds the highest tag counts", "ABD §3";
    ReaderWritesBack: "what a read returns is stored by a majority first", "ABD §3";
    MajorityStores: "an operation is answered when a majority has stored", "ABD §3";
    ReplicaCountsOnce: "who has stored counts once, however often it says so", "ABD §3";
    AnswersOfThisOperation: "an answer counts only for the operation that asked", "ABD §3";
    HigherTagOnly: "a replica takes only what is later than what it holds", "ABD §3";
    TagSurvivesCrash: "what a replica holds is on its disk", "quorate";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "quorate";
    WipedIsSilent: "a server that has lost its disk takes part in nothing until it has copied",
        "DISC'17 §4";
    CopiesFromEnough: "it has copied from so many that the rest, with itself, is no majority",
        "DISC'17 §4";
    OldLifeCountsNot: "what a server stored before it lost its disk counts for nothing",
        "DISC'17 §4";
    LivesAreCounted: "each life of a server has a number above those of its lives before",
        "DISC'17 §4";
    LivesSurviveCrash: "who has begun another life is on the disks of those who know", "quorate";
    AnswerIsItsOwn: "a client takes an answer only for the command that it is waiting for",
        "thesis §6.3";

    // Nothing bad comes of it without these; but something good never comes.
    ClientAsksAgain: "a client that gets no answer asks again", "quorate";
    ClientTriesAnother: "a client that gets no answer asks another server", "quorate";
    QuestionsAreSentAgain: "who has lost its disk asks again who has not answered", "quorate";
}
