//! The rules of Dynamo's store: each with one sentence and its source. A test suspends each in turn
//! and shows what it is needed for.
//!
//! Guards that are no rules, and why:
//!
//! - A read repairs the homes that it has found to be behind (`read.rs`: `repair`). It makes them
//!   alike sooner than the comparison of stores does, and no claim is about how soon.
//! - A coordinator waits for an answer for a while and gives a fallback what it has for a home
//!   that gives none (`coordinator.rs`: `handle_late`). Without that the home hears of it when
//!   stores are compared; where fallbacks count, a write would wait for longer.
//! - A coordinator does not give up a later command of a session for an earlier one
//!   (`handle_request`). The client has the answer to the earlier one.
//!
//! Of the sources, "Dynamo" is DeCandia et al., SOSP 2007, "DVV" is Preguica et al., Dotted Version
//! Vectors, 2010, and "Riak" is what its makers had to repair (riak_kv 679, riak_test 383).

use crate::rules::rules;

rules! {
    EnoughTell: "a read is answered when R servers have told what they hold", "Dynamo §4.5";
    EnoughStore: "a write is answered when W servers have stored it", "Dynamo §4.5";
    AllToldIsReturned: "a read returns the join of all that it was told", "Dynamo §4.4";
    ReplicaCountsOnce: "who has stored counts once, however often it says so", "quorate";
    AnswersOfThisOperation: "an answer counts only for the operation that asked", "quorate";
    HintIsNoVote: "what a fallback keeps counts for no home, unless quorums are sloppy",
        "Dynamo §4.6";
    HomeCoordinates: "a write gets its dot from a home of its key", "DVV §5";
    DotPerWrite: "each write has a dot of its own", "DVV §4";
    ContextFromRead: "a write supersedes what its client has read, and nothing else", "DVV §5";
    DotNeverReused: "a server that has lost its store numbers its writes under another name",
        "Riak";
    StoreMerges: "a home joins what it is to store with what it holds", "DVV §5";
    ReadRepairIsJoin: "a home joins what a read repairs with what it holds", "Dynamo §5";
    HandoffMerges: "a home joins what was kept for it with what it holds", "Dynamo §4.6";
    HintIsKept: "a fallback keeps a hint until the home has said that it knows all of that",
        "Dynamo §4.6";
    TombstoneOutlives: "a deletion is forgotten when no server knows of anything else", "quorate";
    StoreSurvivesCrash: "what a server holds and keeps is on its disk", "Dynamo §4.6";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "quorate";
    AnswerIsItsOwn: "a client takes an answer only for the command that it is waiting for",
        "thesis §6.3";

    // Nothing bad comes of it without these; but something good never comes.
    StoresAreCompared: "homes of one key compare what they know again and again", "Dynamo §4.7";
    HintsAreHandedOff: "a fallback offers what it keeps again and again", "Dynamo §4.6";
    DeletionsAreSwept: "the first home of a key asks again and again whether a deletion is all \
        that is left", "quorate";
    ClientAsksAgain: "a client that gets no answer asks again", "quorate";
    ClientTriesAnother: "a client that gets no answer asks another server", "quorate";
}
