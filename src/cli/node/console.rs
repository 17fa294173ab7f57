//! Who watches a node that runs as a process: all that it does goes to the board, and the turns of
//! its life to stderr, however fast they come at a rate that can be read.

use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use quorate_models::service::Status;
use serde_json::Value;
use stateright::actor::Id;

use super::file::Places;
use super::lately::Lately;
use super::limiter::Limiter;
use crate::cli::log::{Colour, Level, Log};
use crate::node::board::Board;
use crate::node::event_loop::{Counts, Watch};
use crate::node::snapshot::Snapshot;
use crate::node::transport::{Counters, Notice};
use crate::redis;

/// A role in a period with a leader that has lasted so long is told if it was left out.
const SETTLED: Duration = Duration::from_secs(1);

/// After so long in one period with a leader, what comes next is worth telling at once again.
const CALM: Duration = Duration::from_secs(10);

/// A warning that was away for so long is told again.
const AWAY: Duration = Duration::from_secs(60);

/// Passes on what a node does.
pub struct Console {
    id: Id,
    log: Log,
    board: Board<Snapshot>,
    redis: Board<redis::Counters>,
    turns: Turns,
    commits: Lately,
    /// Where servers are, as soon as the file says that anew.
    places: Receiver<Places>,
    /// The warnings that were told, and when each was last there.
    warned: BTreeMap<String, Instant>,
    notices: BTreeMap<(&'static str, Option<u64>), Limiter>,
}

impl Console {
    /// Publishes on `board` what node `id` does, tells `log` of it, and stops when the board says
    /// so. The node learns of `places` where the others are. With it stands what is on `redis`.
    #[must_use]
    pub fn new(
        id: Id,
        log: Log,
        board: Board<Snapshot>,
        redis: Board<redis::Counters>,
        places: Receiver<Places>,
    ) -> Self {
        Console {
            id,
            log,
            board,
            redis,
            places,
            turns: Turns::default(),
            commits: Lately::default(),
            warned: BTreeMap::new(),
            notices: BTreeMap::new(),
        }
    }
}

impl Watch for Console {
    fn publish(&mut self, status: Status, counts: Counts, transport: Counters) {
        let at = Instant::now();
        let leads = status.leader == Some(self.id);
        if let Some(turn) = self.turns.look(at, &status) {
            self.tell(&turn, &status, leads);
        }
        for warning in &status.warnings {
            if self.warned.insert(warning.clone(), at).is_none() {
                self.log.warn(warning, &[]);
            }
        }
        self.warned.retain(|_, seen| at.saturating_duration_since(*seen) < AWAY);
        let commit_lately = self.commits.mean(at, &counts.commits);
        let redis = self.redis.latest();
        self.board.publish(Snapshot { at, status, counts, transport, commit_lately, redis });
    }

    fn notice(&mut self, notice: Notice) {
        let limiter = self.notices.entry(notice.topic()).or_default();
        if let Some(left_out) = limiter.pass(Instant::now()) {
            let text = format!("{notice}{}", more(left_out, "line", "lines"));
            let (topic, server) = notice.topic();
            let fields =
                [("topic", topic.into()), ("server", server.into()), ("left_out", left_out.into())];
            match notice {
                Notice::SendsAgain { .. } => self.log.info(&text, &fields),
                Notice::CannotSend { .. } | Notice::Astray { .. } | Notice::Foreign { .. } => {
                    self.log.warn(&text, &fields);
                }
            }
        }
    }

    fn servers(&mut self) -> Option<Places> {
        self.places.try_iter().last()
    }

    fn is_stopping(&self) -> bool {
        self.board.is_stopping()
    }
}

impl Console {
    /// Tells of a turn to what `status` says.
    fn tell(&self, turn: &Turn, status: &Status, leads: bool) {
        let colour = if leads { Colour::Green } else { Colour::Yellow };
        let rest = turn.text.strip_prefix(&status.role).filter(|_| turn.is_new_role);
        let painted = rest.map(|rest| self.log.paint(&status.role, colour) + rest);
        let mut fields = vec![("role", Value::from(status.role.as_str()))];
        fields.extend(status.period().map(|period| (period.name, period.value.into())));
        fields.push(("leader", status.leader.map(usize::from).into()));
        fields.push(("left_out", turn.left_out.into()));
        self.log.write(turn.level, painted.as_ref().unwrap_or(&turn.text), &fields);
    }
}

/// A turn of a node's life, as it is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Turn {
    /// [`Level::Debug`] for one of so many that only whoever wants them all is told of it.
    level: Level,
    /// In words, of which the first are the role.
    text: String,
    /// The role is not the one that was told last.
    is_new_role: bool,
    /// How many were left out since then.
    left_out: u64,
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
    /// The turn to be told of now, if there is one.
    fn look(&mut self, at: Instant, status: &Status) -> Option<Turn> {
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
        match left_out {
            Some(left_out) => Some(self.turn(Level::Info, status, left_out)),
            None => is_new.then(|| self.turn(Level::Debug, status, 0)),
        }
    }

    fn turn(&mut self, level: Level, status: &Status, left_out: u64) -> Turn {
        let is_new_role = self.told.as_ref() != Some(&status.role);
        if level == Level::Info {
            self.told = Some(status.role.clone());
        }
        let (role, period) = (&status.role, status.period());
        let period = period.map_or_else(String::new, |p| format!(" in {} {}", p.name, p.value));
        let text = format!("{role}{period}{}", more(left_out, "turn", "turns"));
        Turn { level, text, is_new_role, left_out }
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
            told.extend(told_at(&mut turns, start + MS * 50 * step, &status(role, term, None)));
        }
        told
    }

    /// The line that everybody is told at that time.
    fn told_at(turns: &mut Turns, at: Instant, status: &Status) -> Option<String> {
        let turn = turns.look(at, status)?;
        (turn.level == Level::Info).then_some(turn.text)
    }

    #[test]
    fn whoever_wants_them_all_is_told_of_every_turn() {
        let (mut turns, start) = (Turns::default(), Instant::now());
        let told: Vec<Turn> = (0..1_000)
            .filter_map(|step| {
                turns.look(start + MS * 50 * step, &status("candidate", (step / 2).into(), None))
            })
            .collect();
        let all: Vec<String> = (0..500).map(|term| format!("candidate in term {term}")).collect();
        let is_info = |turn: &&Turn| turn.level == Level::Info;
        assert!((6..20).contains(&told.iter().filter(is_info).count()), "{told:#?}");
        let shown = told.iter().map(|turn| turn.text.split(" (").next().unwrap().to_owned());
        assert_eq!(shown.collect::<Vec<_>>(), all);
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
            turns.look(start + MS * 50 * step, &status("candidate", step.into(), None));
        }
        let back = start + MS * 50 * 72_000;
        let follower = status("follower", 72_000, Some(2));
        assert_eq!(told_at(&mut turns, back, &follower), None);
        assert_eq!(turns.look(back + MS * 500, &follower), None);
        let line = told_at(&mut turns, back + MS * 1_000, &follower).expect("it has settled");
        assert!(line.starts_with("follower in term 72000 ("), "{line}");
        assert_eq!(turns.look(back + MS * 1_050, &follower), None);
        // After a calm, all is as at the beginning.
        assert_eq!(turns.look(back + CALM, &follower), None);
        let line = told_at(&mut turns, back + CALM + MS, &status("candidate", 72_001, None));
        assert_eq!(line.as_deref(), Some("candidate in term 72001"));
    }
}
