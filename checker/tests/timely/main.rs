//! What timely timing means.

mod claims;
mod faults;
mod naive;
mod random;
mod runs;
mod time;
mod toy;
