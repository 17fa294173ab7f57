//! Within which bounds a spec is searched: its faults, and all of them in words.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::Actor;

use super::{Pauses, Spec};

/// At most so many faults in total, whenever the search likes. A spec has further faults: its
/// [`cuts`](Spec::cuts), and on the clock what [`Timely`](super::Timely) says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Crashes in total. Only servers crash.
    pub crashes: u8,
    /// How many servers may be down at the same time, after a crash or a rollback.
    pub down_at_once: u8,
    /// How many messages may be lost in total.
    pub drops: u8,
    /// How often a delivered message stays in flight, in total. A bug that needs two copies of one
    /// message needs one of these.
    pub duplicates: u8,
    /// How often a server crashes and the copy of its storage that was set aside last takes the
    /// place of its storage, in total. A server of which there is no copy loses all of its storage.
    /// Without [`backups`](Faults::backups), each rollback is therefore a wipe.
    pub rollbacks: u8,
    /// How often a copy of a server's storage is set aside for a rollback, in total.
    pub backups: u8,
}

impl Faults {
    /// True if a rollback is a wipe, and is called so: there is never a copy.
    pub fn are_wipes(&self) -> bool {
        self.backups == 0
    }

    /// So many servers can be down at once at most.
    pub fn most_down(&self) -> usize {
        self.down_at_once.min(self.crashes.saturating_add(self.rollbacks)).into()
    }

    /// No faults at all, to be written out with `..` where a constant is needed.
    pub const NONE: Faults =
        Faults { crashes: 0, down_at_once: 0, drops: 0, duplicates: 0, rollbacks: 0, backups: 0 };
}

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// The bounds of the search in words, one a line.
    pub fn bounds(&self) -> Vec<String> {
        let clients = self.system.actors.len() - self.servers - self.operators;
        let mut bounds = vec![format!("{} servers", self.servers)];
        let mut add = |count: usize, one: &str, several: &str| match count {
            0 => {}
            1 => bounds.push(format!("1 {one}")),
            count => bounds.push(format!("{count} {several}")),
        };
        let stored = self.storages.iter().flatten().count();
        add(stored, "server that starts from a store", "servers that start from a store");
        add(clients, "client", "clients");
        add(self.operators, "operator", "operators");
        for budget in &self.timeouts {
            add(budget.count.into(), &one_of(budget.name), budget.name);
        }
        let crashes = self.faults.crashes.into();
        match &self.timely {
            None => add(crashes, "crash", "crashes"),
            Some(timely) => {
                add(timely.early.into(), "early timeout", "early timeouts");
                add(timely.slow.into(), "slow tick", "slow ticks");
                match &timely.recovery {
                    None => add(crashes, "crash for good", "crashes for good"),
                    Some(_) => add(crashes, "crash and recovery", "crashes and recoveries"),
                }
            }
        }
        add(self.faults.drops.into(), "drop", "drops");
        add(self.faults.duplicates.into(), "duplicate", "duplicates");
        let rollbacks = self.faults.rollbacks.into();
        match self.faults.are_wipes() {
            true => add(rollbacks, "wipe", "wipes"),
            false => add(rollbacks, "rollback", "rollbacks"),
        }
        add(self.faults.backups.into(), "backup", "backups");
        if let Some(Pauses { count, ticks }) = self.pauses().filter(|pauses| pauses.count > 0) {
            let pauses = if *count == 1 { "pause" } else { "pauses" };
            bounds.push(format!("{count} {pauses} of {} to {} ticks", ticks.start(), ticks.end()));
        }
        if let Some(punctual) = self.timely.as_ref().and_then(|it| it.punctual.as_ref()) {
            bounds.push(format!("{} never fire before their time", punctual.name));
        }
        bounds.extend(self.link_bounds());
        bounds.extend(self.cut_bounds());
        if self.is_reduced {
            bounds.extend(self.symmetry_in_words().map(|words| format!("by symmetry: {words}")));
        }
        bounds.extend(self.suspended.iter().map(|rule| format!("without the rule: {rule}")));
        if let Some(direction) = &self.direction {
            bounds.push(format!("directed: {}", direction.description));
        }
        bounds
    }
}

/// One of several: "client retry" of "client retries".
pub(crate) fn one_of(several: &str) -> String {
    match several.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => several.strip_suffix('s').unwrap_or(several).to_owned(),
    }
}
