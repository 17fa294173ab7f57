//! What handlers do, asked once for each distinct question.

use std::borrow::Cow;
use std::sync::Arc;

use stateright::actor::{Actor, Command, Envelope, Id, Out};

use super::arena::Arena;
use super::commands::{carry_out, prepare};
use super::memo::Memo;
use super::parts::{Event, Explorable, History, Local, NO_FAULT, Parts};
use super::reaction::{Effect, Reaction, Seen};
use super::system::{Rules, System};
use crate::caught::caught;
use crate::spec::{Event as SpecEvent, Fault, Spec, Step};

/// Asks handlers and ghosts, and remembers what they said.
pub(super) struct Reactions<A: Actor> {
    /// By actor, state, storage where the event is a start, and event: the number of the reaction.
    asked: Memo<(u32, u32, u32, Event), u32>,
    reactions: Arena<Reaction<A>>,
    /// By actor, local and event.
    numbers: Memo<(u32, u32, Event), u32>,
    effects: Arena<Effect>,
    ghosts: Memo<(u32, u32), Seen>,
}

impl<A: Explorable> Reactions<A> {
    pub fn new() -> Self {
        Reactions {
            asked: Memo::default(),
            reactions: Arena::default(),
            numbers: Memo::default(),
            effects: Arena::default(),
            ghosts: Memo::default(),
        }
    }

    /// How many distinct questions were put to handlers.
    pub fn handler_calls(&self) -> usize {
        self.asked.len()
    }

    /// What was asked of actors so far: each its local and the event, and the effect.
    pub fn effects(&self) -> Vec<((u32, u32, Event), &Effect)> {
        let entries = self.numbers.entries().into_iter();
        entries.map(|(question, number)| (question, self.effects.get(number))).collect()
    }

    /// What was asked of ghosts so far: each with the reaction it was shown.
    pub fn ghosts(&self) -> Vec<((u32, u32), Seen)> {
        self.ghosts.entries()
    }

    /// What `event` does when `actor` is as `local` says.
    pub fn effect<C, G: History>(
        &self,
        system: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
        actor: usize,
        local: u32,
        event: Event,
    ) -> &Effect {
        let number = self.numbers.get_or((actor as u32, local, event), || {
            let mut after = *parts.locals.get(local);
            prepare(system, parts, &mut after, event);
            let is_silent = event == Event::Crash && matches!(system.rules, Rules::Stateright);
            if is_silent || matches!(event, Event::Backup | Event::Pause | Event::Resume) {
                return self.effects.push(Effect::silent(parts, after));
            }
            let reaction = self.reaction(system, parts, actor, &after, event);
            let taken = self.reactions.get(reaction);
            let effect = carry_out(system, parts, taken, after);
            self.effects.push(Effect { reaction, is_ignored: taken.is_ignored(parts), ..effect })
        });
        self.effects.get(number)
    }

    /// What a reaction is to: whose it is, and the event.
    pub fn question(&self, reaction: u32) -> (usize, Event) {
        let Reaction { actor, event, .. } = self.reactions.get(reaction);
        (*actor, *event)
    }

    /// What `actor`'s handler does, its own being prepared for the event.
    fn reaction<C, G: History>(
        &self,
        system: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
        actor: usize,
        local: &Local,
        event: Event,
    ) -> u32 {
        let question = (actor as u32, local.state, question_storage(local, event), event);
        self.asked
            .get_or(question, || self.reactions.push(react(system, parts, actor, local, event)))
    }

    /// True if the receiver of a message, in this state, does nothing and says nothing when it
    /// arrives.
    pub fn ignores<C, G: History>(
        &self,
        system: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
        state: u32,
        envelope: u32,
    ) -> bool {
        let receiver = usize::from(parts.envelopes.get(envelope).dst);
        let local = Local { state, ..Local::default() };
        let event = Event::Deliver(envelope);
        let reaction = self.reaction(system, parts, receiver, &local, event);
        self.reactions.get(reaction).does_nothing()
    }

