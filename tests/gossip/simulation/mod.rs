//! The numbers of the literature, each within a margin that is said.

mod detection;
mod rumours;
