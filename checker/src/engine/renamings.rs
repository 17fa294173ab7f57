//! What states are called when actors change places, by numbers.

use super::arena::Places;
use super::inbox::Order;
use super::parts::{Explorable, Extras, History, Local, Parts};
use super::symmetry::{Plan, Symmetry};
use super::system::{Rules, System};

/// All renamings, and the numbers of what was renamed.
pub(super) struct Renamings<A: Explorable, G> {
    symmetry: Symmetry<A, G>,
    pub all: Vec<Renaming>,
    locals: Images,
    envelopes: Images,
    ghosts: Images,
    /// By leaf, then by the number there.
    leaves: Vec<Images>,
}

/// By number, those of its images under all renamings.
type Images = Places<Box<[u32]>>;

/// One way for actors to change places.
pub(super) struct Renaming {
    plan: Plan,
    /// By leaf, where it goes, and whose comes there.
    targets: Vec<usize>,
    pub origins: Vec<usize>,
}

impl Renaming {
    fn new(plan: Plan, leaves: usize) -> Self {
        let names = plan.get_state();
        let target = |leaf: usize| names.get(leaf).map_or(leaf, |name| usize::from(*name));
        let targets: Vec<usize> = (0..leaves).map(target).collect();
        let mut origins = vec![0; leaves];
        for (origin, target) in targets.iter().enumerate() {
            origins[*target] = origin;
        }
        Renaming { plan, targets, origins }
    }

    /// What the actor is called.
    pub fn name(&self, actor: usize) -> usize {
        self.targets[actor]
    }
}

impl<A: Explorable, G: History> Renamings<A, G> {
    /// # Panics
    /// If `symmetry` is over actors that are not there, or of which some may crash and others not.
    pub fn new<C>(symmetry: Symmetry<A, G>, system: &System<'_, A, C, G>) -> Self {
        for actors in &symmetry.groups {
            let are_there = actors.iter().all(|actor| *actor < system.actors());
            assert!(are_there, "of {actors:?} some are no actors");
            if let Rules::Spec(spec) = system.rules {
                let is_alike = actors.is_sorted_by_key(|actor| *actor < spec.servers)
                    && actors.is_sorted_by_key(|actor| *actor >= spec.servers);
                assert!(is_alike, "of {actors:?} some are servers and some clients");
            }
        }
        let leaves = system.leaf_count();
        let plans = symmetry.plans(system.actors()).into_iter();
        Renamings {
            all: plans.map(|plan| Renaming::new(plan, leaves)).collect(),
            symmetry,
            locals: Images::default(),
            envelopes: Images::default(),
            ghosts: Images::default(),
            leaves: (0..leaves).map(|_| Images::default()).collect(),
        }
    }

    /// What is remembered as the images of `number`, or else what `image` says.
    fn images<'m>(
        &self,
        known: &'m Images,
        number: u32,
        image: impl FnMut(&Renaming) -> u32,
    ) -> &'m [u32] {
        known.get(number).unwrap_or_else(|| known.put(number, self.all.iter().map(image).collect()))
    }

    /// The images of what an actor has of its own.
    pub fn locals(&self, parts: &Parts<A, G>, number: u32) -> &[u32] {
        let Symmetry { state, storage, timers, randoms, .. } = &self.symmetry;
        let local = *parts.locals.get(number);
        self.images(&self.locals, number, |Renaming { plan, .. }| {
            parts.locals.intern(Local {
                state: parts.states.intern(state(parts.states.get(local.state), plan).into()),
                timers: parts.timers.intern(timers(parts.timers.get(local.timers), plan)),
                storage: parts.storages.intern(storage(parts.storages.get(local.storage), plan)),
                backup: parts.storages.intern(storage(parts.storages.get(local.backup), plan)),
                randoms: parts.randoms.intern(randoms(parts.randoms.get(local.randoms), plan)),
                // There is none: symmetry is for specs without time.
                clock: local.clock,
                // And for specs without cuts.
                cuts: local.cuts,
                crashed: local.crashed,
            })
        })
    }

    /// The images of a message.
    pub fn envelopes(&self, parts: &Parts<A, G>, number: u32) -> &[u32] {
        let envelope = self.symmetry.envelope;
        self.images(&self.envelopes, number, |Renaming { plan, .. }| {
            parts.envelopes.intern(envelope(parts.envelopes.get(number), plan))
        })
    }

    /// An inbox, or what is sent to one, under the renaming with this index.
    pub fn inbox(&self, parts: &Parts<A, G>, order: Order, number: u32, index: usize) -> u32 {
        let inbox = parts.inboxes.get(number).iter();
        let mut renamed: Vec<u32> = inbox.map(|it| self.envelopes(parts, *it)[index]).collect();
        match order {
            Order::Set | Order::Bag => renamed.sort_unstable(),
            // In a flow they stay in order.
            Order::Queues => renamed.sort_by_key(|it| parts.flow(*it)),
        }
        parts.inboxes.intern(renamed)
    }

    /// The images of what is in a leaf, each in the leaf where its renaming takes it.
    pub fn leaves<C>(
        &self,
        system: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
        leaf: usize,
        number: u32,
    ) -> &[u32] {
        let mut index = 0;
        self.images(&self.leaves[leaf], number, |renaming| {
            let image = if leaf < system.seats {
                let (local, inbox) = *parts.seats[leaf].get(number);
                // Nobody has nothing of its own.
                let is_actor = leaf < system.actors();
                let local = if is_actor { self.locals(parts, local)[index] } else { local };
                let inbox = self.inbox(parts, system.order, inbox, index);
                parts.seat(renaming.targets[leaf], local, inbox)
            } else if leaf == system.ghost_leaf() {
                self.ghosts(parts, number)[index]
            } else {
                let extras = *parts.extras.get(number);
                let last = extras.last.map(|last| self.envelopes(parts, last)[index]);
                parts.extras.intern(Extras { last, ..extras })
            };
            index += 1;
            image
        })
    }

    /// The images of a ghost.
    pub fn ghosts(&self, parts: &Parts<A, G>, number: u32) -> &[u32] {
        let ghost = self.symmetry.ghost;
        self.images(&self.ghosts, number, |Renaming { plan, .. }| {
            parts.ghosts.intern(ghost(parts.ghosts.get(number), plan))
        })
    }

    /// The images of a timer, and of a choice.
    pub fn timer(&self, parts: &Parts<A, G>, renaming: &Renaming, number: u32) -> u32 {
        parts.timer.intern((self.symmetry.timer)(parts.timer.get(number), &renaming.plan))
    }

    pub fn choice(&self, parts: &Parts<A, G>, renaming: &Renaming, number: u32) -> u32 {
        let (key, random) = parts.choice.get(number);
        let image = (self.symmetry.random)(random, &renaming.plan);
        parts.choice.intern((key.clone(), image))
    }

    /// All renamings of the state of `row`.
    pub fn all_of<C>(
        &self,
        system: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
        row: &[u32],
    ) -> Vec<Vec<u32>> {
        let images: Vec<&[u32]> =
            (0..row.len()).map(|leaf| self.leaves(system, parts, leaf, row[leaf])).collect();
        let rows = self.all.iter().enumerate().map(|(index, renaming)| {
            renaming.origins.iter().map(|origin| images[*origin][index]).collect()
        });
        rows.collect()
    }
}
