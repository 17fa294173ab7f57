//! What one of a node's threads hands over to another, in the order in which it was put.

use std::time::Instant;

use super::sync::{Arc, Condvar, Mutex};

/// A mailbox that any thread puts letters into, and one takes them out of. Clones are the same
/// mailbox.
#[derive(Debug)]
pub struct Mailbox<T> {
    shared: Arc<Shared<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    letters: Mutex<Vec<T>>,
    arrived: Condvar,
}

// Not derived, which would ask for a `T` that can be cloned.
impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        let (letters, arrived) = (Mutex::new(Vec::new()), Condvar::new());
        Self { shared: Arc::new(Shared { letters, arrived }) }
    }
}

impl<T> Mailbox<T> {
    /// How many letters wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.letters.lock().expect(POISON).len()
    }

    /// Puts letters in. Whoever waits for one is woken, if there are any.
    pub fn put(&self, letters: impl IntoIterator<Item = T>) {
        let mut waiting = self.shared.letters.lock().expect(POISON);
        let before = waiting.len();
        waiting.extend(letters);
        let has_more = waiting.len() > before;
        drop(waiting);
        if has_more {
            self.shared.arrived.notify_one();
        }
    }

    /// Takes all letters out, which may be none.
    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.shared.letters.lock().expect(POISON))
    }

    /// Waits for a letter, until `deadline` at most, and takes all out.
    pub fn wait(&self, deadline: Instant) -> Vec<T> {
        let mut waiting = self.shared.letters.lock().expect(POISON);
        while waiting.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            waiting = self.shared.arrived.wait_timeout(waiting, left).expect(POISON).0;
        }
        std::mem::take(&mut *waiting)
    }
}

const POISON: &str = "nothing that can panic runs under this lock";
