//! A state and a step as a page shows them: in parts, in few words, with names.

use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;
use stateright::Expectation;
use stateright::actor::Actor;

use super::state::Pending;
use super::{Action, ActionOf, CutState, Kind, Spec, State, with_names};
use crate::caught::caught;
use crate::trace::brief::{brief, fields};
use crate::trace::debug_text::differences;

/// What kind of step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// A message arrives.
    Deliver,
    /// A timer fires when it may, or time passes.
    Timer,
    /// An actor takes one of the random choices it asked for.
    Choice,
    /// A fault, or a recovery from one.
    Fault,
}

/// A step, and the state that it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepView {
    pub group: Group,
    /// What the step changes, and what is said in it, one a line.
    pub does: Vec<String>,
    pub state: StateView,
}

/// A state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateView {
    pub actors: Vec<ActorView>,
    /// The messages in flight, in the same words as the steps that deliver them.
    pub in_flight: Vec<String>,
    /// The links that are down since a cut, one line for each cut.
    pub cuts: Vec<String>,
    /// What the spec remembers of the past: names and values.
    pub ghost: Vec<(String, String)>,
    /// The budgets that the spec has.
    pub budgets: Vec<BudgetView>,
    /// If something must come to an end: its name, "elections", and how often it was on time since
    /// the last fault.
    pub calm: Option<(&'static str, u8)>,
    /// What a handler did that none may do.
    pub fault: Option<String>,
    /// The properties that a state decides, in the order of the spec.
    pub claims: Vec<ClaimView>,
}

/// An actor in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActorView {
    pub name: String,
    /// True for a server, false for a client.
    pub server: bool,
    /// The name of its state's type or variant; empty if that is no struct.
    pub kind: String,
    /// If it is down or paused: that it is, and since when or for how long.
    pub down: Option<String>,
    /// The parts of its state: names and values.
    pub fields: Vec<(String, String)>,
    /// The timers that are set, and the choices that it has asked for.
    pub pending: Vec<String>,
}

/// A budget, and how much of it is used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BudgetView {
    pub name: String,
    pub spent: u8,
    pub of: u8,
}

/// A property, and whether it is true of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimView {
    pub name: &'static str,
    /// [`Kind::Always`] or [`Kind::Reachable`].
    pub kind: Kind,
    pub holds: bool,
}

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash + PartialEq,
{
    /// The step that `action` is in `state`; `None` if it changes nothing.
    pub fn step_view(&self, state: &State<A, G>, action: &ActionOf<A>) -> Option<StepView> {
        let next = self.after(state, action)?;
        let group = match action {
            Action::Deliver { .. } => Group::Deliver,
            Action::Timeout(..) | Action::Tick => Group::Timer,
            Action::SelectRandom { .. } => Group::Choice,
            _ => Group::Fault,
        };
        Some(StepView { group, does: self.does(state, action), state: self.state_view(&next) })
    }

    /// What is to be seen in the state in which every path begins.
    pub fn initial_view(&self) -> StateView {
        self.state_view(&self.initial())
    }

    /// What is to be seen in `state`.
    pub fn state_view(&self, state: &State<A, G>) -> StateView {
        let mut in_flight: Vec<String> = state
            .system
            .network
            .iter_all()
            .map(|sent| {
                let link = with_names(&format!("{:?} → {:?}", sent.src, sent.dst), &self.names());
                format!("{link} {}", brief(&self.words(sent.msg)))
            })
            .collect();
        in_flight.sort();
        StateView {
            actors: (0..self.system.actors.len()).map(|index| self.actor(state, index)).collect(),
            in_flight,
            cuts: state.cuts_in_words(),
            ghost: fields(&self.words(&state.system.history)).1,
            budgets: self.budgets(state),
            calm: self.restless().map(|restless| (restless.name, state.calm)),
            fault: state.fault.as_ref().map(|fault| format!("{fault:?}")),
            claims: self.claims_in(state),
        }
    }

    fn actor(&self, state: &State<A, G>, index: usize) -> ActorView {
        let names = self.names();
        let pending = state.pending(index).into_iter().map(|(kind, text)| match kind {
            Pending::Timer => with_names(&text, &names),
            Pending::Choice | Pending::Backup => with_names(&format!("{kind}: {text}"), &names),
        });
        let (kind, fields) = fields(&self.words(&*state.system.actor_states[index]));
        ActorView {
            server: index < self.servers,
            kind,
            down: state.down(index),
            fields,
            pending: pending.collect(),
            name: names[index].clone(),
        }
    }

    fn budgets(&self, state: &State<A, G>) -> Vec<BudgetView> {
        let (spent, faults) = (&state.spent, &self.faults);
        let (early, slow) = self.timely.as_ref().map_or((0, 0), |it| (it.early, it.slow));
        let pauses = self.pauses().map_or(0, |pauses| pauses.count);
        let rollbacks = if faults.are_wipes() { "wipes" } else { "rollbacks" };
        let cut = state.cuts.iter().filter(|cut| **cut != CutState::Ahead).count() as u8;
        let timeouts = self.timeouts.iter().zip(spent.timeouts);
        timeouts
            .map(|(budget, spent)| (budget.name, spent, budget.count))
            .chain([
                ("crashes", spent.crashes, faults.crashes),
                ("drops", spent.drops, faults.drops),
                ("duplicates", spent.duplicates, faults.duplicates),
                (rollbacks, spent.rollbacks, faults.rollbacks),
                ("backups", spent.backups, faults.backups),
                ("early timeouts", spent.early, early),
                ("slow ticks", spent.slow, slow),
                ("pauses", spent.pauses, pauses),
                ("cuts", cut, self.cuts.len() as u8),
            ])
            .filter(|(.., of)| *of > 0)
            .map(|(name, spent, of)| BudgetView { name: name.to_owned(), spent, of })
            .collect()
    }

    fn claims_in(&self, state: &State<A, G>) -> Vec<ClaimView> {
        let claim = |property: stateright::Property<Self>| ClaimView {
            name: property.name,
            kind: match property.expectation {
                Expectation::Always => Kind::Always,
                _ => Kind::Reachable,
            },
            // A condition that panics is not true.
            holds: caught(|| (property.condition)(self, state)) == Ok(true),
        };
        self.lifted_properties().into_iter().map(claim).collect()
    }

    fn does(&self, state: &State<A, G>, action: &ActionOf<A>) -> Vec<String> {
        let names = self.names();
        let step = self.step(state, action);
        let mut lines = step.notes;
        for (actor, new) in &step.states {
            let old = self.words(&*state.system.actor_states[*actor]);
            let name = &names[*actor];
            lines.extend(differences(&old, new).iter().map(|change| format!("{name}  {change}")));
        }
        let actor = step.event.actor().map_or("", |actor| &names[actor]);
        if step.saved {
            lines.push(format!("{actor}  saves to storage"));
        }
        for sent in &step.sent {
            let to = names.get(sent.to).map_or("?", String::as_str);
            let lost = if sent.lost { " (lost: it can never arrive)" } else { "" };
            lines.push(format!("{actor} → {to} {}{lost}", brief(&sent.message)));
        }
        lines
    }
}
