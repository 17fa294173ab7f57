//! Who takes over when one of the pair is silent.

use super::Step;
use super::copy;
use super::message::Message;
use super::rules::Rule;
use super::state::Role;

/// A follower that does not hear its leader takes its place. A leader that does not hear its
/// follower waits for it. One that does not stay steps down, and one that does not wait goes on
/// alone.
pub(super) fn miss_partner(step: &mut Step) {
    let is_leader = step.state().leads();
    if is_leader && !step.keeps(Rule::LeaderStays) {
        step.take_role(Role::Follower);
    } else if is_leader || step.keeps(Rule::NewLeaderHasAll) {
        lead_alone(step);
    } else {
        step.take_role(Role::Syncing);
        let have = step.state().log.len();
        step.send(step.server.partner(step.id), Message::Pull { have });
    }
}

/// Leads without the other one, and answers what waited for it.
pub(super) fn lead_alone(step: &mut Step) {
    let answered = match step.state().role {
        Role::Leader { copied } => copied,
        Role::Alone => return,
        _ => step.state().log.len(),
    };
    step.take_role(Role::Alone);
    let end = step.state().log.len();
    copy::answer_waiting(step, answered, end);
}
