//! The mutants that no spec kills, and why each is harmless, or that it is not: a list for each
//! protocol in this package's folder. That of Raft has what all protocols share, too.

use std::collections::{BTreeMap, BTreeSet};

use crate::instrument::Mutant;

const LISTS: [&str; 5] = [
    include_str!("../chain.txt"),
    include_str!("../fenced.txt"),
    include_str!("../multi_paxos.txt"),
    include_str!("../primary_backup.txt"),
    include_str!("../raft.txt"),
];

/// By mutant the line that names it: its file and function, what stands there and what then stands
/// there instead. A second one of the same words has a number behind it.
pub fn keys(mutants: &[Mutant]) -> Vec<String> {
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    let key = |mutant: &Mutant| {
        let key =
            format!("{} {}: {} -> {}", mutant.file, mutant.function, mutant.before, mutant.after);
        let count = met.entry(key.clone()).or_default();
        *count += 1;
        if *count == 1 { key } else { format!("{key} #{count}") }
    };
    mutants.iter().map(key).collect()
}

/// The list, read.
pub struct Harmless(BTreeSet<String>);

impl Harmless {
    /// Reads the lists: a reason is a line that begins with "# ", and the mutants that it is about
    /// follow it, one a line.
    ///
    /// # Panics
    /// If a mutant is listed twice, or without a reason.
    pub fn read() -> Self {
        let (mut mutants, mut has_reason) = (BTreeSet::new(), false);
        for line in LISTS.iter().flat_map(|list| list.lines().chain([""])) {
            if line.is_empty() {
                has_reason = false;
            } else if line.starts_with("# ") {
                has_reason = true;
            } else {
                assert!(has_reason, "no reason why it is harmless: {line}");
                assert!(mutants.insert(line.to_owned()), "listed twice: {line}");
            }
        }
        Harmless(mutants)
    }

    pub fn has(&self, key: &str) -> bool {
        self.0.contains(key)
    }

    /// What is listed and is no mutant of today.
    pub fn unknown(&self, keys: &[String]) -> Vec<&String> {
        self.0.iter().filter(|line| !keys.contains(line)).collect()
    }
}
