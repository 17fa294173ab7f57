//! What the engine's threads share memory with. The loom tests include the files that use it beside
//! a `sync` of their own.

pub use std::hint::spin_loop;
pub use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
pub use std::sync::{Arc, Mutex, OnceLock, RwLock, RwLockReadGuard};

/// So many zeros. Memory that nobody has written to is not there yet.
pub fn zeros(count: usize) -> Box<[AtomicU32]> {
    bytemuck::zeroed_slice_box(count)
}

/// Does all jobs, one of them here, each other on a thread of its own.
pub fn side_by_side<J: Send>(mut jobs: Vec<J>, work: impl Fn(J) + Sync) {
    let (mine, work) = (jobs.pop(), &work);
    std::thread::scope(|scope| {
        for job in jobs {
            scope.spawn(move || work(job));
        }
        mine.map(work);
    });
}
