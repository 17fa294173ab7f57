//! Numbers that count something have a type of their own.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares a counting number: ordered, printed bare.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(pub u64);

        impl $name {
            pub const ZERO: $name = $name(0);

            /// The number behind this one; the largest stays what it is.
            pub fn next(self) -> $name {
                $name(self.0.saturating_add(1))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

number! {
    /// A term of office: it has at most one leader. `ZERO` is before the first election.
    Term
}

number! {
    /// Which chain of servers there is: each has one server less than the one before.
    ChainNumber
}

number! {
    /// A place in the log. The first entry is at 1; `ZERO` is before it.
    Index
}

number! {
    /// Which view of a cluster: who is primary in it, and who backup. `ZERO` is before the first.
    ViewNumber
}

number! {
    /// A round of ballots, in which each server has one, or of votes. `ZERO` is before the first.
    Round
}

number! {
    /// Which grant of a store to a writer there is, or which leader's log: `ZERO` is before the
    /// first. Or which group of replicas: `ZERO` is the first.
    Epoch
}

number! {
    /// How many times a server has started.
    Incarnation
}

number! {
    /// A place in the order in which a primary forwards commands within a view, or in which a
    /// writer writes them within an epoch. The first is at 1.
    Place
}
