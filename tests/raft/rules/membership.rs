//! The rules of clusters that change their servers.

use std::fmt;
use std::sync::Arc;

use quorate_checker::engine::Miss;
use quorate_checker::spec::{Action, ActionOf, Faults, State};
use quorate_models::kv::Kv;
use quorate_models::raft::Raft;
use quorate_models::raft::claims::ghost::Ghost;
use quorate_models::raft::claims::membership::{GOES_BY_ITS_LOG, LEADERS_VOTE, MATCHED_IS_STORED};
use quorate_models::raft::claims::properties::LEADER_COMPLETENESS;
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::live::{self, ALL_ANSWERED};
use quorate_models::raft::specs::membership::{
    self, Asked, Bounds, NOBODY_ASKS, QUORUM_FOLLOWS, add, elections, promote, remove, replace,
};
use quorate_models::raft::specs::{Book, Checked, RaftSpec};

use super::Directed;
use crate::proofs::{Within, missed, necessary};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = Raft<Checked>;
    type Ghost = Arc<Ghost<Kv>>;

    fn spec(&self, rules: Book) -> RaftSpec {
        membership::raft("proof", rules, self.clone(), &[])
    }
}

/// So many founders of so many servers elect twice, and this is asked of them.
fn asked(servers: usize, founders: usize, changes: &[Asked]) -> Bounds<'static> {
    Bounds { founders, changes: changes.to_vec(), safety: elections(servers, 2) }
}

fn all_leave_the_first() -> Bounds<'static> {
    asked(3, 3, &[(0, replace(&[0]))])
}

const LEAVER: Directed = Directed("the leader leaves and takes a command", membership::leaver);
const COMES_BACK: Directed = Directed("a server is wiped and comes back", membership::comes_back);
const DISJOINT: Directed = Directed("disjoint majorities", membership::disjoint);

necessary! {
    one_change_at_a_time: OneChangeAtATime breaks LEADER_COMPLETENESS in 10
        within asked(3, 3, &[(0, remove(1)), (0, remove(2))]);
    own_term_committed_first: OwnTermCommittedFirst breaks LEADER_COMPLETENESS in 18
        within DISJOINT;
    truncated_is_undone: TruncatedIsUndone breaks GOES_BY_ITS_LOG in 10
        within asked(3, 3, &[(0, remove(2))]);
    several_change_jointly: SeveralChangeJointly breaks LEADER_COMPLETENESS in 9
        within all_leave_the_first();
    both_majorities: BothMajorities breaks LEADER_COMPLETENESS in 9 within all_leave_the_first();
    leave_joint_after_commit: LeaveJointAfterCommit breaks LEADER_COMPLETENESS in 9
        within all_leave_the_first();
    learners_do_not_count: LearnersDoNotCount breaks LEADER_COMPLETENESS in 15
        within asked(4, 3, &[(0, add(3))]);
    learners_do_not_stand: LearnersDoNotStand breaks LEADERS_VOTE in 16
        within asked(3, 2, &[(0, add(2))]);
    replies_of_this_member_count: RepliesOfThisMemberCount breaks MATCHED_IS_STORED in 15
        within COMES_BACK;
    removed_leader_does_not_count: RemovedLeaderDoesNotCount breaks LEADER_COMPLETENESS in 18
        within LEAVER;
    removed_leader_steps_down: RemovedLeaderStepsDown breaks LEADERS_VOTE in 8
        within asked(2, 2, &[(0, remove(0))]);
}

/// A spec on the clock, which its name tells.
struct Live(&'static str, fn(Book) -> RaftSpec);

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Within for Live {
    type Rule = Rule;
    type Actor = Raft<Checked>;
    type Ghost = Arc<Ghost<Kv>>;

    fn spec(&self, rules: Book) -> RaftSpec {
        (self.1)(rules)
    }
}

const LEADER_LEAVES: Live =
    Live("the leader of two leaves", |rules| membership::leader_leaves("proof", rules));

const ONE_LEAVES: Live =
    Live("one of three leaves", |rules| membership::removed_plain("proof", rules));

const TOLD: Live = Live("one of three is told", |rules| membership::removed("proof", rules));

const OUT_OF_REACH: Live =
    Live("a second server is out of reach", |rules| membership::out_of_reach("proof", rules));

const UNHEARD: Live =
    Live("one of three is out of reach", |rules| membership::unheard("proof", rules));

const FIRST_DIES: Live = Live("the first dies when there are three", |rules| {
    let faults = Faults { crashes: 1, down_at_once: 1, drops: 1, ..Faults::NONE };
    let bounds = live::Bounds { servers: 3, faults, ..live::Bounds::default() };
    let changes = vec![(0, add(2)), (0, promote(2))];
    membership::live("proof", rules, bounds, 2, changes, &[])
        .directed("nobody crashes before three have a vote", three_vote)
});

type Now = State<Raft<Checked>, Arc<Ghost<Kv>>>;

fn three_vote((): &(), state: &Now, action: &ActionOf<Raft<Checked>>) -> bool {
    let mut servers = state.system.actor_states.iter().filter_map(|member| member.server());
    !matches!(action, Action::Crash(_))
        || servers.any(|server| {
            let (index, config) = server.configs.latest();
            config.voters.len() == 3 && index <= server.commit
        })
}

missed! {
    removed_stands_until_commit: RemovedStandsUntilCommit lets QUORUM_FOLLOWS
        be missed by Unbounded in 40 within LEADER_LEAVES;
    removed_rests: RemovedRests lets QUORUM_FOLLOWS be missed by Unbounded in 59
        within ONE_LEAVES;
    removed_is_told: RemovedIsTold lets NOBODY_ASKS be missed by Unbounded in 113 within TOLD;
    removed_asker_is_told: RemovedAskerIsTold lets NOBODY_ASKS be missed by Lasso in 38
        within TOLD;
    learner_catches_up_first: LearnerCatchesUpFirst lets ALL_ANSWERED be missed by Lasso in 41
        within OUT_OF_REACH;
    new_majority_is_heard: NewMajorityIsHeard lets ALL_ANSWERED be missed by Lasso in 66
        within UNHEARD;
    learners_are_asked: LearnersAreAsked lets QUORUM_FOLLOWS be missed by Unbounded in 38
        within FIRST_DIES;
    strangers_get_votes: StrangersGetVotes lets QUORUM_FOLLOWS be missed by Unbounded in 45
        within FIRST_DIES;
}
