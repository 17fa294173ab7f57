//! Raft within bounds that somebody asks for. It has the claims of the listed specs; what must be
//! reachable is what every such space has, so that nothing fails for want of bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::{EVERY_RULE, Fact, RaftSpec, fact, live};
use crate::bounds::{Ask, Bounds, Refused};
use crate::claims::all_answered;
use crate::kv::Command;
use crate::raft::Batch;
use crate::raft::claims::properties;
use crate::system::{Boxed, servers_mut};

/// Raft within `bounds`.
///
/// # Errors
/// If Raft has not all of them, or does not live within them.
pub fn spec(bounds: &Bounds) -> Result<Box<dyn AnySpec>, Refused> {
    let mut ask = Ask::new(bounds);
    let servers = ask.count("servers", 3).into();
    let scripts = ask.scripts();
    let faults = faults(&mut ask);
    let (batch, window) = (ask.count("batch", 1), ask.count("window", 1));
    let spec = if bounds.live {
        let spec = on_the_clock(&mut ask, servers, &scripts, faults)?;
        ask.finish("a spec of raft with --live")?;
        spec
    } else {
        let spec = at_any_moment(&mut ask, servers, &scripts, faults);
        ask.finish("a spec of raft without --live")?;
        spec
    };
    Ok(sending(spec, batch, window).boxed())
}

fn faults(ask: &mut Ask<'_>) -> Faults {
    Faults {
        crashes: ask.count("crashes", 0),
        down_at_once: ask.count("down-at-once", 1),
        drops: ask.count("drops", 0),
        duplicates: ask.count("duplicates", 0),
        rollbacks: ask.count("rollbacks", 0),
        backups: ask.count("backups", 0),
    }
}

/// Timers fire when they like, within their budgets: for safety.
fn at_any_moment(
    ask: &mut Ask<'_>,
    servers: usize,
    scripts: &[&[Command]],
    faults: Faults,
) -> RaftSpec {
    let (elections, heartbeats) = (ask.count("elections", 1), ask.count("heartbeats", 0));
    let retries = ask.count("retries", 0);
    let mut facts: Vec<Fact> = Vec::new();
    if elections > 0 {
        facts.push(fact("a leader", properties::a_leader));
        facts.push(fact("a commit", properties::a_commit));
        if !scripts.is_empty() {
            facts.push(fact("all answered", all_answered));
        }
    }
    let bounds = super::Bounds {
        servers,
        scripts,
        elections,
        heartbeats,
        retries,
        faults,
        ..Default::default()
    };
    super::raft("raft/custom", EVERY_RULE, bounds, &facts)
        .summary("safety within the bounds asked for")
}

/// Time moves in ticks: for liveness, which needs a majority.
fn on_the_clock(
    ask: &mut Ask<'_>,
    servers: usize,
    scripts: &[&[Command]],
    faults: Faults,
) -> Result<RaftSpec, Refused> {
    let down = faults.most_down();
    if down > 0 && 2 * down >= servers {
        let why = "a majority must stay up, or nothing has to happen";
        return Err(Refused(format!("{down} of {servers} servers down at once: {why}")));
    }
    let (early, recovery) = (ask.count("early", 0), ask.recovery());
    let pace = live::Pace::Short;
    let bounds =
        live::Bounds { servers, pace, scripts, early, faults, recovery, ..Default::default() };
    let spec = live::raft("raft/custom-live", EVERY_RULE, bounds, &[]);
    Ok(spec.summary("what happens in the end, within the bounds asked for"))
}

/// With so many entries a message at most, and so many messages on their way to a follower.
fn sending(mut spec: RaftSpec, entries: u8, window: u8) -> RaftSpec {
    for server in servers_mut(&mut spec) {
        server.batch = Batch { entries: entries.into(), bytes: usize::MAX };
        server.window = window.into();
    }
    spec
}
