//! A state of a spec, and what has been spent on the way to it.

use std::fmt;
use std::sync::Arc;

use stateright::actor::{Actor, ActorModelState, Id};

use super::Clock;
use super::layout::laid_out;
use super::names::{of_actors, with_names};

/// The kinds of timeout whose firings a spec may budget apart from each other.
pub const TIMEOUT_KINDS: usize = 4;

/// How much of each budget has been used up. Never refilled, so that a space is finite because its
/// faults are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spent {
    pub crashes: u8,
    pub drops: u8,
    pub duplicates: u8,
    pub early: u8,
    /// By the index of the [`TimeoutBudget`](super::TimeoutBudget) that was charged.
    pub timeouts: [u8; TIMEOUT_KINDS],
}

/// What a handler did that no handler may do. A state with a fault has no successors.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It saved after it had already sent: on a real network the message may be out when the disk
    /// is not.
    SentBeforeSaved,
    /// Its state says that something is durable, and a start from its storage would not give that.
    StorageDisagrees,
    /// It panicked, with this message.
    Panicked(Arc<str>),
}

/// A state of a [`Spec`](super::Spec): that of the actor system, whose `history` is the ghost, and
/// what the spec adds to it.
pub struct State<A: Actor, G> {
    pub system: ActorModelState<A, G>,
    /// The first so many actors are servers. The same in all states of a spec: it is here for the
    /// names under which a state shows its actors.
    pub servers: usize,
    /// If timing is timely, a clock for every actor, otherwise none.
    pub clocks: Vec<Clock<A::Timer>>,
    /// If timing is timely, the elections on time since the last crash, recovery, drop, duplicate
    /// or early timeout.
    pub calm: u8,
    pub spent: Spent,
    pub fault: Option<Fault>,
}

impl<A: Actor, G> State<A, G> {
    /// Nothing spent, and no clocks.
    pub(crate) fn of_system(system: ActorModelState<A, G>, servers: usize) -> Self {
        let (clocks, spent) = (Vec::new(), Spent::default());
        State { system, servers, clocks, calm: 0, spent, fault: None }
    }

    /// An actor's name, whether it is down, and its state.
    fn actor_line(&self, index: usize) -> String {
        let down = match self.clocks.get(index) {
            _ if !self.system.crashed[index] => String::new(),
            Some(Clock::Down(ticks)) => format!(" (down since {})", in_words(*ticks)),
            Some(Clock::Gone) => " (down for good)".to_owned(),
            Some(Clock::Up(_)) | None => " (down)".to_owned(),
        };
        format!("{:?}{down}: {:?}", Id::from(index), self.system.actor_states[index])
    }

    /// What an actor waits for, one a line.
    fn pending(&self, index: usize) -> Vec<String> {
        let mut lines: Vec<String> = match self.clocks.get(index) {
            Some(Clock::Up(ages)) => ages
                .iter()
                .map(|(timer, age)| format!("timer set: {timer:?}, {} ago", in_words(*age)))
                .collect(),
            _ => {
                let timers = self.system.timers_set[index].iter();
                timers.map(|timer| format!("timer set: {timer:?}")).collect()
            }
        };
        let choices = self.system.random_choices[index].map.iter();
        lines.extend(choices.map(|(key, choices)| format!("to choose: {key}: {choices:?}")));
        lines
    }
}

impl<A: Actor, G: Clone> Clone for State<A, G> {
    fn clone(&self) -> Self {
        State {
            system: self.system.clone(),
            servers: self.servers,
            clocks: self.clocks.clone(),
            calm: self.calm,
            spent: self.spent,
            fault: self.fault.clone(),
        }
    }
}

impl<A: Actor, G: PartialEq> PartialEq for State<A, G> {
    fn eq(&self, other: &Self) -> bool {
        let small = |state: &Self| (state.spent, state.calm);
        small(self) == small(other)
            && self.fault == other.fault
            && self.clocks == other.clocks
            && self.system == other.system
    }
}

impl<A: Actor, G: Eq> Eq for State<A, G> where A::State: Eq {}

impl<A: Actor, G: std::hash::Hash> std::hash::Hash for State<A, G> {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        self.system.hash(hasher);
        self.clocks.hash(hasher);
        self.calm.hash(hasher);
        self.spent.hash(hasher);
        self.fault.hash(hasher);
    }
}

/// As the Explorer shows it: an actor after the other, then what lies between them. What fits on a
/// line has one line, as a state is read as a whole and next to others.
impl<A: Actor, G: fmt::Debug> fmt::Debug for State<A, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = of_actors(self.servers, self.system.actor_states.len());
        let line = |text: String, indent| laid_out(&with_names(&text, &names), indent);
        for index in 0..names.len() {
            writeln!(f, "{}", line(self.actor_line(index), 0))?;
            for text in self.pending(index) {
                writeln!(f, "    {}", with_names(&text, &names))?;
            }
        }
        writeln!(f, "in flight:")?;
        let messages = self.system.network.iter_all();
        let mut messages: Vec<String> = messages
            .map(|envelope| format!("{:?} → {:?}: {:?}", envelope.src, envelope.dst, envelope.msg))
            .collect();
        // The network has no order of its own, and a reader looks for what changed.
        messages.sort();
        for message in messages {
            writeln!(f, "    {}", line(message, 4))?;
        }
        writeln!(f, "{}", line(format!("ghost: {:?}", self.system.history), 0))?;
        if !self.clocks.is_empty() {
            writeln!(f, "elections on time since the last fault: {}", self.calm)?;
        }
        write!(f, "{}", line(format!("spent: {:?}", self.spent), 0))?;
        match &self.fault {
            Some(fault) => write!(f, "\nfault: {fault:?}"),
            None => Ok(()),
        }
    }
}

fn in_words(ticks: u8) -> String {
    if ticks == 1 { "1 tick".to_owned() } else { format!("{ticks} ticks") }
}
