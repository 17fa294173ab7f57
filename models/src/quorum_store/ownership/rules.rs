//! The rules by which a key comes to another owner: each with one sentence and its source. A test
//! suspends each in turn and shows what it is needed for.
//!
//! Guards that are no rules, and why:
//!
//! - A key that stays with its owner is served while others are copied (`serve.rs`: `serves`).
//!   Without that it would be served later.
//! - A client that gets no answer asks another server. It is told who owns its key, so it would
//!   come there without that too, as long as the server that it knows is back some day.
//!
//! Of the sources, "Dynamo" is DeCandia et al., SOSP 2007.

use crate::rules::rules;

rules! {
    RingByEpoch: "who is asked for a copy by a later ring goes over to that ring first", "quorate";
    NewOwnerCopiesFirst: "a new owner serves a key when all that owned any have told what is its",
        "Dynamo §6.2";
    OldOwnerStops: "a server serves what its latest ring gives it, and nothing else", "quorate";
    WholeIsCopied: "a server tells what it held by a ring when it has copied all of that",
        "quorate";
    PageOfThisCopy: "what was copied counts once, and for the ring for which it was asked",
        "quorate";
    StoreSurvivesCrash: "what a server holds, and by which ring, is on its disk", "Dynamo §4.6";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "quorate";
    AnswerIsItsOwn: "a client takes an answer only for the command that it is waiting for",
        "thesis §6.3";

    // Nothing bad comes of it without these; but something good never comes.
    CopiesAreAskedAgain: "who copies asks again who has not told", "quorate";
    ClientAsksAgain: "a client that gets no answer asks again", "quorate";
}
