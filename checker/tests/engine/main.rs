//! The engine finds what other searches find.

mod by_hand;
mod forgotten;
mod naive;
mod orbits;
mod peer;
mod random;
mod symmetry;
mod toy;
