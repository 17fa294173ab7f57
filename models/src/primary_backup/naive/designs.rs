//! The designs: the rule that each lacks, what that breaks, and why in a sentence.

use quorate_checker::AnySpec;

use super::claims::{
    COPY_KEPT, LINEARIZABILITY, LIVE_LEADER_LEADS, LOG_MATCHING, NO_WRITE_LOST, ONE_ALONE,
    ONE_LEADER, SAME_READS,
};
use super::rules::Rule;
use super::specs::{self, ANSWERED, ANSWERED_AFTER, Book, ELECTED, NaiveSpec, REPLACED, SEEN_DOWN};
use crate::rules::AllBut;
use crate::system::Boxed;

/// A design: the rule that it lacks, and what that breaks.
#[derive(Clone, Copy)]
pub struct Design {
    /// As a spec, with the protocol and a slash before it.
    pub name: &'static str,
    /// Why it fails, in a sentence.
    pub summary: &'static str,
    /// The rule that mends it. `None` if not the design is at fault, but the claim.
    pub lacks: Option<Rule>,
    /// Rules that the design lacks as well. Each of them mends it, too: the design fails only for
    /// want of all.
    pub besides: &'static [Rule],
    /// The properties that are violated.
    pub breaks: &'static [&'static str],
    /// The spec within the design's bounds, with these rules in force.
    pub within: fn(&str, Book) -> NaiveSpec,
}

impl Design {
    /// The design as the articles have it.
    pub fn spec(&self) -> NaiveSpec {
        let lacks = self.lacks.iter().chain(self.besides).copied().collect();
        let spec = (self.within)(self.name, AllBut(lacks)).summary(self.summary);
        self.breaks.iter().fold(spec, |spec, property| spec.expect_violation(property))
    }

    /// The same bounds with the rule that mends it in force.
    pub fn mended(&self) -> NaiveSpec {
        (self.within)(self.name, AllBut(self.besides.to_vec()))
    }
}

/// All of them, in the order in which they are checked.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    DESIGNS.iter().map(|design| design.spec().boxed()).collect()
}

