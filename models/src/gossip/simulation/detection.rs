//! When a crashed member is found, as plain counting: a probe of it fails.
//!
//! Source: Das, Gupta, Motivala, *SWIM*, DSN 2002, §3.1 and §4.3.

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// In each period every one of `living` members probes one of the `members - 1` others, drawn at
/// random. The number of the first period in which the dead one is probed.
///
/// # Panics
/// If nobody lives, or there are not so many members beside the dead one.
pub fn first_probe(members: usize, living: usize, dice: &mut SmallRng) -> u32 {
    assert!(living > 0 && living < members, "somebody lives and somebody is dead");
    let mut period = 0;
    loop {
        period += 1;
        // The dead one is the first of everybody's list.
        let probes = (0..living).filter(|_| dice.random_range(0..members - 1) == 0);
        if probes.count() > 0 {
            return period;
        }
    }
}

/// One member probes its list of `others` in rounds, each in random order, and one of them crashes
/// between two probes, at any time in a round. The number of the first probe after that which is
/// of it: at most 2 `others` - 1.
///
/// # Panics
/// If the list is empty.
pub fn round_robin_gap(others: usize, dice: &mut SmallRng) -> usize {
    assert!(others > 0, "there is somebody to probe");
    let mut round = || {
        let mut order: Vec<usize> = (0..others).collect();
        order.shuffle(dice);
        order
    };
    let probes = [round(), round()].concat();
    // A crash after the last probe of a round is one before the first of the next.
    let crash = 1 + dice.random_range(0..others);
    let crash = if crash == others { 0 } else { crash };
    let first = probes[crash..].iter().position(|probed| *probed == 0);
    1 + first.expect("it is in the second round, if not in the rest of the first")
}

/// The dice of a run.
pub fn dice(seed: u64) -> SmallRng {
    SmallRng::seed_from_u64(seed)
}
