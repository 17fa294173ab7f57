//! Every rule of the lists, and of standing, is necessary: suspended, it leaves a run without one
//! leader in the end, or a leader that is deposed for nothing. A lasso's length is that of the way
//! to the loop and once around it.
//!
//! The rules of the lists are proven without votes, as the article has it, because an election by
//! rank has nothing else. With votes they would only tell who stands how often.

use quorate_checker::engine::Miss;
use quorate_checker::spec::Faults;
use quorate_models::election::{ALL_FOLLOW, LEADER_STAYS, Past};
use quorate_models::parabolic::Server;
use quorate_models::parabolic::rules::Rule;
use quorate_models::parabolic::specs::live::{Bounds, Promise, parabolic};
use quorate_models::parabolic::specs::{Book, ParabolicSpec};

use crate::proofs::{Within, missed, necessary};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = Server;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> ParabolicSpec {
        parabolic("proof", rules, self.clone(), &[])
    }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
const DROP: Faults = Faults { drops: 1, ..Faults::NONE };

/// Two servers, the first of which is the better, and whoever is the best leads.
macro_rules! by_rank {
    ($($field:ident: $value:expr),*) => {
        Bounds { $($field: $value,)* ..by_votes!(confirms: false) }
    };
}

/// Two servers, the first of which is the better, and whoever is confirmed leads.
macro_rules! by_votes {
    ($($field:ident: $value:expr),*) => {
        Bounds { weights: &[2, 1], $($field: $value,)* ..Bounds::default() }
    };
}

missed! {
    silence_removes: SilenceRemoves lets ALL_FOLLOW be missed by Lasso in 7
        within by_rank!(faults: CRASH);
    word_returns: WordReturns lets ALL_FOLLOW be missed by Lasso in 7 within by_rank!(early: 1);
    heartbeats_go_on: HeartbeatsGoOn lets ALL_FOLLOW be missed by Stop in 11 within by_rank!();
    tie_by_id: TieById lets ALL_FOLLOW be missed by Lasso in 11
        within by_rank!(weights: &[1, 1]);
    same_weights: SameWeights lets ALL_FOLLOW be missed by Lasso in 11 within by_rank!();
    speaker_leads: SpeakerLeads lets ALL_FOLLOW be missed by Lasso in 19
        within by_votes!(faults: CRASH, recovery: Some(1..=4));
    stands_again: StandsAgain lets ALL_FOLLOW be missed by Lasso in 9
        within by_votes!(faults: DROP);
}

necessary! {
    stays_while_trusted: StaysWhileTrusted breaks LEADER_STAYS in 8
        within by_rank!(
            promise: Promise::LeaderStays,
            faults: CRASH,
            recovery: Some(1..=4)
        );
}
