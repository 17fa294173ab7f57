//! With actors that may change places the engine counts orbits, decides what it decides without,
//! and shows paths of the model.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use proptest::sample::select;
use quorate_checker::engine::{
    Options, Symmetry, explore, explore_model_symmetric, explore_symmetric,
};
use quorate_checker::spec::{Action, Cut, Event, Fault, Faults, Sees, Spec, WITHOUT_PANIC};
use stateright::Expectation::{Always, Sometimes};
use stateright::actor::{ActorModel, Id, LossyNetwork, Network};

use crate::naive::Counts;
use crate::orbits::{Ghost, orbits, plans};
use crate::peer::{Answer, Deed, Named, Peer};
use crate::random::silence;
use crate::toy::{Cause, PANIC};

/// More states than this are too many for the naive search to be quick.
const LIMIT: usize = 3000;

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0..3_u8).prop_map(Deed::Broadcast),
        3 => (0..3_u8).prop_map(Deed::Reply),
        2 => (0..3_u8).prop_map(Deed::Tell),
        1 => (0..2_u8).prop_map(Deed::Set),
        1 => (0..2_u8).prop_map(Deed::Watch),
        1 => (0..2_u8).prop_map(Deed::Cancel),
        1 => (0..2_u8).prop_map(Deed::Choose),
        1 => Just(Deed::Save),
        3 => Just(Deed::Befriend),
        1 => Just(Deed::Introduce),
        1 => Just(Deed::Forget),
    ]
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        4 => (0..3_u8).prop_map(Cause::Message),
        2 => (0..2_u8).prop_map(Cause::Timer),
        1 => (0..3_u8).prop_map(Cause::Choice),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let deeds = prop::collection::vec(deed(), 0..3);
    (prop::option::weighted(0.7, 0..3_u8), deeds, prop::bool::weighted(0.02))
        .prop_map(|(state, deeds, panics)| Answer { state, deeds, panics, says_who: false })
}

fn peer(peers: usize) -> impl Strategy<Value = Peer> {
    let answers = prop::collection::btree_map((0..3_u8, cause()), answer(), 4..16);
    (prop::collection::vec(deed(), 1..3), answers).prop_map(move |(start, answers)| Peer {
        peers,
        start,
        answers,
    })
}

/// What is the same in all of them; which of it is in force is drawn.
#[derive(Clone, Debug)]
struct Draw {
    peer: Peer,
    /// One that is no peer.
    other: Option<Peer>,
    faults: (u8, u8, u8, u8),
    rollbacks: (u8, u8),
    timeouts: u8,
    is_bounded: bool,
    is_directed: bool,
    forgets: bool,
    has_ghost: bool,
}

fn draw() -> impl Strategy<Value = Draw> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let rollbacks = prop_oneof![3 => Just((0, 0)), 1 => (1..3_u8, 0..3_u8)];
    let faults = (0..2_u8, 1..3_u8, 0..2_u8, 0..2_u8);
    let actors = (2..4_usize).prop_flat_map(|peers| (peer(peers), prop::option::of(peer(peers))));
    (actors, (faults, rollbacks), 0..2_u8, flags).prop_map(
        |(
            (peer, other),
            (faults, rollbacks),
            timeouts,
            (is_bounded, is_directed, forgets, has_ghost),
        )| Draw {
            peer,
            other,
            faults,
            rollbacks,
            timeouts,
            is_bounded,
            is_directed,
            forgets,
            has_ghost,
        },
    )
}

/// Peers, and properties that look at all sides of a state and at nobody's name.
fn system(draw: &Draw) -> ActorModel<Peer, (), Ghost> {
    let mut system = ActorModel::new((), (None, 0))
        .actors(vec![draw.peer.clone(); draw.peer.peers])
        .actors(draw.other.clone())
        .property(Always, "nobody is in state 2", |_, state| {
            state.actor_states.iter().all(|state| state.0 != 2)
        })
        .property(Sometimes, "two are friends", |_, state| {
            let friend = |id: Id| state.actor_states.get(usize::from(id)).and_then(|state| state.1);
            let mut all = (0..state.actor_states.len()).map(Id::from);
            all.any(|id| friend(id).is_some_and(|it| it != id && friend(it) == Some(id)))
        })
        .property(Sometimes, "somebody saved", |_, state| {
            state.actor_storages.iter().any(Option::is_some)
        })
        .property(Always, "few in flight", |_, state| state.network.len() < 3)
        .property(Sometimes, "a timer bears a name", |_, state| {
            state.timers_set.iter().any(|timers| timers.iter().any(|timer| timer.1.is_some()))
        })
        .property(Always, "the first is nobody's friend", |_, state| {
            let first = state.history.0;
            first.is_none() || state.actor_states.iter().all(|state| state.1 != first)
        });
    if draw.is_bounded {
        system.within_boundary = |_, state| state.network.len() < 5;
    }
    system
}

