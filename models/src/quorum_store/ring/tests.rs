//! What a ring promises: who comes or goes moves what it must, and the shares are as expected.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

fn servers(count: usize) -> impl Iterator<Item = Id> + Clone {
    (0..count).map(Id::from)
}

fn keys() -> impl Iterator<Item = Place> {
    (0_u32..200).map(|key| Place::of(&key.to_be_bytes()))
}

proptest! {
    #[test]
    fn a_key_has_its_owners(count in 1_usize..8, nodes in 1_u32..6, wanted in 1_usize..5) {
        let ring = Ring::of(servers(count), nodes);
        for key in keys() {
            let owners = ring.owners(key, wanted);
            let distinct: BTreeSet<Id> = owners.iter().copied().collect();
            prop_assert_eq!(distinct.len(), wanted.min(count));
            prop_assert_eq!(owners.len(), distinct.len());
        }
    }

    /// A server that comes takes keys, and gives none to anybody else: of each key the owners stay,
    /// but that one makes room for it.
    #[test]
    fn only_what_must_move_moves(count in 1_usize..8, nodes in 1_u32..6, wanted in 1_usize..5) {
        let before = Ring::of(servers(count), nodes);
        let (mut after, new) = (before.clone(), Id::from(count));
        after.add(new, nodes);
        for key in keys() {
            let (old, now) = (before.behind(key), after.behind(key));
            prop_assert_eq!(&now.iter().copied().filter(|it| *it != new).collect::<Vec<_>>(), &old);
            let (old, now) = (before.owners(key, wanted), after.owners(key, wanted));
            let taken = now.iter().filter(|it| !old.contains(it)).collect::<Vec<_>>();
            prop_assert!(taken.is_empty() || taken == [&new]);
        }
        after.remove(new);
        prop_assert_eq!(after, before);
    }
}

#[test]
fn shares_add_up() {
    for (count, nodes) in [(1, 1), (1, 5), (3, 1), (10, 100)] {
        let shares = Ring::of(servers(count), nodes).shares();
        assert_eq!(shares.len(), count);
        assert!((shares.values().sum::<f64>() - 1.0).abs() < 1e-9, "{shares:?}");
    }
}

/// Keys fall to their first owners as the shares say.
#[test]
fn shares_are_of_keys() {
    let ring = Ring::of(servers(5), 20);
    let mut counts: BTreeMap<Id, f64> = BTreeMap::new();
    let total = 100_000_u32;
    for key in 0..total {
        *counts.entry(ring.behind(Place::of(&key.to_be_bytes()))[0]).or_default() += 1.0;
    }
    for (server, share) in ring.shares() {
        let counted = counts[&server] / f64::from(total);
        assert!((counted - share).abs() < 0.01, "{server:?}: {counted} instead of {share}");
    }
}

/// The largest share on a ring whose places are drawn, as a multiple of the mean share, on average
/// of many rings.
fn largest_share(count: usize, nodes: usize, rings: u32) -> f64 {
    let mut random = StdRng::seed_from_u64(7);
    let largest = |_| {
        let mut places = || Place(random.random());
        let places = servers(count).flat_map(|it| vec![it; nodes]).map(|it| (places(), it));
        let shares = Ring(places.collect()).shares();
        shares.values().fold(0.0, |one: f64, other| one.max(*other)) * count as f64
    };
    (0..rings).map(largest).sum::<f64>() / f64::from(rings)
}

/// Of n servers with one place each the largest share is H_n times the mean: the expected longest
/// piece of a stick that is broken at random.
#[test]
fn single_places_are_uneven() {
    for (count, expected) in [(3, 1.833), (5, 2.283), (10, 2.929)] {
        let found = largest_share(count, 1, 20_000);
        assert!((found - expected).abs() < 0.03, "{count}: {found} instead of {expected}");
    }
}

#[test]
fn virtual_nodes_even_out() {
    let found = largest_share(10, 100, 500);
    assert!((found - 1.16).abs() < 0.02, "{found}");
}

/// The hash of a node that runs must not change: keys would be sought where they are not.
#[test]
fn places_are_what_they_were() {
    assert_eq!(Place::of(b""), Place(0xf52a_15e9_a9b5_e89b));
    assert_eq!(Place::of(b"x"), Place(0x2c78_2ac2_2891_188e));
}
