//! Views: who is primary, who is backup, and which view comes next.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::rules::Rule;
use crate::number::{Incarnation, ViewNumber};
use crate::rules::RuleBook;

/// A server from one of its starts to the next. What it held in memory is gone with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Member {
    pub id: Id,
    pub incarnation: Incarnation,
}

/// `S2#1`: the first start of S2.
impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}#{:?}", self.id, self.incarnation)
    }
}

impl Member {
    /// A server that starts for the first time.
    pub fn new(id: Id) -> Self {
        Member { id, incarnation: Incarnation(1) }
    }

    /// Is `self` what `other` is, or has the server started again meanwhile?
    pub fn is(self, rules: &impl RuleBook<Rule>, other: Member) -> bool {
        self.id == other.id
            && rules.require(Rule::RestartIsDeath, self.incarnation == other.incarnation)
    }
}

/// Who is primary and who is backup, from one decision of the view service to the next.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct View {
    pub number: ViewNumber,
    /// `None` before the first view.
    pub primary: Option<Member>,
    /// `None` while no server is there to be backup: the primary serves alone.
    pub backup: Option<Member>,
}

/// `2: S3#1 with S2#2`: the number, the primary, the backup.
impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: ", self.number)?;
        match (self.primary, self.backup) {
            (Some(primary), Some(backup)) => write!(f, "{primary:?} with {backup:?}"),
            (Some(primary), None) => write!(f, "{primary:?} alone"),
            (None, _) => f.write_str("nobody"),
        }
    }
}

impl View {
    /// The first view of a cluster that is set up with a primary and a backup.
    pub fn first(primary: Id, backup: Id) -> Self {
        View {
            number: ViewNumber(1),
            primary: Some(Member::new(primary)),
            backup: Some(Member::new(backup)),
        }
    }

    fn followed_by(self, primary: Member, backup: Option<Member>) -> Self {
        View { number: self.number.next(), primary: Some(primary), backup }
    }
}

/// Which view comes after `view`, if it is time for another one? `is_acknowledged` says whether the
/// primary of `view` has acknowledged it, and `alive` which servers are heard.
///
/// Until its primary has acknowledged a view, it may still serve in the one before, and alone know
/// what it has answered there. Then nobody can take its place.
pub fn next_view(
    rules: &impl RuleBook<Rule>,
    view: View,
    is_acknowledged: bool,
    alive: &BTreeMap<Id, Incarnation>,
) -> Option<View> {
    let servers =
        || alive.iter().map(|(id, incarnation)| Member { id: *id, incarnation: *incarnation });
    let is_there = |member: Member| servers().any(|server| server.is(rules, member));
    let idle_beside = |primary: Member| {
        let mut idle = servers().filter(|server| server.id != primary.id);
        idle.find(|_| rules.keeps(Rule::IdleBecomesBackup))
    };
    let Some(primary) = view.primary else {
        // The first server that is heard begins, with an empty database.
        return servers().min().map(|first| view.followed_by(first, None));
    };
    if !is_there(primary) {
        let may_replace = rules.require(Rule::AckBeforeNext, is_acknowledged);
        let heir = heir(rules, view, servers(), is_there)?;
        let replaces = may_replace && rules.keeps(Rule::DeadPrimaryIsReplaced);
        return replaces.then(|| view.followed_by(heir, idle_beside(heir)));
    }
    match view.backup {
        Some(backup) if is_there(backup) => None,
        Some(_) => rules
            .keeps(Rule::DeadBackupIsReplaced)
            .then(|| view.followed_by(primary, idle_beside(primary))),
        None => idle_beside(primary).map(|idle| view.followed_by(primary, Some(idle))),
    }
}

/// Who takes the place of the primary of `view`?
fn heir(
    rules: &impl RuleBook<Rule>,
    view: View,
    mut alive: impl Iterator<Item = Member>,
    is_there: impl Fn(Member) -> bool,
) -> Option<Member> {
    let backup = view.backup.filter(|backup| is_there(*backup));
    if !rules.keeps(Rule::NextPrimaryWasThere) && backup.is_some() {
        // Anybody who is there, but for those who were.
        return alive.find(|server| Some(*server) != backup);
    }
    if !rules.keeps(Rule::UninitializedNeverLeads) && backup.is_none() {
        return alive.min();
    }
    backup
}
