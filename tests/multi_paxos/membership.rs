//! Clusters that change their servers: without each of the rules of that a run breaks something, or
//! misses it; and what becomes of a configuration by a change.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use imbl::Vector;
use quorate_checker::engine::Miss;
use quorate_checker::report::Engine;
use quorate_checker::spec::{Action, ActionOf, Claim, Faults};
use quorate_models::data::Data;
use quorate_models::kv::{Command, Kv, put};
use quorate_models::member::Member;
use quorate_models::member::Timer as Of;
use quorate_models::multi_paxos::ballot::Ballot;
use quorate_models::multi_paxos::claims::membership::{REMOVED_IN_VAIN, removed_stands_in_vain};
use quorate_models::multi_paxos::claims::properties::{
    LEADER_HAS_ALL, MAJORITY_HOLDS, ONE_VALUE, STATE_FOLLOWS,
};
use quorate_models::multi_paxos::config::{Changes, Config};
use quorate_models::multi_paxos::log::{Run, Value};
use quorate_models::multi_paxos::message::{Learn, Message, Promise};
use quorate_models::multi_paxos::open::Slots;
use quorate_models::multi_paxos::rules::Rule;
use quorate_models::multi_paxos::snapshot::Snapshot;
use quorate_models::multi_paxos::specs::live::{self, ALL_ANSWERED};
use quorate_models::multi_paxos::specs::membership::{
    Bounds, CHANGE_ENDS, HALF_IS_TOLD, MAJORITY_FOLLOWS, NOBODY_DISTURBS, alpha, compacted,
    half_is_told, multi_paxos, of, promote, remove, swap,
};
use quorate_models::multi_paxos::specs::{
    self, Book, Checked, MultiPaxosSpec, Now, Past, SEEN, WIPE,
};
use quorate_models::multi_paxos::state::{ServerState, Storage};
use quorate_models::multi_paxos::{MultiPaxos, Server, Spoken, Timer};
use quorate_models::number::Index;
use quorate_models::order::{Change, Order, Outcome, Refusal};
use quorate_models::service::{Answer, Request, Sequence, Session};
use quorate_models::{pieces, service};
use stateright::actor::{Actor, Id, Out};

use crate::proofs::{Within, missed, necessary};
use crate::support::specs::explore;

/// Clusters within bounds, by what happens in them.
#[derive(Clone, Copy, Debug)]
enum In {
    /// Of three servers the third one leaves, and a client writes. Two slots may be open.
    Leaving,
    /// The same, nobody writes, and each server takes a snapshot of each slot and may crash.
    Compacted,
    /// A server takes the place of another one, and so many slots may be open.
    Swap(u64),
    /// A server gets a vote, promises, and loses its disk.
    Wiped,
    /// On the clock, of three servers this one leaves, and so many messages are lost.
    Time(usize, u8),
    /// On the clock, a server is to get a vote that cannot be reached.
    OutOfReach,
}

impl Within for In {
    type Rule = Rule;
    type Actor = MultiPaxos<Checked>;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> MultiPaxosSpec {
        let write: &[&[Command]] = &[&[put("x", "1")]];
        let third_leaves = |safety| Bounds {
            founders: 3,
            learners: 0,
            changes: vec![(0, remove(2))],
            safety: specs::Bounds { silences: 1, ..safety },
        };
        match *self {
            In::Leaving => {
                let safety = specs::Bounds { scripts: write, ..of(3, alpha(2)) };
                multi_paxos("proof", rules, third_leaves(safety), &[])
            }
            In::Compacted => multi_paxos("proof", rules, compacted(), &[]),
            In::Swap(slots) => {
                let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
                multi_paxos("proof", rules, swap(scripts, alpha(slots)), &[])
                    .directed(HALF_IS_TOLD, half_is_told)
            }
            In::Wiped => {
                let (scripts, agains, faults) = (write, 1, WIPE);
                let safety = specs::Bounds { scripts, agains, faults, ..of(3, alpha(1)) };
                let changes = vec![(0, promote(2))];
                let bounds = Bounds { founders: 2, learners: 1, changes, safety };
                multi_paxos("proof", rules, bounds, &[]).directed("some runs only", second_stands)
            }
            In::Time(server, drops) => {
                let faults = Faults { drops, ..Faults::NONE };
                let bounds = live::Bounds { limits: alpha(2), faults, ..Default::default() };
                let changes = vec![(0, remove(server))];
                let spec = specs::membership::live("proof", rules, bounds, 3, 0, changes, &[]);
                let in_vain = Claim::always(REMOVED_IN_VAIN, SEEN, removed_stands_in_vain);
                if server == 0 { spec } else { spec.claims([in_vain]) }
            }
            In::OutOfReach => {
                let bounds = live::Bounds {
                    servers: 2,
                    scripts: write,
                    limits: alpha(2),
                    ..Default::default()
                };
                let changes = vec![(0, promote(1))];
                specs::membership::live("proof", rules, bounds, 1, 1, changes, &[])
                    .without_link_between(0, 1)
            }
        }
    }
}

