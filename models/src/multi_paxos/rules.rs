//! The rules of Multi-Paxos: each with one sentence and its source. A test suspends each in turn
//! and shows what it is needed for.
//!
//! Guards that are no rules, for no exhausted space breaks without one of them, and why:
//!
//! - A leader takes nothing that others tell to be chosen (`handle_entries`). It would have to have
//!   proposed something else for the slot and yet lead on: a majority of which it hears nothing has
//!   chosen under a higher ballot, and some acceptor outside that majority has its proposal. So
//!   five servers are needed.
//! - An acceptor leaves no more open than two leaders may (`has_room`), a leader proposes no more
//!   than its window has room for (`propose_next`), and nobody is given a promise who is far behind
//!   (`lacks_much`). All of that bounds what one message carries.
//! - A command that has a slot, or waits for one, is not proposed again (`handle_request`). It
//!   would cost a slot, and take effect once: [`Rule::TakesEffectOnce`].
//! - A command that has lost its slot is proposed again when its client asks again:
//!   [`Rule::ClientAsksAgain`]. In PMMC figure 1 a replica sees to that. Here whoever had the
//!   command leads no more, and the leader could not answer a client that did not ask it.
//! - A leader proposes no change before the last one has taken effect, and none while it reads by
//!   leases (`decide`). Any number might be on their way; but then phase 1 would ask majorities of
//!   many configurations, and an operator who removes one server could not tell which others are
//!   left. A lease that was promised by some would have to end with the next change.
//! - A leader says at once that a change takes effect (`announce`). Who leaves would hear of no
//!   leader, stand once, and be told: [`Rule::RemovedIsTold`].
//! - A lease is promised by a majority of each configuration that decides about a slot that may be
//!   open (`confirm`), as phase 1 asks them. No change begins where there are leases.
//! - Who is told some of what it lacks asks for the rest and not for all once more (`is_fresh`),
//!   and what was just proposed is not proposed again at once (`unanswered`). Both save messages.
//! - A snapshot that cannot be read is not asked for again (`unreadable`). All servers replicate
//!   the same machine, so no search has one.
//! - Who is preempted follows and waits (`follow`), for its ballot is what it has promised. It
//!   waits as long each time. PMMC 3 lets it wait longer and longer, for it knows no bound of how
//!   long a message takes. Here silence is at least three times as long as a leader is silent. The
//!   spec `multi-paxos/impatient-live` shows what comes of less.
//! - Nobody is told that its ballot is too low (PMMC 2.2 tells it). No search shows that it would
//!   help, and `multi-paxos/cut-link-live` shows a cluster that answers without it: who is told
//!   would stand again, and depose whoever it does not hear.
//!
//! Of the sources, "PMMC" is van Renesse, Altinbuken: Paxos Made Moderately Complex, ACM Computing
//! Surveys 2015, "PMS" is Lamport: Paxos Made Simple, 2001, "PML" is Chandra, Griesemer, Redstone:
//! Paxos Made Live, PODC 2007, and "DISC'17" is Michael, Ports, Sharma, Szekeres: Recovering Shared
//! Objects Without Stable Storage.

use crate::rules::rules;

