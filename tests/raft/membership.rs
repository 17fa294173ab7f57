//! Clusters that change their servers: the specs of it, and which changes are refused.

use std::collections::BTreeSet;

use quorate_models::kv::Kv;
use quorate_models::number::{Index, Term};
use quorate_models::order::{Change, Order, Refusal};
use quorate_models::raft::config::{Config, Configs};
use quorate_models::raft::identity::StoreId;
use quorate_models::raft::log::{Entry, Payload, Position};
use quorate_models::raft::membership::{Decision, Limits, decide};
use quorate_models::raft::message::{Message as Said, PreVote};
use quorate_models::raft::state::{Progress, Role, ServerState};
use quorate_models::rules::AllRules;
use quorate_models::service::{Answer, Message};
use stateright::actor::Id;

use crate::one_server::{OneServer, told};
use crate::support::specs::holds;

holds! {
    single_change: "raft/single-change" has depth 31;
    removed_leader: "raft/removed-leader" has depth 36;
    joint: "raft/joint" has depth 30;
    joint_node: "raft/joint-node" has depth 24;
    learner: "raft/learner" has depth 42;
    disjoint_majorities: "raft/disjoint-majorities" has depth 16;
    leaver: "raft/leaver" has depth 32;
    comes_back: "raft/comes-back" has depth 41;
    removed_plain_live: "raft/removed-plain-live" has depth 27;
    removed_live: "raft/removed-live" has depth 59;
    learner_live: "raft/learner-live" has depth 62;
    leader_leaves_live: "raft/leader-leaves-live" has depth 30;
    out_of_reach_live: "raft/out-of-reach-live" has depth 23;
    unheard_live: "raft/unheard-live" has depth 37;
    learner_node_live: "raft/learner-node-live" has depth 41;
    joint_live: "raft/joint-live" has depth 106;
}

fn ids(numbers: &[usize]) -> BTreeSet<Id> {
    numbers.iter().copied().map(Id::from).collect()
}

