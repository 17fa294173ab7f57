//! The engine finds what a naive search finds, on systems made at random.

use std::sync::Once;

use proptest::prelude::*;
use proptest::sample::select;
use quorate_checker::engine::{Options, explore, explore_claims};
use quorate_checker::spec::{Action, Claim, Cut, Event, Faults, Sees, Spec, WITHOUT_PANIC};
use stateright::Expectation::{Always, Sometimes};
use stateright::actor::{ActorModel, Id, LossyNetwork, Network};

use crate::naive::{Counts, naive};
use crate::toy::{self, Answer, Cause, Order, Toy};

/// More states than this are too many for the naive search to be quick.
const LIMIT: usize = 3000;

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![
        4 => (0..4_usize, 0..3_u8).prop_map(|(to, message)| Order::Send(to, message)),
        2 => (0..2_u8).prop_map(Order::Set),
        1 => (0..2_u8).prop_map(Order::Cancel),
        1 => (select(vec!["left", "right"]), prop::collection::vec(0..2_u8, 0..3))
            .prop_map(|(key, choices)| Order::Choose(key, choices)),
        1 => (0..3_u8).prop_map(Order::Save),
    ]
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        4 => (0..3_u8).prop_map(Cause::Message),
        2 => (0..2_u8).prop_map(Cause::Timer),
        1 => (0..2_u8).prop_map(Cause::Choice),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let commands = prop::collection::vec(order(), 0..3);
    (prop::option::weighted(0.7, 0..3_u8), commands, prop::bool::weighted(0.02))
        .prop_map(|(state, commands, panics)| Answer { state, commands, panics, hangs: false })
}

fn toy() -> impl Strategy<Value = Toy> {
    let answers = prop::collection::btree_map((0..3_u8, cause()), answer(), 4..16);
    (prop::collection::vec(order(), 1..4), answers)
        .prop_map(|(start, answers)| Toy { start, answers })
}

/// Links between any of three, for the actors that there are.
fn cuts() -> impl Strategy<Value = Vec<Cut>> {
    let cut = (0..3_usize, 1..3_usize, any::<bool>(), any::<bool>());
    let cut = cut.prop_map(|(from, further, is_both, heals)| {
        let (from, to) = ([from], [(from + further) % 3]);
        let cut = if is_both { Cut::between(from, to) } else { Cut::one_way(from, to) };
        if heals { cut.healing(0..=0) } else { cut }
    });
    prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(cut, 1..3)]
}

/// What is the same in all of them; which of it is in force is drawn.
#[derive(Clone, Debug)]
pub struct Draw {
    toys: Vec<Toy>,
    faults: (u8, u8, u8, u8),
    rollbacks: (u8, u8),
    cuts: Vec<Cut>,
    timeouts: u8,
    pub is_bounded: bool,
    is_directed: bool,
    pub forgets: bool,
    has_ghost: bool,
    is_durable: bool,
}

pub fn draw() -> impl Strategy<Value = Draw> {
    let flags = any::<(bool, bool, bool, bool, bool)>();
    let rollbacks = prop_oneof![3 => Just((0, 0)), 1 => (1..3_u8, 0..3_u8)];
    let faults = (0..3_u8, 1..3_u8, 0..2_u8, 0..2_u8);
    (prop::collection::vec(toy(), 1..4), (faults, rollbacks, cuts()), 0..3_u8, flags).prop_map(
        |(
            toys,
            (faults, rollbacks, cuts),
            timeouts,
            (is_bounded, is_directed, forgets, has_ghost, is_durable),
        )| {
            Draw {
                toys,
                faults,
                rollbacks,
                cuts,
                timeouts,
                is_bounded,
                is_directed,
                forgets,
                has_ghost,
                is_durable,
            }
        },
    )
}

/// Toys, and properties that look at all sides of a state.
fn system(draw: &Draw) -> ActorModel<Toy, (), u8> {
    let mut system = ActorModel::new((), 0)
        .actors(draw.toys.clone())
        .property(Always, "nobody is in state 2", |_, state| {
            state.actor_states.iter().all(|state| **state != 2)
        })
        .property(Sometimes, "somebody saved", |_, state| {
            state.actor_storages.iter().any(Option::is_some)
        })
        .property(Always, "few in flight", |_, state| state.network.len() < 3)
        .property(Sometimes, "a timer is set", |_, state| {
            state.timers_set.iter().any(|timers| timers.iter().next().is_some())
        })
        .property(Always, "the ghost is small", |_, state| state.history < 3);
    if draw.is_bounded {
        system.within_boundary = |_, state| state.network.len() < 4;
    }
    system
}

