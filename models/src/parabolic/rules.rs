//! The rules of PARABOLIC: each with one sentence and its source. A test suspends each in turn and
//! shows what it is needed for.
//!
//! Guards that are no rules, for nothing breaks without one of them, and why:
//!
//! - A server leads, or stands, only if it is the best of its own list (`list.rs`: `is_best`). That
//!   is the algorithm. Without it a server would never lead, or all would stand at once.
//! - With votes, a server that hears its leader does not stand, though it is the best (`judge` in
//!   `confirm.rs`). Without that it would take the place of a leader that has done nothing wrong,
//!   and all would follow it.
//! - A leader that hears of one in its own epoch stays what it is. There is none.
//!
//! Of the sources, "article" is the one that this protocol is taken from, "Aguilera" is *Stable
//! Leader Election* by Aguilera, Delporte-Gallet, Fauconnier and Toueg, DISC 2001, "Chandra" is
//! *The Weakest Failure Detector for Solving Consensus* by Chandra, Hadzilacos and Toueg, JACM
//! 1996, and "Raft" is the paper by Ongaro and Ousterhout.

use crate::rules::rules;

rules! {
    SilenceRemoves: "a participant that is not heard is taken off the list", "article";
    WordReturns: "a participant that is heard is put on the list again", "Chandra";
    HeartbeatsGoOn: "all go on speaking, also when there is a leader", "Chandra";
    TieById: "of two that are as probable the one with the lower id is the better", "quorate";
    SameWeights: "all servers weigh each participant the same", "quorate";
    StaysWhileTrusted: "who has started more often ranks behind who has less, whatever its weight",
        "Aguilera";
    SpeakerLeads: "a server follows only one that says that it leads", "quorate";
    MajorityConfirms: "a server leads when a majority of all members has confirmed it",
        "Raft §5.2";
    OneConfirmationPerEpoch: "a server confirms one leader in an epoch", "Raft §5.2";
    NoConfirmationInOlderEpoch: "a server confirms nobody in an older epoch than its own",
        "Raft §5.1";
    ConfirmationSurvivesCrash: "the epoch and the confirmation in it are on disk", "Raft §5.2";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "Raft §5.2";
    ConfirmedInThisEpoch: "a confirmation counts only in the epoch in which it was given",
        "Raft §5.2";
    NewerEpochDeposes: "who hears of a newer epoch makes it its own, and leads or stands no more",
        "Raft §5.1";
    StandsAgain: "who stands and is not confirmed stands again, in a newer epoch", "Raft §5.2";
}
