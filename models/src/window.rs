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
    /// By session, its last request that is open, or waits.
    open: BTreeMap<Session, Sequence>,
    /// What the open requests weigh, in bytes.
    weight: usize,
    /// Requests that wait for a place.
    waiting: Vector<Request<C>>,
}

impl<C: Clone> Window<C> {
    /// That of a leader of which these requests are open.
    pub fn of<'a, M: StateMachine<Command = C>>(
        open: impl IntoIterator<Item = &'a Request<C>>,
    ) -> Self
    where
        C: 'a,
    {
        let mut window = Window { open: BTreeMap::new(), weight: 0, waiting: Vector::new() };
        open.into_iter().for_each(|request| window.open::<M>(request));
        window
    }

    /// A request has a place in the log.
    pub fn open<M: StateMachine<Command = C>>(&mut self, request: &Request<C>) {
        self.open.insert(request.session, request.sequence);
        self.weight += weight::<M>(request);
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
        self.open.insert(request.session, request.sequence);
        self.waiting.push_back(request);
    }

    /// The request that gets the next place, if there is one and `fits` says that it may weigh what
    /// all that are open would weigh then.
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

    /// It is decided that a request keeps its place.
    pub fn commit<M: StateMachine<Command = C>>(&mut self, request: &Request<C>) {
        self.weight = self.weight.saturating_sub(weight::<M>(request));
        if self.open.get(&request.session) == Some(&request.sequence) {
            self.open.remove(&request.session);
        }
    }
}
