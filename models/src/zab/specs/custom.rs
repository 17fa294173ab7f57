//! ZAB within bounds that somebody asks for. It has the claims of the listed specs; what must be
//! reachable is what every such space has, so that nothing fails for want of bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::live::{self, ONE_LEADER};
use super::{Bounds, EVERY_RULE, Fact, SEEN, ZabSpec, fact, zab};
use crate::bounds::{self, Ask, Refused};
use crate::claims::all_answered;
use crate::kv::Command;
use crate::system::Boxed;
use crate::zab::claims::properties;

/// ZAB within `bounds`. Leaders come to lead by an oracle, or with `--live` by an election.
///
/// # Errors
/// If ZAB has not all of them, or does not live within them.
pub fn spec(bounds: &bounds::Bounds) -> Result<Box<dyn AnySpec>, Refused> {
    let mut ask = Ask::new(bounds);
    let servers = ask.count("servers", 3).into();
    let scripts = ask.scripts();
    let faults = faults(&mut ask);
    if bounds.live {
        let spec = on_the_clock(&mut ask, servers, &scripts, faults)?;
        ask.finish("a spec of zab with --live")?;
        return Ok(spec.boxed());
    }
    let spec = at_any_moment(&mut ask, servers, &scripts, faults);
    ask.finish("a spec of zab without --live")?;
    Ok(spec.boxed())
}

fn faults(ask: &mut Ask<'_>) -> Faults {
    Faults {
        crashes: ask.count("crashes", 0),
        down_at_once: ask.count("down-at-once", 1),
        drops: ask.count("drops", 0),
        duplicates: ask.count("duplicates", 0),
        rollbacks: ask.count("rollbacks", 0),
        ..Faults::NONE
    }
}

/// Timers fire when they like, within their budgets: for safety.
fn at_any_moment(
    ask: &mut Ask<'_>,
    servers: usize,
    scripts: &[&[Command]],
    faults: Faults,
) -> ZabSpec {
    let bounds = Bounds {
        servers,
        scripts,
        elections: ask.count("elections", 1),
        silences: ask.count("silences", 0),
        agains: ask.count("agains", 0),
        retries: ask.count("retries", 0),
        faults,
        ..Bounds::default()
    };
    let mut facts: Vec<Fact> = Vec::new();
    if bounds.elections > 0 {
        facts.push(fact("a leader", properties::a_leader));
        if !scripts.is_empty() {
            facts.push(fact("all answered", all_answered));
        }
    }
    zab("zab/custom", EVERY_RULE, bounds, &facts).summary("safety within the bounds asked for")
}

/// Time moves in ticks: for liveness, which needs a majority.
fn on_the_clock(
    ask: &mut Ask<'_>,
    servers: usize,
    scripts: &[&[Command]],
    faults: Faults,
) -> Result<ZabSpec, Refused> {
    let down = faults.most_down();
    if down > 0 && 2 * down >= servers {
        let why = "a majority must stay up, or nothing has to happen";
        return Err(Refused(format!("{down} of {servers} servers down at once: {why}")));
    }
    let (early, recovery) = (ask.count("early", 0), ask.recovery());
    let bounds =
        live::Bounds { servers, scripts, early, faults, recovery, ..live::Bounds::default() };
    let spec = live::zab("zab/custom-live", EVERY_RULE, bounds, &[]);
    let spec = spec.worst_case(ONE_LEADER, SEEN, properties::one_leader);
    Ok(spec.summary("what happens in the end, within the bounds asked for"))
}
