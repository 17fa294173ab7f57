//! The rules of the store: each with one sentence and its source. A test suspends each in turn and
//! shows what it is needed for.
//!
//! Guards that are no rules, for nothing breaks without one of them, and why:
//!
//! - What anti-entropy brings is not told as a rumour (`handle_answer`, `handle_delta`). Told, it
//!   would stop like any other.
//! - An answer is sent only if it says something (`handle_digest`). An empty one changes nothing.
//!
//! The source "Demers" is Demers et al., PODC 1987.

use crate::rules::rules;

rules! {
    LaterStays: "of two versions of a key the later one stays, in whatever order they arrive",
        "Demers §1.1";
    VersionNamesWriter: "of two writes with one number the one of the later writer is later",
        "quorate";
    WriteIsLatest: "a write has a later version than all that its writer knows of the key",
        "quorate";
    StoreSurvivesCrash: "what a replica holds is on its disk", "quorate";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "quorate";
    RumoursAreTold: "what is news to a replica it tells to others", "Demers §1.4";
    RumoursStop: "what was told in vain a few times in a row is told no more", "Demers §1.4";
    OnlyNewsIsHot: "what a replica knew already it does not begin to tell again", "Demers §1.4";
    AntiEntropyRuns: "whole stores are compared beside rumours", "Demers §1.3";
    PartnersInTurn: "in a round a store is compared once with each other, in random order",
        "quorate";
}