    /// What was asked of handlers so far: each question with the state before and after.
    pub fn steps(&self) -> impl Iterator<Item = (usize, Event, u32, u32)> {
        self.asked.entries().into_iter().map(|((actor, before, _, event), reaction)| {
            let after = self.reactions.get(reaction).after;
            (actor as usize, event, before, after.unwrap_or(before))
        })
    }

    /// The fault of this reaction.
    pub fn fault(&self, reaction: u32) -> u32 {
        self.reactions.get(reaction).fault
    }

    /// What becomes of a ghost that sees a step with this reaction.
    pub fn ghost<C, G: History>(
        &self,
        system: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
        ghost: u32,
        reaction: u32,
    ) -> Seen {
        self.ghosts.get_or((ghost, reaction), || {
            let taken = self.reactions.get(reaction);
            if matches!(parts.faults.get(taken.fault), Some(Fault::Panicked(_))) {
                return (ghost, NO_FAULT);
            }
            let before = parts.ghosts.get(ghost);
            let after = caught(|| match system.rules {
                Rules::Spec(spec) => observe(system, parts, taken, |step| {
                    (spec.ghost)(&system.model.cfg, before, step)
                }),
                Rules::Stateright => record(system, parts, taken, before),
            });
            match after {
                Ok(after) => (after.map_or(ghost, |after| parts.ghosts.intern(after)), NO_FAULT),
                Err(words) => (ghost, parts.faults.intern(Some(Fault::GhostPanicked(words)))),
            }
        })
    }
}

/// Storage matters to a start alone.
fn question_storage(local: &Local, event: Event) -> u32 {
    match event {
        Event::Crash | Event::Rollback | Event::Recover => local.storage,
        Event::Deliver(_) | Event::Timeout(_) | Event::Random(_) => 0,
        Event::Backup | Event::Pause | Event::Resume | Event::Nobodys => 0,
    }
}

/// Calls the handler.
fn react<A: Explorable, C, G: History>(
    system: &System<'_, A, C, G>,
    parts: &Parts<A, G>,
    actor: usize,
    local: &Local,
    event: Event,
) -> Reaction<A> {
    let handlers = &system.model.actors[actor];
    let id = Id::from(actor);
    let before = parts.states.get(local.state);
    let call = || {
        let mut out = Out::new();
        let mut state = Cow::Borrowed(&**before);
        match event {
            Event::Deliver(envelope) => {
                let Envelope { src, msg, .. } = parts.envelopes.get(envelope);
                handlers.on_msg(id, &mut state, *src, msg.clone(), &mut out);
            }
            Event::Timeout(timer) => {
                handlers.on_timeout(id, &mut state, parts.timer.get(timer), &mut out);
            }
            Event::Random(choice) => {
                handlers.on_random(id, &mut state, &parts.choice.get(choice).1, &mut out);
            }
            Event::Crash | Event::Rollback | Event::Recover => {
                let storage = parts.storages.get(local.storage);
                state = Cow::Owned(handlers.on_start(id, storage, &mut out));
            }
            Event::Backup | Event::Pause | Event::Resume | Event::Nobodys => {
                unreachable!("no handler is called for it")
            }
        }
        let disagrees = storage_disagrees(system, actor, before, &state, event, &out);
        match state {
            Cow::Borrowed(_) => (None, out, disagrees),
            Cow::Owned(state) => (Some(state), out, disagrees),
        }
    };
    let (after, mut out, disagrees, panicked) = match caught(call) {
        Ok((after, out, disagrees)) => (after, out, disagrees, None),
        Err(words) => (None, Out::new(), false, Some(words)),
    };
    if matches!(event, Event::Crash | Event::Rollback) {
        // What a start would say is said when the server recovers.
        out = Out::new();
    }
    let fault = panicked.map(Fault::Panicked).or_else(|| fault(system, &out));
    let fault = fault.or(disagrees.then_some(Fault::StorageDisagrees));
    Reaction {
        actor,
        event,
        before: local.state,
        after: after.map(|state| parts.states.intern(Arc::new(state))),
        // Without the room that a growing list has for more.
        commands: out.into_iter().collect(),
        fault: fault.map_or(NO_FAULT, |fault| parts.faults.intern(Some(fault))),
    }
}

