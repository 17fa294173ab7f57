//! The tables that threads share, open to one of them.

use super::parts::{Explorable, History};
use super::shared::Shared;
use super::table::{Door, Tight};
use super::view::View;

/// The shared tables, open to one thread.
pub(super) struct Doors<'s> {
    pub visited: Door<'s>,
    /// By view.
    pub views: Vec<Door<'s>>,
}

impl<'s> Doors<'s> {
    /// Opens all tables, always in the same order.
    pub fn open<A: Explorable, C, G: History>(shared: &'s Shared<'s, A, C, G>) -> Self {
        let views = shared.views.iter().map(|view| view.seen.open());
        Doors { visited: shared.visited.open(), views: views.collect() }
    }

    /// Makes room where it is wanted, with all doors closed meanwhile: another thread may be
    /// waiting for them to be, for the same reason.
    pub fn reopen_if_crowded<A: Explorable, C, G: History>(
        self,
        shared: &'s Shared<'s, A, C, G>,
    ) -> Self {
        if !self.visited.is_crowded() && !self.views.iter().any(Door::is_crowded) {
            return self;
        }
        drop(self);
        shared.visited.make_room();
        shared.views.iter().for_each(|view| view.seen.make_room());
        Doors::open(shared)
    }

    /// Makes room for a number in the keys of states.
    pub fn widen<A: Explorable, C, G: History>(
        self,
        shared: &'s Shared<'s, A, C, G>,
        tight: Tight,
    ) -> Self {
        drop(self);
        shared.visited.widen(tight, &shared.counts());
        Doors::open(shared)
    }

    /// Makes room for a number in the keys of a view.
    pub fn widen_view<A: Explorable, C, G: History>(
        self,
        shared: &'s Shared<'s, A, C, G>,
        view: &View,
        tight: Tight,
    ) -> Self {
        drop(self);
        view.seen.widen(tight, &view.counts(&shared.system, &shared.parts));
        Doors::open(shared)
    }
}