/// The designs. One of them lacks two rules, and either one mends it: a follower may be read if the
/// leader answers no write before the follower has it.
pub const DESIGNS: &[Design] = &[
    Design {
        name: "primary-backup/naive-async-copy",
        summary: "the leader answers before the follower has the entry, dies, and the follower \
                  leads without it",
        lacks: Some(Rule::AnsweredWhenCopied),
        besides: &[],
        breaks: &[NO_WRITE_LOST.0, LINEARIZABILITY.0],
        within: specs::async_copy,
    },
    Design {
        name: "primary-backup/naive-follower-reads",
        summary: "reads go to the follower to spare the leader, which answers before it has \
                  copied, and a client does not find there what it has just written",
        lacks: Some(Rule::ReadsAtLeader),
        besides: &[Rule::AnsweredWhenCopied],
        breaks: &[LINEARIZABILITY.0],
        within: specs::follower_reads,
    },
    Design {
        name: "primary-backup/naive-follower-writes",
        summary: "the follower takes a write and acknowledges it, and its next pull of the \
                  leader's log writes over it",
        lacks: Some(Rule::OnlyLeaderWrites),
        besides: &[],
        breaks: &[NO_WRITE_LOST.0, LINEARIZABILITY.0],
        within: specs::follower_writes,
    },
    Design {
        name: "primary-backup/naive-push-back",
        summary: "sync goes both ways, and a follower that lags pushes its older log over the \
                  leader's",
        lacks: Some(Rule::LogGoesOneWay),
        besides: &[],
        breaks: &[NO_WRITE_LOST.0],
        within: specs::push_back,
    },
    Design {
        name: "primary-backup/naive-first-element",
        summary: "each poll returns the first entry of the queue, and the follower appends it \
                  again and again",
        lacks: Some(Rule::EntryHasItsPlace),
        besides: &[],
        breaks: &[LOG_MATCHING.0],
        within: specs::first_element,
    },
    Design {
        name: "primary-backup/naive-late-answer",
        summary: "answers to polls overtake each other, and a follower takes an older log in place \
                  of a newer one that the leader counts on",
        lacks: Some(Rule::FitsItsPull),
        besides: &[],
        breaks: &[COPY_KEPT.0],
        within: specs::late_answer,
    },
    Design {
        name: "primary-backup/naive-same-reads",
        summary: "consistency taken for \"all nodes read the same\": a correct store does not have \
                  it while an entry is being copied",
        lacks: None,
        besides: &[],
        breaks: &[SAME_READS.0],
        within: specs::same_reads,
    },
    Design {
        name: "primary-backup/naive-frozen-store",
        summary: "consistency taken for \"all nodes read the same\": a store that forgets every \
                  write has it",
        lacks: Some(Rule::WriteTakesEffect),
        besides: &[],
        breaks: &[LINEARIZABILITY.0],
        within: specs::same_reads,
    },
    Design {
        name: "primary-backup/naive-leader-judges",
        summary: "followers send heartbeats and the leader judges them, but nobody judges a dead \
                  leader",
        lacks: Some(Rule::FollowerJudges),
        besides: &[],
        breaks: &[REPLACED],
        within: specs::one_of_two_dies,
    },
    Design {
        name: "primary-backup/naive-steps-down",
        summary: "a failover begins when the leader misses a follower: a dead follower deposes a \
                  live leader",
        lacks: Some(Rule::LeaderStays),
        besides: &[],
        breaks: &[LIVE_LEADER_LEADS.0],
        within: specs::one_of_two_dies,
    },
    Design {
        name: "primary-backup/naive-old-leaders-log",
        summary: "a new leader first asks the old one for its log, and the old one is dead: \
                  nobody ever leads",
        lacks: Some(Rule::NewLeaderHasAll),
        besides: &[],
        breaks: &[ANSWERED_AFTER],
        within: specs::old_leaders_log,
    },
    Design {
        name: "primary-backup/naive-all-up",
        summary: "the monitor writes \"up\" over every \"down\" that it finds, and again and again \
                  takes a dead node for one that is up",
        lacks: Some(Rule::DownIsKept),
        besides: &[],
        breaks: &[SEEN_DOWN],
        within: specs::watched,
    },
    Design {
        name: "primary-backup/naive-first-node",
        summary: "the monitor's loop never leaves the first node, nobody sees that the second one \
                  is dead, and the leader waits for its copy for ever",
        lacks: Some(Rule::EveryoneIsWatched),
        besides: &[],
        breaks: &[SEEN_DOWN, ANSWERED],
        within: specs::watched,
    },
    Design {
        name: "primary-backup/naive-all-votes",
        summary: "a candidate needs more votes than a majority: of three servers, all three, and \
                  so none is elected when one is down",
        lacks: Some(Rule::MajorityIsEnough),
        besides: &[],
        breaks: &[ELECTED],
        within: specs::all_votes,
    },
    Design {
        name: "primary-backup/naive-votes-for-all",
        summary: "a server says yes to whoever asks for its vote, and two candidates are elected",
        lacks: Some(Rule::OneVoteATerm),
        besides: &[],
        breaks: &[ONE_LEADER.0],
        within: specs::votes_for_all,
    },
    Design {
        name: "primary-backup/naive-vote-twice",
        summary: "a candidate counts answers, not voters: a vote that arrives twice counts twice, \
                  and two candidates are elected",
        lacks: Some(Rule::VoterCountsOnce),
        besides: &[],
        breaks: &[ONE_LEADER.0],
        within: specs::vote_twice,
    },
    Design {
        name: "primary-backup/naive-promotes-itself",
        summary: "a pair is cut apart, each hears nothing of the other and goes on alone: two \
                  primaries",
        lacks: Some(Rule::LeaderWaits),
        besides: &[],
        breaks: &[ONE_ALONE.0, LINEARIZABILITY.0],
        within: specs::promotes_itself,
    },
];
