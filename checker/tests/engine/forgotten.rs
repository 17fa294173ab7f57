//! What a spec calls obsolete is not believed: a message that is forgotten and would be heeded, at
//! once or later, is a violation.

use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;
use quorate_checker::engine::{Options, explore};
use quorate_checker::spec::{ActionOf, FORGOTTEN_IS_IGNORED, Faults, Spec, State};
use stateright::Model;
use stateright::actor::{ActorModel, Id};

use crate::naive::{Whole, naive};
use crate::random;
use crate::toy::{Cause, Order::*, Toy};

type ToySpec = Spec<Toy, (), u8>;
type ToyState = State<Toy, u8>;

/// From whom, to whom, and what.
type Message = (Id, Id, u8);

fn in_flight(state: &ToyState) -> BTreeSet<Message> {
    let messages = state.system.network.iter_all();
    messages.map(|message| (message.src, message.dst, *message.msg)).collect()
}

/// What `action` makes the search forget: what would be in flight if nothing were forgotten.
fn forgotten(
    keeping: &ToySpec,
    state: &ToyState,
    action: &ActionOf<Toy>,
    next: &ToyState,
) -> BTreeSet<Message> {
    let kept = keeping.next_state(state, action.clone());
    &in_flight(kept.as_ref().unwrap_or(state)) - &in_flight(next)
}

/// Would its receiver heed the message in this state?
fn is_heeded(keeping: &ToySpec, state: &ToyState, (_, dst, message): Message) -> bool {
    let toy = &keeping.system.actors[usize::from(dst)];
    let own = *state.system.actor_states[usize::from(dst)];
    let answer = toy.answers.get(&(own, Cause::Message(message)));
    answer.is_some_and(|answer| {
        answer.panics
            || !answer.commands.is_empty()
            || answer.state.is_some_and(|state| state != own)
    })
}

/// Whether a message that was forgotten is heeded in a later state, by a search that carries all
/// that was forgotten along. `None` if there are more than `limit` states.
fn is_heeded_later(spec: &ToySpec, keeping: &ToySpec, limit: usize) -> Option<bool> {
    let start = (Whole(spec.init_states().remove(0)), BTreeSet::new());
    let mut seen = HashSet::from([start]);
    let mut open = vec![(spec.init_states().remove(0), BTreeSet::new())];
    while let Some((state, gone)) = open.pop() {
        let mut actions = Vec::new();
        spec.actions(&state, &mut actions);
        for action in actions {
            let Some(next) = spec.next_state(&state, action.clone()) else {
                continue;
            };
            let gone: BTreeSet<Message> = &gone | &forgotten(keeping, &state, &action, &next);
            if gone.iter().any(|message| is_heeded(keeping, &next, *message)) {
                return Some(true);
            }
            if seen.insert((Whole(next.clone()), gone.clone())) {
                open.push((next, gone));
            }
        }
        if seen.len() > limit {
            return None;
        }
    }
    Some(false)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_heeded_later_is_found(mut draw in random::draw(), threads in 1..3_usize) {
        random::silence();
        (draw.forgets, draw.is_bounded) = (true, false);
        let spec = random::spec(&draw);
        draw.forgets = false;
        let Some(is_later) = is_heeded_later(&spec, &random::spec(&draw), 3_000) else {
            return Ok(());
        };
        let Some(now) = naive(&spec, 3_000) else {
            return Ok(());
        };
        let is_now = now.lengths.iter().any(|(name, at)| *name == FORGOTTEN_IS_IGNORED && at.is_some());
        let options = Options { threads, keep_going: true, ..Options::default() };
        let outcome = explore(&spec, &options, &mut |_| {});
        let is_found = outcome.finding(FORGOTTEN_IS_IGNORED).path.is_some();
        prop_assert_eq!(is_found, is_now || is_later);
    }
}

/// One that sends a number to another, which goes through its own states by a timer.
fn sent_to(receiver: Toy) -> ToySpec {
    let sender = Toy::default().starting(&[Set(0)]).on(0, Cause::Timer(0), 1, &[Send(1, 7)]);
    let system = ActorModel::new((), 0).actors(vec![sender, receiver]);
    Spec::new("forgotten", system, 2).may_end()
}

/// The length of the way to a message that was forgotten and is heeded.
fn length(spec: &ToySpec) -> Option<usize> {
    let lengths = [1, 2].map(|threads| {
        let options = Options { threads, keep_going: true, ..Options::default() };
        let outcome = explore(spec, &options, &mut |_| {});
        let path = outcome.finding(FORGOTTEN_IS_IGNORED).path.clone();
        path.map(|path| path.into_actions().len())
    });
    assert_eq!(lengths[0], lengths[1]);
    lengths[0]
}

#[test]
fn what_is_heeded_at_once_is_not_forgotten() {
    let receiver = || Toy::default().on(0, Cause::Message(7), 1, &[]);
    let spec = sent_to(receiver()).obsolete(|state, _, _| *state == 0);
    assert_eq!(length(&spec), Some(1));
    assert_eq!(length(&sent_to(receiver()).obsolete(|state, _, _| *state == 1)), None);
}

#[test]
fn a_receiver_that_only_speaks_heeds_it_too() {
    let spec = sent_to(Toy::default().on(0, Cause::Message(7), 0, &[Send(0, 9)]));
    assert_eq!(length(&spec.obsolete(|_, _, message| *message == 7)), Some(1));
}

#[test]
fn what_is_heeded_later_was_not_to_be_forgotten() {
    // It is ignored in state 0 and in state 1, and heeded in state 2.
    let receiver = Toy::default()
        .starting(&[Set(1)])
        .on(0, Cause::Timer(1), 1, &[Set(1)])
        .on(1, Cause::Timer(1), 2, &[])
        .on(2, Cause::Message(7), 3, &[]);
    let spec = || sent_to(receiver.clone());
    assert_eq!(length(&spec().obsolete(|state, _, _| *state == 0)), Some(3));
    assert_eq!(length(&spec().obsolete(|state, _, _| *state == 1)), Some(3));
    assert_eq!(length(&spec().obsolete(|state, _, _| *state == 3)), None);
}

#[test]
fn a_crash_leads_back_to_where_it_is_heeded() {
    // State 0 heeds it. State 1 does not, and is forgotten in a crash.
    let receiver = Toy::default().starting(&[Set(1)]).on(0, Cause::Timer(1), 1, &[]).on(
        0,
        Cause::Message(7),
        2,
        &[],
    );
    let spec = |crashes| {
        sent_to(receiver.clone())
            .faults(Faults { crashes, down_at_once: 1, ..Faults::default() })
            .obsolete(|state, _, _| *state > 0)
    };
    assert_eq!(length(&spec(1)), Some(3));
    assert_eq!(length(&spec(0)), None);
}