fn spec(draw: &Draw) -> Spec<Peer, (), Ghost> {
    let (crashes, down_at_once, drops, duplicates) = draw.faults;
    let (rollbacks, backups) = draw.rollbacks;
    let mut spec = Spec::new("peers", system(draw), draw.peer.peers);
    for claim in &mut spec.claims {
        claim.sees = match claim.name {
            "few in flight" => Sees::NETWORK,
            "a timer bears a name" => Sees::TIMERS,
            "the first is nobody's friend" => Sees::ACTORS.and(Sees::GHOST),
            _ => Sees::ACTORS,
        };
    }
    let mut spec = spec
        .faults(Faults { crashes, down_at_once, drops, duplicates, rollbacks, backups })
        .timeouts("first timers", |timer| timer.0 == 0, draw.timeouts)
        .timeouts("other timers", |_| true, 1);
    if draw.has_ghost {
        spec = spec.ghost(|_, ghost, step| match step.event {
            Event::Deliver { src, msg } if ghost.0.is_none() => Some((Some(src), ghost.1 | msg.0)),
            Event::Crash => Some((Some(step.actor), ghost.1 | 4)),
            _ => None,
        });
    }
    if draw.forgets {
        spec = spec.obsolete(|state, src, message| {
            (state.1 == Some(src) || state.1 == message.1) && state.0 > 0
        });
    }
    if draw.is_directed {
        spec = spec.directed("no losses after a crash", |_, state, action| {
            state.spent.crashes == 0 || !matches!(action, Action::Drop { .. })
        });
    }
    spec
}

/// By Stateright's rules, on one of its networks. Nothing panics: its search could not go on.
fn model(draw: &Draw, network: &'static str) -> ActorModel<Peer, (), Ghost> {
    let mut system = system(draw);
    for peer in &mut system.actors {
        peer.answers.values_mut().for_each(|answer| answer.panics = false);
    }
    let (crashes, _, drops, _) = draw.faults;
    let system = system
        .init_network(network.parse::<Network<Named>>().expect("a name of Stateright's"))
        .max_crashes(crashes.into())
        .lossy_network(match drops {
            0 => LossyNetwork::No,
            _ => LossyNetwork::Yes,
        });
    if !draw.has_ghost {
        return system;
    }
    system
        .record_msg_in(|_, history, envelope| {
            (history.0.is_none() && envelope.msg.0 == 1).then_some((Some(envelope.src), history.1))
        })
        .record_msg_out(|_, history, envelope| {
            (history.1 == 0 && envelope.msg.0 == 2).then_some((Some(envelope.src), 1))
        })
}

