//! The hearsay election, and the repairs that make Raft's election of it.
//!
//! An article on clusters teaches an election by gossip: each server sends word to its neighbours,
//! and one that "receives messages from a majority of its neighbours" takes itself for leader. But
//! whoever is heard by one server is heard by all. Two servers lead without any fault. Here that
//! design is the lowest rung of a ladder. Each rung is the same actor with one repair more, and all
//! but the last have a bug that lies deeper. The last rung is Raft's election.
//!
//! Sources: the article is the second of those from which this project began, and has neither an
//! author nor a paper that it cites. Ongaro, Ousterhout, *In Search of an Understandable Consensus
//! Algorithm (Extended Version)*, 2014, §5.1 and §5.2.
//!
//! ```text
//! the lowest rung                    the last rung
//!
//! S1                S2               S1                S2                S3
//!  |-- Ask 1 ------->|                |-- Ask 1 ------->|                 |
//!  |<------- Ask 1 --|                |-- Ask 1 --------|---------------->|
//! leads            leads              |<-- Vote S2: S1 -|   two of three, S1 among them
//!                                     |-- Leading 1 --->|                 |
//!                                     |-- Leading 1 ----|---------------->|
//! ```
//!
//! | rung | what it has more | what is left |
//! |---|---|---|
//! | `as-written` | nothing: what is heard counts | each hears the other |
//! | `votes-for-all` | `MessageIsAVote` | a server votes for whoever asks |
//! | `forgets-its-vote` | `OneVoteAnEpoch` | and again after a crash |
//! | `counts-twice` | `VoteSurvivesCrash` | a vote that arrives twice is two |
//! | `second-hand` | `VoterCountsOnce` | who tells of a vote counts as a voter |
//! | `stale-votes` | `VoteIsItsVoters` | a vote of an older epoch counts |
//! | `votes-for-the-other` | `VoteIsOfItsEpoch` | two candidates vote for each other |
//! | `neighbours` | `OwnVote` | two majorities of neighbours do not meet |
//! | `repaired` | `MajorityOfMembers` | nothing: one leader an epoch |
//!
//! | rule | where |
//! |---|---|
//! | who stands, and in which epoch | `vote.rs`: `stand`, `observe` |
//! | who votes for whom | `vote.rs`: `handle_ask`, `grants` |
//! | which votes count, and how many elect | `vote.rs`: `handle_vote`, `count`, `has_won` |
//! | how a leader is heard and followed | `lead.rs`: `beat`, `handle_leading` |
//! | what survives a crash | `mod.rs`: `to_save` |
//! | the rungs | `specs/ladder.rs` |
//!
//! Deviations. The article has no epochs: all that its servers say is in their first one. There a
//! server picks one neighbour at random to talk to. Here it talks to all of them at once. Votes are
//! passed on where a spec says so, also in the last rung, which Raft does not do: what is told at
//! second hand does no harm once a vote names its voter and its epoch.
//!
//! Not here: a log. Raft's voters refuse a candidate whose log is behind, which keeps what was
//! committed and elects nobody.

mod lead;
pub mod message;
pub mod rules;
pub mod specs;
pub mod state;
mod vote;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use crate::rules::{AllBut, RuleBook};
use crate::step::Stored;
use message::Message;
use rules::Rule;
use state::{Durable, Role, State};

/// One handler call of a server.
type Step<'a, 's> = crate::step::Step<'a, 's, Server>;

/// How long a server waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two heartbeats of a leader.
    pub heartbeat: Duration,
    /// For a leader, before it stands itself.
    pub election: Range<Duration>,
}

impl Timing {
    fn heartbeat(&self) -> Range<Duration> {
        self.heartbeat..self.heartbeat
    }
}

/// A server of any rung of the ladder.
#[derive(Clone, Debug)]
pub struct Server {
    /// All servers, this one among them.
    pub members: Vec<Id>,
    /// The servers that it talks to.
    pub neighbours: Vec<Id>,
    /// Whether votes are told to all neighbours, which pass them on to the candidate.
    pub passes_on: bool,
    pub timing: Timing,
    pub rules: AllBut<Rule>,
}

/// What a server waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// No leader is heard.
    Election,
    /// It is time to be heard.
    Heartbeat,
}

impl Actor for Server {
    type Msg = Message;
    type Timer = Timer;
    type State = State;
    type Storage = Durable;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<Durable>, out: &mut Out<Self>) -> State {
        out.set_timer(Timer::Election, self.timing.election.clone());
        State::restored(storage.clone().unwrap_or_default())
    }

    fn on_msg(&self, id: Id, state: &mut Cow<State>, src: Id, msg: Message, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match msg {
            Message::Ask(m) => vote::handle_ask(&mut step, src, m),
            Message::Vote(m) => vote::handle_vote(&mut step, src, m),
            Message::Leading(m) => lead::handle_leading(&mut step, src, m),
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Election => vote::stand(&mut step),
            Timer::Heartbeat => lead::beat(&mut step),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "server".to_owned()
    }
}

impl Stored for Server {
    fn to_save(&self, state: &State) -> Durable {
        if self.rules.keeps(Rule::VoteSurvivesCrash) {
            state.durable.clone()
        } else {
            Durable::default()
        }
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}

impl Step<'_, '_> {
    fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    /// Changes what survives a crash. It is saved when the step ends.
    fn set_durable(&mut self, durable: Durable) {
        if self.state().durable != durable {
            self.state_mut().durable = durable;
            self.save();
        }
    }

    /// Takes the role, and waits for what a server of that role waits for.
    fn take_role(&mut self, role: Role) {
        let (mut election, mut heartbeat) = (true, false);
        match role {
            Role::Follower { .. } => {}
            Role::Candidate { .. } => election = self.keeps(Rule::StandsAgain),
            Role::Leader => (election, heartbeat) = (false, self.keeps(Rule::LeaderIsHeard)),
        }
        self.wait_for(Timer::Election, self.server.timing.election.clone(), election);
        self.wait_for(Timer::Heartbeat, self.server.timing.heartbeat(), heartbeat);
        if self.state().role != role {
            self.state_mut().role = role;
        }
    }

    fn wait_for(&mut self, timer: Timer, range: Range<Duration>, waits: bool) {
        if waits {
            self.set_timer(timer, range);
        } else {
            self.cancel_timer(timer);
        }
    }

    /// Waits anew for a leader, if it waits for one.
    fn await_leader(&mut self) {
        if matches!(self.state().role, Role::Follower { .. }) {
            self.set_timer(Timer::Election, self.server.timing.election.clone());
        }
    }

    fn say_to_neighbours(&mut self, message: Message) {
        for neighbour in &self.server.neighbours {
            self.say(*neighbour, message);
        }
    }
}
