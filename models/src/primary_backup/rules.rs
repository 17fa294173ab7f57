//! The rules of the view service and its servers: each with one sentence and its source. A test
//! suspends each in turn and shows what it is needed for.
//!
//! Guards that are no rules, for nothing breaks without one of them alone, and why:
//!
//! - A server takes no view that was told to it before it crashed (`handle_view`). Such a view has
//!   it in no part, and the next one that it is told is newer.
//! - A primary acknowledges its view at once (`acknowledge_view`). Its next ping would do so, one
//!   interval later.
//! - A primary whose message is refused asks for a newer view at once (`handle_refused`). Its next
//!   ping would do so.
//! - A command is answered with its own outcome (`answer_applied`). A later one of its session is
//!   there only if the client has had this answer.
//!
//! Of the sources, "6.824" is lab 2 of MIT's course 6.824 on distributed systems, text of 2015.

use crate::rules::rules;

rules! {
    AckBeforeNext: "a primary is replaced only when it has acknowledged its view", "6.824 lab 2A";
    AckNamesItsView: "an acknowledgement counts for the view that it names", "6.824 lab 2A";
    NextPrimaryWasThere: "the next primary is the backup of the view before", "6.824 lab 2A";
    UninitializedNeverLeads: "a server without the database is not made primary", "6.824 lab 2A";
    RestartIsDeath: "a server that has started again is not the member it was", "6.824 lab 2A";
    OldStartIsPast: "a late ping does not make a server what it was before it started again",
        "quorate";
    ViewSurvivesCrash: "the view is on the disk of the view service", "quorate";
    IncarnationSurvivesCrash: "how often a server has started is on its disk", "quorate";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "quorate";
    BackupHasAll: "a primary hands the whole database to a new backup", "6.824 lab 2B";
    AckAfterTransfer: "a primary acknowledges a view when its backup has the database",
        "6.824 lab 2B";
    CommitAtBackup: "a command is answered only when the backup has taken it", "6.824 lab 2B";
    ReadsAreForwarded: "a read is forwarded like any other command", "6.824 lab 2B";
    BackupKnowsView: "a backup takes nothing but what the primary of its own view sends",
        "6.824 lab 2B";
    RefusedIsNotDone: "a command that the backup has refused is not answered", "6.824 lab 2B";
    TakenOfThisView: "a primary counts only what was taken in its own view", "6.824 lab 2B";
    SessionsTravel: "what commands returned is handed over with the database", "6.824 lab 2B";
    ViewsOnlyRise: "a server takes a view only if it is newer than its own", "6.824 lab 2A";
    TransferUndoesNothing: "a database that arrives again changes nothing", "quorate";
    ForwardsInOrder: "a backup takes commands in the order of the primary", "6.824 lab 2B";
    TakenOnce: "a command that is forwarded again is not taken again", "quorate";
    OnlyPrimaryServes: "only the primary of a view takes commands from clients", "6.824 lab 2B";
    RetryTakesEffectOnce: "a command that is sent again takes effect once", "6.824 lab 2B";
    AnswerIsItsOwn: "a client takes an answer only for the command that it is waiting for",
        "thesis §6.3";

    // Nothing bad comes of it without these; but something good never comes.
    PingsGoOn: "a server says again and again that it is there", "6.824 lab 2A";
    SilentIsDead: "a server that is not heard for a while is taken for dead", "6.824 lab 2A";
    DeadPrimaryIsReplaced: "the backup takes the place of a dead primary", "6.824 lab 2A";
    DeadBackupIsReplaced: "a dead backup leaves the view", "6.824 lab 2A";
    IdleBecomesBackup: "a server that is idle becomes backup where there is none",
        "6.824 lab 2A";
    SentUntilTaken: "what the backup has not taken is sent again", "quorate";
    AckSurvivesCrash: "that a view is acknowledged is on the disk of the view service", "quorate";
    RetryIsAnswered: "a retry of a command that took effect gets its outcome", "6.824 lab 2B";
    ClientAsksAgain: "a client that gets no answer asks again", "6.824 lab 2B";
    ClientTriesAnother: "a client that gets no answer asks another server", "6.824 lab 2B";

    // Without these it comes, but later.
    ViewIsToldAtOnce: "a new view is told when it begins, not in answer to a ping", "quorate";
    PrimaryIsNamed: "who is not primary tells a client who is", "6.824 lab 2B";
    ClientFollowsRedirect: "a client asks the primary that it is told of", "6.824 lab 2B";
}