/// The claims, with what they see.
fn declared(mut claims: Vec<Claim<Toy, (), u8>>) -> Vec<Claim<Toy, (), u8>> {
    for claim in &mut claims {
        claim.sees = match claim.name {
            "few in flight" => Sees::NETWORK,
            "a timer is set" => Sees::TIMERS,
            "the ghost is small" => Sees::GHOST,
            _ => Sees::ACTORS,
        };
    }
    claims
}

pub fn spec(draw: &Draw) -> Spec<Toy, (), u8> {
    let (crashes, down_at_once, drops, duplicates) = draw.faults;
    let (rollbacks, backups) = draw.rollbacks;
    let servers = draw.toys.len().div_ceil(2);
    let mut spec = Spec::new("random", system(draw), servers);
    spec.claims = declared(spec.claims);
    let mut spec = spec
        .faults(Faults { crashes, down_at_once, drops, duplicates, rollbacks, backups })
        .timeouts("first timers", |timer| *timer == 0, draw.timeouts)
        .timeouts("other timers", |_| true, 1);
    let are_there = |cut: &&Cut| {
        let mut ends = cut.links.iter().flat_map(|(from, to)| [*from, *to]);
        ends.all(|end| usize::from(end) < draw.toys.len())
    };
    spec = draw.cuts.iter().filter(are_there).cloned().fold(spec, Spec::cut);
    if draw.has_ghost {
        spec = spec.ghost(|_, ghost, step| match step.event {
            Event::Deliver { .. } if step.before == step.after => None,
            Event::Deliver { msg, .. } => Some(*ghost | *msg),
            Event::Crash | Event::Recover => Some(*ghost | 4),
            Event::Timeout(_) | Event::Random(_) => {
                Some(ghost | u8::try_from(step.sent.len()).expect("few are sent"))
            }
        });
    }
    if draw.forgets {
        spec = spec.obsolete(|state, src, message| {
            usize::from(src) == usize::from(*message) && *state > 0
        });
    }
    if draw.is_durable {
        spec = spec.durable(|one, other| (*one == 2) == (*other == 2));
    }
    if draw.is_directed {
        spec = spec.directed("no losses after a crash", |_, state, action| {
            state.spent.crashes == 0 || !matches!(action, Action::Drop { .. })
        });
    }
    spec
}

/// By Stateright's rules, on one of its networks. Nothing panics: its search could not go on.
fn model(draw: &Draw, network: &'static str) -> ActorModel<Toy, (), u8> {
    let mut system = system(draw);
    for toy in &mut system.actors {
        toy.answers.values_mut().for_each(|answer| answer.panics = false);
    }
    let (crashes, _, drops, _) = draw.faults;
    let system = system
        .init_network(network.parse::<Network<u8>>().expect("a name of Stateright's"))
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
            (envelope.src == Id::from(0)).then_some(*history | *envelope.msg)
        })
        .record_msg_out(|_, history, envelope| {
            (*history < 4 && *envelope.msg == 2).then_some(*history + 4)
        })
}

/// The tables' own panics are not worth a line each.
pub fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload().downcast_ref::<String>().is_none_or(|text| text != toy::PANIC) {
                tell(info);
            }
        }));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn random_specs_are_explored_as_by_the_naive_search(draw in draw(), threads in 1..3_usize) {
        silence();
        let spec = spec(&draw);
        let Some(expected) = naive(&spec, LIMIT) else {
            return Ok(());
        };
        let options = Options {
            threads,
            keep_going: true,
            has_boundary: draw.is_bounded,
            ..Options::default()
        };
        let outcome = explore(&spec, &options, &mut |_| {});
        prop_assert_eq!(Counts::of(&outcome).without_later(&expected), expected);
        prop_assert_eq!(outcome.stopped, None);
    }

    #[test]
    fn random_models_are_explored_as_by_the_naive_search(
        draw in draw(),
        network in select(Network::<u8>::names()),
        threads in 1..3_usize,
    ) {
        let model = model(&draw, network);
        let Some(mut expected) = naive(&model, LIMIT) else {
            return Ok(());
        };
        expected.lengths.push((WITHOUT_PANIC, None));
        let options = Options {
            threads,
            keep_going: true,
            has_boundary: draw.is_bounded,
            ..Options::default()
        };
        let claims = declared(model.properties.iter().map(Claim::of_property).collect());
        let outcome = explore_claims(&model, &claims, &options, &mut |_| {});
        prop_assert_eq!(Counts::of(&outcome), expected);
        prop_assert_eq!(outcome.stopped, None);
    }
}
