//! Leaders: how one begins, is heard, and is followed.

use stateright::actor::Id;

use super::message::{Leading, Message};
use super::rules::Rule;
use super::state::Role;
use super::vote::observe;
use super::{Step, Timer};

/// A candidate that is elected says so.
pub(super) fn begin(step: &mut Step) {
    step.take_role(Role::Leader);
    say_leading(step);
}

/// A leader says that it leads, and will say it again.
pub(super) fn beat(step: &mut Step) {
    step.set_timer(Timer::Heartbeat, step.server.timing.heartbeat());
    say_leading(step);
}

fn say_leading(step: &mut Step) {
    let epoch = step.state().durable.epoch;
    step.say_to_neighbours(Message::Leading(Leading { epoch }));
}

/// A server hears that another one leads.
pub(super) fn handle_leading(step: &mut Step, from: Id, Leading { epoch }: Leading) {
    observe(step, epoch);
    if epoch < step.state().durable.epoch || step.state().role == Role::Leader {
        return;
    }
    if step.keeps(Rule::LeaderIsFollowed) {
        step.take_role(Role::Follower { leader: Some(from) });
    }
}
