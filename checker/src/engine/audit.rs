//! Finds out conditions that read more of a state than they say.
//!
//! A condition is asked twice about each state: once it is shown all of the state, and once only
//! what it says it sees, with all else as it was at the start. If the answers differ in any state,
//! a search that shows it no more may be wrong. If they never differ, that search is right.

use std::sync::atomic::{AtomicBool, Ordering};

use super::checks::Condition;
use super::parts::{Explorable, History, Parts};
use super::scratch::Scratch;
use super::system::System;
use crate::caught::caught;
use crate::spec::Sees;

/// A condition that is audited.
pub(super) struct Audited<'a, A: Explorable, G> {
    pub name: &'static str,
    pub sees: Sees,
    pub condition: Condition<'a, A, G>,
    reads_more: AtomicBool,
}

impl<'a, A: Explorable, G> Audited<'a, A, G> {
    pub fn new(name: &'static str, sees: Sees, condition: Condition<'a, A, G>) -> Self {
        Audited { name, sees, condition, reads_more: AtomicBool::new(false) }
    }

    /// True if it was found to read more than it says.
    pub fn reads_more(&self) -> bool {
        self.reads_more.load(Ordering::Relaxed)
    }
}

/// One thread's way to audit conditions.
pub(super) struct Auditor<'s, A: Explorable, G> {
    audited: &'s [Audited<'s, A, G>],
    /// By condition, a state of which it sees everything, and one of which it sees what it says.
    states: Vec<(Scratch<A, G>, Scratch<A, G>)>,
}

impl<'s, A: Explorable, G: History> Auditor<'s, A, G> {
    /// Audits these conditions. `scratch` makes a state of which this much is shown.
    pub fn new(audited: &'s [Audited<'s, A, G>], scratch: impl Fn(Sees) -> Scratch<A, G>) -> Self {
        let states = audited.iter().map(|one| (scratch(Sees::EVERYTHING), scratch(one.sees)));
        Auditor { audited, states: states.collect() }
    }

    /// Asks the conditions about the state of `leaves`.
    pub fn look<C>(&mut self, system: &System<'_, A, C, G>, parts: &Parts<A, G>, leaves: &[u32]) {
        for (one, (whole, shown)) in self.audited.iter().zip(&mut self.states) {
            let (whole, shown) = (whole.at(system, parts, leaves), shown.at(system, parts, leaves));
            if caught(|| (one.condition)(whole)) != caught(|| (one.condition)(shown)) {
                one.reads_more.store(true, Ordering::Relaxed);
            }
        }
    }
}
