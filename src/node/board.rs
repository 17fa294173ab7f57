//! What a node's threads share: what the event loop published last, and whether it is to stop.

use super::sync::{Arc, AtomicBool, Mutex, Ordering};

/// A board that the event loop writes, the HTTP thread reads, and either may be told to leave by.
/// Clones are the same board.
#[derive(Debug)]
pub struct Board<T> {
    shared: Arc<Shared<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    /// Replaced as a whole, so that a reader never sees half of one state and half of another.
    latest: Mutex<Option<Arc<T>>>,
    stopping: AtomicBool,
}

// Not derived, which would ask for a `T` that can be cloned.
impl<T> Clone for Board<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Default for Board<T> {
    fn default() -> Self {
        let latest = Mutex::new(None);
        Self { shared: Arc::new(Shared { latest, stopping: AtomicBool::new(false) }) }
    }
}

impl<T> Board<T> {
    /// Replaces what was published before. The event loop never waits for a reader that is at work:
    /// one only holds the board for as long as it takes to count a reference.
    pub fn publish(&self, latest: T) {
        let latest = Some(Arc::new(latest));
        let before = std::mem::replace(&mut *self.shared.latest.lock().expect(POISON), latest);
        // After the lock is released: to drop the old one may take a while.
        drop(before);
    }

    /// What was published last; `None` before the first time.
    #[must_use]
    pub fn latest(&self) -> Option<Arc<T>> {
        self.shared.latest.lock().expect(POISON).clone()
    }

    /// Asks everyone to stop. Whoever sees it also sees all that was published before.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Release);
    }

    /// True once somebody asked to stop; it stays so.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }
}

const POISON: &str = "nothing that can panic runs under this lock";
