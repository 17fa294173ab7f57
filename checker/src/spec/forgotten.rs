//! Messages that a search forgets, because their receivers ignore them; and the proof that they do.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

use stateright::actor::{Actor, Envelope};
use stateright::{Model, Path};

use super::handler::Reaction;
use super::transition::in_flight;
use super::{Action, ActionOf, Event, Spec, State};

/// A state that a search for a heeded message has met.
struct Met<A: Actor, G> {
    state: State<A, G>,
    /// Which messages were forgotten on the way here and could still be in flight, by their places
    /// among those that are looked for.
    forgotten: BTreeSet<usize>,
    /// The state before, by its place, and the step from there.
    from: Option<(usize, ActionOf<A>)>,
}

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash + PartialEq,
{
    /// Takes out of the network what its receivers will ignore for ever, and returns it. What is
    /// called obsolete and is heeded stays in flight.
    pub(super) fn forget(&self, state: &mut State<A, G>) -> Vec<Envelope<A::Msg>> {
        let mut forgotten = self.called_obsolete(state);
        forgotten.retain(|message| self.ignores(state, message));
        for message in &forgotten {
            in_flight(&mut state.system.network).remove(message);
        }
        forgotten
    }

    /// What is in flight although it is called obsolete: its receivers heed it.
    pub(super) fn obsolete_in_flight(&self, state: &State<A, G>) -> Vec<Envelope<A::Msg>> {
        let mut obsolete = self.called_obsolete(state);
        obsolete.retain(|message| !self.ignores(state, message));
        obsolete
    }

    /// What is in flight and called obsolete.
    fn called_obsolete(&self, state: &State<A, G>) -> Vec<Envelope<A::Msg>> {
        let Some(is_obsolete) = self.obsolete else {
            return Vec::new();
        };
        let actors = &state.system.actor_states;
        let messages = state.system.network.iter_all();
        let obsolete =
            messages.filter(|it| is_obsolete(&actors[usize::from(it.dst)], it.src, it.msg));
        obsolete.map(|message| message.to_cloned_msg()).collect()
    }

    /// True if the receiver, as it is now, does nothing and says nothing when the message arrives.
    fn ignores(&self, state: &State<A, G>, message: &Envelope<A::Msg>) -> bool {
        let event = Event::Deliver { src: message.src, msg: &message.msg };
        let before = &*state.system.actor_states[usize::from(message.dst)];
        self.reaction(message.dst, &event, state).is_ok_and(|Reaction { state, out }| {
            state.is_none_or(|state| state == *before) && out.iter().next().is_none()
        })
    }

    /// A shortest path on which one of `messages` is forgotten and that ends where its receiver
    /// would heed it. `None` if there is none. Looks at every state in full and remembers it: slow,
    /// and only for messages that are known to be heeded by some chain of their receivers' states.
    pub(crate) fn path_to_heeding(
        &self,
        messages: &[&Envelope<A::Msg>],
    ) -> Option<Path<State<A, G>, ActionOf<A>>> {
        let start = Met { state: self.initial(), forgotten: BTreeSet::new(), from: None };
        let mut all = vec![start];
        let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut next = 0;
        while let Some(Met { state, forgotten, .. }) = all.get(next) {
            if forgotten.iter().any(|at| !self.ignores(state, messages[*at])) {
                return self.path_along(&all, next);
            }
            let (state, forgotten) = (state.clone(), forgotten.clone());
            let mut actions = Vec::new();
            self.enabled(&state, &mut actions);
            for action in actions {
                let Some((after, gone)) = self.after_and_forgotten(&state, &action) else {
                    continue;
                };
                let is_forgotten = |at: &usize| {
                    let still = forgotten.contains(at);
                    still && self.outlasts(&state, &action, messages[*at])
                        || gone.contains(messages[*at])
                };
                let forgotten: BTreeSet<_> = (0..messages.len()).filter(is_forgotten).collect();
                let near = places.entry(hash(&after)).or_default();
                // Where more is forgotten, more may be heeded.
                let is_met = |at: &usize| {
                    all[*at].forgotten.is_superset(&forgotten) && all[*at].state == after
                };
                if !near.iter().any(is_met) {
                    near.push(all.len());
                    all.push(Met { state: after, forgotten, from: Some((next, action)) });
                }
            }
            next += 1;
        }
        None
    }

    /// True if `message` could still be in flight after `action`. What is in flight to an actor
    /// that takes steps arrives before time passes. A cut loses what is in flight over its links.
    fn outlasts(
        &self,
        state: &State<A, G>,
        action: &ActionOf<A>,
        message: &Envelope<A::Msg>,
    ) -> bool {
        match action {
            Action::Tick => !state.takes_steps(message.dst.into()),
            Action::Cut(cut) => {
                !self.cuts[usize::from(*cut)].links.contains(&(message.src, message.dst))
            }
            _ => true,
        }
    }

    fn path_along(&self, all: &[Met<A, G>], end: usize) -> Option<Path<State<A, G>, ActionOf<A>>> {
        let (mut actions, mut at) = (Vec::new(), end);
        while let Some((before, action)) = &all[at].from {
            actions.push(action.clone());
            at = *before;
        }
        actions.reverse();
        Path::from_actions(self, self.init_states().remove(0), &actions)
    }

    /// What was forgotten on the way along `path`, or stayed in flight because it is not ignored,
    /// and would be heeded at its end: in words.
    pub(crate) fn heeded_at_end(&self, path: &Path<State<A, G>, ActionOf<A>>) -> Vec<String> {
        let mut forgotten: Vec<Envelope<A::Msg>> = Vec::new();
        let steps = path.clone().into_vec();
        for (state, action) in &steps {
            let Some(action) = action else { break };
            forgotten.retain(|message| self.outlasts(state, action, message));
            if let Some((_, gone)) = self.after_and_forgotten(state, action) {
                forgotten.extend(gone);
            }
        }
        let last = path.last_state();
        let mut heeded = self.obsolete_in_flight(last);
        heeded.extend(forgotten.into_iter().filter(|message| !self.ignores(last, message)));
        heeded.sort_by(|one, other| {
            (one.src, one.dst, &one.msg).cmp(&(other.src, other.dst, &other.msg))
        });
        heeded.dedup();
        heeded
            .into_iter()
            .map(|Envelope { src, dst, msg }| {
                let words = self.in_words(&Action::Deliver { src, dst, msg });
                format!("called obsolete, and heeded: {words}")
            })
            .collect()
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
