//! How an update spreads among sites that draw their peers at random, as plain counting.
//!
//! Source: Demers et al., *Epidemic Algorithms for Replicated Database Maintenance*, PODC 1987.

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// When a site loses interest in a rumour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// After this many tellings in a row that were in vain.
    FeedbackCounter(u32),
    /// After each telling with this chance: one in so many.
    BlindCoin(u32),
}

/// What became of a rumour that one site began to tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The share of the sites that never heard it: s.
    pub residue: f64,
    /// How many tellings there were, for each site: m.
    pub traffic: f64,
    /// After how many cycles those that heard it did, on average.
    pub average: f64,
    /// After how many cycles the last one did that heard it.
    pub last: f64,
}

impl Outcome {
    /// What came out on average.
    ///
    /// # Panics
    /// If nothing came out.
    pub fn mean(outcomes: &[Outcome]) -> Outcome {
        assert!(!outcomes.is_empty(), "the mean of nothing");
        let mean = |part: fn(&Outcome) -> f64| {
            outcomes.iter().map(part).sum::<f64>() / outcomes.len() as f64
        };
        Outcome {
            residue: mean(|it| it.residue),
            traffic: mean(|it| it.traffic),
            average: mean(|it| it.average),
            last: mean(|it| it.last),
        }
    }

    /// Of a rumour that was told so often, and that the sites heard in these cycles, if they did.
    /// The site that began it is one of them, and heard it in cycle 0.
    pub fn of(heard: &[Option<u32>], tellings: u64) -> Outcome {
        let cycles: Vec<u32> = heard.iter().flatten().copied().collect();
        let sites = heard.len() as f64;
        Outcome {
            residue: 1.0 - cycles.len() as f64 / sites,
            traffic: tellings as f64 / sites,
            average: f64::from(cycles.iter().sum::<u32>()) / cycles.len() as f64,
            last: f64::from(cycles.iter().copied().max().unwrap_or(0)),
        }
    }
}

/// A rumour among so many sites, pushed in cycles until nobody is interested any more. All of a
/// cycle happens at once: whoever is told twice in the cycle in which it first hears the rumour was
/// told in vain by neither.
///
/// # Panics
/// If there are fewer than two sites.
pub fn rumour(sites: usize, interest: Interest, seed: u64) -> Outcome {
    assert!(sites > 1, "a rumour needs somebody to be told");
    let mut dice = SmallRng::seed_from_u64(seed);
    let mut heard = vec![None; sites];
    heard[0] = Some(0);
    let mut in_vain = vec![0; sites];
    let (mut interested, mut tellings, mut cycle) = (vec![0], 0, 0);
    while !interested.is_empty() {
        cycle += 1;
        interested.shuffle(&mut dice);
        let mut next = Vec::new();
        for site in interested {
            let peer = another(site, sites, &mut dice);
            tellings += 1;
            if heard[peer].is_none() {
                heard[peer] = Some(cycle);
                next.push(peer);
            }
            let is_news = heard[peer] == Some(cycle);
            let stays = match interest {
                Interest::FeedbackCounter(most) => {
                    in_vain[site] = if is_news { 0 } else { in_vain[site] + 1 };
                    in_vain[site] < most
                }
                Interest::BlindCoin(one_in) => dice.random_range(0..one_in) != 0,
            };
            if stays {
                next.push(site);
            }
        }
        interested = next;
    }
    Outcome::of(&heard, tellings)
}

/// In which direction an update goes when two sites are in touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the site that calls.
    Push,
    /// To the site that calls.
    Pull,
    /// Both.
    PushPull,
}

/// In each cycle every site calls one other, and nobody ever loses interest. How many have not
/// heard of an update after each cycle, if `ignorant` of `sites` have not at the start. The last
/// number is 0.
///
/// # Panics
/// If nobody knows of the update, or there is one site only.
pub fn ignorant_by_cycle(
    sites: usize,
    ignorant: usize,
    direction: Direction,
    seed: u64,
) -> Vec<usize> {
    assert!(ignorant < sites && sites > 1, "an update comes from somebody, to somebody");
    let mut dice = SmallRng::seed_from_u64(seed);
    let mut knows: Vec<bool> = (0..sites).map(|site| site >= ignorant).collect();
    let mut left = Vec::new();
    while knows.iter().any(|it| !it) {
        let before = knows.clone();
        for site in 0..sites {
            let peer = another(site, sites, &mut dice);
            if before[site] && direction != Direction::Pull {
                knows[peer] = true;
            }
            if before[peer] && direction != Direction::Push {
                knows[site] = true;
            }
        }
        left.push(knows.iter().filter(|it| !**it).count());
    }
    left
}

/// Any site but this one.
fn another(site: usize, sites: usize, dice: &mut SmallRng) -> usize {
    let drawn = dice.random_range(0..sites - 1);
    if drawn < site { drawn } else { drawn + 1 }
}
