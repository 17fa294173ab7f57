//! The engine finds what other searches find.

mod by_hand;
mod naive;
mod random;
mod toy;
