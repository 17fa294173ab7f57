//! What a node must know of a protocol to run it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stateright::actor::{Actor, Id};

use crate::durable::Durable;
use crate::kv::Kv;
use crate::service::{Service, Status};

/// How the servers of a cluster are set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// By the name of one of [`Protocol::TIMERS`], how long it waits if not as by default.
    pub timers: BTreeMap<String, Range<Duration>>,
}

impl Settings {
    /// How long the timer of this name waits.
    ///
    /// # Panics
    /// If `P` has no timer of this name.
    pub fn timer<P: Protocol>(&self, name: &str) -> Range<Duration> {
        let default = P::TIMERS.iter().find(|(known, _)| *known == name);
        let (_, default) = default.expect("the timers of a protocol are listed");
        self.timers.get(name).unwrap_or(default).clone()
    }

    /// Asks that `timer` wait longer, at its shortest, than `interval` at its shortest.
    ///
    /// # Errors
    /// [`Misfit`] if it does not, naming `timer`.
    ///
    /// # Panics
    /// If `P` has no timers of these names.
    pub fn exceeds<P: Protocol>(
        &self,
        timer: &'static str,
        interval: &'static str,
    ) -> Result<(), Misfit> {
        let (shortest, least) = (self.timer::<P>(timer).start, self.timer::<P>(interval).start);
        if shortest > least {
            return Ok(());
        }
        let problem = format!("the shortest, {shortest:?}, must exceed the {interval}, {least:?}");
        Err(Misfit { timer, problem })
    }
}

/// How long a timer waits unless a config file says otherwise.
pub(crate) const fn milliseconds(from: u64, to: u64) -> Range<Duration> {
    Duration::from_millis(from)..Duration::from_millis(to)
}

/// Settings with which no cluster would work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The name of the timer to blame.
    pub timer: &'static str,
    /// What is wrong with how long it waits.
    pub problem: String,
}

/// A protocol whose servers run as a cluster.
pub trait Protocol:
    Service<
        Timer: Ord + Send,
        Storage: Durable + Clone + Send,
        State: Clone + Send + 'static,
        Msg: Serialize + DeserializeOwned + Send,
    > + Send
    + 'static
{
    /// The word that names it: in the names of its specs, in a config file and in a store.
    const NAME: &'static str;

    /// The timers that a config file may set, each with its default.
    const TIMERS: &'static [(&'static str, Range<Duration>)];

    /// Refuses settings with which no cluster would work, though each timer waits as it may.
    ///
    /// # Errors
    /// [`Misfit`], naming the timer to blame.
    fn fits(settings: &Settings) -> Result<(), Misfit>;

    /// One of these `servers`, all of which are set up the same.
    fn server(servers: Vec<Id>, settings: &Settings) -> Self;

    /// What an operator wants to know of the server `id` in this state.
    fn status(&self, id: Id, state: &<Self as Actor>::State) -> Status;

    /// Why the server must not go on, in a sentence, if it must not. What it has said by then is
    /// still sent; then its node stops.
    fn gives_up(&self, state: &<Self as Actor>::State) -> Option<String>;
}

/// What is to be done with a protocol of which so far only the name is known.
pub trait Visit {
    /// What comes of it.
    type Output;

    /// Does it with `P`, which answers the commands of the key-value store.
    fn visit<P: Protocol<Machine = Kv>>(self) -> Self::Output;
}
