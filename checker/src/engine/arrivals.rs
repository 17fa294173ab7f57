//! Where what arrives at a seat leads: kept beside the seat, and read without a lock.

use super::hash::mix;
use super::sync::{AtomicU64, OnceLock, Ordering};

/// So many places are looked at in each stage.
const NEAR: usize = 4;
/// Each stage has so many times the places of the one before.
const GROWTH: usize = 4;

/// By parcel, the seat after its arrival. What is in it stays.
#[derive(Debug, Default)]
pub struct Arrivals {
    first: Near,
    more: OnceLock<Box<Stage>>,
}

/// Each empty, or the seat after and above it the parcel, which is never 0. They are filled in
/// order.
type Near = [AtomicU64; NEAR];

/// For what found all places taken in the stage before.
#[derive(Debug)]
struct Stage {
    /// A power of two; a parcel is at the one that its hash tells.
    places: Box<[Near]>,
    more: OnceLock<Box<Stage>>,
}

impl Arrivals {
    /// The seat after the arrival of `parcel`, if it is remembered. Whoever finds it has seen all
    /// that it stands for.
    pub fn get(&self, parcel: u32) -> Option<u32> {
        let (mut near, mut more) = (&self.first, &self.more);
        loop {
            for place in near {
                match place.load(Ordering::Acquire) {
                    0 => return None,
                    entry if (entry >> 32) as u32 == parcel => return Some(entry as u32),
                    _ => {}
                }
            }
            let stage = more.get()?;
            (near, more) = (stage.near(parcel), &stage.more);
        }
    }

    /// Remembers the seat `after` the arrival of `parcel`.
    pub fn put(&self, parcel: u32, after: u32) {
        let entry = u64::from(parcel) << 32 | u64::from(after);
        let (mut near, mut more, mut places) = (&self.first, &self.more, 1);
        loop {
            for place in near {
                match place.compare_exchange(0, entry, Ordering::Release, Ordering::Relaxed) {
                    Err(other) if other != entry => {}
                    // Put there now, or by another thread just before.
                    _ => return,
                }
            }
            places *= GROWTH;
            let stage = more.get_or_init(|| Box::new(Stage::new(places)));
            (near, more) = (stage.near(parcel), &stage.more);
        }
    }
}

impl Stage {
    fn new(places: usize) -> Self {
        Stage { places: (0..places).map(|_| Near::default()).collect(), more: OnceLock::new() }
    }

    fn near(&self, parcel: u32) -> &Near {
        &self.places[mix(u64::from(parcel)) as usize & (self.places.len() - 1)]
    }
}
