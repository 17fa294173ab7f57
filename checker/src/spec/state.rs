//! A state of a spec, and what has been spent on the way to it.

use std::fmt;
use std::sync::Arc;

use stateright::actor::{Actor, ActorModelState, Id};

use super::cuts::in_words as links_in_words;
use super::layout::laid_out;
use super::names::{of_actors, with_names};
use super::{Clock, CutState, Links};

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
    pub slow: u8,
    pub pauses: u8,
    pub rollbacks: u8,
    pub backups: u8,
    /// By the index of the [`TimeoutBudget`](super::TimeoutBudget) that was charged.
    pub timeouts: [u8; TIMEOUT_KINDS],
}

/// What a handler did that no handler may do, or the ghost that saw it. A state with a fault has no
/// successors.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It saved after it had already sent: on a real network the message may be out when the disk
    /// is not.
    SentBeforeSaved,
    /// Its state says that something is durable, and a start from its storage would not give that.
    StorageDisagrees,
    /// It panicked, with this message.
    Panicked(Arc<str>),
    /// It is done, and the ghost, or the recorder of the history, panicked when it saw the step.
    GhostPanicked(Arc<str>),
}

/// What an actor waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Timer,
    Choice,
    /// Not waited for: the copy of its storage that was set aside.
    Backup,
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pending::Timer => "timer set",
            Pending::Choice => "to choose",
            Pending::Backup => "set aside",
        })
    }
}

/// A state of a [`Spec`](super::Spec): that of the actor system, whose `history` is the ghost, and
/// what the spec adds to it.
pub struct State<A: Actor, G> {
    pub system: ActorModelState<A, G>,
    /// The first so many actors are servers. The same in all states of a spec: it is here for the
    /// names under which a state shows its actors.
    pub servers: usize,
    /// The last so many are operators. The same in all states of a spec, and here for the same.
    pub operators: usize,
    /// If timing is timely, a clock for every actor, otherwise none.
    pub clocks: Vec<Clock<A::Timer>>,
    /// If there may be rollbacks, the copy of each actor's storage that was set aside, otherwise
    /// none.
    pub backups: Vec<Option<A::Storage>>,
    /// What has become of each of the spec's cuts.
    pub cuts: Vec<CutState>,
    /// The links of each cut. The same in all states of a spec: a state shows which are down.
    pub cut_links: Arc<[Links]>,
    /// If timing is timely, the restless firings on time since the last fault, recovery or
    /// healing. See [`Restless`](super::Restless).
    pub calm: u8,
    pub spent: Spent,
    pub fault: Option<Fault>,
}

impl<A: Actor, G> State<A, G> {
    /// Nothing spent, no clocks and no cuts.
    pub(crate) fn of_system(system: ActorModelState<A, G>, servers: usize) -> Self {
        let (clocks, backups, cuts, spent) = Default::default();
        let cut_links = Arc::default();
        let (operators, calm, fault) = (0, 0, None);
        State { system, servers, operators, clocks, backups, cuts, cut_links, calm, spent, fault }
    }

    /// That an actor is down or paused, in words.
    pub(super) fn down(&self, index: usize) -> Option<String> {
        if let Some(Clock::Paused(_, ticks)) = self.clocks.get(index) {
            return Some(format!("paused since {}", in_words(*ticks)));
        }
        self.system.crashed[index].then(|| match self.clocks.get(index) {
            Some(Clock::Down(ticks)) => format!("down since {}", in_words(*ticks)),
            Some(Clock::Gone) => "down for good".to_owned(),
            _ => "down".to_owned(),
        })
    }

    /// The links that are down since a cut, in words, one line for each cut.
    pub(super) fn cuts_in_words(&self) -> Vec<String> {
        let names = of_actors(self.servers, self.operators, self.system.actor_states.len());
        let down = self.cuts.iter().zip(&*self.cut_links).filter_map(|(cut, links)| match cut {
            CutState::Down(0) => Some(links_in_words(links, &names)),
            CutState::Down(ticks) => {
                Some(format!("{}, {} ago", links_in_words(links, &names), in_words(*ticks)))
            }
            CutState::Ahead | CutState::Healed => None,
        });
        down.collect()
    }

    /// An actor's name, whether it is down, and its state.
    fn actor_line(&self, index: usize) -> String {
        let down = self.down(index).map_or(String::new(), |down| format!(" ({down})"));
        format!("{:?}{down}: {:?}", Id::from(index), self.system.actor_states[index])
    }

    /// What an actor waits for: of what kind it is, and which. Stateright keeps timers and choices
    /// in no order; here they have one, so that equal states read the same.
    pub(super) fn pending(&self, index: usize) -> Vec<(Pending, String)> {
        let sorted = |mut texts: Vec<String>| {
            texts.sort();
            texts
        };
        let timers = match self.clocks.get(index) {
            Some(Clock::Up(ages) | Clock::Paused(ages, _)) => {
                ages.iter().map(|(name, age)| format!("{name:?}, {} ago", in_words(*age))).collect()
            }
            _ => {
                let timers = self.system.timers_set[index].iter();
                sorted(timers.map(|name| format!("{name:?}")).collect())
            }
        };
        let backups = self.backups.get(index).into_iter().flatten();
        let choices = self.system.random_choices[index].map.iter();
        let choices = sorted(choices.map(|(key, of)| format!("{key}: {of:?}")).collect());
        let timers = timers.into_iter().map(|text| (Pending::Timer, text));
        let backups = backups.map(|backup| (Pending::Backup, format!("{backup:?}")));
        let choices = choices.into_iter().map(|text| (Pending::Choice, text));
        timers.chain(backups).chain(choices).collect()
    }
}

impl<A: Actor, G: Clone> Clone for State<A, G> {
    fn clone(&self) -> Self {
        State {
            system: self.system.clone(),
            servers: self.servers,
            operators: self.operators,
            clocks: self.clocks.clone(),
            backups: self.backups.clone(),
            cuts: self.cuts.clone(),
            cut_links: Arc::clone(&self.cut_links),
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
            && self.backups == other.backups
            && self.cuts == other.cuts
            && self.system == other.system
    }
}

impl<A, G: Eq> Eq for State<A, G>
where
    A: Actor,
    A::State: Eq,
    A::Storage: Eq,
{
}

impl<A: Actor, G: std::hash::Hash> std::hash::Hash for State<A, G> {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        self.system.hash(hasher);
        self.clocks.hash(hasher);
        self.backups.hash(hasher);
        self.cuts.hash(hasher);
        self.calm.hash(hasher);
        self.spent.hash(hasher);
        self.fault.hash(hasher);
    }
}

/// As the Explorer shows it: an actor after the other, then what lies between them. What fits on a
/// line has one line, as a state is read as a whole and next to others.
impl<A: Actor, G: fmt::Debug> fmt::Debug for State<A, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = of_actors(self.servers, self.operators, self.system.actor_states.len());
        let line = |text: String, indent| laid_out(&with_names(&text, &names), indent);
        for index in 0..names.len() {
            writeln!(f, "{}", line(self.actor_line(index), 0))?;
            for (kind, text) in self.pending(index) {
                writeln!(f, "    {kind}: {}", with_names(&text, &names))?;
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
        for links in self.cuts_in_words() {
            writeln!(f, "cut: {links}")?;
        }
        writeln!(f, "{}", line(format!("ghost: {:?}", self.system.history), 0))?;
        if !self.clocks.is_empty() {
            writeln!(f, "restless firings since the last fault: {}", self.calm)?;
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
