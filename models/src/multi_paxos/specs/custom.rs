//! Multi-Paxos within bounds that somebody asks for. It has the claims of the listed specs of
//! safety; what must be reachable is what every such space has.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::{Bounds, EVERY_RULE, Fact, fact, multi_paxos};
use crate::bounds::{self, Ask, Refused};
use crate::claims::all_answered;
use crate::multi_paxos::claims::properties;
use crate::system::Boxed;

/// Multi-Paxos within `bounds`.
///
/// # Errors
/// If there are not all of them here.
pub fn spec(bounds: &bounds::Bounds) -> Result<Box<dyn AnySpec>, Refused> {
    if bounds.live {
        let why = "multi-paxos has no bounds with --live; its listed specs that end in -live ask \
                   what happens in the end";
        return Err(Refused(why.to_owned()));
    }
    let mut ask = Ask::new(bounds);
    let asked = Bounds {
        servers: ask.count("servers", 3).into(),
        scripts: &ask.scripts(),
        silences: ask.count("silences", 1),
        agains: ask.count("agains", 0),
        retries: ask.count("retries", 0),
        faults: Faults {
            crashes: ask.count("crashes", 0),
            down_at_once: ask.count("down-at-once", 1),
            drops: ask.count("drops", 0),
            duplicates: ask.count("duplicates", 0),
            rollbacks: ask.count("rollbacks", 0),
            ..Faults::NONE
        },
        ..Bounds::default()
    };
    ask.finish("a spec of multi-paxos")?;
    let mut facts: Vec<Fact> = Vec::new();
    if asked.silences > 0 {
        facts.push(fact("a leader", properties::one_leads));
        facts.extend((!asked.scripts.is_empty()).then_some(fact("all answered", all_answered)));
    }
    let spec = multi_paxos("multi-paxos/custom", EVERY_RULE, asked, &facts);
    Ok(spec.summary("safety within the bounds asked for").boxed())
}
