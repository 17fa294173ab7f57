//! The models with mutations of their rules built in, each behind a switch.
//!
//! The build writes them (`build/main.rs`); `main.rs` chooses one mutant after the other and has
//! the specs look at it.

pub mod mutation;

use mutation::Mutant;

include!(concat!(env!("OUT_DIR"), "/models/lib.rs"));
include!(concat!(env!("OUT_DIR"), "/models/mutants.rs"));
