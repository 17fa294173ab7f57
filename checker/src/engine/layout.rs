//! Where in a key each number of a state is: a state is a few words, packed bit by bit.

/// Which bits of a key hold which component's number. No number lies across two words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    fields: Vec<Field>,
    /// How many 32-bit numbers a key has.
    halves: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Field {
    word: usize,
    shift: u32,
    bits: u32,
}

impl Layout {
    /// A layout for components of which each has so many values by now, and may come to have twice
    /// as many before it must be laid out anew.
    pub fn new(counts: &[usize]) -> Self {
        let mut fields: Vec<Field> = counts
            .iter()
            .map(|count| match count {
                // Nothing need be said of what has one value.
                0 | 1 => Field::default(),
                count => Field { bits: ((count - 1).ilog2() + 2).min(32), ..Field::default() },
            })
            .collect();
        let mut by_size: Vec<usize> = (0..fields.len()).collect();
        by_size.sort_by_key(|index| std::cmp::Reverse(fields[*index].bits));
        let mut used = vec![0];
        for index in &by_size {
            let field = &mut fields[*index];
            let has_room = |used: &u32| used + field.bits <= u64::BITS;
            field.word = used.iter().position(has_room).unwrap_or(used.len());
            if field.word == used.len() {
                used.push(0);
            }
            used[field.word] += field.bits;
        }
        let is_last_half = used.last().is_some_and(|used| *used <= 32);
        let halves = used.len() * 2 - usize::from(is_last_half);
        for (word, used) in used.into_iter().enumerate() {
            let size = if is_last_half && word * 2 + 1 == halves { 32 } else { u64::BITS };
            share(&mut fields, &by_size, word, size - used);
        }
        Layout { fields, halves }
    }

    /// How many 64-bit words a key has.
    pub fn words(&self) -> usize {
        self.halves.div_ceil(2)
    }

    /// How many 32-bit numbers a key has.
    pub fn halves(&self) -> usize {
        self.halves
    }

    /// How many components there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// True if there is room for this number of a component.
    #[inline]
    pub fn has_room(&self, component: usize, number: u32) -> bool {
        u64::from(number) >> self.fields[component].bits == 0
    }

    /// The number of a component.
    #[inline]
    pub fn get(&self, key: &[u64], component: usize) -> u32 {
        let Field { word, shift, bits } = self.fields[component];
        (key[word] >> shift & ((1 << bits) - 1)) as u32
    }

    /// Puts one number of a component in the place of another; there is room for both.
    #[inline]
    pub fn change(&self, key: &mut [u64], component: usize, from: u32, to: u32) {
        let Field { word, shift, .. } = self.fields[component];
        key[word] ^= u64::from(from ^ to) << shift;
    }

    /// Appends the key of these numbers, for each of which there is room.
    #[inline]
    pub fn append(&self, numbers: &[u32], keys: &mut Vec<u64>) {
        let start = keys.len();
        keys.resize(start + self.words(), 0);
        for (component, number) in numbers.iter().enumerate() {
            self.change(&mut keys[start..], component, 0, *number);
        }
    }

    /// The numbers of a key.
    #[inline]
    pub fn unpack(&self, key: &[u64], numbers: &mut [u32]) {
        for (component, number) in numbers.iter_mut().enumerate() {
            *number = self.get(key, component);
        }
    }
}

/// Gives the bits that a word has left to the components in it in turn, those of many values first:
/// they will grow most.
fn share(fields: &mut [Field], by_size: &[usize], word: usize, mut spare: u32) {
    let mut mine = by_size.to_vec();
    mine.retain(|index| fields[*index].word == word && fields[*index].bits > 0);
    while spare > 0 && mine.iter().any(|index| fields[*index].bits < 32) {
        for index in &mine {
            if spare > 0 && fields[*index].bits < 32 {
                fields[*index].bits += 1;
                spare -= 1;
            }
        }
    }
    let mut shift = 0;
    for index in mine {
        fields[index].shift = shift;
        shift += fields[index].bits;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Layout;

    proptest! {
        #[test]
        fn numbers_are_packed_apart_from_each_other_and_found_again(
            components in prop::collection::vec((0_u32..34, any::<u32>()), 1..40),
            changed: prop::sample::Index,
        ) {
            let bound = |bits: &u32| (1_u64 << bits).min(1 << 32);
            let counts: Vec<usize> =
                components.iter().map(|(bits, _)| bound(bits) as usize).collect();
            let layout = Layout::new(&counts);
            let below = |(bits, some): &(u32, u32)| (u64::from(*some) % bound(bits)) as u32;
            let mut numbers: Vec<u32> = components.iter().map(below).collect();
            let mut key = Vec::new();
            layout.append(&numbers, &mut key);
            let mut found = vec![0; numbers.len()];
            layout.unpack(&key, &mut found);
            prop_assert_eq!(&found, &numbers);
            prop_assert!(layout.words() * 2 - layout.halves() <= 1);
            prop_assert!(layout.halves().is_multiple_of(2) || key.last().unwrap() >> 32 == 0);

            let changed = changed.index(numbers.len());
            let other = (counts[changed] - 1) as u32;
            prop_assert!(layout.has_room(changed, other));
            layout.change(&mut key, changed, numbers[changed], other);
            numbers[changed] = other;
            layout.unpack(&key, &mut found);
            prop_assert_eq!(&found, &numbers);
        }
    }

    #[test]
    fn what_has_one_value_takes_no_room_and_what_has_more_may_double() {
        let layout = Layout::new(&[1, 1000, 2, 1]);
        assert_eq!(layout.halves(), 1);
        assert!(!layout.has_room(0, 1) && layout.has_room(1, 2047) && layout.has_room(2, 3));
    }
}
