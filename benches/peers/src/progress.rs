//! What sessions write, and how far that was acknowledged.

use std::collections::BTreeMap;

use quorate::bench::load::Requests;
use quorate::bench::workload::value;
use quorate_models::kv::{Command, get, put};

/// What one session has written to its key of values of one size: the numbers 1, 2 and so on.
#[derive(Clone, Debug)]
pub struct Progress {
    key: String,
    size: usize,
    asked: u64,
    acknowledged: u64,
}

impl Progress {
    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What it holds next: the next number, and dots behind it.
    pub fn next(&mut self) -> String {
        self.asked += 1;
        value(self.asked, self.size)
    }

    /// What it was to hold was acknowledged.
    pub fn acknowledge(&mut self) {
        self.acknowledged = self.asked;
    }

    /// What is wrong if this is what `system` says that the key holds: a number below one that was
    /// acknowledged.
    pub fn missing(&self, system: &str, held: Option<&[u8]>) -> Option<String> {
        let digits = held.and_then(|held| std::str::from_utf8(held.get(..20)?).ok());
        let number = digits.and_then(|digits| digits.parse::<u64>().ok());
        let is_there = self.acknowledged == 0 || number >= Some(self.acknowledged);
        (!is_there).then(|| {
            let (key, acknowledged) = (&self.key, self.acknowledged);
            let holds = number.map_or("no number".to_owned(), |number| number.to_string());
            format!("{system}: {key} was acknowledged to hold {acknowledged}, and holds {holds}")
        })
    }
}

/// That of all sessions of a system, by the size of the values.
#[derive(Debug, Default)]
pub struct All(BTreeMap<usize, Vec<Progress>>);

impl All {
    /// That of the first so many sessions, with values of `size` bytes, 20 at least.
    pub fn of(&mut self, size: usize, sessions: usize) -> &mut [Progress] {
        let all = self.0.entry(size).or_default();
        for session in all.len()..sessions {
            let key = format!("peers-{size}-{session}");
            all.push(Progress { key, size, asked: 0, acknowledged: 0 });
        }
        &mut all[..sessions]
    }

    /// That of all.
    pub fn all(&self) -> impl Iterator<Item = &Progress> {
        self.0.values().flatten()
    }
}

/// The sessions of one thread, each at its key.
pub struct AtOwnKeys<'a> {
    /// How far each is.
    pub progress: Vec<&'a mut Progress>,
    /// Whether they read.
    pub reads: bool,
}

impl Requests for AtOwnKeys<'_> {
    fn next(&mut self, session: usize) -> Command {
        let progress = &mut *self.progress[session];
        if self.reads {
            return get(progress.key());
        }
        let value = progress.next();
        put(progress.key(), &value)
    }

    fn answered(&mut self, session: usize) {
        if !self.reads {
            self.progress[session].acknowledge();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_below_the_acknowledged_one_is_missing() {
        let mut all = All::default();
        let progress = &mut all.of(30, 2)[1];
        assert_eq!(progress.missing("x", None), None, "nothing was acknowledged");
        let first = progress.next();
        progress.acknowledge();
        let second = progress.next();
        assert_eq!((first.len(), progress.key()), (30, "peers-30-1"));
        assert_eq!(progress.missing("x", Some(first.as_bytes())), None);
        assert_eq!(progress.missing("x", Some(second.as_bytes())), None, "it may have been done");
        progress.acknowledge();
        for (held, holds) in
            [(None, "no number"), (Some(first.as_bytes()), "1"), (Some(b"2"), "no number")]
        {
            let told = progress.missing("x", held).expect("it is missing");
            let words = format!("x: peers-30-1 was acknowledged to hold 2, and holds {holds}");
            assert_eq!(told, words);
        }
        assert_eq!(all.of(30, 3)[1].acknowledged, 2);
        assert_eq!(all.all().count(), 3);
    }
}