fn options(draw: &Draw, threads: usize) -> Options {
    Options { threads, keep_going: true, has_boundary: draw.is_bounded, ..Options::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn of_random_specs_one_state_of_each_orbit_is_found(draw in draw(), threads in 1..3_usize) {
        silence();
        let (spec, peers) = (spec(&draw), draw.peer.peers);
        let plans = plans(peers, spec.system.actors.len());
        let Some((expected, whole)) = orbits(&spec, &plans, LIMIT) else {
            return Ok(());
        };
        let options = options(&draw, threads);
        let outcome =
            explore_symmetric(&spec, Symmetry::over(0..peers), &options, &mut |_| {});
        prop_assert_eq!(Counts::of(&outcome).without_later(&expected), expected);
        prop_assert_eq!(outcome.whole, whole);
        prop_assert_eq!(outcome.stopped, None);
    }

    #[test]
    fn of_random_models_one_state_of_each_orbit_is_found(
        draw in draw(),
        network in select(Network::<Named>::names()),
        threads in 1..3_usize,
    ) {
        let (model, peers) = (model(&draw, network), draw.peer.peers);
        let plans = plans(peers, model.actors.len());
        let Some((mut expected, whole)) = orbits(&model, &plans, LIMIT) else {
            return Ok(());
        };
        expected.lengths.push((WITHOUT_PANIC, None));
        let options = options(&draw, threads);
        let outcome =
            explore_model_symmetric(&model, Symmetry::over(0..peers), &options, &mut |_| {});
        prop_assert_eq!(Counts::of(&outcome), expected);
        prop_assert_eq!(outcome.whole, whole);
        prop_assert_eq!(outcome.stopped, None);
    }
}

/// Five that vote for the first they hear of, and whoever has a vote calls for more.
fn voters(count: usize) -> Spec<Peer, (), Ghost> {
    let voter = Peer { peers: count, start: vec![Deed::Set(0)], ..Peer::default() }
        .on(0, Cause::Timer(0), 1, &[Deed::Broadcast(0)])
        .on(0, Cause::Message(0), 2, &[Deed::Befriend, Deed::Tell(1)])
        .on(1, Cause::Message(1), 3, &[]);
    let system = ActorModel::new((), (None, 0))
        .actors(vec![voter; count])
        .property(Always, "at most one has a vote", |_, state| {
            state.actor_states.iter().filter(|state| state.0 == 3).count() < 2
        })
        .property(Sometimes, "nobody has a friend at the end", |_, state| {
            state.network.len() == 0 && state.actor_states.iter().all(|state| state.1.is_none())
        });
    Spec::new("voters", system, count).timeouts("calls", |_| true, 2)
}

#[test]
fn a_spec_with_cuts_is_refused() {
    let spec = voters(3).cut(Cut::one_way([0], [1]));
    let search = || {
        explore_symmetric(&spec, Symmetry::over(0..3), &Options::default(), &mut |_| {});
    };
    let words = catch_unwind(AssertUnwindSafe(search)).expect_err("it is refused");
    let words = words.downcast_ref::<String>().expect("it says why");
    assert!(words.ends_with("a cut tells actors apart"), "{words}");
}

#[test]
fn five_may_change_places_in_all_ways() {
    let options = Options { keep_going: true, threads: 2, ..Options::default() };
    for count in 1..=5 {
        let expected = orbits(&voters(count), &plans(count, count), 200_000);
        let (expected, whole) = expected.expect("few enough");
        let reduced =
            explore_symmetric(&voters(count), Symmetry::over(0..count), &options, &mut |_| {});
        assert_eq!((Counts::of(&reduced), reduced.whole), (expected, whole));
    }
}

#[test]
fn nobody_or_one_changes_no_place() {
    let options = Options { keep_going: true, ..Options::default() };
    let whole = Counts::of(&explore(&voters(3), &options, &mut |_| {}));
    for actors in [0..0, 1..2] {
        let symmetry = Symmetry::over(actors);
        let outcome = explore_symmetric(&voters(3), symmetry, &options, &mut |_| {});
        assert_eq!(Counts::of(&outcome), whole);
    }
}

/// The words with which a search by symmetry over all actors refuses.
fn refusal(spec: &Spec<Peer, (), Ghost>) -> String {
    let symmetry = Symmetry::over(0..spec.system.actors.len());
    let search = || explore_symmetric(spec, symmetry, &Options::default(), &mut |_| {});
    let panic = catch_unwind(AssertUnwindSafe(search)).expect_err("they are not alike");
    panic.downcast_ref::<String>().expect("a text").clone()
}

#[test]
fn who_does_not_do_the_same_is_found_out() {
    let mut spec = voters(3);
    spec.system.actors[2] =
        spec.system.actors[2].clone().on(1, Cause::Message(0), 1, &[Deed::Save]);
    let words = refusal(&spec);
    assert!(words.starts_with("actors 0 and 2 cannot change places"), "{words}");
}

#[test]
fn a_ghost_that_knows_somebody_is_found_out() {
    let spec = voters(3).ghost(|_, ghost, step| {
        (step.actor == Id::from(1)).then_some((ghost.0, ghost.1.saturating_add(1)))
    });
    let words = refusal(&spec);
    assert!(words.starts_with("the ghost sees who it is"), "{words}");
}

#[test]
fn a_server_and_a_client_do_not_change_places() {
    let spec = Spec { servers: 2, ..voters(3) };
    assert_eq!(refusal(&spec), "of [0, 1, 2] some are servers and some clients");
}

#[test]
fn the_words_of_a_panic_may_name_somebody() {
    let spec = || {
        let mut spec = voters(3);
        let answer = Answer { panics: true, says_who: true, ..Answer::default() };
        spec.system.actors.iter_mut().for_each(|peer| {
            peer.answers.insert((1, Cause::Message(1)), answer.clone());
        });
        spec
    };
    let options = Options { keep_going: true, ..Options::default() };
    let whole = explore(&spec(), &options, &mut |_| {});
    let outcome = explore_symmetric(&spec(), Symmetry::over(0..3), &options, &mut |_| {});
    assert_eq!(Counts::of(&outcome).lengths, Counts::of(&whole).lengths);
    let path = outcome.finding(WITHOUT_PANIC).path().expect("it panics").clone();
    let Some(Action::Deliver { dst, .. }) = path.clone().into_actions().pop() else {
        panic!("a message made it panic");
    };
    let words = format!("{PANIC}: {dst:?}").into();
    assert_eq!(path.last_state().fault, Some(Fault::Panicked(words)));
}
