//! What Lifeguard's health costs, and what it is good for. In ticks of half a period.

use quorate_checker::report::Verdict;
use quorate_checker::spec::{Claim, Faults, Pauses};
use quorate_models::gossip::membership::Settings;
use quorate_models::gossip::membership::claims::properties::{
    all_suspect, two_living_are_suspected,
};
use quorate_models::gossip::membership::rules::Rule;
use quorate_models::gossip::membership::specs::live::{Bounds, membership};
use quorate_models::gossip::membership::specs::{Contacts, EVERY_RULE, SEEN, SETTINGS};
use quorate_models::rules::AllBut;

use crate::proofs::{explore, worst};

fn patient(patience: u8) -> Settings {
    Settings { patience, ..SETTINGS }
}

/// Whoever has found one member dead waits longer for the answer of the next, dead or not.
#[test]
fn patience_delays_the_second_of_two_deaths() {
    for (crashes, patience, ticks) in [(1, 0, 8), (1, 2, 8), (2, 0, 8), (2, 1, 14), (2, 2, 14)] {
        let bounds = Bounds {
            settings: patient(patience),
            faults: Faults { crashes, down_at_once: crashes, ..Faults::NONE },
            ..Bounds::default()
        };
        let spec = membership("patient", EVERY_RULE, bounds, &[]);
        let found = worst(spec, "all that are down are suspected", all_suspect);
        assert_eq!(found, Some(ticks), "{crashes} crashes, patience {patience}");
    }
}

/// Two members pause for a period and a half each. A member without patience suspects both, one
/// after the other. With it, some answer comes first, by which it is healthy again.
#[test]
fn patience_spares_the_second_of_two_slow_members() {
    for (patience, steps) in [(0, 19), (1, 35)] {
        let bounds = Bounds {
            settings: patient(patience),
            contacts: Contacts::KnownToFirst,
            pauses: Some(Pauses { count: 2, ticks: 3..=3 }),
            ..Bounds::default()
        };
        let rules = AllBut(vec![Rule::RumoursAreTold, Rule::UnknownIsAdded]);
        let both = "both are suspected";
        let spec = membership("patient", rules, bounds, &[])
            .claim(Claim::reachable(both, SEEN, two_living_are_suspected))
            .only(both);
        let report = explore(spec);
        assert_eq!(report.verdict, Verdict::Holds);
        assert_eq!(report.property(both).steps, Some(steps), "patience {patience}");
    }
}
