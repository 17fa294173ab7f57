//! Bounds that somebody asks for: of a spec that is in no list, with the claims of those that are.
//!
//! A protocol takes what it knows from [`Bounds`], through an [`Ask`]; what it did not take is
//! refused by its name. A new bound is a line of [`COUNTS`] and a line of the protocol.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use crate::kv::Command;
use crate::script;

/// A bound that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// "elections", asked for as `--elections`.
    pub name: &'static str,
    /// What it bounds, in a sentence.
    pub help: &'static str,
    /// The least and the most that can be asked for.
    pub range: (u8, u8),
}

const fn count(name: &'static str, range: (u8, u8), help: &'static str) -> Count {
    Count { name, help, range }
}

/// All bounds that are numbers, whichever protocols have them.
pub const COUNTS: &[Count] = &[
    count("servers", (1, 9), "How many servers there are, but for a view service [default: 3]"),
    count(
        "elections",
        (1, 255),
        "Raft, ZAB: how many election timeouts fire, in total [default: 1]",
    ),
    count("heartbeats", (0, 255), "Raft: how many heartbeats fire, in total [default: 0]"),
    count("pings", (0, 255), "Primary-backup: how many pings are sent, in total [default: 0]"),
    count(
        "suspicions",
        (0, 255),
        "Primary-backup: how often a server is taken for dead, in total [default: 0]",
    ),
    count(
        "silences",
        (0, 255),
        "Viewstamped, Multi-Paxos, ZAB: how often silence is noticed, in total [default: 0; \
         Multi-Paxos: 1]",
    ),
    count(
        "agains",
        (0, 255),
        "Viewstamped, Multi-Paxos, ZAB: how often something is said again [default: 0]",
    ),
    count("retries", (0, 255), "How often clients ask again, in total [default: 0]"),
    count("crashes", (0, 255), "How many times servers crash, in total [default: 0]"),
    count("down-at-once", (0, 9), "How many servers are down at once at most [default: 1]"),
    count("drops", (0, 255), "How many messages are lost, in total [default: 0]"),
    count("duplicates", (0, 255), "How many messages arrive twice, in total [default: 0]"),
    count(
        "rollbacks",
        (0, 255),
        "Raft, Multi-Paxos, ZAB: how often an older storage takes a newer one's place [default: 0]",
    ),
    count(
        "backups",
        (0, 255),
        "Raft: how often a copy is set aside for that [default: 0: nothing is left]",
    ),
    count("batch", (1, 255), "Raft: how many entries one message carries at most [default: 1]"),
    count(
        "window",
        (1, 255),
        "Raft: how many messages are on their way to a follower at most [default: 1]",
    ),
    count("early", (0, 255), "With --live: how many timers fire before their time [default: 0]"),
];

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// By the name of one of [`COUNTS`], how many; without those that nobody asked for.
    pub counts: BTreeMap<&'static str, u8>,
    /// By client, what it submits.
    pub scripts: Vec<Vec<Command>>,
    /// True if runs are asked about, and time moves in ticks.
    pub live: bool,
    /// After how many ticks a server that crashed is back; never, unless it is asked for.
    pub recovery: Option<RangeInclusive<u8>>,
}

impl Bounds {
    /// True if nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Bounds::default()
    }

    /// The arguments that ask for this, one with its value a word.
    pub fn arguments(&self) -> Vec<String> {
        let counts = COUNTS.iter().filter_map(|count| {
            let value = self.counts.get(count.name)?;
            Some(format!("--{} {value}", count.name))
        });
        let scripts = self.scripts.iter().map(|commands| {
            // In single quotes, within which a shell changes nothing but a single quote.
            format!("--client '{}'", script::text(commands).replace('\'', r"'\''"))
        });
        let live = self.live.then(|| "--live".to_owned());
        let recovery = self.recovery.iter().map(|range| {
            let (first, last) = (range.start(), range.end());
            format!("--recovery {first}-{last}")
        });
        counts.chain(scripts).chain(live).chain(recovery).collect()
    }
}

/// Why there is no such spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// Bounds on their way into a spec: each is taken once, and none may be left.
pub struct Ask<'a> {
    bounds: &'a Bounds,
    /// The names of the bounds that the protocol has.
    taken: Vec<&'static str>,
}

impl<'a> Ask<'a> {
    /// Of which nothing was taken yet.
    pub fn new(bounds: &'a Bounds) -> Self {
        Ask { bounds, taken: Vec::new() }
    }

    /// The bound of this name, or `default` if nobody asked for it.
    ///
    /// # Panics
    /// If [`COUNTS`] has none of this name.
    pub fn count(&mut self, name: &'static str, default: u8) -> u8 {
        assert!(COUNTS.iter().any(|count| count.name == name), "no bound is called {name}");
        self.taken.push(name);
        self.bounds.counts.get(name).copied().unwrap_or(default)
    }

    /// What the clients submit.
    pub fn scripts(&mut self) -> Vec<&'a [Command]> {
        self.taken.push("client");
        self.bounds.scripts.iter().map(Vec::as_slice).collect()
    }

    /// When servers that crashed are back.
    pub fn recovery(&mut self) -> Option<RangeInclusive<u8>> {
        self.taken.push("recovery");
        self.bounds.recovery.clone()
    }

    /// Whether everything that was asked for was taken by `spec`, which is "a spec of raft".
    ///
    /// # Errors
    /// If something was not, naming it.
    pub fn finish(self, spec: &str) -> Result<(), Refused> {
        let Bounds { counts, scripts, recovery, .. } = self.bounds;
        let clients = (!scripts.is_empty()).then_some("client");
        let recovery = recovery.is_some().then_some("recovery");
        let mut asked = counts.keys().copied().chain(clients).chain(recovery);
        match asked.find(|name| !self.taken.contains(name)) {
            None => Ok(()),
            Some(name) => {
                let taken: Vec<String> = self.taken.iter().map(|it| format!("--{it}")).collect();
                let known = taken.join(", ");
                Err(Refused(format!("{spec} has no bound --{name}; it has {known}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_one_takes_is_refused_by_its_name() {
        let bounds = Bounds { counts: [("drops", 2)].into(), ..Bounds::default() };
        let mut ask = Ask::new(&bounds);
        assert_eq!((ask.count("drops", 0), ask.count("servers", 3)), (2, 3));
        assert_eq!(ask.finish("a spec"), Ok(()));
        let mut ask = Ask::new(&bounds);
        ask.count("servers", 3);
        let refused = ask.finish("a spec").unwrap_err().to_string();
        assert_eq!(refused, "a spec has no bound --drops; it has --servers");
        for bounds in [
            Bounds { scripts: vec![Vec::new()], ..Bounds::default() },
            Bounds { recovery: Some(1..=2), ..Bounds::default() },
        ] {
            assert!(Ask::new(&bounds).finish("a spec").is_err());
        }
    }

    #[test]
    fn arguments_ask_for_all_of_it() {
        let bounds = Bounds {
            counts: [("elections", 2), ("servers", 5)].into(),
            scripts: vec![script::parse("put x=it's; get x").unwrap()],
            live: true,
            recovery: Some(1..=4),
        };
        let expected =
            r"--servers 5 --elections 2 --client 'put x=it'\''s; get x' --live --recovery 1-4";
        assert_eq!(bounds.arguments().join(" "), expected);
        assert!(Bounds::default().is_empty() && Bounds::default().arguments().is_empty());
    }
}
