//! Clusters that change their servers: the specs of it, and which changes are refused.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate_models::kv::Kv;
use quorate_models::number::{Index, Term};
use quorate_models::order::{Change, Refusal};
use quorate_models::raft::config::Config;
use quorate_models::raft::membership::{Decision, decide};
use quorate_models::raft::message::{AppendReply, Message as Said, Outcome, VoteReply};
use quorate_models::raft::specs::{self, Checked, EVERY_RULE};
use quorate_models::raft::state::ServerState;
use quorate_models::raft::{Server, Timer};
use quorate_models::rules::AllRules;
use quorate_models::service::Message;
use stateright::actor::{Actor, Id, Out};

use crate::support::specs::holds;

holds! {
    single_change: "raft/single-change" has depth 31;
    removed_leader: "raft/removed-leader" has depth 36;
    joint: "raft/joint" has depth 30;
    joint_node: "raft/joint-node" has depth 24;
    learner: "raft/learner" has depth 42;
    disjoint_majorities: "raft/disjoint-majorities" has depth 16;
    removed_live: "raft/removed-live" has depth 59;
    removed_told_live: "raft/removed-told-live" has depth 40;
    learner_live: "raft/learner-live" has depth 62;
    leader_leaves_live: "raft/leader-leaves-live" has depth 30;
    out_of_reach_live: "raft/out-of-reach-live" has depth 23;
    joint_live: "raft/joint-live" has depth 111;
}

fn ids(numbers: &[usize]) -> BTreeSet<Id> {
    numbers.iter().copied().map(Id::from).collect()
}

fn config(voters: &[usize], outgoing: &[usize], learners: &[usize]) -> Config {
    Config { voters: ids(voters), outgoing: ids(outgoing), learners: ids(learners) }
}

/// What becomes of the voters 0, 1 and 2 and the learner 3 by `change`.
fn after(change: &Change) -> Result<Option<Config>, Refusal> {
    config(&[0, 1, 2], &[], &[3]).after(&AllRules, change)
}

#[test]
fn who_comes_learns_first_and_gets_a_vote_then() {
    let (add, promote) = (|id| Change::Add { id }, |id| Change::Promote { id });
    let [voter, learner, stranger] = [0, 3, 4].map(Id::from);
    assert_eq!(after(&add(stranger)), Ok(Some(config(&[0, 1, 2], &[], &[3, 4]))));
    assert_eq!(after(&add(learner)), Ok(None));
    assert_eq!(after(&add(voter)), Ok(None));
    assert_eq!(after(&promote(learner)), Ok(Some(config(&[0, 1, 2, 3], &[], &[]))));
    assert_eq!(after(&promote(voter)), Ok(None));
    assert_eq!(after(&promote(stranger)), Err(Refusal::NoMember { id: stranger }));
}

#[test]
fn who_is_not_there_has_left_and_the_last_voter_stays() {
    let remove = |id| Change::Remove { id: Id::from(id) };
    assert_eq!(after(&remove(2)), Ok(Some(config(&[0, 1], &[], &[3]))));
    assert_eq!(after(&remove(3)), Ok(Some(config(&[0, 1, 2], &[], &[]))));
    assert_eq!(after(&remove(4)), Ok(None));
    let last = config(&[0], &[], &[3]).after(&AllRules, &remove(0));
    assert_eq!(last, Err(Refusal::NoVoterLeft));
}

#[test]
fn several_voters_change_through_a_joint_configuration() {
    let replace = |voters: &[usize]| Change::Replace { voters: ids(voters) };
    assert_eq!(after(&replace(&[0, 1, 2])), Ok(None));
    assert_eq!(after(&replace(&[0, 3])), Ok(Some(config(&[0, 3], &[0, 1, 2], &[]))));
    assert_eq!(after(&replace(&[0, 1])), Ok(Some(config(&[0, 1], &[0, 1, 2], &[3]))));
    let all = [0, 1, 2, 3];
    assert_eq!(after(&replace(&all)), Ok(Some(config(&all, &[0, 1, 2], &[]))));
    assert_eq!(after(&replace(&[0, 4])), Err(Refusal::NoMember { id: Id::from(4) }));
    assert_eq!(after(&replace(&[])), Err(Refusal::NoVoterLeft));
    assert_eq!(config(&[0, 3], &[0, 1], &[2]).left(), config(&[0, 3], &[], &[2]));
}

#[test]
fn all_of_a_joint_configuration_have_a_vote() {
    let joint = config(&[0, 3], &[0, 1], &[2]);
    assert_eq!([0, 1, 2, 3].map(|id| joint.is_voter(Id::from(id))), [true, true, false, true]);
    assert_eq!(joint.members(), ids(&[0, 1, 2, 3]));
    let is_quorum = |of: &[usize]| joint.is_quorum(&AllRules, |id| ids(of).contains(&id));
    assert!(is_quorum(&[0, 1, 3]));
    assert!(!is_quorum(&[0, 1, 2]) && !is_quorum(&[0, 3]) && !is_quorum(&[1, 3]));
}

/// The first of two servers leads, and has so many entries that the other one acknowledges.
fn leader(matched: Index) -> ServerState<Kv> {
    let server: Server<Checked> = specs::server((0..2).map(Id::from).collect(), EVERY_RULE);
    let (own, other) = (Id::from(0), Id::from(1));
    let started: ServerState<Kv> = server.on_start(own, &None, &mut Out::new());
    let mut state = Cow::Owned(started);
    server.on_timeout(own, &mut state, &Timer::Election, &mut Out::new());
    let term = Term(1);
    let mut hears = |said| {
        server.on_msg(own, &mut state, other, Message::Peer(said), &mut Out::new());
    };
    hears(Said::VoteReply(VoteReply { term }));
    let outcome = Outcome::Stored { matched };
    hears(Said::AppendReply(AppendReply { term, outcome, round: 0 }));
    state.into_owned()
}

#[test]
fn a_leader_decides_by_what_is_committed_and_pending() {
    let remove = Change::Remove { id: Id::from(1) };
    let decided = |state: &ServerState<Kv>, change: &Change| decide(&AllRules, state, 1, change);
    // Its no-op is committed by the other one's word, or waits for it.
    let ready = leader(Index(1));
    assert_eq!(decided(&ready, &remove), Ok(Decision::Begin(config(&[0], &[], &[]))));
    assert_eq!(decided(&leader(Index::ZERO), &remove), Ok(Decision::Wait));
    assert_eq!(decided(&ready, &Change::Add { id: Id::from(1) }), Ok(Decision::Done));

    let mut pending = ready;
    pending.configs.push(Index(2), config(&[0, 1], &[], &[2]));
    assert_eq!(decided(&pending, &remove), Err(Refusal::ChangePending));
    assert_eq!(decided(&pending, &Change::Add { id: Id::from(2) }), Ok(Decision::Wait));
}
