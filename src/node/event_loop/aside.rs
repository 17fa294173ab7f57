//! Work that takes too long for the loop, on a thread of its own.

use std::thread::{self, JoinHandle};

use quorate_models::durable::Early;

use super::NodeError;
use crate::node::panics::caught;

/// The work that is under way, if there is any.
#[derive(Debug, Default)]
pub(super) struct Aside(Option<JoinHandle<Result<Early, String>>>);

impl Aside {
    /// Begins `work`, unless some is under way.
    ///
    /// # Errors
    /// [`NodeError`] if there is no thread to be had.
    pub(super) fn begin(
        &mut self,
        work: Box<dyn FnOnce() -> Early + Send>,
    ) -> Result<(), NodeError> {
        if self.0.is_none() {
            let thread = thread::Builder::new().name("aside".into());
            self.0 = Some(thread.spawn(|| caught(work)).map_err(NodeError::Thread)?);
        }
        Ok(())
    }

    /// What is made, if work has ended since this was asked last.
    ///
    /// # Errors
    /// [`NodeError`] if it has panicked.
    pub(super) fn made(&mut self) -> Result<Option<Early>, NodeError> {
        let Some(thread) = self.0.take_if(|thread| thread.is_finished()) else { return Ok(None) };
        let ended = thread.join().unwrap_or_else(|_| Err("its thread has panicked".into()));
        let during = "while it took a snapshot".to_owned();
        ended.map(Some).map_err(|words| NodeError::Panic { during, words })
    }
}
