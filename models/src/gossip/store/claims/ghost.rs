//! What no single state tells: what was written, and whether anybody has lost something.

use std::collections::BTreeMap;

use quorate_checker::spec::{Event, Step};
use serde::Serialize;

use crate::gossip::store::entry::{Key, Value, Version};
use crate::gossip::store::rules::Rule;
use crate::gossip::store::{Server, Timer};
use crate::rules::RuleBook;

/// The history of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ghost {
    /// By key, all that was written, by version.
    pub written: BTreeMap<Key, BTreeMap<Version, Value>>,
    /// Two values were written in one version.
    pub twice: bool,
    /// A replica went back to an earlier version.
    pub went_back: bool,
    /// A write did not show at the replica that was asked for it.
    pub did_not_show: bool,
}

impl Ghost {
    /// The latest version of a key that was written.
    pub fn latest(&self, key: &Key) -> Option<Version> {
        self.written.get(key)?.keys().next_back().copied()
    }
}

/// The ghost after `step`, if that changed it.
pub fn observe<R: RuleBook<Rule>>(
    (): &(),
    ghost: &Ghost,
    step: &Step<'_, Server<R>>,
) -> Option<Ghost> {
    let mut next = ghost.clone();
    let (before, after) = (&step.before.store, &step.after.store);
    let is_restart = matches!(step.event, Event::Crash | Event::Recover);
    next.went_back |= !is_restart
        && before
            .iter()
            .any(|(key, old)| after.get(key).is_none_or(|new| new.version < old.version));
    if let Event::Timeout(Timer::Write) = step.event {
        let changed = after.iter().find(|(key, entry)| before.get(*key) != Some(entry));
        match changed {
            None => next.did_not_show = true,
            Some((key, entry)) => {
                let versions = next.written.entry(key.clone()).or_default();
                let earlier = versions.insert(entry.version, entry.value.clone());
                next.twice |= earlier.is_some_and(|earlier| earlier != entry.value);
            }
        }
    }
    (next != *ghost).then_some(next)
}
