//! How a write begins.

use std::time::Duration;

use super::Timer;
use super::entry::{Entry, Version};
use super::rules::Rule;
use super::rumour;
use super::server::Step;
use crate::rules::RuleBook;

/// The replica is asked for the next write of its script. It takes effect here at once.
pub(super) fn handle_write<R: RuleBook<Rule>>(step: &mut Step<R>) {
    let done = usize::from(step.state().written);
    let Some((key, value)) = step.server.script.get(done) else { return };
    let known = step.state().store.get(key).map_or(0, |entry| entry.version.number);
    let number = if step.keeps(Rule::WriteIsLatest) { known + 1 } else { 1 };
    let version = Version { number, writer: step.id };
    if step.take(key, &Entry { version, value: value.clone() }) {
        rumour::heat(step, key);
    }
    step.state_mut().written += 1;
    step.save();
    if done + 1 < step.server.script.len() {
        step.set_timer(Timer::Write, Duration::ZERO..step.server.timing.write);
    }
}
