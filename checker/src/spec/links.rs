//! Links that are down for good: partitions, also partial ones and one-way ones.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::{Actor, Id};

use super::Spec;

/// The links that are down for good, each as from whom and to whom.
pub type Links = BTreeSet<(Id, Id)>;

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// What the actor `from` sends to the actor `to` is lost when sent, at no cost.
    ///
    /// # Panics
    /// If there is no such actor, or they are the same.
    pub fn without_link(mut self, from: usize, to: usize) -> Self {
        let actors = self.system.actors.len();
        assert!(from < actors && to < actors && from != to, "{}: no such link", self.name);
        self.links_down.insert((from.into(), to.into()));
        self
    }

    /// Nothing passes between the actors `one` and `other`, in neither direction.
    ///
    /// # Panics
    /// If there is no such actor, or they are the same.
    pub fn without_link_between(self, one: usize, other: usize) -> Self {
        self.without_link(one, other).without_link(other, one)
    }

    /// The links that are down, in words.
    pub(super) fn link_bounds(&self) -> Vec<String> {
        let names = self.names();
        let name = |id: Id| &names[usize::from(id)];
        let down = &self.links_down;
        let in_words = down.iter().filter_map(|(from, to)| {
            let is_both = down.contains(&(*to, *from));
            match is_both {
                true if from < to => {
                    Some(format!("no link between {} and {}", name(*from), name(*to)))
                }
                true => None,
                false => Some(format!("no link from {} to {}", name(*from), name(*to))),
            }
        });
        in_words.collect()
    }
}
