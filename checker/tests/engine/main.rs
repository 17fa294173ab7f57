//! The engine finds what other searches find.

mod by_hand;
mod claims;
mod endless;
mod forgotten;
mod naive;
mod orbits;
mod panics;
mod peer;
mod random;
mod steps;
mod symmetry;
mod toy;
mod wipes;
