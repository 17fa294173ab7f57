//! The window: how much a leader leaves undecided at once. What servers have of that is part of
//! many messages, and a message has a largest size.

use std::collections::BTreeMap;

use imbl::Vector;
use serde::Serialize;

use crate::service::{Request, Sequence, Session};
use crate::state_machine::StateMachine;

/// What a request weighs beside its command.
const REQUEST: usize = 64;

/// The weight of a request, in bytes.
pub fn weight<M: StateMachine>(request: &Request<M::Command>) -> usize {
    REQUEST + M::weight(&request.command)
}

/// What a leader has on its hands: requests with a place in the log, which are *open* as long as it
/// is not decided that they keep it, and others that wait for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "C: Serialize")]
pub struct Window<C: Clone> {
    /// By session, its last request that is on hand.
    open: BTreeMap<Session, Sequence>,
    /// What the open requests weigh, in bytes.
    weight: usize,
    /// Requests that wait for a place.
    waiting: Vector<Request<C>>,
}

impl<C: Clone> Default for Window<C> {
    fn default() -> Self {
        Window { open: BTreeMap::new(), weight: 0, waiting: Vector::new() }
    }
}

impl<C: Clone> Window<C> {
    /// That of a leader of which these requests are open.
    pub fn of<'a, M: StateMachine<Command = C>>(
        open: impl IntoIterator<Item = &'a Request<C>>,
    ) -> Self
    where
        C: 'a,
    {
        let mut window = Window::default();
        for request in open {
            window.know(request);
            window.open::<M>(request);
        }
        window
    }

    /// A request is on hand from now on.
    pub fn know(&mut self, request: &Request<C>) {
        self.open.insert(request.session, request.sequence);
    }

    /// Whether this request, or a later one of its session, is on hand.
    pub fn has(&self, session: Session, sequence: Sequence) -> bool {
        self.open.get(&session).is_some_and(|open| *open >= sequence)
    }

    /// How many requests wait for room.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A request waits for a place.
    pub fn wait(&mut self, request: Request<C>) {
        self.know(&request);
        self.waiting.push_back(request);
    }

    /// Whether there is room for a request: nothing else is open, or `fits` says that all that are
    /// may weigh what they would weigh then.
    pub fn has_room<M: StateMachine<Command = C>>(
        &self,
        request: &Request<C>,
        fits: impl Fn(usize) -> bool,
    ) -> bool {
        self.weight == 0 || fits(self.weight + weight::<M>(request))
    }

    /// A request has a place.
    pub fn open<M: StateMachine<Command = C>>(&mut self, request: &Request<C>) {
        self.weight += weight::<M>(request);
    }

    /// The request that gets the next place, if there is one and [room](Self::has_room) for it.
    pub fn next<M: StateMachine<Command = C>>(
        &mut self,
        fits: impl Fn(usize) -> bool,
    ) -> Option<Request<C>> {
        let next = self.waiting.front()?;
        if !self.has_room::<M>(next, fits) {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.open::<M>(&next);
        Some(next)
    }

    /// It is decided that a request keeps its place.
    pub fn commit<M: StateMachine<Command = C>>(&mut self, request: &Request<C>) {
        self.weight = self.weight.saturating_sub(weight::<M>(request));
        if self.open.get(&request.session) == Some(&request.sequence) {
            self.open.remove(&request.session);
        }
    }
}
