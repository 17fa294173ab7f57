//! Which specs the words on the command line mean.

use std::collections::BTreeSet;

use quorate_checker::AnySpec;

use super::exit::{Code, Failure};

/// How many names are offered for one that there is not.
const NEAR_MAX: usize = 3;

/// A spec that was asked for.
pub struct Selected {
    pub spec: Box<dyn AnySpec>,
    /// What names it on the command line.
    pub words: String,
    /// True if it is in no list, and was asked for by its bounds.
    pub custom: bool,
}

impl Selected {
    /// A spec that is called by its name.
    pub fn listed(spec: Box<dyn AnySpec>) -> Self {
        Selected { words: spec.name().to_owned(), spec, custom: false }
    }
}

/// The default set: what runs when no spec is named.
pub fn default_set() -> Vec<Box<dyn AnySpec>> {
    quorate_models::specs()
}

/// The specs that take minutes.
pub fn large_set() -> Vec<Box<dyn AnySpec>> {
    quorate_models::large_specs()
}

fn all() -> Vec<Box<dyn AnySpec>> {
    let mut specs = default_set();
    specs.extend(large_set());
    specs
}

/// The specs that `words` name, in the order of the list; without words the default set, or all of
/// them if `with_large`. A word is the name of a spec, or what comes before a slash in the names of
/// several. A large one is meant by its own name, or if `with_large`.
///
/// # Errors
/// If a word names no spec. The message names those with similar names.
pub fn select(words: &[String], with_large: bool) -> Result<Vec<Selected>, Failure> {
    let mut specs = all();
    let few = if with_large { specs.len() } else { default_set().len() };
    if words.is_empty() {
        specs.truncate(few);
        return Ok(specs.into_iter().map(Selected::listed).collect());
    }
    let means = |word: &str, (index, name): (usize, &str)| {
        let beneath = name.strip_prefix(word.trim_end_matches('/'));
        name == word || index < few && beneath.is_some_and(|rest| rest.starts_with('/'))
    };
    let names: Vec<String> = specs.iter().map(|spec| spec.name().to_owned()).collect();
    let numbered = || names.iter().map(String::as_str).enumerate();
    for word in words {
        if !numbered().any(|name| means(word, name)) {
            return Err(unknown(word, &names, true));
        }
    }
    let mut chosen = numbered().map(|name| words.iter().any(|word| means(word, name)));
    specs.retain(|_| chosen.next() == Some(true));
    Ok(specs.into_iter().map(Selected::listed).collect())
}

/// The spec of this name, large or not.
///
/// # Errors
/// If there is none. The message names those with similar names.
pub fn named(name: &str) -> Result<Selected, Failure> {
    let mut specs = all();
    match specs.iter().position(|spec| spec.name() == name) {
        Some(index) => Ok(Selected::listed(specs.swap_remove(index))),
        None => {
            let names: Vec<String> = specs.iter().map(|spec| spec.name().to_owned()).collect();
            Err(unknown(name, &names, false))
        }
    }
}

/// A word that names none of the specs. If it looks like the name of a group, that is what was
/// meant where `takes_groups`, otherwise one of the specs in it.
fn unknown(word: &str, names: &[String], takes_groups: bool) -> Failure {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let groups = names.iter().filter_map(|name| Some(name.split_once('/')?.0));
    let groups: BTreeSet<&str> = groups.collect();
    let same = groups.get(&*word.to_lowercase()).filter(|_| takes_groups);
    let mut near_names = same.map_or_else(|| near(word, &names), |group| vec![*group]);
    if near_names.is_empty() {
        near_names = near(word.trim_end_matches('/'), &groups.into_iter().collect::<Vec<_>>());
        if !takes_groups {
            let is_beneath =
                |name: &&str| name.split_once('/').is_some_and(|(g, _)| near_names.contains(&g));
            near_names = names.into_iter().filter(is_beneath).take(NEAR_MAX).collect();
        }
    }
    let hint = if near_names.is_empty() {
        "`quorate list` shows them all".to_owned()
    } else {
        format!("did you mean {}?", near_names.join(" or "))
    };
    Failure::new(Code::Usage, format!("there is no spec {word:?}; {hint}"))
}

/// Those of `names` that look like `word`, at most [`NEAR_MAX`], the nearest first.
fn near<'a>(word: &str, names: &[&'a str]) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let mut found: Vec<(usize, &str)> = Vec::new();
    for name in names {
        let last = name.rsplit('/').next().unwrap_or(name);
        let contains = word.len() >= 3 && (name.contains(&word) || word.contains(last));
        let distance = distance(&word, name).min(distance(&word, last));
        if contains || distance <= (word.chars().count() / 3).max(1) {
            found.push((distance, name));
        }
    }
    found.sort();
    found.into_iter().take(NEAR_MAX).map(|(_, name)| name).collect()
}

/// How many letters must be changed, added or removed to turn one word into the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    // From the beginning of `one` to each beginning of `other`.
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, expected) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *expected);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_distance_counts_single_letters() {
        for (one, other, expected) in
            [("", "abc", 3), ("raft", "raft", 0), ("raft", "rafts", 1), ("election", "elektoin", 3)]
        {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn near_names_are_those_that_a_slip_may_have_meant() {
        let names = ["raft/election", "raft/replication", "raft/election-5"];
        assert_eq!(near("raft/elektion", &names)[0], "raft/election");
        assert_eq!(near("Election", &names)[0], "raft/election");
        assert_eq!(near("replicaton", &names), ["raft/replication"]);
        assert_eq!(near("raft-election", &names)[0], "raft/election");
        assert!(near("paxos", &names).is_empty());
        assert!(near("", &names).is_empty());
    }

    #[test]
    fn a_group_is_meant_that_differs_in_its_capitals_only() {
        let names = ["raft/election", "raft/two"].map(str::to_owned);
        let hint = |word, takes_groups| unknown(word, &names, takes_groups).message;
        assert_eq!(hint("Raft", true), "there is no spec \"Raft\"; did you mean raft?");
        assert!(hint("Raft", false).contains("raft/two"));
    }

    #[test]
    fn a_protocol_names_its_specs_and_the_large_ones_are_asked_for() {
        let (few, large) = (default_set().len(), large_set().len());
        let count = |words: &[&str], with_large| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            select(&words, with_large).map(|specs| specs.len())
        };
        assert_eq!(count(&[], false).unwrap(), few);
        assert_eq!(count(&[], true).unwrap(), few + large);
        let (raft, all_raft) = (count(&["raft"], false).unwrap(), count(&["raft"], true).unwrap());
        assert!(raft < few && all_raft > raft, "there are other protocols, and large specs");
        assert_eq!(count(&["raft/"], false).unwrap(), raft);
        assert_eq!(count(&["raft/"], true).unwrap(), all_raft);
        let protocols: BTreeSet<String> = default_set()
            .iter()
            .map(|spec| spec.name().split('/').next().expect("a protocol").to_owned())
            .collect();
        let protocols: Vec<&str> = protocols.iter().map(String::as_str).collect();
        assert_eq!(count(&protocols, false).unwrap(), few);
        assert_eq!(count(&["raft/election", "raft/election"], false).unwrap(), 1);
        for spec in large_set() {
            assert_eq!(count(&[spec.name()], false).unwrap(), 1);
            assert_eq!(count(&["raft", spec.name()], false).unwrap(), raft + 1);
            assert!(named(spec.name()).is_ok());
        }
        let unknown = count(&["raft/election", "raf"], false);
        assert_eq!(unknown.err().unwrap().code, Code::Usage);
    }
}
