//! What a run may not put off for ever.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::Actor;

use super::{Action, ActionOf, Spec};
pub use crate::liveness::Fairness;

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// Asks strong fairness of the actions to which `applies`, faults aside.
    pub fn strongly_fair(mut self, applies: fn(&ActionOf<A>) -> bool) -> Self {
        self.strong = applies;
        self
    }

    /// The fairness of an action: none for faults and for what a budget is charged with, otherwise
    /// weak, unless the spec asks for more.
    pub fn fairness_of(&self, action: &ActionOf<A>) -> Fairness {
        let is_charged = match action {
            Action::Timeout(_, timer) => self.timeout_kind(timer).is_some(),
            _ => false,
        };
        if action.is_fault() || is_charged {
            Fairness::None
        } else if (self.strong)(action) {
            Fairness::Strong
        } else {
            Fairness::Weak
        }
    }
}
