//! Specs of different types in one list.

use std::net::SocketAddr;

use stateright::Model;

use crate::check;
use crate::engine::{self, Explorable, History};
use crate::report::{Engine, Limits, Progress, Report};
use crate::scenario::{Mistake, Script};
use crate::spec::{Counts, PropertyInfo, Spec, StateView};
use crate::trace::brief::brief;

/// A spec, whatever its actors are.
pub trait AnySpec: Send + Sync {
    /// The protocol, then what is checked of it, with a slash between.
    fn name(&self) -> &str;

    /// One sentence on what it is about.
    fn summary(&self) -> &str;

    /// The bounds of the search in words.
    fn bounds(&self) -> Vec<String>;

    /// True if only some of the behaviour is searched.
    fn is_directed(&self) -> bool;

    /// What changes places if the spec is searched by symmetry, in words.
    ///
    /// # Errors
    /// If it cannot be, why.
    fn symmetry(&self) -> Result<String, &'static str>;

    /// True if every search of it is by symmetry.
    fn is_reduced(&self) -> bool;

    fn properties(&self) -> Vec<PropertyInfo>;

    /// What there is to explore, if it is on record.
    fn counts(&self) -> Option<Counts>;

    /// The state in which every path begins.
    fn initial_view(&self) -> StateView;

    /// What has come of a script: its text with the results, which show the states in few words.
    ///
    /// # Errors
    /// As [`Script::play`] has them.
    fn play(&self, script: &Script) -> Result<String, Mistake>;

    /// The names of the conditions that read more of a state than they say they see, among about
    /// the first so many `states`: they may hold for want of anything to look at.
    fn audit(&self, states: u64) -> Vec<&'static str>;

    /// Explores the spec with `engine`; calls `progress` several times a second.
    fn check(
        self: Box<Self>,
        engine: Engine,
        limits: &Limits,
        progress: &mut dyn FnMut(&Progress),
    ) -> Report;

    /// Serves Stateright's Explorer on `address`, until the process ends. Its page is the one in
    /// the folder `ui` of the working directory, if there is one. What is told of a step as its
    /// outcome is the JSON of a [`StepView`](crate::spec::StepView).
    ///
    /// # Panics
    /// If the address is taken.
    fn explore(self: Box<Self>, address: SocketAddr);
}

impl<A, C, G> AnySpec for Spec<A, C, G>
where
    A: Explorable + Send + 'static,
    C: Send + Sync + 'static,
    G: History + 'static,
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

    fn symmetry(&self) -> Result<String, &'static str> {
        self.symmetry_in_words()
    }

    fn is_reduced(&self) -> bool {
        self.is_reduced
    }

    fn properties(&self) -> Vec<PropertyInfo> {
        self.property_infos()
    }

    fn counts(&self) -> Option<Counts> {
        self.counts
    }

    fn initial_view(&self) -> StateView {
        Spec::initial_view(self)
    }

    fn play(&self, script: &Script) -> Result<String, Mistake> {
        Ok(script.play(self, |state| brief(&format!("{state:?}")))?.text)
    }

    fn audit(&self, states: u64) -> Vec<&'static str> {
        engine::audit(self, states)
    }

    fn check(
        self: Box<Self>,
        engine: Engine,
        limits: &Limits,
        progress: &mut dyn FnMut(&Progress),
    ) -> Report {
        check::check(*self, engine, limits, progress)
    }

    fn explore(self: Box<Self>, address: SocketAddr) {
        let _checker = self.checker().serve(address);
    }
}
