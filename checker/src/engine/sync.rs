//! What the engine's threads share memory with. The loom tests include the files that use it beside
//! a `sync` of their own.

pub use std::hint::spin_loop;
pub use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
pub use std::sync::{Mutex, OnceLock, RwLock, RwLockReadGuard};

/// So many zeros. Memory that nobody has written to is not there yet.
pub fn zeros(count: usize) -> Box<[AtomicU32]> {
    bytemuck::zeroed_slice_box(count)
}
