//! The body of a request, read within bounds.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Why a body is not read.
#[derive(Debug, Error)]
pub enum BodyError {
    /// It is longer than it may be.
    #[error("the request has more than {0} bytes")]
    TooLong(usize),
    /// It took too long.
    #[error("the request did not come within {0:?}")]
    Late(Duration),
    /// Too much is held for others.
    #[error("the node's buffers for HTTP clients are full")]
    NoRoom,
    /// The connection ended, or what came is no body.
    #[error("the request did not come whole: {0}")]
    Broken(#[source] hyper::Error),
}

/// A body that has not been read.
pub struct Body {
    incoming: Incoming,
    patience: Duration,
    memory: Arc<Semaphore>,
}

/// Bytes that count for as long as they are there.
pub struct Held {
    bytes: Vec<u8>,
    permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Held {
    /// These bytes in place of its own, so that they count as long as the answer is there.
    ///
    /// # Errors
    /// [`BodyError::NoRoom`].
    pub fn replace(mut self, bytes: Vec<u8>) -> Result<Bytes, BodyError> {
        self.bytes = Vec::new();
        let (size, has) = (bytes.capacity(), self.permit.num_permits());
        if size < has {
            drop(self.permit.split(has - size));
        } else {
            let memory = self.permit.semaphore();
            let more = take(memory, size - has)?;
            self.permit.merge(more);
        }
        Ok(Bytes::from_owner(Held { bytes, permit: self.permit }))
    }
}

fn take(memory: &Arc<Semaphore>, size: usize) -> Result<OwnedSemaphorePermit, BodyError> {
    let size = u32::try_from(size).map_err(|_| BodyError::NoRoom)?;
    Arc::clone(memory).try_acquire_many_owned(size).map_err(|_| BodyError::NoRoom)
}

impl Body {
    pub(super) fn new(incoming: Incoming, patience: Duration, memory: Arc<Semaphore>) -> Self {
        Body { incoming, patience, memory }
    }

    /// Reads all of it, `limit` bytes at most.
    ///
    /// # Errors
    /// [`BodyError`].
    pub async fn read(self, limit: usize) -> Result<Held, BodyError> {
        let Body { mut incoming, patience, memory } = self;
        // What it says of itself is believed only where that is too much.
        if incoming.size_hint().lower() > limit as u64 {
            return Err(BodyError::TooLong(limit));
        }
        let mut held = Held { bytes: Vec::new(), permit: take(&memory, 0)? };
        let all = async {
            while let Some(frame) = incoming.frame().await {
                let Ok(data) = frame.map_err(BodyError::Broken)?.into_data() else { continue };
                if held.bytes.len() + data.len() > limit {
                    return Err(BodyError::TooLong(limit));
                }
                held.permit.merge(take(&memory, data.len())?);
                held.bytes.extend_from_slice(&data);
            }
            Ok(())
        };
        timeout(patience, all).await.unwrap_or(Err(BodyError::Late(patience)))?;
        Ok(held)
    }
}
