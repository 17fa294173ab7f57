//! MOSS: who has the locks of all others leads, and logical clocks decide between two who ask.
//!
//! An article on clusters names this election. No publication of that name was found, so here it is
//! made precise. Each server has a *lock* and a logical *clock*. Who wants to lead asks all servers
//! for their locks, and names the time of its clock. An ask is older if its time is, or its id at
//! the same time. A lock is granted to one ask. Others wait until it is free. Of two servers that
//! ask, the one with the newer ask gives way.
//!
//! That is mutual exclusion. One server leads, for ever, as long as nobody crashes: the locks of a
//! dead server do not come back. If locks time out, two servers lead at once. So an election by
//! locks is either not live after one crash, or not safe without epochs. The repair takes the clock
//! for an *epoch* and a majority for enough: a lock that has timed out is granted only in a later
//! epoch. Then a lock is a vote, and the election is Raft's, with a rule that breaks ties.
//!
//! Sources: the article is the second of those from which this project began. Ricart, Agrawala, *An
//! Optimal Algorithm for Mutual Exclusion in Computer Networks*, CACM 1981; Maekawa, *A √N
//! Algorithm for Mutual Exclusion in Decentralized Systems*, TOCS 1985; Lamport, *Time, Clocks, and
//! the Ordering of Events in a Distributed System*, CACM 1978. The epochs are those of Raft §5.
//!
//! ```text
//! S1                S2                S3
//!  |-- Ask 1,S1 ---->|                 |
//!  |-- Ask 1,S1 -----|---------------->|
//!  |<----- Ask 1,S2 -|                 |     S2 asks at the same time
//!  |-- Defer ------->|                 |     older: the ask of S2 waits
//!  |<------ Grant ---|                 |     newer: S2 gives way, and its lock goes to S1
//!  |                 |-- Release ----->|     it asks no more
//!  |<------ Grant ---|-----------------|
//!  |-- Leading ----->|                 |
//! ```
//!
//! | rule | where |
//! |---|---|
//! | when a server asks, and whom | `ask.rs`: `handle_want`, `asked` |
//! | to which ask a lock is granted | `lock.rs`: `decide`, `grant_next` |
//! | which locks count, and how many are enough | `ask.rs`: `handle_grant`, `lead_if_granted` |
//! | when a lock is free again | `lock.rs`: `handle_release`; `ask.rs`: `handle_want` |
//! | who gives way | `ask.rs`: `give_way` |
//! | how a leader is heard, and when it goes | `lead.rs`: `beat`, `handle_leading` |
//! | what survives a crash | `mod.rs`: `to_save` |
//!
//! Deviations. The article compares "states and clocks" and does not say how: here it is the clock,
//! then the id. There a server sends its first message to one neighbour chosen at random. Here it
//! asks all of them at once.
//!
//! With locks that time out and no epochs, a server that has waited long enough leads if all who
//! have answered have granted it their locks: whoever is silent counts as dead.

mod ask;
mod lead;
mod lock;
pub mod message;
pub mod rules;
pub mod specs;
pub mod state;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use crate::rules::{AllBut, RuleBook};
use crate::step::Stored;
use message::{Ask, Message};
use rules::Rule;
use state::{Durable, Role, State};

/// One handler call of a server.
type Step<'a, 's> = crate::step::Step<'a, 's, Server>;

/// How long a server waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two heartbeats of a leader.
    pub beat: Duration,
    /// For a leader or for locks, before it asks for locks itself, or again.
    pub want: Range<Duration>,
}

impl Timing {
    fn beat(&self) -> Range<Duration> {
        self.beat..self.beat
    }
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    /// All servers, this one among them.
    pub members: Vec<Id>,
    /// The servers that it knows of, if it knows of no others.
    pub neighbours: Vec<Id>,
    pub timing: Timing,
    pub rules: AllBut<Rule>,
}

/// What a server waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// No leader is heard, or too few locks are granted.
    Want,
    /// It is time to be heard.
    Beat,
}

impl Actor for Server {
    type Msg = Message;
    type Timer = Timer;
    type State = State;
    type Storage = Durable;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<Durable>, out: &mut Out<Self>) -> State {
        out.set_timer(Timer::Want, self.timing.want.clone());
        State::restored(storage.clone().unwrap_or_default())
    }

    fn on_msg(&self, id: Id, state: &mut Cow<State>, src: Id, msg: Message, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match msg {
            Message::Ask(m) => lock::handle_ask(&mut step, m),
            Message::Grant(m) => ask::handle_grant(&mut step, src, m),
            Message::Defer(m) => lock::handle_defer(&mut step, src, m),
            Message::Release(m) => lock::handle_release(&mut step, src, m),
            Message::Leading(m) => lead::handle_leading(&mut step, m),
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Want => ask::handle_want(&mut step),
            Timer::Beat => lead::beat(&mut step),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "server".to_owned()
    }
}

impl Stored for Server {
    fn to_save(&self, state: &State) -> Durable {
        if self.rules.keeps(Rule::LockSurvivesCrash) {
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
    fn set_durable(&mut self, change: impl FnOnce(Durable) -> Durable) {
        let durable = change(self.state().durable.clone());
        if self.state().durable != durable {
            self.state_mut().durable = durable;
            self.save();
        }
    }

    /// Takes the role, and waits for what a server of that role waits for.
    fn take_role(&mut self, role: Role) {
        let (mut wants, mut beats) = (true, false);
        match role {
            Role::Follower { .. } => {}
            Role::Asking { .. } => {
                wants = self.keeps(Rule::AsksAgain) || self.keeps(Rule::LocksTimeOut);
            }
            Role::Leader { .. } => (wants, beats) = (false, self.keeps(Rule::LeaderIsHeard)),
        }
        self.wait_for(Timer::Want, self.server.timing.want.clone(), wants);
        self.wait_for(Timer::Beat, self.server.timing.beat(), beats);
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
            self.set_timer(Timer::Want, self.server.timing.want.clone());
        }
    }

    fn say_to_others(&mut self, message: Message) {
        let (id, members) = (self.id, &self.server.members);
        for other in members.iter().filter(|other| **other != id) {
            self.say(*other, message);
        }
    }
}
