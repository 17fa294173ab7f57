//! The rules of the grantor, the store and its writers: each with one sentence and its source. A
//! test suspends each in turn and shows what it is needed for.
//!
//! Guards that are no rules, for nothing breaks without one of them, and why:
//!
//! - A writer that hears of another's grant stops (`handle_grant`). The store refuses what it would
//!   write. The design without a fence has nothing else.
//! - A retry of a command that is done is answered (`answer_again`). Without that its client has no
//!   answer.
//! - Only a session's last command is answered (`answer_done`). A client that has submitted a later
//!   one has the answer to every earlier one.
//!
//! Of the sources, "Kleppmann" is *How to do distributed locking*, 2016, "Chubby" is the paper by
//! Burrows, OSDI 2006, and "thesis" is Ongaro's.

use crate::rules::rules;

rules! {
    FenceAtResource: "the store takes no write of an older epoch than it has seen", "Kleppmann";
    OpeningFences: "the store refuses older epochs as soon as a newer one is opened", "quorate";
    FenceSurvivesCrash: "the highest epoch that was seen is on the disk of the store", "quorate";
    EpochsRise: "each grant has a higher epoch than the one before", "Chubby §2.4";
    EpochSurvivesCrash: "the last epoch that was granted is on the disk of the grantor", "quorate";
    GrantsOnlyRise: "a writer takes a grant only if it is newer than all that it has heard of",
        "quorate";
    GrantSurvivesCrash: "the newest grant that a writer has heard of is on its disk", "quorate";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "quorate";
    OpenedInThisEpoch: "a writer begins once in an epoch, with what the store held when opened",
        "quorate";
    WritesInOrder: "the store takes the writes of an epoch in their order", "quorate";
    WrittenInThisEpoch: "a writer counts only what was written in its own epoch", "quorate";
    AnsweredWhenWritten: "a command is answered only when the store has it", "quorate";
    ReadsPassTheStore: "a read is written to the store as every command is", "quorate";
    RetryTakesEffectOnce: "a command that is sent again takes effect once", "thesis §6.3";
    AnswerIsItsOwn: "a client takes an answer only for the command that it is waiting for",
        "thesis §6.3";
}
