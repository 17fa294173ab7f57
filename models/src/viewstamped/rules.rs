//! The rules of Viewstamped Replication: each with one sentence and its source. A test suspends
//! each in turn and shows what it is needed for.
//!
//! Guards that are no rules, for no exhausted space breaks without one of them, and why:
//!
//! - A primary counts only what backups took in its view (`handle_prepare_ok`). A replica is
//!   primary again when all others were, and what a majority took before then is in every later
//!   view. With five replicas a minority may have taken it, and five views must pass.
//! - A view has committed what anybody told was committed (`start_if_told`). It has those requests
//!   in its log, and commits them when its backups say so.
//! - A backup says at once that it has the log of a view that starts (`backup::begin`). The primary
//!   would send the requests again one interval later, and be told then.
//! - A replica answers who asks for state only in the view that it is normal in
//!   (`handle_get_state`). The one who asks would take no other.
//! - Pieces of a checkpoint that is gone make room for those of the next one (`handle_piece`). For
//!   two checkpoints to be on their way to one replica there must be four requests.
//! - A replica keeps as much of its log as the checkpoint has that it gives (`checkpoint::keep`).
//!   That is about how fast there are requests, and here they come to an end.
//! - Who is given the log of a view wants no other view as long as it hears the primary of that one
//!   (`hears`). Here all that is under way arrives before time passes, however much it is.
//! - What comes too soon makes a replica ask once (`ask_once`). It would be sent the same again.
//! - One change of the group follows another (`decide`): that nothing comes behind a
//!   reconfiguration is a rule, and a second one would be behind the first.
//! - A replica comes only if the primary has heard it (`decide`). Otherwise its store would be on
//!   no record, and it would have to count first, with a majority that may not be there.
//! - Who recovers is answered only by replicas of its own epoch (`handle_recovery`). One of an
//!   earlier epoch has no view that could be the latest; one of a later epoch tells it of that.
//!
//! Of the sources, "VRR" is Liskov, Cowling: Viewstamped Replication Revisited, technical report
//! MIT-CSAIL-TR-2012-021, "DISC'17" is Michael, Ports, Sharma, Szekeres: Recovering Shared Objects
//! Without Stable Storage, and "Vanlightly" are Jack Vanlightly's models of VRR and his notes on
//! them.

use crate::rules::rules;

