//! Actors that may change places: of all states that differ in nothing else, one is searched.

use stateright::actor::{Actor, Envelope, Id, RandomChoices, Timers};
use stateright::{Rewrite, RewritePlan};

/// A renaming: by actor, its new name. What lies beyond the actors keeps its own.
pub(super) type Plan = RewritePlan<Id, Vec<Id>>;

/// Renames what bears names.
pub(super) type Rename<T> = fn(&T, &Plan) -> T;

/// The most ways in which actors may change places: those of five.
const MOST_WAYS: usize = 120;

/// Says which actors are interchangeable, each with the others of its group. Of all states that are
/// each other's renamings one is searched: the space is smaller by up to the factorial of a group's
/// size, and what is found is exact.
///
/// What is asked in return:
/// - Handlers do the same under any name, and so do the ghost and the history's recorders. Every
///   question that was put to one of them is put again under all other names, and the search panics
///   where the answers differ.
/// - Properties and the boundary, what is obsolete and what a direction allows are true under all
///   names or none. That is taken on trust: they are asked about one of the states alone.
/// - `Rewrite` renames whatever bears a name, timers included. A list of choices for an actor does
///   not depend on the order of names.
///
/// It is for safety. A property that must hold eventually is not looked at by the search, and a
/// search that looks at one must not do this: it would not know who it is that waits.
pub struct Symmetry<A: Actor, G> {
    /// Each in ascending order; no actor is in two of them.
    pub(super) groups: Vec<Vec<usize>>,
    pub(super) state: Rename<A::State>,
    pub(super) storage: Rename<Option<A::Storage>>,
    pub(super) timer: Rename<A::Timer>,
    pub(super) timers: Rename<Timers<A::Timer>>,
    pub(super) random: Rename<A::Random>,
    pub(super) randoms: Rename<RandomChoices<A::Random>>,
    pub(super) envelope: Rename<Envelope<A::Msg>>,
    pub(super) ghost: Rename<G>,
}

impl<A, G> Symmetry<A, G>
where
    A: Actor<
            State: Rewrite<Id>,
            Storage: Rewrite<Id>,
            Timer: Rewrite<Id>,
            Random: Rewrite<Id>,
            Msg: Rewrite<Id>,
        >,
    G: Rewrite<Id>,
{
    /// These actors may change places.
    ///
    /// # Panics
    /// If they are more than five.
    pub fn over(actors: impl IntoIterator<Item = usize>) -> Self {
        let symmetry: Self = Symmetry {
            groups: Vec::new(),
            state: |state, plan| state.rewrite(plan),
            storage: |storage, plan| storage.rewrite(plan),
            timer: |timer, plan| timer.rewrite(plan),
            timers: |timers, plan| {
                // Stateright's own leaves timers as they are.
                let mut renamed = Timers::new();
                timers.iter().for_each(|timer| {
                    renamed.set(timer.rewrite(plan));
                });
                renamed
            },
            random: |random, plan| random.rewrite(plan),
            randoms: |randoms, plan| randoms.rewrite(plan),
            envelope: |envelope, plan| envelope.rewrite(plan),
            ghost: |ghost, plan| ghost.rewrite(plan),
        };
        symmetry.and(actors)
    }
}

impl<A: Actor, G> Symmetry<A, G> {
    /// So may these, among themselves.
    ///
    /// # Panics
    /// If one of them is in another group, or all groups together change places in more ways than
    /// five actors do.
    #[must_use]
    pub fn and(mut self, actors: impl IntoIterator<Item = usize>) -> Self {
        let mut actors: Vec<usize> = actors.into_iter().collect();
        actors.sort_unstable();
        actors.dedup();
        let is_elsewhere = |actor: &usize| self.groups.iter().flatten().any(|it| it == actor);
        assert!(!actors.iter().any(is_elsewhere), "of {actors:?} some are in another group");
        assert!(self.has_room(actors.len()), "{actors:?} change places in too many ways");
        self.groups.push(actors);
        self
    }

    /// True if [`and`](Self::and) takes a group of so many more actors.
    pub fn has_room(&self, actors: usize) -> bool {
        let sizes = self.groups.iter().map(Vec::len).chain([actors]);
        let ways = sizes.flat_map(|size| 1..=size).try_fold(1_usize, |ways, size| {
            ways.checked_mul(size).filter(|ways| *ways <= MOST_WAYS)
        });
        ways.is_some()
    }

    /// The actors that change places, by group; a group has at least two of them.
    pub fn groups(&self) -> impl Iterator<Item = &[usize]> {
        self.groups.iter().map(Vec::as_slice).filter(|group| group.len() > 1)
    }

    /// All renamings of `count` actors, of which these change places; the first changes nothing.
    pub(super) fn plans(&self, count: usize) -> Vec<Plan> {
        let mut all: Vec<Vec<Id>> = vec![(0..count).map(Id::from).collect()];
        for group in &self.groups {
            let mut more = Vec::new();
            each_order(&mut group.clone(), 0, &mut |order| {
                more.extend(all.iter().map(|names| {
                    let mut names = names.clone();
                    for (actor, name) in group.iter().zip(order) {
                        names[*actor] = Id::from(*name);
                    }
                    names
                }));
            });
            all = more;
        }
        let plan = |names| Plan::new(names, |id, names| *names.get(usize::from(*id)).unwrap_or(id));
        all.into_iter().map(plan).collect()
    }
}

/// Not derived, for then actors would have to be `Clone`.
impl<A: Actor, G> Clone for Symmetry<A, G> {
    fn clone(&self) -> Self {
        Symmetry { groups: self.groups.clone(), ..*self }
    }
}

/// Shows `all` in each order of what follows the first `fixed` of them, the given order first.
fn each_order(all: &mut [usize], fixed: usize, show: &mut impl FnMut(&[usize])) {
    if fixed + 1 >= all.len() {
        return show(all);
    }
    for next in fixed..all.len() {
        all.swap(fixed, next);
        each_order(all, fixed + 1, show);
        all.swap(fixed, next);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::each_order;

    #[test]
    fn each_order_is_shown_once_and_the_given_one_first() {
        for count in 0..=5 {
            let given: Vec<usize> = (0..count).collect();
            let mut shown = Vec::new();
            each_order(&mut given.clone(), 0, &mut |order| shown.push(order.to_vec()));
            assert_eq!(shown[0], given);
            assert_eq!(shown.len(), (1..=count).product::<usize>());
            assert_eq!(BTreeSet::from_iter(&shown).len(), shown.len());
        }
    }
}
