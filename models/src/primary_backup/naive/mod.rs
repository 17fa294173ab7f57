//! The designs that articles on single-leader clusters teach, each with the flaw that breaks it.
//!
//! One machine runs them all. With every rule in force it has none of these flaws. A design
//! suspends the rule that it lacks, and the same bounds with that rule in force hold: so the design
//! fails for this reason and no other. `follower-reads` suspends two rules, and holds with either
//! one in force.
//!
//! The specs are called `primary-backup/naive-...`:
//!
//! | spec | what goes wrong | the rule that mends it |
//! |---|---|---|
//! | `async-copy` | the leader answers before it has copied, and dies | `AnsweredWhenCopied` |
//! | `follower-reads` | the follower has no copy yet, and is read | `ReadsAtLeader` |
//! | `follower-writes` | the follower takes a write, and pulls over it | `OnlyLeaderWrites` |
//! | `push-back` | the follower pushes its older log over the leader's | `LogGoesOneWay` |
//! | `first-element` | each poll returns the first entry, and it is appended | `EntryHasItsPlace` |
//! | `late-answer` | the answer to an older poll arrives last, and is taken | `FitsItsPull` |
//! | `same-reads` | "all nodes read the same" is false of a right one | the claim is at fault |
//! | `frozen-store` | "all nodes read the same" is true where all writes go | `WriteTakesEffect` |
//! | `leader-judges` | nobody judges the leader | `FollowerJudges` |
//! | `steps-down` | a leader that misses its follower steps down | `LeaderStays` |
//! | `old-leaders-log` | a new leader waits for the log of the one that died | `NewLeaderHasAll` |
//! | `all-up` | the monitor writes "up" over every "down" | `DownIsKept` |
//! | `first-node` | the monitor never looks past the first node | `EveryoneIsWatched` |
//! | `all-votes` | three servers need three votes | `MajorityIsEnough` |
//! | `votes-for-all` | a server votes for whoever asks | `OneVoteATerm` |
//! | `vote-twice` | a vote that arrives twice counts twice | `VoterCountsOnce` |
//! | `promotes-itself` | each of a pair that is cut apart leads alone | `LeaderWaits` |
//!
//! | part | file |
//! |---|---|
//! | how commands are taken and answered, and how the log is copied | `copy.rs` |
//! | who takes over when one is silent | `takeover.rs` |
//! | the monitor, which tells the other one to lead | `monitor.rs` |
//! | elections | `vote.rs` |
//! | what must be true, and what must be possible | `claims.rs` |
//! | the designs, and within which bounds each fails | `designs.rs`, `specs.rs` |
//!
//! No server recovers here. What must survive a crash is shown with the other protocols.

pub mod claims;
mod copy;
pub mod designs;
pub mod message;
mod monitor;
pub mod rules;
pub mod specs;
pub mod state;
mod takeover;
mod vote;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use crate::kv::{Command, Kv, Output};
use crate::member::Member;
use crate::rules::{AllBut, RuleBook};
use crate::service::{self, Request, Service};
use crate::step::Stored;
use message::Message;
use rules::Rule;
use state::{Role, ServerState};

/// The entries that a server has, in their order.
pub type Log = Vec<Request<Command>>;

/// One handler call of a server.
type Step<'a, 's> = crate::step::Step<'a, 's, Server>;

/// Who the servers are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// S1 leads, and S2 follows it.
    Pair,
    /// S1 leads, S2 follows it, and S3 watches both. S3 has no log.
    Watched,
    /// Nobody leads until it is elected.
    Voters,
}

/// A server of any of the designs.
#[derive(Clone, Debug)]
pub struct Server {
    /// All servers, this one among them.
    pub servers: Vec<Id>,
    pub plan: Plan,
    pub rules: AllBut<Rule>,
}

/// A member of a system of these servers: a server, or a client.
pub type Naive = Member<Server>;

/// What a server waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// It is time to poll the leader, or to be heard.
    Beat,
    /// The other one was silent for too long.
    Silence,
    /// It is time for the monitor to look who was heard.
    Check,
}

impl Timer {
    const ALL: [Timer; 3] = [Timer::Beat, Timer::Silence, Timer::Check];

    /// How long a server waits: two to three beats for the other one, before it calls it silent.
    fn duration(self) -> Range<Duration> {
        let beat = Duration::from_millis(50);
        match self {
            Timer::Beat => beat..beat,
            Timer::Silence | Timer::Check => 2 * beat..3 * beat,
        }
    }
}

impl Server {
    /// What a server is when it starts.
    fn first_role(&self, id: Id) -> Role {
        let at = self.servers.iter().position(|server| *server == id);
        match (self.plan, at) {
            (Plan::Pair | Plan::Watched, Some(0)) => Role::Leader { copied: 0 },
            (Plan::Watched, Some(2)) => Role::monitor(),
            _ => Role::Follower,
        }
    }

