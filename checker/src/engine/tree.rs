//! A state as a binary tree of pairs: each pair of numbers that was met has a number of its own,
//! and the pair at the root is the state, in 64 bits and exactly.

use std::ops::Range;

use super::memo::Cache;
use super::table::{Door, Table};

/// The shape of the tree over a number of leaves, and its pairs.
#[derive(Debug)]
pub struct Tree {
    leaves: usize,
    /// What each inner node pairs: leaves first, then inner nodes, in this order. The last is the
    /// root.
    nodes: Vec<(usize, usize)>,
    /// By leaf, the inner nodes above it, as bits.
    above: Vec<u128>,
    /// By inner node, except the root, whose pairs are the states.
    pairs: Vec<Table>,
}

/// Numbers of several states, and which of their inner nodes are to be numbered anew.
#[derive(Debug)]
pub struct Rows {
    size: usize,
    numbers: Vec<u32>,
    changed: Vec<u128>,
}

impl Rows {
    /// None yet.
    pub fn new(tree: &Tree) -> Self {
        Rows { size: tree.size(), numbers: Vec::new(), changed: Vec::new() }
    }

    /// Adds a state.
    pub fn push(&mut self, numbers: &[u32], changed: u128) {
        self.numbers.extend_from_slice(numbers);
        self.changed.push(changed);
    }

    /// Adds a state none of whose inner nodes is numbered.
    pub fn push_leaves(&mut self, leaves: &[u32]) {
        let inner = self.size - leaves.len();
        self.numbers.extend_from_slice(leaves);
        self.numbers.extend(std::iter::repeat_n(0, inner));
        self.changed.push(u128::MAX);
    }

    /// One state's numbers.
    pub fn row(&self, index: usize) -> &[u32] {
        &self.numbers[index * self.size..][..self.size]
    }

    /// Forgets them all.
    pub fn clear(&mut self) {
        self.numbers.clear();
        self.changed.clear();
    }
}

/// One thread's memory of pairs it met.
#[derive(Debug)]
pub struct PairCache {
    nodes: Vec<Cache<u64, u32>>,
}

/// Slots for the pairs of a node at the start.
const PAIR_BITS: u32 = 12;

/// 2^13 pairs by node fit into a core's own cache memory.
const PAIR_CACHE_BITS: u32 = 13;

impl Tree {
    /// # Panics
    /// If there are fewer than two leaves, or more than 128.
    pub fn new(leaves: usize) -> Self {
        assert!((2..=128).contains(&leaves), "{leaves} components in a state");
        let mut nodes = Vec::new();
        halve(leaves, 0..leaves, &mut nodes);
        let mut above = vec![0_u128; leaves + nodes.len()];
        for (index, (left, right)) in nodes.iter().enumerate().rev() {
            let path = above[leaves + index] | 1 << index;
            above[*left] = path;
            above[*right] = path;
        }
        above.truncate(leaves);
        let pairs = nodes[1..].iter().map(|_| Table::new(PAIR_BITS)).collect();
        Tree { leaves, nodes, above, pairs }
    }

    /// A cache for one thread.
    pub fn cache(&self) -> PairCache {
        PairCache { nodes: self.pairs.iter().map(|_| Cache::new(PAIR_CACHE_BITS)).collect() }
    }

    /// How many numbers [`fill`](Self::fill) wants: the leaves', then the inner nodes'.
    pub fn size(&self) -> usize {
        self.leaves + self.pairs.len()
    }

    /// The nodes above a leaf, to be joined with those above other leaves that changed.
    pub fn above(&self, leaf: usize) -> u128 {
        self.above[leaf]
    }

