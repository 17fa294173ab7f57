//! What is asked of a cluster: which keys, which values, and how many of the requests are reads.

use clap::ValueEnum;
use quorate_models::kv::{Command, get, put};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Zipf};

use super::load::Requests;

/// How often each key is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Keys {
    /// Each as often as any other
    #[default]
    Uniform,
    /// The first ones most: the n-th one in n times as seldom as the first
    Zipf,
}

/// What all sessions ask for together.
#[derive(Clone, Debug)]
pub struct Workload {
    /// There are so many keys, one at least.
    pub keys: u64,
    /// How often each is asked for.
    pub spread: Keys,
    /// So many bytes has each value.
    pub size: usize,
    /// So many of a hundred requests are reads.
    pub reads: u8,
}

/// What one thread asks for, which its number decides: two runs ask for the same.
pub struct Random {
    workload: Workload,
    zipf: Zipf<f64>,
    random: SmallRng,
    number: u64,
}

impl Random {
    /// The requests of the thread `thread`.
    ///
    /// # Panics
    /// If there are no keys.
    pub fn of(workload: Workload, thread: u64) -> Self {
        let zipf = Zipf::new(workload.keys as f64, 1.0).expect("there are keys");
        Random { workload, zipf, random: SmallRng::seed_from_u64(thread), number: 0 }
    }
}

impl Requests for Random {
    fn next(&mut self, _: usize) -> Command {
        let key = match self.workload.spread {
            Keys::Uniform => self.random.random_range(0..self.workload.keys),
            Keys::Zipf => self.zipf.sample(&mut self.random) as u64 - 1,
        };
        let key = format!("bench-{key}");
        if self.random.random_range(0..100) < self.workload.reads {
            return get(&key);
        }
        self.number += 1;
        put(&key, &value(self.number, self.workload.size))
    }
}

/// A value of `size` bytes that begins with `number`, in 20 digits, as far as there is room.
pub fn value(number: u64, size: usize) -> String {
    let mut value = format!("{number:020}");
    value.truncate(size);
    value.extend(std::iter::repeat_n('.', size - value.len()));
    value
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use quorate_models::kv::{Kv, Text};
    use quorate_models::state_machine::StateMachine;

    use super::*;

    fn requests(workload: Workload) -> Vec<Command> {
        let mut requests = Random::of(workload, 1);
        (0..10_000).map(|_| requests.next(0)).collect()
    }

    const WRITES: Workload = Workload { keys: 10, spread: Keys::Uniform, size: 30, reads: 0 };

    /// How often each key is written.
    fn counts(workload: Workload) -> BTreeMap<Text, usize> {
        let mut counts = BTreeMap::new();
        for command in requests(workload) {
            let Command::Put { key, value } = command else { panic!("it reads") };
            assert_eq!(value.len(), 30);
            *counts.entry(key).or_default() += 1;
        }
        counts
    }

    #[test]
    fn keys_are_spread_as_asked() {
        let uniform = counts(WRITES);
        assert_eq!(uniform.len(), 10);
        assert!(uniform.values().all(|count| (800..1_200).contains(count)), "{uniform:?}");
        let zipf = counts(Workload { spread: Keys::Zipf, ..WRITES });
        let [first, second, last] = ["bench-0", "bench-1", "bench-9"].map(|key| zipf[&key.into()]);
        assert!((2 * second).abs_diff(first) < first / 5, "{zipf:?}");
        assert!((10 * last).abs_diff(first) < first / 2, "{zipf:?}");
    }

    #[test]
    fn so_many_requests_are_reads_and_a_short_value_is_short() {
        let workload = Workload { reads: 25, size: 3, ..WRITES };
        let all = requests(workload);
        let reads = all.iter().filter(|command| Kv::is_read_only(command)).count();
        assert!((2_300..2_700).contains(&reads), "{reads}");
        for command in all {
            if let Command::Put { value, .. } = command {
                assert_eq!(&*value, b"000");
            }
        }
    }
}
