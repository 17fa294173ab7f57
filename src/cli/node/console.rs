//! Who watches a node that runs as a process: all that it does goes to the board, and the turns of
//! its life to stderr, however fast they come at a rate that can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use quorate_models::service::Status;
use stateright::actor::Id;

use super::file::Places;
use super::lately::Lately;
use super::limiter::Limiter;
use crate::cli::log::{self, Colour};
use crate::node::board::Board;
use crate::node::event_loop::{Counts, Watch};
use crate::node::snapshot::Snapshot;
use crate::node::transport::{Counters, Notice};

/// A role in a period with a leader that has lasted so long is told if it was left out.
const SETTLED: Duration = Duration::from_secs(1);

/// After so long in one period with a leader, what comes next is worth telling at once again.
const CALM: Duration = Duration::from_secs(10);

/// Passes on what a node does.
pub struct Console {
    id: Id,
    board: Board<Snapshot>,
    turns: Turns,
    commits: Lately,
    /// Where servers are, as soon as the file says that anew.
    places: Receiver<Places>,
    /// The warnings that were told.
    warned: BTreeSet<String>,
    notices: BTreeMap<(&'static str, Option<u64>), Limiter>,
}

impl Console {
    /// Publishes on `board` what node `id` does, and stops when that says so. The node learns of
    /// `places` where the others are.
    #[must_use]
    pub fn new(id: Id, board: Board<Snapshot>, places: Receiver<Places>) -> Self {
        Console {
            id,
            board,
            places,
            turns: Turns::default(),
            commits: Lately::default(),
            warned: BTreeSet::new(),
            notices: BTreeMap::new(),
        }
    }
}

impl Watch for Console {
    fn publish(&mut self, status: Status, counts: Counts, transport: Counters) {
        let at = Instant::now();
        let leads = status.leader == Some(self.id);
        if let Some(turn) = self.turns.look(at, &status, leads) {
            log::event(&turn);
        }
        for warning in &status.warnings {
            if self.warned.insert(warning.clone()) {
                log::event(&log::paint(warning, Colour::Red));
            }
        }
        let commit_lately = self.commits.mean(at, &counts.commits);
        self.board.publish(Snapshot { at, status, counts, transport, commit_lately });
    }

    fn notice(&mut self, notice: Notice) {
        let limiter = self.notices.entry(notice.topic()).or_default();
        if let Some(left_out) = limiter.pass(Instant::now()) {
            log::event(&format!("{notice}{}", more(left_out, "line", "lines")));
        }
    }

    fn servers(&mut self) -> Option<Places> {
        self.places.try_iter().last()
    }

    fn is_stopping(&self) -> bool {
        self.board.is_stopping()
    }
}

/// The roles that a node goes through, and the periods for which it has them, of which not all are
/// told: a node that is cut off may change several times a second, for as long as it is.
#[derive(Debug, Default)]
struct Turns {
    now: Option<(String, Option<u64>)>,
    since: Option<Instant>,
    /// The role that was told last.
    told: Option<String>,
    limiter: Limiter,
}

impl Turns {
    /// The line to be told now, if there is one, of a node that leads or does not.
    fn look(&mut self, at: Instant, status: &Status, leads: bool) -> Option<String> {
        let period = status.period().map(|period| period.value);
        let is_new =
            self.now.as_ref().is_none_or(|now| (now.0.as_str(), now.1) != (&status.role, period));
        let left_out = if is_new {
            self.now = Some((status.role.clone(), period));
            self.since = Some(at);
            self.limiter.pass(at)
        } else {
            let lasted = self.since.map_or(Duration::ZERO, |since| at - since);
            let lasted = if status.leader.is_some() { lasted } else { Duration::ZERO };
            let left_out = self.limiter.catch_up(at, lasted >= SETTLED);
            if lasted >= CALM {
                self.limiter = Limiter::default();
            }
            left_out
        };
        left_out.map(|count| self.tell(status, leads, count))
    }

    fn tell(&mut self, status: &Status, leads: bool, left_out: u64) -> String {
        let colour = if leads { Colour::Green } else { Colour::Yellow };
        let is_same = self.told.as_ref() == Some(&status.role);
        let role = if is_same { status.role.clone() } else { log::paint(&status.role, colour) };
        self.told = Some(status.role.clone());
        let period = status.period();
        let period = period.map_or_else(String::new, |p| format!(" in {} {}", p.name, p.value));
        format!("{role}{period}{}", more(left_out, "turn", "turns"))
    }
}

/// What is said of the lines that were left out.
fn more(left_out: u64, one: &str, many: &str) -> String {
    match left_out {
        0 => String::new(),
        1 => format!(" (1 {one} before it not shown)"),
        count => format!(" ({count} {many} before it not shown)"),
    }
}

#[cfg(test)]
mod tests {
    use quorate_models::service::Number;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn status(role: &str, term: u64, leader: Option<usize>) -> Status {
        let (role, leader) = (role.to_owned(), leader.map(Id::from));
        let term = Number { name: "term", unit: "", meaning: "A period.", value: term };
        Status { role, leader, numbers: vec![term], ..Status::default() }
    }

    /// What is told of a node that is a follower, then stands for election `every` so often, for an
    /// hour; it publishes every 50 ms.
    fn an_hour_alone(every: u32) -> Vec<String> {
        let (mut turns, start) = (Turns::default(), Instant::now());
        let mut told = Vec::new();
        for step in 0..72_000_u32 {
            let term = u64::from(step / every);
            let role = if term == 0 { "follower" } else { "candidate" };
            told.extend(turns.look(start + MS * 50 * step, &status(role, term, None), false));
        }
        told
    }

    #[test]
    fn a_lone_survivor_is_told_of_ever_more_rarely() {
        // Every 200 ms, and every 10 s.
        for every in [4, 200] {
            let told = an_hour_alone(every);
            assert!((8..20).contains(&told.len()), "{told:#?}");
            assert_eq!(told[0], "follower in term 0");
            assert_eq!(told[1], "candidate in term 1");
            assert!(told.last().unwrap().contains("turns before it not shown)"), "{told:#?}");
        }
    }

    #[test]
    fn what_it_comes_to_in_the_end_is_told_soon() {
        let (mut turns, start) = (Turns::default(), Instant::now());
        for step in 0..72_000 {
            turns.look(start + MS * 50 * step, &status("candidate", step.into(), None), false);
        }
        let back = start + MS * 50 * 72_000;
        let follower = status("follower", 72_000, Some(2));
        assert_eq!(turns.look(back, &follower, false), None);
        assert_eq!(turns.look(back + MS * 500, &follower, false), None);
        let line = turns.look(back + MS * 1_000, &follower, false).expect("it has settled");
        assert!(line.starts_with("follower in term 72000 ("), "{line}");
        assert_eq!(turns.look(back + MS * 1_050, &follower, false), None);
        // After a calm, all is as at the beginning.
        assert_eq!(turns.look(back + CALM, &follower, false), None);
        let line = turns.look(back + CALM + MS, &status("candidate", 72_001, None), false);
        assert_eq!(line.as_deref(), Some("candidate in term 72001"));
    }
}
