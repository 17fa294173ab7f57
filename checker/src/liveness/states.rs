//! A set of states, one bit each.

/// A set of states. Whatever was never inserted is not in it, however large its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct States(Vec<u64>);

impl States {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a state.
    pub fn insert(&mut self, state: u32) {
        let word = state as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (state % 64);
    }

    /// Whether `state` is in the set.
    pub fn contains(&self, state: u32) -> bool {
        self.0.get(state as usize / 64).is_some_and(|word| word >> (state % 64) & 1 == 1)
    }
}

impl FromIterator<u32> for States {
    fn from_iter<T: IntoIterator<Item = u32>>(states: T) -> Self {
        let mut set = Self::new();
        states.into_iter().for_each(|state| set.insert(state));
        set
    }
}
