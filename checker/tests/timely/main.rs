//! What timely timing means.

mod claims;
mod cuts;
mod faults;
mod naive;
mod random;
mod runs;
mod time;
mod toy;
