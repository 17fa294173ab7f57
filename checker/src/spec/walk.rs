//! A path through a spec, told in words.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::Path;
use stateright::actor::{Actor, Command, Id};

use super::cuts::ends;
use super::{Action, ActionOf, Clock, Event, Spec, State, with_names};
use crate::trace::{self, Flying, Sent, Trace};

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash + PartialEq,
{
    /// The path as a trace, with the names of the actors.
    ///
    /// # Panics
    /// If `path` is not a path of this spec.
    pub fn trace(&self, title: &str, path: Path<State<A, G>, ActionOf<A>>) -> Trace {
        let steps = path.into_vec();
        let names = self.names();
        let first = &steps[0].0;
        let mut trace = Trace {
            title: title.to_owned(),
            initial: first.system.actor_states.iter().map(|s| self.words(&**s)).collect(),
            in_flight: first
                .system
                .network
                .iter_all()
                .map(|envelope| Flying {
                    from: envelope.src.into(),
                    to: envelope.dst.into(),
                    message: self.words(envelope.msg),
                })
                .collect(),
            actors: names,
            ..Trace::default()
        };
        for (state, action) in &steps {
            if let Some(action) = action {
                trace.steps.push(self.step(state, action));
            }
        }
        trace
    }

    pub(super) fn step(&self, state: &State<A, G>, action: &ActionOf<A>) -> trace::Step {
        let mut step = trace::Step::new(self.event_in(state, action));
        let acting = match action {
            Action::Deliver { src, dst, msg } | Action::Duplicate { src, dst, msg } => {
                Some((*dst, Event::Deliver { src: *src, msg }))
            }
            Action::Timeout(id, timer) | Action::EarlyTimeout(id, timer) => {
                Some((*id, Event::Timeout(timer)))
            }
            Action::SelectRandom { actor, random, .. } => Some((*actor, Event::Random(random))),
            Action::Recover(id) => Some((*id, Event::Recover)),
            Action::Crash(_)
            | Action::Backup(_)
            | Action::Rollback(_)
            | Action::Drop { .. }
            | Action::Pause(_)
            | Action::Resume(_)
            | Action::Cut(_)
            | Action::Heal(_)
            | Action::Tick
            | Action::SlowTick => None,
        };
        if let Some((id, event)) = acting
            && let Ok(reaction) = self.reaction(id, &event, state)
        {
            let sent = self.sent(&reaction.out).into_iter().map(|(to, msg)| Sent {
                to: to.into(),
                message: self.words(msg),
                lost: !self.can_arrive(id, to, state),
            });
            step.sent = sent.collect();
            step.saved = reaction.out.iter().any(|c| matches!(c, Command::Save(_)));
        }
        if let Some(next) = self.after(state, action) {
            let actors = state.system.actor_states.iter().zip(&next.system.actor_states);
            let changed = actors.enumerate().filter(|(_, (before, after))| before != after);
            step.states =
                changed.map(|(index, (_, after))| (index, self.words(&**after))).collect();
            step.notes.extend(self.note(action, &next));
            if let Some(fault) = next.fault {
                step.notes.push(format!("{fault:?}"));
            }
        }
        step
    }

    /// What else a reader should know of the step that led to `next`.
    fn note(&self, action: &ActionOf<A>, next: &State<A, G>) -> Option<String> {
        match action {
            Action::Crash(id) | Action::Rollback(id)
                if next.clocks.get(usize::from(*id)) == Some(&Clock::Gone) =>
            {
                Some("stays down for good; what is in flight to it is lost".to_owned())
            }
            _ if self.is_unbounded(next) => {
                let name = self.restless()?.name;
                Some(format!("{} {name} on time without a fault in between", next.calm))
            }
            _ => None,
        }
    }

    /// An action on one line, with names.
    pub(crate) fn in_words(&self, action: &ActionOf<A>) -> String {
        let trace = Trace { actors: self.names(), ..Trace::default() };
        trace.line(&trace::Step::new(self.event(action)))
    }

    /// A step from `state` on one line, as a trace tells it.
    pub(crate) fn line(&self, state: &State<A, G>, action: &ActionOf<A>) -> String {
        let trace = Trace { actors: self.names(), ..Trace::default() };
        trace.line(&trace::Step::new(self.event_in(state, action)))
    }

    fn event_in(&self, state: &State<A, G>, action: &ActionOf<A>) -> trace::Event {
        let mut event = self.event(action);
        if let trace::Event::Rollback { actor, to_nothing } = &mut event {
            *to_nothing = state.backups[*actor].is_none();
        }
        event
    }

    fn event(&self, action: &ActionOf<A>) -> trace::Event {
        let delivery = |src: usize, dst: usize, msg: &A::Msg, kept| trace::Event::Deliver {
            from: src,
            to: dst,
            message: self.words(msg),
            kept,
        };
        let timeout = |id: Id, timer: &A::Timer, early| trace::Event::Timeout {
            actor: id.into(),
            timer: self.words(timer),
            early,
        };
        match action {
            Action::Deliver { src, dst, msg } => delivery((*src).into(), (*dst).into(), msg, false),
            Action::Duplicate { src, dst, msg } => {
                delivery((*src).into(), (*dst).into(), msg, true)
            }
            Action::Drop { src, dst, msg } => trace::Event::Drop {
                from: (*src).into(),
                to: (*dst).into(),
                message: self.words(msg),
            },
            Action::Timeout(id, timer) => timeout(*id, timer, false),
            Action::EarlyTimeout(id, timer) => timeout(*id, timer, true),
            Action::SelectRandom { actor, key, random } => trace::Event::Random {
                actor: (*actor).into(),
                choice: format!("{key}: {}", self.words(random)),
            },
            Action::Crash(id) => trace::Event::Crash { actor: (*id).into() },
            Action::Backup(id) => trace::Event::Backup { actor: (*id).into() },
            Action::Rollback(id) => {
                let to_nothing = self.faults.are_wipes();
                trace::Event::Rollback { actor: (*id).into(), to_nothing }
            }
            Action::Recover(id) => trace::Event::Recover { actor: (*id).into() },
            Action::Pause(id) => trace::Event::Pause { actor: (*id).into() },
            Action::Resume(id) => trace::Event::Resume { actor: (*id).into() },
            Action::Cut(cut) => trace::Event::Cut { links: self.cut_ends(*cut) },
            Action::Heal(cut) => trace::Event::Heal { links: self.cut_ends(*cut) },
            Action::Tick => trace::Event::Tick,
            Action::SlowTick => trace::Event::SlowTick,
        }
    }

    /// The ends of the links of a cut.
    fn cut_ends(&self, cut: u8) -> Vec<(usize, usize)> {
        ends(&self.cuts[usize::from(cut)].links)
    }

    /// A value on one line, with names.
    pub(super) fn words(&self, value: &impl Debug) -> String {
        with_names(&format!("{value:?}"), &self.names())
    }
}
