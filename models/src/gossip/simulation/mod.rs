//! Gossip among thousands, without a network: what the literature has numbers for.
//!
//! - [`cluster`]: the very actors of [`store`](super::store) and [`membership`](super::membership),
//!   in cycles: what is sent arrives at once, and what is drawn at random is drawn from a seed.
//! - [`epidemic`]: the variants of Demers' paper that are no actors here, as plain counting.
//! - [`detection`]: when a crash is found, as plain counting, for more members than actors are
//!   needed for.
//!
//! Nothing is proven here. A seed gives the same run on every machine, and the tests compare the
//! means of many runs with what was published.

pub mod cluster;
pub mod detection;
pub mod epidemic;
