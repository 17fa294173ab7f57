//! What timely timing means.

mod claims;
mod cuts;
mod engines;
mod faults;
mod late;
mod naive;
mod random;
mod runs;
mod time;
mod toy;
