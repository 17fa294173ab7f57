//! Shows that actors which may change places do the same under any name.

use std::collections::HashMap;

use super::hash::BuildQuick;
use super::parts::{Event, Explorable, History, NO_FAULT};
use super::reaction::Effect;
use super::renamings::Renamings;
use super::shared::Shared;
use crate::spec::Fault;

/// By reaction, the reactions to the same question under all renamings.
type Reactions = HashMap<u32, Vec<u32>, BuildQuick>;

/// Puts every question that was put to a handler or a ghost under all other names, and compares the
/// answers.
///
/// # Panics
/// If one of them is not the same.
pub(super) fn check<A: Explorable, C, G: History>(shared: &Shared<'_, A, C, G>) {
    if let Some(renamings) = &shared.renamings {
        let reactions = check_handlers(shared, renamings);
        check_ghosts(shared, renamings, &reactions);
    }
}

fn check_handlers<A: Explorable, C, G: History>(
    shared: &Shared<'_, A, C, G>,
    renamings: &Renamings<A, G>,
) -> Reactions {
    let Shared { system, parts, reactions, .. } = shared;
    let mut known = Reactions::default();
    for ((actor, local, event), effect) in reactions.effects() {
        let actor = actor as usize;
        let locals = renamings.locals(parts, local);
        let answers = renamings.all.iter().enumerate().map(|(index, renaming)| {
            let event = match event {
                Event::Deliver(number) => Event::Deliver(renamings.envelopes(parts, number)[index]),
                Event::Timeout(number) => Event::Timeout(renamings.timer(parts, renaming, number)),
                Event::Random(number) => Event::Random(renamings.choice(parts, renaming, number)),
                _ => event,
            };
            let name = renaming.name(actor);
            let answer = reactions.effect(system, parts, name, locals[index], event);
            assert!(
                is_image(shared, renamings, effect, index, answer),
                "actors {actor} and {name} cannot change places: {event:?} does not do the same to \
                 {:?} and {:?}",
                parts.states.get(parts.locals.get(local).state),
                parts.states.get(parts.locals.get(locals[index]).state),
            );
            answer.reaction
        });
        let answers = answers.collect();
        known.insert(effect.reaction, answers);
    }
    known
}

/// True if `answer` is `effect` under the renaming with this index. The words of a panic may name
/// somebody.
fn is_image<A: Explorable, C, G: History>(
    shared: &Shared<'_, A, C, G>,
    renamings: &Renamings<A, G>,
    effect: &Effect,
    index: usize,
    answer: &Effect,
) -> bool {
    let Shared { system, parts, .. } = shared;
    let inbox = |number: u32| renamings.inbox(parts, system.order, number, index);
    let renamed =
        |(seat, parcel): &(usize, u32)| (renamings.all[index].name(*seat), inbox(*parcel));
    let mut post: Vec<(usize, u32)> = parts.posts.get(effect.post).iter().map(renamed).collect();
    post.sort_unstable();
    let is_panic = |fault: u32| matches!(parts.faults.get(fault), Some(Fault::Panicked(_)));
    let has_same_fault =
        answer.fault == effect.fault || is_panic(answer.fault) && is_panic(effect.fault);
    has_same_fault
        && answer.local == renamings.locals(parts, effect.local)[index]
        && answer.own == inbox(effect.own)
        && *parts.posts.get(answer.post) == post
        && answer.is_ignored == effect.is_ignored
}

fn check_ghosts<A: Explorable, C, G: History>(
    shared: &Shared<'_, A, C, G>,
    renamings: &Renamings<A, G>,
    known: &Reactions,
) {
    let Shared { system, parts, reactions, .. } = shared;
    for ((ghost, reaction), (after, fault)) in reactions.ghosts() {
        let images = renamings.ghosts(parts, ghost).iter().zip(renamings.ghosts(parts, after));
        for ((before, after), reaction) in images.zip(&known[&reaction]) {
            let seen = reactions.ghost(system, parts, *before, *reaction);
            assert!(
                seen.0 == *after && (seen.1 == NO_FAULT) == (fault == NO_FAULT),
                "the ghost sees who it is that acts: from {:?} to {:?}",
                parts.ghosts.get(*before),
                parts.ghosts.get(*after),
            );
        }
    }
}
