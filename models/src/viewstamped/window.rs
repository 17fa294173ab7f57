//! The window: how much a primary leaves uncommitted at once. What a replica has behind its
//! commit-number is part of many messages, and a message has a largest size.

use std::collections::BTreeMap;

use imbl::Vector;
use serde::Serialize;

use super::checkpoint::weight;
use super::log::Log;
use crate::service::{Request, Sequence, Session};
use crate::state_machine::StateMachine;

/// What a primary has on its hands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "C: Serialize")]
pub struct Window<C: Clone> {
    /// By session, its last request that is in the log uncommitted, or waits.
    open: BTreeMap<Session, Sequence>,
    /// What the uncommitted requests of the log weigh, in bytes.
    weight: usize,
    /// Requests that wait for an op-number.
    waiting: Vector<Request<C>>,
}

impl<C: Clone> Window<C> {
    /// That of a primary whose uncommitted requests are these.
    pub fn of<M: StateMachine<Command = C>>(uncommitted: &Log<C>) -> Self {
        let mut window = Window { open: BTreeMap::new(), weight: 0, waiting: Vector::new() };
        for request in uncommitted.requests_behind(uncommitted.base()) {
            window.open.insert(request.session, request.sequence);
            window.weight += weight::<M>(request);
        }
        window
    }

    /// Whether this request, or a later one of its session, is on hand.
    pub fn has(&self, session: Session, sequence: Sequence) -> bool {
        self.open.get(&session).is_some_and(|open| *open >= sequence)
    }

    /// How many requests wait for room.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A request waits for an op-number.
    pub fn wait(&mut self, request: Request<C>) {
        self.open.insert(request.session, request.sequence);
        self.waiting.push_back(request);
    }

    /// The request that gets the next op-number, if there is one and `fits` says that it may weigh
    /// what all would weigh then.
    pub fn next<M: StateMachine<Command = C>>(
        &mut self,
        fits: impl Fn(usize) -> bool,
    ) -> Option<Request<C>> {
        let weight = self.weight + weight::<M>(self.waiting.front()?);
        if self.weight > 0 && !fits(weight) {
            return None;
        }
        self.weight = weight;
        self.waiting.pop_front()
    }

    /// A request of the log is committed.
    pub fn commit<M: StateMachine<Command = C>>(&mut self, request: &Request<C>) {
        self.weight = self.weight.saturating_sub(weight::<M>(request));
        if self.open.get(&request.session) == Some(&request.sequence) {
            self.open.remove(&request.session);
        }
    }
}
