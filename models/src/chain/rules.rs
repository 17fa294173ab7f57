//! The rules of chain replication: each with one sentence and its source. A test suspends each in
//! turn and shows what it is needed for.
//!
//! Guards that are no rules, for nothing breaks without one of them, and why:
//!
//! - Acknowledgements name no chain (`handle_ack`). What one tail has taken every server of its
//!   chain has taken, and a later chain has no other servers.
//! - What is acknowledged stays so (there). A server that forgot it would forward more again.
//! - Only a session's last command is answered (`answer_done`). A client that has submitted a later
//!   one has the answer to every earlier one.
//!
//! Of the sources, "OSDI 2004" is van Renesse and Schneider's paper, "6.824" is lab 2 of MIT's
//! course 6.824, and "thesis" is Ongaro's.

use crate::rules::rules;

rules! {
    HeadOrders: "only the head of the chain puts commands in order", "OSDI 2004 §3";
    ForwardsInOrder: "a server takes commands in the order of the one before it", "OSDI 2004 §3";
    TakenOnce: "a command that is forwarded again is not taken again", "OSDI 2004 §3.2";
    TailAnswers: "a command is answered only when the tail has taken it", "OSDI 2004 §3";
    AckIsTheTails: "a command is acknowledged only when the tail has taken it", "OSDI 2004 §3.2";
    TailReads: "a read that does not pass the chain is answered by the tail", "OSDI 2004 §3";
    ReadsPassTheChain: "a read passes the chain as every command does", "quorate";
    HopsNameTheirChain: "a server takes only what is forwarded in its own chain", "6.824 lab 2B";
    ChainsOnlyRise: "a server takes a chain only if it is newer than its own", "6.824 lab 2A";
    RestartIsDeath: "a server that starts again takes no further part", "OSDI 2004 §2";
    ChainSurvivesCrash: "the chain is on the disk of the master", "quorate";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "quorate";
    RetryTakesEffectOnce: "a command that is sent again takes effect once", "thesis §6.3";
    AnswerIsItsOwn: "a client takes an answer only for the command that it is waiting for",
        "thesis §6.3";

    // Nothing bad comes of it without these; but something good never comes.
    PingsGoOn: "a server says again and again that it is there", "6.824 lab 2A";
    SilentIsDead: "a server that is not heard for a while is taken out of the chain",
        "OSDI 2004 §3.2";
    LastServerStays: "the last server is not taken out of the chain", "OSDI 2004 §2";
    ChainIsToldAgain: "a server that does not know of the newest chain is told again", "quorate";
    OutsidersPing: "a server outside the chain pings as well, so as to hear who is head", "quorate";
    SentUntilAcked: "what is not acknowledged is forwarded again", "OSDI 2004 §3.2";
    TailDeathCommits: "a new tail answers and acknowledges all that it has taken",
        "OSDI 2004 §3.2";
    KnownIsAcked: "what is forwarded again is acknowledged again", "OSDI 2004 §3.2";
    RetryIsAnswered: "a retry of a command that is done gets its outcome", "OSDI 2004 §2";
    ClientAsksAgain: "a client that gets no answer asks again", "OSDI 2004 §2";
    ClientTriesAnother: "a client that gets no answer asks another server", "OSDI 2004 §2";

    // Without these it comes, but later.
    NewSuccessorGetsSent: "a new successor is sent at once what is not acknowledged",
        "OSDI 2004 §3.2";
    AckIsPassedOn: "an acknowledgement is passed on at once, not when something is sent again",
        "OSDI 2004 §3.2";
    ForwardTellsChain: "a server takes a newer chain from what is forwarded in it", "quorate";
    ChainIsToldAtOnce: "a new chain is told when it begins, not in answer to a ping",
        "OSDI 2004 §3.2";
    HeadIsNamed: "who does not answer a client names the server that does", "OSDI 2004 §3";
    ClientFollowsRedirect: "a client asks the server that it is told of", "OSDI 2004 §3";
}