/// True if the state after a handler says that something is durable which a start from the storage
/// would not give. The storage agreed with the state before: this is asked after every handler. So
/// where nothing was saved, what is durable must not have changed.
fn storage_disagrees<A: Explorable, C, G: History>(
    system: &System<'_, A, C, G>,
    actor: usize,
    before: &A::State,
    after: &A::State,
    event: Event,
    out: &Out<A>,
) -> bool {
    let Rules::Spec(Spec { durable: Some(same), .. }) = system.rules else {
        return false;
    };
    if matches!(event, Event::Crash | Event::Rollback) {
        // The state is what a start from the storage gives, and nothing is saved.
        return false;
    }
    let saved = out.iter().rev().find_map(|command| match command {
        Command::Save(storage) => Some(Some(storage.clone())),
        _ => None,
    });
    match saved {
        Some(storage) => {
            let handlers = &system.model.actors[actor];
            !same(after, &handlers.on_start(actor.into(), &storage, &mut Out::new()))
        }
        None if event == Event::Recover => false,
        None => !same(after, before),
    }
}

/// What by a spec's rules is wrong with what a handler commanded.
fn fault<A: Explorable, C, G: History>(
    system: &System<'_, A, C, G>,
    out: &Out<A>,
) -> Option<Fault> {
    let Rules::Spec(_) = system.rules else {
        return None;
    };
    let mut commands = out.iter().skip_while(|command| !matches!(command, Command::Send(..)));
    let is_late = commands.any(|command| matches!(command, Command::Save(_)));
    is_late.then_some(Fault::SentBeforeSaved)
}

/// Shows a step to a spec's ghost.
fn observe<A: Explorable, C, G: History>(
    system: &System<'_, A, C, G>,
    parts: &Parts<A, G>,
    reaction: &Reaction<A>,
    ghost: impl FnOnce(&Step<'_, A>) -> Option<G>,
) -> Option<G> {
    let before = parts.states.get(reaction.before);
    let after = parts.states.get(reaction.after.unwrap_or(reaction.before));
    let sent = reaction.commands.iter().filter_map(|command| match command {
        Command::Send(dst, msg) if usize::from(*dst) < system.actors() => Some((*dst, msg)),
        _ => None,
    });
    let event = match reaction.event {
        Event::Deliver(number) => {
            let envelope = parts.envelopes.get(number);
            SpecEvent::Deliver { src: envelope.src, msg: &envelope.msg }
        }
        Event::Timeout(number) => SpecEvent::Timeout(parts.timer.get(number)),
        Event::Random(number) => SpecEvent::Random(&parts.choice.get(number).1),
        Event::Crash | Event::Rollback => SpecEvent::Crash,
        Event::Recover => SpecEvent::Recover,
        Event::Backup | Event::Pause | Event::Resume | Event::Nobodys => {
            unreachable!("no actor takes part in it")
        }
    };
    ghost(&Step { actor: reaction.actor.into(), event, before, after, sent: sent.collect() })
}

/// The history after a step, as Stateright records it: the message that arrived, then those sent.
fn record<A: Explorable, C, G: History>(
    system: &System<'_, A, C, G>,
    parts: &Parts<A, G>,
    reaction: &Reaction<A>,
    before: &G,
) -> Option<G> {
    let model = system.model;
    let mut history = None;
    if let Event::Deliver(number) = reaction.event {
        let Envelope { src, dst, msg } = parts.envelopes.get(number);
        let (src, dst) = (*src, *dst);
        history = (model.record_msg_in)(&model.cfg, before, Envelope { src, dst, msg });
    }
    for command in reaction.commands.iter() {
        if let Command::Send(dst, msg) = command {
            let (src, dst) = (reaction.actor.into(), *dst);
            let now = history.as_ref().unwrap_or(before);
            let next = (model.record_msg_out)(&model.cfg, now, Envelope { src, dst, msg });
            history = next.or(history);
        }
    }
    history
}