/// S1 stands, and reaches S2 with the change only; then S2 stands, and does not reach S1. S3 loses
/// its disk when it has accepted the write.
fn second_stands((): &(), now: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    let Some(first) = now.system.actor_states[0].server() else { return false };
    let has_stood = first.promised() > Ballot::none();
    match action {
        Action::Timeout(id, Of::Server(Timer::Silence)) => match usize::from(*id) {
            0 => !has_stood,
            id => id == 1 && has_stood,
        },
        Action::Timeout(id, Of::Server(Timer::Again)) => usize::from(*id) == 0,
        Action::Rollback(id) => usize::from(*id) == 2 && first.chosen() >= Index(2),
        Action::Deliver { src, dst, msg: service::Message::Peer(message) } => {
            match (usize::from(*src), usize::from(*dst), message) {
                (0, 1, Message::Accept(m)) => m.slot == Index(1),
                (1, 0, message) => !matches!(message, Message::Prepare(_) | Message::Learn(_)),
                _ => true,
            }
        }
        _ => true,
    }
}

necessary! {
    takes_effect_later: TakesEffectLater breaks ONE_VALUE in 25 within In::Swap(2);
    deciders_are_known: DecidersAreKnown breaks ONE_VALUE in 25 within In::Swap(1);
    each_config_promises: EachConfigPromises breaks ONE_VALUE in 23 within In::Swap(1);
    deciders_count: DecidersCount breaks MAJORITY_HOLDS in 11 within In::Leaving;
    snapshot_has_changes: SnapshotHasChanges breaks STATE_FOLLOWS in 8 within In::Compacted;
    voter_knows_it: VoterKnowsIt breaks LEADER_HAS_ALL in 18 within In::Wiped;
    removed_is_told: RemovedIsTold breaks REMOVED_IN_VAIN in 27 within In::Time(2, 1);
}

missed! {
    no_ops_follow_change: NoOpsFollowChange lets CHANGE_ENDS be missed by Lasso in 20
        within In::Time(2, 0);
    learner_catches_up_first: LearnerCatchesUpFirst lets ALL_ANSWERED be missed by Lasso in 26
        within In::OutOfReach;
    removed_leader_steps_down: RemovedLeaderStepsDown lets MAJORITY_FOLLOWS be missed by Lasso in 23
        within In::Time(0, 0);
    removed_rests: RemovedRests lets NOBODY_DISTURBS be missed by Lasso in 38
        within In::Time(2, 1);
}

/// What a change does that takes effect at once, though a leader has proposed for the next slot.
#[test]
fn two_values_are_chosen_where_a_change_takes_effect_at_once() {
    let report = explore("multi-paxos/members-at-once", Engine::Quorate);
    assert!(!report.is_surprise(), "{report:#?}");
    assert_eq!(report.property(ONE_VALUE).steps, Some(25));
}

fn ids(numbers: &[usize]) -> BTreeSet<Id> {
    numbers.iter().copied().map(Id::from).collect()
}

/// Each voter has the store of its own number.
fn config(voters: &[usize], learners: &[usize]) -> Config {
    let stores = voters.iter().map(|id| (Id::from(*id), *id as u64)).collect();
    Config { voters: ids(voters), learners: ids(learners), stores }
}

/// What becomes of the voters 0, 1 and 2 and the learner 3 by `change`.
fn after(change: &Change) -> Result<Option<Config>, Refusal> {
    let stores = BTreeMap::from([(Id::from(3), 3)]);
    config(&[0, 1, 2], &[3]).after(change, &stores)
}

#[test]
fn who_comes_learns_first_and_gets_a_vote_then() {
    let (add, promote) = (|id| Change::Add { id }, |id| Change::Promote { id });
    let [voter, learner, stranger] = [0, 3, 4].map(Id::from);
    assert_eq!(after(&add(stranger)), Ok(Some(config(&[0, 1, 2], &[3, 4]))));
    assert_eq!(after(&add(learner)), Ok(None));
    assert_eq!(after(&add(voter)), Ok(None));
    assert_eq!(after(&promote(learner)), Ok(Some(config(&[0, 1, 2, 3], &[]))));
    assert_eq!(after(&promote(voter)), Ok(None));
    assert_eq!(after(&promote(stranger)), Err(Refusal::NoMember { id: stranger }));
}

#[test]
fn who_is_not_there_has_left_and_the_last_voter_stays() {
    let remove = |id| Change::Remove { id: Id::from(id) };
    let replace = |voters: &[usize]| Change::Replace { voters: ids(voters) };
    assert_eq!(after(&remove(2)), Ok(Some(config(&[0, 1], &[3]))));
    assert_eq!(after(&remove(3)), Ok(Some(config(&[0, 1, 2], &[]))));
    assert_eq!(after(&remove(4)), Ok(None));
    assert_eq!(after(&replace(&[0, 3])), Ok(Some(config(&[0, 3], &[]))));
    assert_eq!(after(&replace(&[0, 4])), Err(Refusal::NoMember { id: Id::from(4) }));
    assert_eq!(after(&replace(&[])), Err(Refusal::NoVoterLeft));
    let last = config(&[0], &[]).after(&remove(0), &BTreeMap::new());
    assert_eq!(last, Err(Refusal::NoVoterLeft));
}

