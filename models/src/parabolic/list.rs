//! The list of participants, and which of them is the best.

use std::cmp::Reverse;

use stateright::actor::Id;

use super::message::Word;
use super::rules::Rule;
use super::state::Role;
use super::{Message, Server, Step, Timer, confirm};
use crate::number::Incarnation;
use crate::rules::RuleBook;

/// How much a server's word for itself is, where each knows only its own load: it takes itself for
/// idle, and all others for busy.
const IDLE: u8 = u8::MAX;

/// What ranks a participant: the greater, the better.
///
/// Its probability is its weight over the sum of all weights on the list. The sum is the same for
/// all participants on one list, so the most probable one is the one of the highest weight.
type Rank = (Reverse<Incarnation>, u8);

/// How `judge`, a server, ranks a participant that has started so many times.
fn rank(server: &Server, judge: Id, participant: Id, starts: Incarnation) -> Rank {
    let rules = &server.rules;
    let starts = if rules.keeps(Rule::StaysWhileTrusted) { starts } else { Incarnation::ZERO };
    let is_idle = !rules.keeps(Rule::SameWeights) && participant == judge;
    let weight = if is_idle { IDLE } else { server.weights[&participant] };
    (Reverse(starts), weight)
}

/// Is the server the best of the participants on its own list?
pub(super) fn is_best(step: &Step) -> bool {
    let (id, list) = (step.id, &step.state().list);
    let rank = |participant, starts| rank(step.server, id, participant, starts);
    let own = rank(id, list[&id]);
    list.iter().filter(|(other, _)| **other != id).all(|(other, starts)| {
        let other_rank = rank(*other, *starts);
        own > other_rank || own == other_rank && step.require(Rule::TieById, id < *other)
    })
}

/// It is time to speak.
pub(super) fn handle_speak(step: &mut Step) {
    confirm::judge(step);
    let awaits_leader = matches!(step.state().role, Role::Follower { leader: None });
    if step.keeps(Rule::HeartbeatsGoOn) || awaits_leader {
        step.set_timer(Timer::Speak, step.server.timing.speak());
        say_word(step);
    }
}

/// A server says that it is there, and whether it leads.
pub(super) fn say_word(step: &mut Step) {
    let state = step.state();
    let (starts, epoch) = (state.durable.starts, state.durable.epoch);
    let leads = state.role == Role::Leader;
    step.say_to_others(Message::Word(Word { starts, epoch, leads }));
}

/// A server is heard: it takes part.
pub(super) fn handle_word(step: &mut Step, from: Id, word: Word) {
    let Word { starts, epoch, leads } = word;
    confirm::observe(step, epoch);
    let is_on = step.state().list.contains_key(&from);
    if !is_on && !step.keeps(Rule::WordReturns) {
        return;
    }
    step.set_timer(Timer::Silence(from), step.server.timing.silence.clone());
    if step.state().list.get(&from) != Some(&starts) {
        step.state_mut().list.insert(from, starts);
    }
    confirm::hear(step, from, epoch, leads);
    confirm::judge(step);
}

/// A server was not heard for too long.
pub(super) fn handle_silence(step: &mut Step, silent: Id) {
    if !step.keeps(Rule::SilenceRemoves) {
        return;
    }
    step.state_mut().list.remove(&silent);
    if step.state().role == (Role::Follower { leader: Some(silent) }) {
        step.take_role(Role::Follower { leader: None });
    }
    confirm::judge(step);
}