    /// The tables of pairs, open.
    pub fn open(&self) -> Vec<Door<'_>> {
        self.pairs.iter().map(Table::open).collect()
    }

    /// Makes room where it is wanted. The caller has closed its doors.
    pub fn make_room(&self) {
        self.pairs.iter().for_each(Table::make_room);
    }

    /// Numbers the `changed` inner nodes in `numbers`, and returns the root.
    pub fn fill(
        &self,
        doors: &[Door<'_>],
        numbers: &mut [u32],
        mut changed: u128,
        cache: &mut PairCache,
    ) -> u64 {
        changed &= (1 << self.pairs.len()) - 1;
        while changed != 0 {
            let index = changed.trailing_zeros() as usize;
            changed &= changed - 1;
            let pair = self.pair(index, numbers);
            let number = cache.nodes[index].get(pair).unwrap_or_else(|| {
                let (number, _) = doors[index].insert(pair, 0);
                cache.nodes[index].put(pair, number);
                number
            });
            numbers[self.leaves + index] = number;
        }
        self.pair(self.pairs.len(), numbers)
    }

    /// Does as [`fill`](Self::fill) for each of `rows`, node by node, and returns the roots.
    pub fn fill_all(&self, doors: &[Door<'_>], rows: &mut Rows, cache: &mut PairCache) -> Vec<u64> {
        let size = self.size();
        let (mut unknown, mut pairs) = (Vec::new(), Vec::new());
        for (index, door) in doors.iter().enumerate() {
            for (row, changed) in rows.changed.iter().enumerate() {
                if changed & (1 << index) != 0 {
                    let numbers = &mut rows.numbers[row * size..][..size];
                    let pair = self.pair(index, numbers);
                    if let Some(number) = cache.nodes[index].get(pair) {
                        numbers[self.leaves + index] = number;
                    } else {
                        unknown.push(row);
                        pairs.push(pair);
                    }
                }
            }
            door.approach(&pairs);
            for (row, pair) in unknown.drain(..).zip(pairs.drain(..)) {
                let (number, _) = door.insert(pair, 0);
                cache.nodes[index].put(pair, number);
                rows.numbers[row * size + self.leaves + index] = number;
            }
        }
        let rows = rows.numbers.chunks_exact(size);
        rows.map(|numbers| self.pair(self.pairs.len(), numbers)).collect()
    }

    /// The leaves under a root.
    pub fn leaves(&self, root: u64) -> Vec<u32> {
        let mut numbers = vec![0; self.leaves + self.pairs.len()];
        for (index, (left, right)) in self.nodes.iter().enumerate().rev() {
            let pair = match self.pairs.get(index) {
                Some(pairs) => pairs.key(numbers[self.leaves + index]),
                None => root,
            };
            numbers[*left] = (pair >> 32) as u32;
            numbers[*right] = pair as u32;
        }
        numbers.truncate(self.leaves);
        numbers
    }

    /// How many pairs are known, all nodes together.
    pub fn pairs(&self) -> usize {
        self.pairs.iter().map(Table::len).sum()
    }

    fn pair(&self, index: usize, numbers: &[u32]) -> u64 {
        let (left, right) = self.nodes[index];
        (u64::from(numbers[left]) << 32) | u64::from(numbers[right])
    }
}

/// Pairs the leaves of `range` so that each half is below one node. Two halves of one size have the
/// fewest distinct values. Returns the place of the number that stands for all.
fn halve(leaves: usize, range: Range<usize>, nodes: &mut Vec<(usize, usize)>) -> usize {
    if range.len() == 1 {
        return range.start;
    }
    let middle = range.start + range.len() / 2;
    let left = halve(leaves, range.start..middle, nodes);
    let right = halve(leaves, middle..range.end, nodes);
    nodes.push((left, right));
    leaves + nodes.len() - 1
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn a_root_is_its_leaves_and_no_others() {
        for count in 2..=9 {
            let tree = Tree::new(count);
            let mut cache = tree.cache();
            let some: Vec<u32> = (0..count as u32).map(|n| n * 7).collect();
            let mut numbers = some.clone();
            numbers.resize(tree.size(), 0);
            let root = tree.fill(&tree.open(), &mut numbers, u128::MAX, &mut cache);
            assert_eq!(tree.leaves(root), some);
            for changed in 0..count {
                let mut numbers = some.clone();
                numbers.resize(tree.size(), 0);
                tree.fill(&tree.open(), &mut numbers, u128::MAX, &mut cache);
                numbers[changed] += 1;
                let other = tree.fill(&tree.open(), &mut numbers, tree.above(changed), &mut cache);
                assert_ne!(other, root);
                assert_eq!(tree.leaves(other), numbers[..count]);
                assert_eq!(tree.fill(&tree.open(), &mut numbers, u128::MAX, &mut cache), other);
            }
        }
    }
}