rules! {
    PromiseRises: "a ballot is promised only if it is not below another promise", "PMS §2.2";
    AcceptsOnlyPromised: "nothing is accepted below the promise", "PMS §2.2";
    AcceptPromises: "who accepts something of a ballot has promised that ballot",
        "PMS §2.2 by the correction of Brooker";
    PromiseSurvivesCrash: "what is promised is on disk", "PMS §2.5";
    AcceptedSurvivesCrash: "what is accepted is on disk", "PMS §2.5";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "PMS §2.5";
    BallotIsOwn: "a ballot belongs to one server", "PMMC §2";
    MajorityPromises: "a server leads when a majority has promised its ballot", "PMS §2.2";
    PromiserCountsOnce: "who promises counts once, however often the promise arrives", "PMS §2.2";
    PromisesOfThisBallot: "a server counts only promises of its present ballot", "PMS §2.2";
    AcceptedIsReported: "a promise tells what is accepted already", "PMS §2.2";
    HighestBallotWins: "of what is reported for a slot that of the highest ballot is proposed",
        "PMS §2.2";
    EverySlotMerged: "what is reported is merged slot by slot, for every slot",
        "PMS §3; Cjen1/OCons PR 21";
    OneProposalPerBallotSlot: "a leader proposes one value for a slot", "PMMC §2";
    MajorityAccepts: "a value is chosen when a majority has accepted it", "PMS §2.2";
    AccepterCountsOnce: "who accepts counts once, however often it says so", "PMS §2.2";
    AcksOfThisBallot: "a leader counts only what was accepted in its present ballot", "PMS §2.2";
    NoticeNamesBallot: "what was accepted is known to be chosen only by its own ballot's leader",
        "found by search";
    AppliesInOrder: "what is chosen takes effect when all before it is chosen", "PMS §3";
    AppliesOnlyChosen: "what is accepted takes effect when it is chosen", "PMS §3";
    NoSlotIsSkipped: "what is learnt goes to the slot that it was chosen for", "PMMC §2";
    TakesEffectOnce: "a command that is chosen for two slots takes effect once", "PMMC figure 1";
    SnapshotNewerOnly: "a snapshot is taken only for what is not known to be chosen", "PML §5";
    SnapshotHasSessions: "the sessions are part of a snapshot", "PML §5; thesis §6.3";
    SnapshotOfItsMoment: "a snapshot taken aside is of the moment at which it was begun", "PML §5";
    InstalledEndsTaking: "a snapshot taken aside is given up for one that is installed",
        "found by search";
    OtherStoreIsWiped: "a voter whose store is not that on record has lost its disk", "quorate";
    WipedDoesNotPromise: "a server that has lost its disk is no acceptor", "DISC'17 §4";
    TakesEffectLater: "a change of the servers takes effect alpha slots behind its own",
        "PMMC §4.4; PMS §3";
    DecidersAreKnown: "a leader proposes for a slot when it knows who decides about it",
        "PMMC §4.4";
    EachConfigPromises: "a leader proposes for a slot by the promises of those who decide about it",
        "PMS §2.2; PMMC §4.4";
    DecidersCount: "for a slot only those count who decide about it", "PMMC §4.4";
    SnapshotHasChanges: "who takes part is part of a snapshot", "PML §5; thesis §5.1";
    VoterKnowsIt: "a server promises and accepts when it knows that it has a vote", "quorate";
    WipedStaysOut: "who has lost its disk is no acceptor again for what it has learnt",
        "DISC'17 §4; PML §5 takes it back";
    // Of leases. They are rules about time.
    BoundKeepsOthersOut: "who has promised a leader promises nobody else, and does not stand",
        "PML §5.2";
    RestartKeepsPromise: "a server that has restarted keeps what it may have promised a leader",
        "PML §5.2";
    LeaseFromSending: "a lease begins when the leader asks, not when it is answered", "PML §5.2";
    LeaseShorterThanPromise: "a lease is shorter than what was promised, by the drift of clocks",
        "PML §5.2";
    MajorityPromisesLease: "a leader holds a lease when a majority has promised it", "PML §5.2";
    HeardInThisRound: "what was promised in a round counts for the lease of that round", "quorate";
    LeaseIsHeld: "a leader reads without a slot only as long as it holds a lease", "PML §5.2";
    ReadsWhatIsReported: "a leader reads when all that was reported to it is chosen",
        "PML §5.2: the database is up to date";

    AnswerIsItsOwn: "a client takes an answer only for the command that it is waiting for",
        "thesis §6.3";

    // Nothing bad comes of it without these; but something good never comes.
    SilenceStarts: "who hears of no leader stands", "PMMC §3";
    LeaderIsHeard: "a leader says again and again that it is there", "PMMC §3";
    PrepareIsSentAgain: "who has not promised is asked again", "PMMC §4.3";
    AcceptIsSentAgain: "what is not accepted is proposed again", "PMMC §4.3";
    GapGetsNoOp: "a slot below others for which nothing is reported gets a no-op", "PMS §3";
    RemovedIsTold: "who is removed and stands is told that, and promised nothing", "quorate";
    NoOpsFollowChange: "a leader proposes no-ops behind a change until it takes effect",
        "PMMC §4.4";
    LearnerCatchesUpFirst: "a server gets a vote when it lacks little", "thesis §4.2.1";
    RemovedLeaderStepsDown: "a leader that has no vote any more leads no more", "thesis §4.2.2";
    RemovedRests: "a server that knows that it has no vote does not stand", "thesis §4.2.2";
    MissingIsAsked: "who lacks what is chosen asks for it", "PML §4";
    RetryIsAnswered: "a retry of a command that took effect gets its outcome", "PMMC §2.1";
    ClientAsksAgain: "a client that gets no answer asks again", "PMMC §4.3";
    ClientTriesAnother: "a client that gets no answer asks another server", "PMMC §4.3";

    // Without these it comes, but later.
    RestIsAsked: "who is told a part of what it lacks asks for the rest", "quorate";
    LeaderIsNamed: "who does not lead tells a client who does", "quorate";
    ClientFollowsRedirect: "a client asks the leader that it is told of", "quorate";
}
