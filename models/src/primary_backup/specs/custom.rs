//! Primary and backup within bounds that somebody asks for. It has the claims of the listed specs
//! of safety; what must be reachable is what every such space has.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::{Bounds, EVERY_RULE, Fact, fact, primary_backup};
use crate::bounds::{self, Ask, Refused};
use crate::claims::all_answered;
use crate::primary_backup::claims::properties;
use crate::system::Boxed;

/// Primary and backup within `bounds`.
///
/// # Errors
/// If there are not all of them here, or no two servers.
pub fn spec(bounds: &bounds::Bounds) -> Result<Box<dyn AnySpec>, Refused> {
    if bounds.live {
        let why = "primary-backup has no bounds with --live; its listed specs that end in -live \
                   ask what happens in the end";
        return Err(Refused(why.to_owned()));
    }
    let mut ask = Ask::new(bounds);
    let asked = Bounds {
        servers: ask.count("servers", 3).into(),
        scripts: &ask.scripts(),
        pings: ask.count("pings", 0),
        suspicions: ask.count("suspicions", 0),
        retries: ask.count("retries", 0),
        faults: Faults {
            crashes: ask.count("crashes", 0),
            down_at_once: ask.count("down-at-once", 1),
            drops: ask.count("drops", 0),
            duplicates: ask.count("duplicates", 0),
            ..Faults::NONE
        },
        ..Bounds::default()
    };
    ask.finish("a spec of primary-backup")?;
    if asked.servers < 2 {
        let why = "a pair has two servers beside the view service, at least";
        return Err(Refused(format!("--servers {}: {why}", asked.servers)));
    }
    let mut facts: Vec<Fact> = Vec::new();
    if asked.suspicions > 0 {
        facts.push(fact("a promotion", properties::a_promotion));
    }
    if !asked.scripts.is_empty() {
        facts.push(fact("all answered", all_answered));
    }
    let spec = primary_backup("primary-backup/custom", EVERY_RULE, asked, &facts);
    Ok(spec.summary("safety within the bounds asked for").boxed())
}
