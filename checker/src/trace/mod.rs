//! A path through a model, as plain text data, and the ways to show it.
//!
//! Whoever finds a path knows types and numbers; whoever reads it wants names. In between stands
//! [`Trace`]: what happened, step by step, in words. It can be shown as [text](Trace::text), as a
//! [sequence diagram](Trace::diagram) and as [ITF JSON](Trace::itf) for other tools.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | the data |
//! | `text.rs` | numbered steps for a terminal |
//! | `diagram/` | the sequence diagram, SVG |
//! | `itf.rs` | the trace format of Apalache |
//! | `chain.rs` | how long a chain of messages is |
//! | `flights.rs` | which delivery belongs to which send |
//! | `debug_text.rs` | what differs between two `Debug` texts |
//! | `brief.rs` | a `Debug` text in few words |

pub(crate) mod brief;
mod chain;
pub(crate) mod debug_text;
mod diagram;
mod flights;
mod itf;
#[cfg(test)]
mod tests;
mod text;

use serde::Serialize;

/// A path through a model, or a lasso: a path that leads back to one of its own states.
///
/// Actors are named by their index in `actors`. In a message an index may lie outside: sent to
/// nobody, or by nobody; it is shown as `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// What the trace shows.
    pub title: String,
    /// The names of the actors, such as `S1`, `S2`, `C1`.
    pub actors: Vec<String>,
    /// The state of each actor at the start: one line of `Debug` text.
    pub initial: Vec<String>,
    /// The messages in flight at the start.
    pub in_flight: Vec<Flying>,
    /// What happens.
    pub steps: Vec<Step>,
    /// For a lasso: the last step leads back to where this step (counted from 0) begins. If it is
    /// the number of steps, nothing happens any more.
    pub loop_start: Option<usize>,
}

/// A message in flight at the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flying {
    /// Who sent it.
    pub from: usize,
    /// To whom.
    pub to: usize,
    /// The message, one line of `Debug` text.
    pub message: String,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What happens.
    pub event: Event,
    /// The same in one line, with names. When empty, a line is made from the event.
    pub label: String,
    /// The messages that the actor of the event sends.
    pub sent: Vec<Sent>,
    /// Whether it writes to its storage.
    pub saved: bool,
    /// The actors whose state changes, with the new state: one line of `Debug` text.
    pub states: Vec<(usize, String)>,
    /// What is worth saying about it, such as "becomes leader of term 2".
    pub notes: Vec<String>,
}

impl Step {
    /// A step in which no more than `event` happens.
    pub fn new(event: Event) -> Self {
        let (label, sent, states, notes) = Default::default();
        Self { event, label, sent, saved: false, states, notes }
    }
}

/// A message that is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// To whom.
    pub to: usize,
    /// The message, in the same words as in the event that delivers it.
    pub message: String,
    /// Whether it is lost at once, because it can never arrive.
    pub lost: bool,
}

/// What happens in a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Event {
    /// A message arrives.
    Deliver {
        /// Who sent it.
        from: usize,
        /// Who handles it.
        to: usize,
        /// The message, one line of `Debug` text.
        message: String,
        /// Whether a duplicate stays in flight.
        kept: bool,
    },
    /// A message is lost.
    Drop {
        /// Who sent it.
        from: usize,
        /// To whom.
        to: usize,
        /// The message, one line of `Debug` text.
        message: String,
    },
    /// A timer fires.
    Timeout {
        /// Whose.
        actor: usize,
        /// Which.
        timer: String,
        /// Whether it fires before its time, or while messages are in flight.
        early: bool,
    },
    /// An actor crashes.
    Crash {
        /// Who.
        actor: usize,
    },
    /// A copy of an actor's storage is set aside.
    Backup {
        /// Whose.
        actor: usize,
    },
    /// An actor crashes, and its storage is an older one.
    Rollback {
        /// Whose.
        actor: usize,
        /// Whether its storage is empty now.
        to_nothing: bool,
    },
    /// An actor that had crashed starts again from its storage.
    Recover {
        /// Who.
        actor: usize,
    },
    /// An actor makes a random choice.
    Random {
        /// Who.
        actor: usize,
        /// What it chooses.
        choice: String,
    },
    /// An actor takes no step for a while.
    Pause {
        /// Who.
        actor: usize,
    },
    /// An actor goes on after a pause.
    Resume {
        /// Who.
        actor: usize,
    },
    /// Links go down, and what is in flight over them is lost.
    Cut {
        /// The links, each as from whom and to whom.
        links: Vec<(usize, usize)>,
    },
    /// Links that were cut are up again.
    Heal {
        /// The links, each as from whom and to whom.
        links: Vec<(usize, usize)>,
    },
    /// Time passes.
    Tick,
    /// Time passes although something is deliverable.
    SlowTick,
}

