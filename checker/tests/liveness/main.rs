//! Whether temporal goals are met is decided right, on graphs small enough to decide it naively.

mod oracle;
mod random;
mod traps;
mod worst;