rules! {
    OnlyPrimaryServes: "only the primary of a view takes requests from clients", "VRR §4.1";
    RetryTakesEffectOnce: "a request that is sent again takes effect once", "VRR §4.1";
    NormalAndSameView: "a backup takes requests only while normal, and in its own view", "VRR §4.1";
    PreparesInOrder: "a backup takes a request only if it has all before it", "VRR §4.1";
    TakenOnce: "a request that is sent again is not appended again", "VRR §4.1";
    CommitsAfterF: "a request is committed when a majority has it", "VRR §4.1";
    ViewRises: "no message moves a replica to an older view", "VRR §4.2";
    DoViewChangeAfterF: "a replica gives its log to a view only if a majority wants the view",
        "VRR §4.2";
    StartsAfterQuorum: "a view starts when a majority has told its primary what it has",
        "VRR §4.2";
    DoViewChangeOfThisView: "a primary counts only what was told for its view", "VRR §4.2";
    LastNormalBeforeLength: "the log of a view is one of the latest normal view that was told",
        "VRR §4.2";
    LongestLog: "of those logs the view takes the longest", "VRR §4.2";
    CutsOnlyOnArrival: "state transfer drops nothing until what replaces it is here",
        "Vanlightly; VRR §5.2 cuts first";
    NormalViewOnlyWithLog: "a replica is normal in a view only with the log of that view",
        "quorate; VRR §5.2 is normal first";
    StateFollowsLog: "a replica takes a log only with the state that what is before it has made",
        "VRR §5.1";
    ClientTableTravels: "a checkpoint has the client-table", "VRR §4.1";
    WindowIsKept: "a primary leaves no more uncommitted than fits one message", "VRR §6.2";
    RecoveringIsSilent: "who recovers takes part in no view", "VRR §4.3";
    OnlyNormalAnswers: "only who is normal answers one who recovers", "VRR §4.3";
    RecoversFromQuorum: "a replica recovers when a majority has answered", "VRR §4.3";
    RecoversFromPrimary: "a replica recovers what the primary of the latest view has", "VRR §4.3";
    RecoversNoLess: "a replica recovers no less than the primary of the latest view has told",
        "VRR §4.3";
    NonceMatches: "answers to an earlier recovery count for nothing", "VRR §4.3";
    NonceIsNew: "how often a replica has started is on its disk", "VRR §4.3";
    NewDiskRecovers: "a replica whose disk is new recovers, as one that crashed does", "quorate";
    NewDiskCounts: "a replica whose disk is new asks a majority how often it has started",
        "DISC'17 §4";
    CrashesAreSeen: "what a replica told before it crashed counts for nothing after", "DISC'17 §4";
    ViewSurvivesCrash: "where disks keep the log, they keep the view as well", "VRR §4.3";
    LogSurvivesCrash: "where disks keep the log, a crash makes a replica forget nothing of it",
        "VRR §4.3";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "VRR §4.3";
    DroppedIsOnDisk: "where disks keep the log, a checkpoint there stands for what is dropped",
        "VRR §5.1";
    EpochStopsOld: "a primary takes nothing behind the reconfiguration that ends its epoch",
        "VRR §7.1";
    EpochBeginsWithState: "a replica heeds nothing of an epoch before it has all from before that",
        "VRR §7.1";
    GroupDecides: "an epoch's own group decides what is a majority", "VRR §7.1";
    GroupTravels: "a checkpoint has the group", "VRR §7.1";
    GroupIsOnDisk: "a replica knows after a crash in which epoch it has taken part", "quorate";
    NewStoreCounts: "who begins an epoch with another store than is on record counts first",
        "quorate";
    AnswerIsItsOwn: "a client takes an answer only for the command that it is waiting for",
        "thesis §6.3";

    // Nothing bad comes of it without these; but something good never comes.
    PrimaryIsHeard: "a primary says again and again that it is there", "VRR §4.1";
    SilenceIsNoticed: "a backup that hears nothing of its primary wants the next view", "VRR §4.2";
    NextViewIsWanted: "a view that does not start gives way to the next one", "VRR §4.2";
    OthersJoin: "who hears that a view is wanted wants it as well", "VRR §4.2";
    PreparesAreSentAgain: "what a backup does not have is sent again", "VRR §4.1";
    AsksForState: "who lacks something of a view asks for it", "VRR §5.2";
    RecoveryIsSentAgain: "who recovers asks again and again", "VRR §4.3";
    ReplacedGives: "who is replaced gives what it has until a majority takes part in the new epoch",
        "VRR §7.1";
    OldEpochIsTold: "who says something of an earlier epoch is told of the later one", "VRR §7.1";
    StartEpochIsSentAgain: "who is replaced says so again to those who do not take part yet",
        "VRR §7.1";
    RetryIsAnswered: "a retry of a command that took effect gets its outcome", "VRR §4.1";
    ClientAsksAgain: "a client that gets no answer asks again", "VRR §4.1";
    ClientTriesAnother: "a client that gets no answer asks another replica", "VRR §4.1";

    // Without these it comes, but later.
    ViewChangeIsSentAgain: "what a view needs to start is sent again", "VRR §4.2";
    StartEpochIsSent: "who comes is told at once that its epoch has begun", "VRR §7.1";
    NextIsAskedAtOnce: "who is given a part asks for the next one at once", "quorate";
    PrimaryIsNamed: "who is not primary tells a client who is", "quorate";
    ClientFollowsRedirect: "a client asks the primary that it is told of", "quorate";
}