    /// True if a server of this `role` waits for `timer`.
    fn waits_for(&self, role: &Role, timer: Timer) -> bool {
        match timer {
            Timer::Beat => match self.plan {
                Plan::Pair => *role == Role::Follower,
                Plan::Watched => !matches!(role, Role::Monitor { .. }),
                Plan::Voters => *role == Role::Elected,
            },
            Timer::Silence => match (self.plan, role) {
                (Plan::Pair, Role::Follower) => self.rules.keeps(Rule::FollowerJudges),
                (Plan::Pair, Role::Leader { .. }) => {
                    !self.rules.keeps(Rule::LeaderStays) || !self.rules.keeps(Rule::LeaderWaits)
                }
                (Plan::Voters, Role::Follower | Role::Candidate { .. }) => true,
                _ => false,
            },
            Timer::Check => matches!(role, Role::Monitor { .. }),
        }
    }

    /// The other one of the first two servers.
    fn partner(&self, id: Id) -> Id {
        self.servers[usize::from(self.servers[0] == id)]
    }
}

impl Service for Server {
    type Peer = Message;
    type Machine = Kv;
}

impl Actor for Server {
    type Msg = service::Message<Message, Command, Output>;
    type Timer = Timer;
    type State = ServerState;
    type Storage = Log;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Log>, out: &mut Out<Self>) -> ServerState {
        let role = self.first_role(id);
        for timer in Timer::ALL.into_iter().filter(|timer| self.waits_for(&role, *timer)) {
            out.set_timer(timer, timer.duration());
        }
        ServerState { role, log: storage.clone().unwrap_or_default(), ..ServerState::default() }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<ServerState>,
        src: Id,
        msg: Self::Msg,
        out: &mut Out<Self>,
    ) {
        let mut step = Step::new(self, id, state);
        match msg {
            service::Message::Peer(message) => receive(&mut step, src, message),
            service::Message::Request(request) => copy::handle_request(&mut step, request),
            service::Message::Read(read) => copy::handle_request(&mut step, read.plain()),
            service::Message::Order(order) => step.refuse_order(&order),
            service::Message::Reply(_) | service::Message::OrderReply(_) => {}
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<ServerState>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Beat => beat(&mut step),
            Timer::Silence => match self.plan {
                Plan::Voters => vote::stand(&mut step),
                Plan::Pair | Plan::Watched => takeover::miss_partner(&mut step),
            },
            Timer::Check => monitor::check(&mut step),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "server".to_owned()
    }
}

fn receive(step: &mut Step, from: Id, message: Message) {
    match message {
        Message::Pull { have } => copy::handle_pull(step, from, have),
        Message::Entries { have, entries } => copy::handle_entries(step, have, entries),
        Message::Push { log } => copy::handle_push(step, log),
        Message::Alive => monitor::hear(step, from),
        Message::LeadAlone => takeover::lead_alone(step),
        Message::RequestVote { term } => vote::handle_request_vote(step, from, term),
        Message::Vote { term } => vote::handle_vote(step, from, term),
        Message::Leading { term } => vote::handle_leading(step, term),
    }
}

/// A server polls its leader, and is heard by those who watch it.
fn beat(step: &mut Step) {
    step.renew(Timer::Beat);
    match step.server.plan {
        Plan::Voters => vote::say_leading(step),
        Plan::Pair => copy::poll(step),
        Plan::Watched => {
            step.send(step.server.servers[2], Message::Alive);
            copy::poll(step);
        }
    }
}

impl Stored for Server {
    fn to_save(&self, state: &ServerState) -> Log {
        state.log.clone()
    }

    fn saves_first(&self) -> bool {
        true
    }
}

impl Step<'_, '_> {
    /// The log, to change it. It is saved when the step ends.
    fn log_mut(&mut self) -> &mut Log {
        self.save();
        &mut self.state_mut().log
    }

    fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    /// Waits anew for the timer, if a server of this role waits for it.
    fn renew(&mut self, timer: Timer) {
        if self.server.waits_for(&self.state().role, timer) {
            self.set_timer(timer, timer.duration());
        }
    }

    /// Takes the role, and waits for what a server of that role waits for.
    fn take_role(&mut self, role: Role) {
        for timer in Timer::ALL {
            let waited = self.server.waits_for(&self.state().role, timer);
            if self.server.waits_for(&role, timer) {
                self.set_timer(timer, timer.duration());
            } else if waited {
                self.cancel_timer(timer);
            }
        }
        self.state_mut().role = role;
    }
}
