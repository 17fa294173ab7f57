//! Which of a state's renamings is the least: one thread's way to it.

use super::doors::Doors;
use super::parts::{Explorable, History};
use super::renamings::Renamings;
use super::shared::Shared;
use super::table::Tight;

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
