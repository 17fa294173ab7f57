//! The properties as the search sees them, and what decides one.

use std::sync::Arc;

use stateright::Expectation;

use super::parts::Explorable;
use crate::caught::caught;
use crate::spec::{Sees, State};

/// A property as the search sees it.
pub(super) struct Check<'a, A: Explorable, G> {
    pub name: &'static str,
    pub expectation: Expectation,
    pub sees: Sees,
    pub condition: Condition<'a, A, G>,
    /// Set if it is decided by what a state offers, and not by the condition.
    pub on_expansion: Option<OnExpansion>,
}

/// What is found out about a state when it is expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnExpansion {
    /// Nobody can do anything any more.
    Deadlock,
    /// A message is called obsolete, and its receiver would heed it.
    HeedsObsolete,
}

/// That a state decides a property.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    pub state: u32,
    /// The words with which the condition panicked, if it did.
    pub panic: Option<Arc<str>>,
}

/// A question about a whole state.
pub(super) type Condition<'a, A, G> = Box<dyn Fn(&State<A, G>) -> bool + Sync + 'a>;

impl<A: Explorable, G> Check<'_, A, G> {
    /// True if it is asked about states of which this is shown.
    pub fn is_asked(&self, sees: Sees) -> bool {
        self.sees == sees
            && self.expectation != Expectation::Eventually
            && self.on_expansion.is_none()
    }

    /// What state number `number` decides, if anything: it breaks the property, shows that it can
    /// be reached, or makes the condition panic.
    pub fn decide(&self, number: u32, state: &State<A, G>) -> Option<Decision> {
        let panic = match caught(|| (self.condition)(state)) {
            Ok(is_true) if is_true == (self.expectation == Expectation::Sometimes) => None,
            Ok(_) => return None,
            Err(words) => Some(words),
        };
        Some(Decision { state: number, panic })
    }

    /// True if a property that is decided so should not be.
    pub fn is_failed_by(&self, decision: &Decision) -> bool {
        decision.panic.is_some() || self.expectation.discovery_is_failure()
    }
}
