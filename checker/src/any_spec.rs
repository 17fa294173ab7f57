//! Specs of different types in one list.

use std::fmt::Debug;
use std::hash::Hash;
use std::net::SocketAddr;
use std::sync::Arc;

use stateright::Model;
use stateright::actor::Actor;

use crate::report::{Limits, Progress, Report};
use crate::spec::{PropertyInfo, Spec};
use crate::stateright_engine;

/// A spec, whatever its actors are.
pub trait AnySpec: Send + Sync {
    /// "raft/election"
    fn name(&self) -> &str;

    /// One sentence on what it is about.
    fn summary(&self) -> &str;

    /// The bounds of the search in words.
    fn bounds(&self) -> Vec<String>;

    /// True if only some of the behaviour is searched.
    fn is_directed(&self) -> bool;

    fn properties(&self) -> Vec<PropertyInfo>;

    /// Explores the spec; calls `progress` several times a second.
    fn check(self: Box<Self>, limits: &Limits, progress: &mut dyn FnMut(&Progress)) -> Report;

    /// Serves Stateright's Explorer on `address`, until the process ends.
    ///
    /// # Panics
    /// If the address is taken.
    fn explore(self: Box<Self>, address: SocketAddr);
}

impl<A, C, G> AnySpec for Spec<A, C, G>
where
    A: Actor + Send + Sync + 'static,
    A::Msg: Ord + Send + Sync,
    A::Timer: Ord + Send + Sync,
    A::State: Send + Sync,
    A::Storage: Send + Sync,
    A::Random: Send + Sync,
    C: Send + Sync + 'static,
    G: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn summary(&self) -> &str {
        &self.summary
    }

    fn bounds(&self) -> Vec<String> {
        Spec::bounds(self)
    }

    fn is_directed(&self) -> bool {
        self.direction.is_some()
    }

    fn properties(&self) -> Vec<PropertyInfo> {
        self.property_infos()
    }

    fn check(self: Box<Self>, limits: &Limits, progress: &mut dyn FnMut(&Progress)) -> Report {
        stateright_engine::check(&Arc::new(*self), limits, progress)
    }

    fn explore(self: Box<Self>, address: SocketAddr) {
        let _checker = self.checker().serve(address);
    }
}
