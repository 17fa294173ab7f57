//! Which mutants are built in. To build thousands takes many minutes, and CI draws a few.
//!
//! `QUORATE_MUTANTS` is `all`, or parts of the lines that list the wanted ones, with commas
//! between: `viewstamped/,window.rs`. Without it a sample is drawn of those that are not listed as
//! harmless; `QUORATE_MUTANTS_SEED` draws another.

use std::collections::BTreeSet;
use std::env;

use crate::harmless::Harmless;

const WANTED: &str = "QUORATE_MUTANTS";
const SEED: &str = "QUORATE_MUTANTS_SEED";

/// How many are drawn. To run them takes seconds, unless one of them survives the small specs.
const COUNT: usize = 12;

/// Draws the sample, unless the environment says otherwise.
const USUAL_SEED: u64 = 4;

/// The numbers of the wanted ones of the mutants that `keys` list.
pub fn wanted(keys: &[String], harmless: &Harmless) -> BTreeSet<u32> {
    println!("cargo::rerun-if-env-changed={WANTED}");
    println!("cargo::rerun-if-env-changed={SEED}");
    let numbered = || (1..).zip(keys);
    let numbers = |(number, _)| number;
    match env::var(WANTED) {
        Ok(all) if all == "all" => numbered().map(numbers).collect(),
        Ok(parts) => {
            let is_named = |key: &str| parts.split(',').any(|part| key.contains(part));
            numbered().filter(|(_, key)| is_named(key)).map(numbers).collect()
        }
        Err(_) => {
            let seed = env::var(SEED).map_or(USUAL_SEED, |seed| seed.parse().expect("a number"));
            let candidates = numbered().filter(|(_, key)| !harmless.has(key)).map(numbers);
            draw(candidates.collect(), COUNT, seed)
        }
    }
}

/// `count` of `candidates`, drawn by `seed`.
fn draw(mut candidates: Vec<u32>, count: usize, mut seed: u64) -> BTreeSet<u32> {
    let mut drawn = BTreeSet::new();
    while drawn.len() < count && !candidates.is_empty() {
        // SplitMix64 (Steele, Lea and Flood, 2014).
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        drawn.insert(candidates.swap_remove((mixed % candidates.len() as u64) as usize));
    }
    drawn
}
