//! A claim that reads more of a state than it says it sees is found out.

use quorate_checker::AnySpec;
use quorate_checker::engine::{Options, explore};
use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_checker::spec::{Claim, Event, Faults, Sees, Spec};
use stateright::actor::ActorModel;

use crate::toy::Cause::{Choice, Message, Timer};
use crate::toy::Order::{Choose, Save, Send, Set};
use crate::toy::Toy;

type ToySpec = Spec<Toy, (), u8>;
type ToyClaim = Claim<Toy, (), u8>;

/// Two toys that do a little of everything, in which every part of a state changes.
fn busy() -> ToySpec {
    let first = Toy::default()
        .starting(&[Set(0)])
        .on(0, Timer(0), 1, &[Send(1, 1), Choose("side", vec![1, 2])])
        .on(1, Choice(1), 2, &[Save(2), Set(1)])
        .on(1, Choice(2), 1, &[]);
    let second = Toy::default().on(0, Message(1), 1, &[]);
    let system = ActorModel::new((), 0).actors([first, second]);
    Spec::new("busy", system, 2)
        .faults(Faults { crashes: 1, down_at_once: 1, ..Faults::default() })
        .ghost(|_, ghost, step| matches!(step.event, Event::Timeout(_)).then_some(ghost | 1))
        .may_end()
}

/// What is read, and a condition that reads it and nothing else.
const READERS: [(Sees, ToyClaim); 7] = [
    (Sees::ACTORS, Claim::always("state", Sees::ACTORS, |_, it| *it.actor_states[1] == 0)),
    (Sees::ACTORS, Claim::always("storage", Sees::ACTORS, |_, it| it.actor_storages[0].is_none())),
    (Sees::ACTORS, Claim::always("who is down", Sees::ACTORS, |_, it| !it.crashed[1])),
    (
        Sees::TIMERS,
        Claim::always("timers", Sees::TIMERS, |_, it| it.timers_set[0].iter().all(|it| *it == 0)),
    ),
    (
        Sees::TIMERS,
        Claim::always("choices", Sees::TIMERS, |_, it| it.random_choices[0].map.is_empty()),
    ),
    (Sees::NETWORK, Claim::always("in flight", Sees::NETWORK, |_, it| it.network.len() == 0)),
    (Sees::GHOST, Claim::always("ghost", Sees::GHOST, |_, it| it.history == 0)),
];

const PARTS: [Sees; 5] = [Sees::ACTORS, Sees::TIMERS, Sees::NETWORK, Sees::GHOST, Sees::FAULT];

/// All parts but this one.
fn all_but(part: Sees) -> Sees {
    let others = PARTS.into_iter().filter(|other| *other != part);
    others.reduce(Sees::and).expect("several")
}

#[test]
fn what_a_claim_reads_and_does_not_see_is_found_out() {
    for (part, claim) in READERS {
        let spec = busy().claim(claim);
        assert!(spec.audit(u64::MAX).is_empty(), "{} says what it reads", claim.name);
        let wrong = claim.seeing(all_but(part));
        assert_eq!(busy().claim(wrong).audit(u64::MAX), [claim.name]);
    }
}

#[test]
fn what_a_property_of_runs_reads_and_does_not_see_is_found_out() {
    for (part, claim) in READERS {
        let (name, condition) = (claim.name, claim.condition);
        let right = busy().eventually(name, part, condition);
        assert!(right.audit(u64::MAX).is_empty(), "{name}");
        let wrong = busy().leads_to(name, all_but(part), |_, _| true, condition);
        assert_eq!(wrong.audit(u64::MAX), [name]);
    }
}

/// It is what the audit is for: our engine shows such a claim nothing, and it holds.
#[test]
fn a_claim_that_sees_too_little_holds_for_want_of_anything_to_look_at() {
    let (part, claim) = READERS[5];
    let wrong = || busy().claim(claim.seeing(all_but(part)));
    let verdict = |engine| {
        let limits = Limits { keep_going: true, ..Limits::default() };
        Box::new(wrong()).check(engine, &limits, &mut |_| {}).property(claim.name).verdict
    };
    assert_eq!(verdict(Engine::Quorate), Verdict::Holds);
    assert_eq!(verdict(Engine::Stateright), Verdict::Violated);
}

#[test]
fn a_claim_is_asked_once_for_each_view() {
    let of = |sees| {
        let spec = busy().claim(READERS[6].1.seeing(sees));
        explore(&spec, &Options { keep_going: true, ..Options::default() }, &mut |_| {})
    };
    let (ghost, actors) = (of(Sees::GHOST), of(Sees::ACTORS.and(Sees::GHOST)));
    // The built-in claims see the fault, of which there is none.
    assert_eq!(ghost.sizes.views, 2 + 1);
    assert!(ghost.sizes.views < actors.sizes.views);
    assert!(actors.sizes.views < actors.states);
}
