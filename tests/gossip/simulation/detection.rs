//! When a crash is found: Das, Gupta, Motivala, *SWIM*, DSN 2002.

use std::time::Duration;

use quorate_models::gossip::membership::rules::Rule;
use quorate_models::gossip::membership::specs::SETTINGS;
use quorate_models::gossip::membership::{Server, Timer, Timing};
use quorate_models::gossip::simulation::cluster::Cluster;
use quorate_models::gossip::simulation::detection::{dice, first_probe, round_robin_gap};
use quorate_models::rules::{AllBut, AllRules, RuleBook};
use stateright::actor::Id;

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// Where everybody probes at random, a crash is found after e / (e - 1) = 1.58 periods on average,
/// and after 1 / (1 - e^-q) where a share q of the members lives: within a twentieth.
#[test]
fn random_probes_find_a_crash_in_e_over_e_minus_1_periods() {
    let mut dice = dice(1);
    for (living, share) in [(9_999, 1.0f64), (5_000, 0.5)] {
        let periods: Vec<f64> =
            (0..2_000).map(|_| f64::from(first_probe(10_000, living, &mut dice))).collect();
        let (measured, published) = (mean(&periods), 1.0 / (1.0 - (-share).exp()));
        assert!((measured / published - 1.0).abs() < 0.05, "{measured:.3}, not {published:.3}");
    }
}

/// One member that probes its list of m in rounds finds a crash after at most 2m - 1 probes, and
/// after fewer on average than the m of random probes.
#[test]
fn rounds_find_a_crash_within_2m_minus_1_probes() {
    let mut dice = dice(2);
    for others in [1, 2, 8, 30] {
        let gaps: Vec<f64> =
            (0..50_000).map(|_| round_robin_gap(others, &mut dice) as f64).collect();
        let most = gaps.iter().copied().fold(0.0, f64::max);
        let bound = (2 * others - 1) as f64;
        assert!(most <= bound, "{most} probes in a list of {others}");
        assert!(others > 8 || most == bound, "the bound is reached in a list of {others}");
        assert!(mean(&gaps) <= others as f64, "{} in a list of {others}", mean(&gaps));
    }
}

/// What a member sends in a period does not depend on how many there are (SWIM §3.3): a ping and
/// an answer, if nobody is down.
#[test]
fn the_load_is_the_same_however_many_there_are() {
    for members in [3, 30, 300] {
        let mut cluster = Cluster::new(members_of(members, AllRules), 5);
        for _ in 0..4 {
            cluster.cycle(|timer| matches!(timer, Timer::Period(_)));
        }
        assert_eq!(cluster.sent(), 4 * 2 * members as u64);
    }
}

/// So many members that know each other.
fn members_of<R: RuleBook<Rule>>(members: usize, rules: R) -> Vec<Server<R>> {
    let tick = Duration::from_millis(500);
    let timing = Timing { period: 2 * tick, direct: tick, suspicion: 200 * tick, grace: None };
    let contacts: Vec<Id> = (0..members).map(Id::from).collect();
    let server = Server { contacts, timing, settings: SETTINGS, rules };
    vec![server; members]
}

/// After how many periods the actors of the membership probe a member that has crashed: the mean
/// of many runs.
fn found_by_actors<R: RuleBook<Rule>>(rules: R, seed: u64) -> f64 {
    let members = 50;
    let servers = members_of(members, rules);
    let dead = Id::from(members - 1);
    let mut periods = Vec::new();
    for run in 0..300 {
        let mut cluster = Cluster::new(servers.clone(), seed + run);
        for _ in 0..run % 7 {
            cluster.cycle(|timer| matches!(timer, Timer::Period(_)));
        }
        cluster.crash(dead);
        let mut period = 0.0;
        loop {
            period += 1.0;
            cluster.cycle(|timer| matches!(timer, Timer::Period(_)));
            let mut probes = cluster.states().iter().filter_map(|own| own.probe);
            if probes.any(|probe| probe.target == dead) {
                break;
            }
        }
        periods.push(period);
    }
    mean(&periods)
}

/// The actors do as the formula says, whether they probe at random or in rounds: within a tenth.
#[test]
fn the_actors_find_a_crash_when_the_formula_says() {
    let published = 1f64.exp() / (1f64.exp() - 1.0);
    let at_random = found_by_actors(AllBut(vec![Rule::RoundRobinProbe]), 3);
    let in_rounds = found_by_actors(AllRules, 4);
    for measured in [at_random, in_rounds] {
        assert!((measured / published - 1.0).abs() < 0.1, "{measured:.3}, not {published:.3}");
    }
}
