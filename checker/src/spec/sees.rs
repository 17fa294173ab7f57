//! What a condition reads of a state.

/// What a condition reads: a set of parts of a state. The engine shows it these, and all else as it
/// was at the start, once for each distinct view of them.
///
/// A condition that reads more than it says is answered by what it is shown, and may hold for want
/// of anything to look at. [`AnySpec::audit`](crate::AnySpec::audit) finds it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sees(u8);

impl Sees {
    /// The actors' states and storages, and who is down.
    pub const ACTORS: Sees = Sees(1);
    /// The timers that are set, and the random choices that are asked for.
    pub const TIMERS: Sees = Sees(2);
    /// The messages in flight.
    pub const NETWORK: Sees = Sees(4);
    /// The ghost, or the history.
    pub const GHOST: Sees = Sees(8);
    /// The fault: whether a handler panicked, or sent before it saved.
    pub const FAULT: Sees = Sees(16);
    /// All of the state, which the engine then takes for a new view each time.
    pub const EVERYTHING: Sees = Sees(31);

    /// These parts and the `other` ones.
    pub const fn and(self, other: Sees) -> Sees {
        Sees(self.0 | other.0)
    }

    /// True if the `other` parts are all among these.
    pub const fn has(self, other: Sees) -> bool {
        self.0 & other.0 == other.0
    }
}