#[test]
fn a_change_counts_from_alpha_slots_behind_its_own() {
    let (first, second) = (config(&[0, 1], &[]), config(&[0], &[]));
    let mut changes = Changes::default();
    changes.push(Index(3), first.clone());
    changes.push(Index(5), second.clone());
    let at = |changes: &Changes, slot| changes.at(Index(slot), 2).cloned();
    let expected = [None, Some(first.clone()), Some(first), Some(second.clone())];
    assert_eq!([4, 5, 6, 7].map(|slot| at(&changes, slot)), expected);
    changes.forget_before(Index(5), 2);
    assert_eq!(changes.iter().count(), 2, "the first one decides about slot 6");
    changes.forget_before(Index(6), 2);
    assert_eq!(changes.iter().cloned().collect::<Vec<_>>(), [second]);
    assert_eq!(changes.last(), Index(5));
}

/// A server that leads: the only one, or with the promise of the other one.
struct Leading {
    server: Server<Checked>,
    state: Cow<'static, ServerState<Kv>>,
}

impl Leading {
    fn of(voters: usize, learners: usize) -> Self {
        let bounds = live::Bounds { servers: voters + learners, ..Default::default() };
        let rules = specs::EVERY_RULE;
        let spec = specs::membership::live("few", rules, bounds, voters, learners, vec![], &[]);
        let [Member::Server(server), ..] = &spec.system.actors[..] else { panic!("a server") };
        let store = Some(Storage::of(1));
        let state = server.on_start(Id::from(0), &store, &mut Out::new());
        let mut one = Leading { server: server.clone(), state: Cow::Owned(state) };
        one.times_out(Timer::Silence);
        if voters > 1 {
            let ballot = one.state.promised();
            let chosen = Run { from: Index(1), values: Vector::new() };
            let promise = Promise { ballot, chosen, accepted: Slots::new() };
            one.hears(service::Message::Peer(Message::Promise(promise)));
        }
        assert!(one.state.is_leader());
        one
    }

    fn times_out(&mut self, timer: Timer) {
        self.server.on_timeout(Id::from(0), &mut self.state, &timer, &mut Out::new());
    }

    /// Hears this of the other one; returns what an operator is told.
    fn hears(&mut self, message: Spoken<Kv>) -> Option<Outcome> {
        let mut out = Out::new();
        self.server.on_msg(Id::from(0), &mut self.state, Id::from(1), message, &mut out);
        out.iter().find_map(|it| match it {
            stateright::actor::Command::Send(_, service::Message::OrderReply(reply)) => {
                match &reply.answer {
                    Answer::Done { output, .. } => Some(*output),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    fn is_asked(&mut self, sequence: u32, change: Change) -> Option<Outcome> {
        let (session, sequence) = (Session(9), Sequence(sequence));
        let command = Order::Change(change);
        let request = Request { session, sequence, command, since: Index::ZERO };
        self.hears(service::Message::Order(request))
    }
}

#[test]
fn a_learner_that_is_not_heard_any_more_gets_no_vote() {
    let mut one = Leading::of(1, 1);
    let learn = Learn { from: Index(1), has: None, store: 7 };
    one.hears(service::Message::Peer(Message::Learn(learn)));
    let is_heard =
        |one: &Leading| one.state.leader().is_some_and(|it| !it.changing.heard.is_empty());
    assert!(is_heard(&one));
    one.times_out(Timer::Again);
    assert!(is_heard(&one), "it may answer what the leader has just said");
    one.times_out(Timer::Again);
    assert!(!is_heard(&one));
    let promote = Change::Promote { id: Id::from(1) };
    assert_eq!(one.is_asked(1, promote), Some(Err(Refusal::Unheard { id: Id::from(1) })));
}

/// What the second change would be made of is not chosen, and what it would leave out.
#[test]
fn a_change_waits_for_the_one_before() {
    let mut one = Leading::of(2, 0);
    let add = |id| Change::Add { id: Id::from(id) };
    assert_eq!(one.is_asked(1, add(2)), None);
    assert_eq!(one.is_asked(2, add(3)), Some(Err(Refusal::ChangePending)));
}

/// A snapshot, and what is kept of the log before its end.
#[test]
fn a_server_starts_with_each_change_once() {
    let mut changes = Changes::default();
    changes.push(Index(1), config(&[0, 1], &[]));
    let mut storage = Storage::<Kv>::of(0);
    storage.log.push(Value::Change(config(&[0, 1], &[])));
    storage.log.push(Value::NoOp);
    storage.log.push(Value::Change(config(&[0], &[])));
    let pieces = pieces::encode(&Data::<Kv>::default(), 1_000);
    storage.snapshot = Some(Snapshot { last: Index(2), changes: changes.clone(), pieces });
    let state = ServerState::of(storage, true, 5);
    changes.push(Index(3), config(&[0], &[]));
    assert_eq!(state.changes, changes);
    assert_eq!(state.since_snapshot, Value::Change(config(&[0], &[])).weight::<Kv>());
}