fn config(voters: &[usize], outgoing: &[usize], learners: &[usize]) -> Config {
    let (voters, outgoing, learners) = (ids(voters), ids(outgoing), ids(learners));
    Config { voters, outgoing, learners, ..Config::default() }
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

/// What a leader decides where a server may vote that lacks `most_lacking` entries.
fn decided(
    state: &ServerState<Kv>,
    most_lacking: usize,
    change: &Change,
) -> Result<Decision, Refusal> {
    let limits = Limits { most_lacking, minds_quorum: false };
    decide(&AllRules, state, &limits, change)
}

#[test]
fn a_leader_decides_by_what_is_committed_and_pending() {
    let (add, remove) = (|id| Change::Add { id: Id::from(id) }, Change::Remove { id: Id::from(0) });
    let mut leader = OneServer::leading(2);
    assert_eq!(decided(leader.state(), 1, &remove), Ok(Decision::Wait), "no entry of its term");
    leader.is_acknowledged(0, Index(1));
    assert_eq!(decided(leader.state(), 1, &add(0)), Ok(Decision::Done));
    let alone = Ok(Decision::Begin(config(&[1], &[], &[])));
    assert_eq!(decided(leader.state(), 1, &remove), alone);

    let mut pending = leader.state().clone();
    pending.configs.push(Index(2), config(&[0, 1], &[], &[2]));
    assert_eq!(decided(&pending, 1, &remove), Err(Refusal::ChangePending));
    assert_eq!(decided(&pending, 1, &add(2)), Ok(Decision::Wait));
    let mut recorded = pending.config().clone();
    recorded.stores.insert(Id::from(0), StoreId(7));
    pending.configs.push(Index(3), recorded);
    assert_eq!(decided(&pending, 1, &remove), Ok(Decision::Wait), "a record is no change");

    leader.is_ordered(7, Order::Transfer { to: Id::from(0) });
    assert_eq!(decided(leader.state(), 1, &remove), Ok(Decision::Wait), "it hands over");
}

#[test]
fn who_lags_behind_gets_no_vote() {
    let promote = Change::Promote { id: Id::from(2) };
    let state = |matched, is_lost| {
        let mut state = OneServer::leading(2).state().clone();
        state.storage.log.append(Entry { term: Term(1), payload: Payload::NoOp });
        state.commit = Index(2);
        state.configs = Configs::starting_with(config(&[0, 1], &[], &[2]));
        let progress = Progress { matched, is_lost, ..Progress::behind(Index(2)) };
        let Role::Leader { followers, .. } = &mut state.role else { panic!("it leads") };
        followers.insert(Id::from(2), progress);
        state
    };
    let voters = Ok(Decision::Begin(config(&[0, 1, 2], &[], &[])));
    let lags = Err(Refusal::LagsBehind { id: Id::from(2) });
    assert_eq!(decided(&state(Index(2), false), 0, &promote), voters);
    assert_eq!(decided(&state(Index(1), false), 1, &promote), voters);
    assert_eq!(decided(&state(Index(1), false), 0, &promote), lags);
    assert_eq!(decided(&state(Index::ZERO, false), 2, &promote), lags, "it was never heard");
    let voteless = Err(Refusal::Voteless { id: Id::from(2) });
    assert_eq!(decided(&state(Index(2), true), 0, &promote), voteless, "it is taken out");
    let mut other = state(Index(2), false);
    let Role::Leader { followers, .. } = &mut other.role else { panic!("it leads") };
    followers.values_mut().for_each(|known| known.has_other_store = true);
    assert_eq!(decided(&other, 0, &promote), lags, "it has another store");
}

/// Of three voters and a learner the second leads, and has heard these.
fn having_heard(heard: &[usize]) -> ServerState<Kv> {
    let mut state = OneServer::leading(3).state().clone();
    state.commit = Index(1);
    state.configs = Configs::starting_with(config(&[0, 1, 2], &[], &[3]));
    let Role::Leader { followers, .. } = &mut state.role else { panic!("it leads") };
    for id in [0, 2, 3] {
        let (matched, is_heard) = (Index(1), heard.contains(&id));
        let known = Progress { matched, is_heard, ..Progress::behind(Index(1)) };
        followers.insert(Id::from(id), known);
    }
    state
}

#[test]
fn who_is_needed_is_heard_first() {
    let id = Id::from;
    let limits = Limits { most_lacking: 1, minds_quorum: true };
    let decided = |heard: &[usize], change: &Change| {
        decide(&AllRules, &having_heard(heard), &limits, change).map(|decision| {
            assert!(matches!(decision, Decision::Begin(_)), "{change:?}: {decision:?}");
        })
    };
    let unheard = |it| Err(Refusal::Unheard { id: id(it) });
    let remove = |it| Change::Remove { id: id(it) };
    let replace = |voters: &[usize]| Change::Replace { voters: ids(voters) };
    assert_eq!(decided(&[0], &remove(0)), unheard(2), "two are left, of which one is heard");
    assert_eq!(decided(&[0], &remove(2)), Ok(()));
    assert_eq!(decided(&[2, 3], &remove(1)), unheard(0), "the leader is none of those left");
    assert_eq!(decided(&[0, 2], &remove(1)), Ok(()));
    assert_eq!(decided(&[0, 2], &Change::Promote { id: id(3) }), unheard(3), "it gets a vote");
    assert_eq!(decided(&[0, 3], &Change::Promote { id: id(3) }), Ok(()));
    assert_eq!(decided(&[0, 3], &replace(&[1, 2])), unheard(2));
    assert_eq!(decided(&[3], &replace(&[1, 3])), unheard(0), "half of those before are heard");
    assert_eq!(decided(&[0, 3], &replace(&[1, 3])), Ok(()));
    assert_eq!(decided(&[], &Change::Add { id: id(4) }), unheard(0));
    let minds_not = Limits { minds_quorum: false, ..limits };
    let begun = decide(&AllRules, &having_heard(&[]), &minds_not, &remove(0));
    assert!(matches!(begun, Ok(Decision::Begin(_))), "{begun:?}");
}

#[test]
fn who_has_lost_its_store_is_removed_first() {
    let id = Id::from;
    let (remove, promote) = (|it| Change::Remove { id: id(it) }, Change::Promote { id: id(2) });
    let replace = |voters: &[usize]| Change::Replace {
        voters: voters.iter().copied().map(Id::from).collect(),
    };
    // The second leads, and the third has another store than is on record.
    let mut state = OneServer::leading(2).state().clone();
    state.commit = Index(1);
    let mut recorded = config(&[0, 1, 2], &[], &[]);
    recorded.stores = (0..3).map(|it| (id(it), StoreId(7))).collect();
    state.configs = Configs::starting_with(config(&[0, 1, 2], &[], &[]));
    state.configs.push(Index(1), recorded);
    let Role::Leader { followers, .. } = &mut state.role else { panic!("it leads") };
    for (follower, matched, has_other_store) in [(0, 1, false), (2, 0, true)] {
        let known = Progress::behind(Index(1));
        let known = Progress { matched: Index(matched), has_other_store, ..known };
        followers.insert(id(follower), known);
    }
    assert_eq!(decided(&state, 1, &promote), Ok(Decision::Done), "it may be recorded just now");
    let Role::Leader { followers, .. } = &mut state.role else { panic!("it leads") };
    followers.get_mut(&id(2)).expect("a follower").matched = Index(1);
    let voteless = Err(Refusal::Voteless { id: id(2) });
    for change in [promote, Change::Add { id: id(2) }, replace(&[0, 1, 2]), replace(&[2])] {
        assert_eq!(decided(&state, 1, &change), voteless, "{change:?}");
    }
    assert_eq!(decided(&state, 1, &remove(0)), voteless, "no majority would be left");
    assert!(matches!(decided(&state, 1, &remove(2)), Ok(Decision::Begin(_))));
    assert!(matches!(decided(&state, 1, &replace(&[0, 1])), Ok(Decision::Begin(_))));
}

#[test]
fn who_is_removed_and_asks_in_the_next_term_is_followed_up() {
    let asks = |from: usize, term| {
        let mut leader = OneServer::leading(3);
        leader.is_acknowledged(0, Index(1));
        leader.is_ordered(7, Order::Change(Change::Remove { id: Id::from(2) }));
        leader.is_acknowledged(0, Index(2));
        leader.is_acknowledged(2, Index(2));
        let followed = |leader: &OneServer| match &leader.state().role {
            Role::Leader { followers, .. } => followers.keys().copied().collect::<BTreeSet<Id>>(),
            role => panic!("it is a {}", role.name()),
        };
        assert_eq!(followed(&leader), ids(&[0]), "the other one knows that it is removed");
        let (last, store) = (Position::default(), None);
        let ask = PreVote { term: Term(term), last, store };
        leader.hears(from, Message::Peer(Said::PreVote(ask)));
        followed(&leader)
    };
    assert_eq!(asks(2, 2), ids(&[0, 2]));
    assert_eq!(asks(2, 1), ids(&[0]), "it is told of the term first");
    assert_eq!(asks(2, 3), ids(&[0]), "it would depose its leader");
    assert_eq!(asks(0, 2), ids(&[0]), "a member is followed already");
}

#[test]
fn an_operator_is_told_what_becomes_of_each_change() {
    let add = |id| Order::Change(Change::Add { id: Id::from(id) });
    let remove = |id| Order::Change(Change::Remove { id: Id::from(id) });
    let mut one = OneServer::starting(2);
    assert_eq!(one.is_ordered(7, remove(0)), told(7, Answer::Redirect { leader: None }));

    let mut leader = OneServer::leading(2);
    assert_eq!(leader.is_ordered(7, remove(0)), [], "it is asked again");
    leader.is_acknowledged(0, Index(1));
    assert_eq!(leader.is_ordered(7, add(0)), told(7, Answer::done(Ok(()))));
    assert_eq!(leader.is_ordered(7, remove(0)).len(), 1, "who is removed is sent the entry");
    assert_eq!(leader.state().commit, Index(2), "whoever is left alone is a majority");
    assert_eq!(leader.is_ordered(7, remove(0)), told(7, Answer::done(Ok(()))));
    let last = Answer::done(Err(Refusal::NoVoterLeft));
    assert_eq!(leader.is_ordered(7, remove(1)), told(7, last));
}
