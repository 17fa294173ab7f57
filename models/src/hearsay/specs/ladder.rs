//! The rungs: the hearsay election of the article, and each repair of it with the bug that is left.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::safety::{Bounds, hearsay};
use super::{A_LEADER, Book, Graph, HearsaySpec, TWO_STAND};
use crate::election::ONE_LEADER_AN_EPOCH;
use crate::hearsay::rules::Rule;
use crate::rules::AllBut;
use crate::system::Boxed;

/// The repairs, in the order in which they are made. A rung has those before it.
pub const REPAIRS: &[Rule] = &[
    Rule::MessageIsAVote,
    Rule::OneVoteAnEpoch,
    Rule::VoteSurvivesCrash,
    Rule::VoterCountsOnce,
    Rule::VoteIsItsVoters,
    Rule::VoteIsOfItsEpoch,
    Rule::OwnVote,
    Rule::MajorityOfMembers,
];

/// A rung of the ladder: how many of the repairs it has, and the bug that is left.
#[derive(Clone, Copy)]
pub struct Rung {
    /// As a spec, with the protocol and a slash before it.
    pub name: &'static str,
    /// What an engineer should conclude, in a sentence.
    pub summary: &'static str,
    /// It has so many of the [`REPAIRS`].
    pub repairs: usize,
    /// The bounds in which the bug shows.
    pub bounds: Bounds,
}

impl Rung {
    /// This rung within its bounds, where two servers lead in one epoch.
    pub fn spec(&self) -> HearsaySpec {
        hearsay(self.name, rules(self.repairs), self.bounds, &[A_LEADER, TWO_STAND])
            .summary(self.summary)
            .expect_violation(ONE_LEADER_AN_EPOCH)
    }

    /// What is left of its bug with one repair more.
    pub fn mended(&self) -> HearsaySpec {
        hearsay("hearsay/mended", rules(self.repairs + 1), self.bounds, &[])
    }
}

/// The rules of the rung with the first so many repairs.
fn rules(repairs: usize) -> Book {
    AllBut(REPAIRS[repairs..].to_vec())
}

/// Three servers, two of which stand.
const TWO: Bounds = Bounds {
    servers: 3,
    graph: Graph::Full,
    passes_on: false,
    stands: 2,
    heartbeats: 0,
    faults: Faults::NONE,
};

/// All rungs but the last, from the lowest.
pub const LADDER: &[Rung] = &[
    Rung {
        name: "hearsay/as-written-2",
        summary: "each of two servers hears the other, and both lead: to be heard is not to be \
                  voted for",
        repairs: 0,
        bounds: Bounds { servers: 2, ..TWO },
    },
    Rung {
        name: "hearsay/as-written",
        summary: "a server hears of all that live, and so does any other one: who hears a \
                  majority is not alone in that",
        repairs: 0,
        bounds: Bounds { stands: 3, ..TWO },
    },
    Rung {
        name: "hearsay/votes-for-all",
        summary: "a server that votes for whoever asks elects whoever asks",
        repairs: 1,
        bounds: TWO,
    },
    Rung {
        name: "hearsay/forgets-its-vote",
        summary: "a vote that is not on disk is given again after a crash",
        repairs: 2,
        bounds: Bounds { faults: Faults { crashes: 1, down_at_once: 1, ..Faults::NONE }, ..TWO },
    },
    Rung {
        name: "hearsay/counts-twice",
        summary: "a message may arrive twice, so votes are a set of voters and not a number",
        repairs: 3,
        bounds: Bounds { faults: Faults { duplicates: 1, ..Faults::NONE }, ..TWO },
    },
    Rung {
        name: "hearsay/second-hand",
        summary: "who tells of a vote has not given one: a vote must name its voter",
        repairs: 4,
        bounds: Bounds { passes_on: true, ..TWO },
    },
    Rung {
        name: "hearsay/stale-votes",
        summary: "a vote that was given in an older epoch may have been given to another since",
        repairs: 5,
        bounds: Bounds { stands: 3, ..TWO },
    },
    Rung {
        name: "hearsay/votes-for-the-other",
        summary: "a candidate whose own vote is still to be had gives it to another, and both lead",
        repairs: 6,
        bounds: Bounds { servers: 2, ..TWO },
    },
    Rung {
        name: "hearsay/neighbours",
        summary: "majorities of neighbours need not meet: only those of all members do",
        repairs: 7,
        bounds: Bounds { servers: 4, graph: Graph::Row, ..TWO },
    },
];

/// The rungs whose bug is left.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    LADDER.iter().map(|rung| rung.spec().boxed()).collect()
}
