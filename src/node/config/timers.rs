//! How long the protocol's timers wait, as the file says it.
//!
//! The protocol says which timers there are and what each waits unless the file says otherwise.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;

use super::node::Wrong;

/// What the names of timers end with in the file.
const UNIT: &str = "_ms";

/// A timer as the file has it, in milliseconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged, expecting = "a number of milliseconds, or [shortest, longest]")]
pub(super) enum WrittenTimer {
    /// It always waits as long.
    Fixed(u64),
    /// How long it waits is drawn anew each time, from the shortest to the longest.
    Drawn([u64; 2]),
}

/// How long each timer waits; one that always waits as long has an empty range.
pub(super) fn all(
    written: BTreeMap<String, WrittenTimer>,
) -> Result<BTreeMap<String, Range<Duration>>, Wrong> {
    let range = |(field, timer): (String, WrittenTimer)| {
        let [shortest, longest] = match timer {
            WrittenTimer::Fixed(wait) => [wait, wait],
            WrittenTimer::Drawn(range) => range,
        };
        if shortest == 0 {
            return Err((field, "it must be at least 1".into()));
        }
        if matches!(timer, WrittenTimer::Drawn(_)) && shortest >= longest {
            let problem = format!("the shortest, {shortest}, must be below the longest, {longest}");
            return Err((field, problem));
        }
        let Some(name) = field.strip_suffix(UNIT) else {
            return Err(("timers".into(), format!("{field:?} does not end with {UNIT}")));
        };
        Ok((name.to_owned(), Duration::from_millis(shortest)..Duration::from_millis(longest)))
    };
    written.into_iter().map(range).collect()
}

/// Refuses timers that the protocol does not have, or of another kind than it has: its own are
/// `known`, with their defaults.
pub(super) fn fit(
    timers: &BTreeMap<String, Range<Duration>>,
    known: &[(&str, Range<Duration>)],
) -> Result<(), Wrong> {
    for (name, range) in timers {
        let Some((_, default)) = known.iter().find(|(other, _)| other == name) else {
            let names: Vec<_> = known.iter().map(|(name, _)| field(name)).collect();
            let names = names.join(", ");
            return Err(("timers".into(), format!("{:?} is none of: {names}", field(name))));
        };
        match (default.is_empty(), range.is_empty()) {
            (true, false) => return Err((field(name), "it is one number, not a range".into())),
            (false, true) => {
                return Err((field(name), "it is a range, [shortest, longest]".into()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// What the timer of this name is called in the file.
pub(super) fn field(name: &str) -> String {
    format!("{name}{UNIT}")
}

/// One line for the file.
pub(super) fn line(name: &str, range: &Range<Duration>) -> String {
    let (shortest, longest) = (range.start.as_millis(), range.end.as_millis());
    if range.is_empty() {
        format!("{} = {shortest}\n", field(name))
    } else {
        format!("{} = [{shortest}, {longest}]\n", field(name))
    }
}
