//! The rules of Raft: each with one sentence and its source. A test suspends each in turn and shows
//! what it is needed for.

use crate::rules::RuleBook;

/// Where a rule comes from and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wording {
    pub sentence: &'static str,
    /// "Raft" is Ongaro and Ousterhout, extended version; "thesis" is Ongaro's.
    pub source: &'static str,
}

macro_rules! rules {
    ($($name:ident: $sentence:literal, $source:literal;)*) => {
        /// A rule of Raft.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = concat!($sentence, " (", $source, ")")] $name,)*
        }

        impl Rule {
            pub const ALL: &[Rule] = &[$(Rule::$name,)*];

            pub fn wording(self) -> Wording {
                match self {
                    $(Rule::$name => Wording { sentence: $sentence, source: $source },)*
                }
            }
        }
    };
}

rules! {
    NewerTermDeposes: "a leader or candidate that sees a newer term steps down", "Raft §5.1";
    CandidateRaisesTerm: "a candidate stands in a term of its own", "Raft §5.2";
    OneVotePerTerm: "a server votes for at most one candidate in a term", "Raft §5.2";
    MajorityElects: "a leader has the votes of a majority", "Raft §5.2";
    VotesOfThisTermCount: "a candidate counts only the votes of its own term", "Raft §5.2";
    VoteForUpToDateLog: "a vote is granted only to a log at least as up to date", "Raft §5.4.1";
    LastTermBeforeLength: "of two logs the one with the later last term is more up to date",
        "Raft §5.4.1";
    TermSurvivesCrash: "the current term is on disk", "Raft figure 2";
    VoteSurvivesCrash: "the vote is on disk", "Raft figure 2";
    LogSurvivesCrash: "the log is on disk", "Raft figure 2";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "Raft figure 2";
    OnlyLeaderAppends: "only the leader takes commands into its log", "Raft §5.3";
    StaleLeaderRefused: "entries from a leader of an older term are refused", "Raft §5.1";
    LogMatchesBeforeAppend: "entries are taken only behind an entry both logs share", "Raft §5.3";
    ConflictTruncates: "an entry that conflicts with the leader's goes, with all behind it",
        "Raft §5.3";
    OnlyConflictTruncates: "entries that agree with the leader's stay, and all behind them",
        "Raft figure 2";
    RepliesOfThisTermCount: "a leader counts only what was acknowledged in its own term",
        "Raft figure 2";
    MajorityStores: "an entry is committed only when a majority stores it", "Raft §5.3";
    OwnTermCommits: "only entries of the leader's own term are committed by counting",
        "Raft §5.4.2";
    CommitWithinMatched: "a follower commits nothing past what it matched with the leader",
        "Raft figure 2";
    ApplyOnlyCommitted: "only committed entries are applied and answered", "Raft §5.3";
    ApplyInOrder: "entries are applied one after the other", "Raft §5.3";
    RetryTakesEffectOnce: "a command that is sent again takes effect once", "thesis §6.3";
    ReadsThroughLog: "a read is answered when an entry of its own commits", "thesis §6.4";
    NoOpAtStartOfTerm: "a leader appends a no-op at the start of its term", "Raft §8";
}

/// A rule book for Raft.
pub trait RaftRules: RuleBook<Rule> {}

impl<R: RuleBook<Rule>> RaftRules for R {}
