//! What the node's threads share memory with. The loom tests include the files that use it beside
//! a `sync` of their own.

pub use std::sync::atomic::{AtomicBool, Ordering};
pub use std::sync::{Arc, Condvar, Mutex};
