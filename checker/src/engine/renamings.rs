//! What states are called when actors change places, by numbers, and which of these is the least.

use super::arena::Places;
use super::doors::Doors;
use super::inbox::Order;
use super::parts::{Explorable, Extras, History, Local, Parts};
use super::shared::Shared;
use super::symmetry::{Plan, Symmetry};
use super::system::{Rules, System};
use super::table::Tight;

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
    origins: Vec<usize>,
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
        let actors = &symmetry.actors;
        let are_there = actors.iter().all(|actor| *actor < system.actors());
        assert!(are_there, "of {actors:?} some are no actors");
        if let Rules::Spec(spec) = system.rules {
            let is_alike = actors.is_sorted_by_key(|actor| *actor < spec.servers)
                && actors.is_sorted_by_key(|actor| *actor >= spec.servers);
            assert!(is_alike, "of {actors:?} some are servers and some clients");
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
    fn leaves<C>(
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

/// One thread's way to the least of a state's renamings.
pub(super) struct Least<'s, A: Explorable, C, G: History> {
    shared: &'s Shared<'s, A, C, G>,
    renamings: &'s Renamings<A, G>,
    /// Of the state at hand: by leaf its images, and the renamings that are least so far.
    images: Vec<&'s [u32]>,
    least: Vec<usize>,
    rows: Vec<u32>,
    /// By row, how many distinct renamings it has.
    sizes: Vec<u64>,
    /// The renamings of all states that were counted.
    pub whole: u64,
}

impl<'s, A: Explorable, C, G: History> Least<'s, A, C, G> {
    /// `None` if no actors change places.
    pub fn new(shared: &'s Shared<'s, A, C, G>) -> Option<Self> {
        let renamings = shared.renamings.as_ref()?;
        let (images, least, rows, sizes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Some(Least { shared, renamings, images, least, rows, sizes, whole: 0 })
    }

    /// Counts the renamings of the state at this place among those that were settled last.
    pub fn count(&mut self, place: usize) {
        self.whole += self.sizes[place];
    }

    /// Puts the key of the least of its renamings in the place of each key. Numbers differ from run
    /// to run, and with them which is the least; all threads of a run agree.
    pub fn settle(&mut self, mut doors: Doors<'s>, keys: &mut Vec<u64>) -> Doors<'s> {
        let layout = doors.visited.layout();
        let size = layout.len();
        self.rows.clear();
        self.sizes.clear();
        for key in keys.chunks_exact(layout.words()) {
            let start = self.rows.len();
            self.rows.resize(start + size, 0);
            layout.unpack(key, &mut self.rows[start..]);
            self.rename(start);
        }
        let mut numbers = self.rows.iter().enumerate();
        while let Some((place, number)) = numbers
            .by_ref()
            .find(|(place, number)| !doors.visited.layout().has_room(place % size, **number))
        {
            let tight = Tight { component: place % size, number: *number };
            doors = doors.widen(self.shared, tight);
        }
        keys.clear();
        for row in self.rows.chunks_exact(size) {
            doors.visited.layout().append(row, keys);
        }
        doors
    }

    /// Puts its least renaming in the place of the row that begins at `start`.
    fn rename(&mut self, start: usize) {
        let Shared { system, parts, .. } = self.shared;
        let (renamings, row) = (self.renamings, &mut self.rows[start..]);
        self.images.clear();
        for (leaf, number) in row.iter().enumerate() {
            self.images.push(renamings.leaves(system, parts, leaf, *number));
        }
        self.least.clear();
        self.least.extend(0..renamings.all.len());
        for (leaf, place) in row.iter_mut().enumerate() {
            let image = |index: usize| self.images[renamings.all[index].origins[leaf]][index];
            *place = image(self.least[0]);
            if self.least.len() == 1 {
                continue;
            }
            let mut kept = 0;
            for at in 0..self.least.len() {
                let number = image(self.least[at]);
                if number < *place {
                    (*place, kept) = (number, 0);
                }
                if number == *place {
                    self.least[kept] = self.least[at];
                    kept += 1;
                }
            }
            self.least.truncate(kept);
        }
        // Each of its renamings is reached in as many ways as the least is.
        self.sizes.push((renamings.all.len() / self.least.len()) as u64);
    }
}
