//! What an event, and what a handler commands, does to an actor's own.

use std::collections::BTreeMap;

use stateright::actor::Command;

use super::parts::{Event, Explorable, History, Local, NOTHING, Parts};
use super::reaction::{Effect, Reaction};
use super::system::{Rules, System};
use crate::spec::Clock;

/// What happens to an actor's own before its handler is called.
pub(super) fn prepare<A: Explorable, C, G: History>(
    system: &System<'_, A, C, G>,
    parts: &Parts<A, G>,
    local: &mut Local,
    event: Event,
) {
    match event {
        Event::Deliver(_) | Event::Nobodys => {}
        Event::Timeout(timer) => {
            let timer = parts.timer.get(timer);
            let mut timers = parts.timers.get(local.timers).clone();
            timers.cancel(timer);
            local.timers = parts.timers.intern(timers);
            let mut clock = parts.clocks.get(local.clock).clone();
            clock.clear(timer);
            local.clock = parts.clocks.intern(clock);
        }
        Event::Random(choice) => {
            let mut randoms = parts.randoms.get(local.randoms).clone();
            randoms.remove(&parts.choice.get(choice).0);
            local.randoms = parts.randoms.intern(randoms);
        }
        Event::Backup => local.backup = local.storage,
        Event::Crash | Event::Rollback => {
            if event == Event::Rollback {
                local.storage = local.backup;
            }
            local.crashed = true;
            local.timers = parts.timers.intern(stateright::actor::Timers::new());
            local.randoms = parts.randoms.intern(stateright::actor::RandomChoices::default());
            let clock = system.timely().map(Clock::crashed);
            local.clock = parts.clocks.intern(clock.unwrap_or_default());
        }
        Event::Pause | Event::Resume => {
            let mut clock = parts.clocks.get(local.clock).clone();
            if event == Event::Pause {
                clock.pause()
            } else {
                clock.resume()
            }
            local.clock = parts.clocks.intern(clock);
        }
        Event::Recover => {
            local.crashed = false;
            local.clock = parts.clocks.intern(Clock::default());
        }
    }
}

/// Carries out what the handler commanded. The reaction is for the caller to fill in.
pub(super) fn carry_out<A: Explorable, C, G: History>(
    system: &System<'_, A, C, G>,
    parts: &Parts<A, G>,
    reaction: &Reaction<A>,
    mut local: Local,
) -> Effect {
    local.state = reaction.after.unwrap_or(local.state);
    let mut sent: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    let mut timers = parts.timers.get(local.timers).clone();
    let mut randoms = parts.randoms.get(local.randoms).clone();
    let mut clock = parts.clocks.get(local.clock).clone();
    for command in reaction.commands.iter() {
        match command {
            Command::Send(dst, msg) => {
                let seat = match system.rules {
                    Rules::Spec(_) => usize::from(*dst),
                    Rules::Stateright => usize::from(*dst).min(system.actors()),
                };
                let is_lost = system.is_link_down(reaction.actor, *dst)
                    || system.is_cut(parts, local.cuts, reaction.actor, *dst);
                if seat < system.seats && !is_lost {
                    let envelope = parts.envelope(reaction.actor.into(), *dst, msg.clone());
                    sent.entry(seat).or_default().push(envelope);
                }
            }
            Command::SetTimer(timer, _) => {
                timers.set(timer.clone());
                if system.timely().is_some() {
                    clock.set(timer.clone());
                }
            }
            Command::CancelTimer(timer) => {
                timers.cancel(timer);
                clock.clear(timer);
            }
            Command::ChooseRandom(key, choices) if choices.is_empty() => {
                randoms.remove(key);
            }
            Command::ChooseRandom(key, choices) => randoms.insert(key.clone(), choices.clone()),
            Command::Save(storage) => {
                local.storage = parts.storages.intern(Some(storage.clone()));
            }
        }
    }
    local.timers = parts.timers.intern(timers);
    local.randoms = parts.randoms.intern(randoms);
    local.clock = parts.clocks.intern(clock);
    let mut parcel = |sent| parts.inboxes.intern(system.order.parcel(sent));
    let own = sent.remove(&reaction.actor).map_or(NOTHING, &mut parcel);
    Effect {
        own,
        post: parts.posts.intern(sent.into_iter().map(|(to, sent)| (to, parcel(sent))).collect()),
        fault: reaction.fault,
        ..Effect::silent(parts, local)
    }
}
