//! The tables that threads share, open to one of them.

use super::parts::{Explorable, History};
use super::shared::Shared;
use super::table::Door;

/// The shared tables, open to one thread.
pub(super) struct Doors<'s> {
    pub visited: Door<'s>,
    pub pairs: Vec<Door<'s>>,
    pub views: Door<'s>,
    pub view_pairs: Vec<Door<'s>>,
}

impl<'s> Doors<'s> {
    /// Opens all tables, always in the same order.
    pub fn open<A: Explorable, C, G: History>(shared: &'s Shared<'s, A, C, G>) -> Self {
        Doors {
            visited: shared.visited.open(),
            pairs: shared.tree.open(),
            views: shared.views.open(),
            view_pairs: shared.view_tree.open(),
        }
    }

    /// Makes room where it is wanted, with all doors closed meanwhile: another thread may be
    /// waiting for them to be, for the same reason.
    pub fn reopen_if_crowded<A: Explorable, C, G: History>(
        self,
        shared: &'s Shared<'s, A, C, G>,
    ) -> Self {
        let mut trees = self.pairs.iter().chain(&self.view_pairs);
        let is_crowded = self.visited.is_crowded()
            || self.views.is_crowded()
            || trees.any(|door| door.is_crowded());
        if !is_crowded {
            return self;
        }
        drop(self);
        shared.visited.make_room();
        shared.tree.make_room();
        shared.views.make_room();
        shared.view_tree.make_room();
        Doors::open(shared)
    }
}
