//! Leaders: how one begins, is heard, is followed, and goes.

use super::message::{Leading, Message};
use super::rules::Rule;
use super::state::{Durable, Role};
use super::{Ask, Step, Timer, ask, lock};

/// A server that has the locks leads, and says so.
pub(super) fn begin(step: &mut Step, ask: Ask) {
    step.take_role(Role::Leader { ask });
    step.say_to_others(Message::Leading(Leading(ask)));
}

/// A leader says that it leads, and will say it again.
pub(super) fn beat(step: &mut Step) {
    if let Role::Leader { ask } = step.state().role {
        step.set_timer(Timer::Beat, step.server.timing.beat());
        step.say_to_others(Message::Leading(Leading(ask)));
    }
}

/// A server hears that another one leads.
pub(super) fn handle_leading(step: &mut Step, Leading(leader): Leading) {
    lock::hear_clock(step, leader.clock);
    match step.state().role {
        Role::Leader { ask } => {
            if leader < ask || !step.keeps(Rule::NewerLeaderDeposes) {
                return;
            }
            // It may have led up to now: whoever has its lock next needs a later epoch.
            step.set_durable(Durable::timed_out);
        }
        Role::Follower { leader: Some(known) } if leader < known => return,
        Role::Asking { .. } if !step.keeps(Rule::LeaderIsFollowed) => return,
        Role::Asking { .. } => ask::give_way(step),
        Role::Follower { .. } => {}
    }
    step.take_role(Role::Follower { leader: Some(leader) });
    if step.state().durable.lock.is_none() {
        lock::grant_next(step);
    }
}
