//! Results that are computed once: for all threads, or in a small cache for one.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use super::hash::BuildQuick;
use super::sync::Mutex;

const SHARDS: usize = 64;

/// A function's results, for all threads and for good.
#[derive(Debug)]
pub struct Memo<K, V> {
    shards: Box<[Mutex<HashMap<K, V, BuildQuick>>]>,
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Memo { shards: (0..SHARDS).map(|_| Mutex::new(HashMap::default())).collect() }
    }
}

impl<K: Copy + Eq + Hash, V: Clone> Memo<K, V> {
    /// What was computed for `key`, or else what `compute` says. Two threads that ask for the same
    /// at the same time may both compute; both get what the first of them put down.
    pub fn get_or(&self, key: K, compute: impl FnOnce() -> V) -> V {
        let hash = BuildQuick::default().hash_one(key);
        let shard = &self.shards[(hash >> 32) as usize & (SHARDS - 1)];
        if let Some(value) = shard.lock().expect(POISON).get(&key) {
            return value.clone();
        }
        // Without the lock: it may take long, and may ask for other results.
        let value = compute();
        shard.lock().expect(POISON).entry(key).or_insert(value).clone()
    }

    /// All results so far.
    pub fn entries(&self) -> Vec<(K, V)> {
        let mut entries = Vec::with_capacity(self.len());
        for shard in &self.shards {
            entries.extend(shard.lock().expect(POISON).iter().map(|(key, it)| (*key, it.clone())));
        }
        entries
    }

    /// How many results there are.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().expect(POISON).len()).sum()
    }
}

/// Some of a function's results, for one thread: a new one takes the place of an old one.
#[derive(Debug)]
pub struct Cache<K, V> {
    entries: Vec<Option<(K, V)>>,
}

impl<K: Copy + Eq + Hash, V: Clone> Cache<K, V> {
    /// A cache of `1 << bits` places.
    pub fn new(bits: u32) -> Self {
        Cache { entries: vec![None; 1 << bits] }
    }

    /// What is remembered of `key`.
    pub fn get(&self, key: K) -> Option<V> {
        let entry = self.entries[self.place(key)].as_ref();
        entry.filter(|(found, _)| *found == key).map(|(_, value)| value.clone())
    }

    /// Remembers it.
    pub fn put(&mut self, key: K, value: V) {
        let place = self.place(key);
        self.entries[place] = Some((key, value));
    }

    fn place(&self, key: K) -> usize {
        (BuildQuick::default().hash_one(key) >> 20) as usize & (self.entries.len() - 1)
    }
}

const POISON: &str = "nothing that can panic runs under this lock";