impl Event {
    /// The actor that acts.
    pub fn actor(&self) -> Option<usize> {
        match *self {
            Self::Deliver { to, .. } => Some(to),
            Self::Timeout { actor, .. }
            | Self::Crash { actor }
            | Self::Backup { actor }
            | Self::Rollback { actor, .. }
            | Self::Recover { actor }
            | Self::Pause { actor }
            | Self::Resume { actor }
            | Self::Random { actor, .. } => Some(actor),
            Self::Drop { .. }
            | Self::Cut { .. }
            | Self::Heal { .. }
            | Self::Tick
            | Self::SlowTick => None,
        }
    }
}

/// Links in words, those that go both ways together.
pub(crate) fn links_in_words(links: &[(usize, usize)], names: &[String]) -> String {
    let name = |actor: &usize| names.get(*actor).map_or("?", String::as_str);
    let words = links.iter().filter_map(|(from, to)| {
        let is_both = links.contains(&(*to, *from));
        let arrow = if is_both { "↔" } else { "→" };
        (!is_both || from < to).then(|| format!("{} {arrow} {}", name(from), name(to)))
    });
    words.collect::<Vec<_>>().join(", ")
}

impl Trace {
    /// Numbered steps, at most 100 columns wide, with ANSI colours if wanted.
    pub fn text(&self, colour: bool) -> String {
        text::render(self, colour)
    }

    /// A sequence diagram: an SVG element that scales to the width it is given.
    pub fn diagram(&self) -> String {
        diagram::render(self)
    }

    /// The trace in the Informal Trace Format (ITF) of Apalache.
    pub fn itf(&self) -> serde_json::Value {
        itf::render(self)
    }

    /// The name of an actor; `?` if there is no such actor.
    pub fn name(&self, actor: usize) -> &str {
        self.actors.get(actor).map_or("?", String::as_str)
    }

    /// What a step is, in one line.
    pub fn line(&self, step: &Step) -> String {
        if !step.label.is_empty() {
            return step.label.clone();
        }
        match &step.event {
            Event::Deliver { from, to, message, kept } => {
                let rest = if *kept { " (a duplicate stays in flight)" } else { "" };
                format!("{} receives from {}: {message}{rest}", self.name(*to), self.name(*from))
            }
            Event::Drop { from, to, message } => {
                format!("lost from {} to {}: {message}", self.name(*from), self.name(*to))
            }
            Event::Timeout { actor, timer, early } => {
                let when = if *early { " early" } else { "" };
                format!("{} times out{when}: {timer}", self.name(*actor))
            }
            Event::Crash { actor } => format!("{} crashes", self.name(*actor)),
            Event::Backup { actor } => {
                format!("a copy of {}'s storage is set aside", self.name(*actor))
            }
            Event::Rollback { actor, to_nothing: true } => {
                format!("{} crashes, and its storage is wiped", self.name(*actor))
            }
            Event::Rollback { actor, .. } => {
                format!("{} crashes, and its storage is rolled back", self.name(*actor))
            }
            Event::Recover { actor } => format!("{} recovers", self.name(*actor)),
            Event::Random { actor, choice } => format!("{} chooses {choice}", self.name(*actor)),
            Event::Pause { actor } => format!("{} pauses", self.name(*actor)),
            Event::Resume { actor } => format!("{} goes on", self.name(*actor)),
            Event::Cut { links } => format!("cut: {}", links_in_words(links, &self.actors)),
            Event::Heal { links } => format!("healed: {}", links_in_words(links, &self.actors)),
            Event::Tick => "time passes".to_owned(),
            Event::SlowTick => "time passes before what is in flight has arrived".to_owned(),
        }
    }
}
