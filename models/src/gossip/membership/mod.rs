//! Membership by gossip, after SWIM: who is there, who is not, and what everybody hears of it.
//!
//! In each period a member probes one other: it pings it, and if no answer comes, it has a few
//! *relays* ping it, for the link may be at fault and not the member. Whoever does not answer at
//! all is *suspect*, and *dead* after a while. A suspect that lives contradicts. What is known of
//! members rides on the pings and their answers, so nothing else is sent, and what a member sends
//! in a period does not depend on how many members there are.
//!
//! Sources: Das, Gupta, Motivala, *SWIM: Scalable Weakly-consistent Infection-style Process Group
//! Membership Protocol*, DSN 2002; Dadgar, Phillips, Currey, *Lifeguard*, arXiv 1707.00788.
//!
//! ```text
//! S1                    S2 (relay)            S3
//!  |-- Ping ---------------------------------->.        lost, or S3 is down
//!  |-- PingReq S3 ------->|                    |
//!  |                      |-- Ping for S1 ---->|
//!  |                      |<-- Ack for S1 -----|
//!  |<-- Relayed S3 -------|                    |        or nothing: S3 is suspect
//!  |-- Ping, "you are suspect 4" ------------->|
//!  |<-- Ack, "I am alive 5" -------------------|        5 beats 4: everybody hears that it lives
//! ```
//!
//! | rule | where |
//! |---|---|
//! | who is probed, and when | `probe.rs`: `handle_period`, `still_to_probe` |
//! | when a member is suspected | `probe.rs`: `handle_direct`, `end_probe` |
//! | which news holds | `word.rs`: `merge`, `beats` |
//! | what is told, and how often | `gossip.rs`: `tell` |
//! | what is made of news of others, and of itself | `gossip.rs`: `hear_of`, `hear_of_itself` |
//! | when a suspect is dead, and a dead member forgotten | `gossip.rs`: `adopt`, `handle_forget` |
//! | what survives a crash | `server.rs`: `to_save`, `mod.rs`: `on_start` |
//!
//! Deviations.
//!
//! - In the paper death is final, and whoever was taken for dead comes back under another name.
//!   Here, as in memberlist and Serf, a higher incarnation beats death too. So all words are in one
//!   order, and any two of them join in the greater one.
//! - Messages have no sequence numbers. An answer counts for the member, not for the ping: a late
//!   one costs at most one round.
//! - Each message tells its receiver what is known of it, which is Lifeguard's buddy system, and
//!   with it what a member has forgotten of itself when it lost its disk.
//! - Contacts, the members that a member knows of from the start, are probed even if they are dead.
//!   Otherwise the halves of a healed cluster would never hear of each other again.
//! - Lifeguard's health stretches periods and waiting times if [`Settings::patience`] is not 0. Its
//!   suspicion that grows shorter the more members confirm it is not here.
//!
//! Not here: leaving. A member that stops is found to be dead.

pub mod claims;
mod gossip;
pub mod message;
mod probe;
pub mod rules;
mod server;
pub mod specs;
pub mod state;
pub mod word;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use crate::number::Incarnation;
use crate::rules::RuleBook;
use message::Message;
use rules::Rule;
use server::Step;
use state::State;
use word::Word;

/// How long a member waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From one probe to the next. Longer than two round trips and [`direct`](Timing::direct).
    pub period: Duration,
    /// For the answer to a ping, before relays are asked. Longer than a round trip.
    pub direct: Duration,
    /// For a suspect to contradict: longer than the 2m - 1 periods within which each member is in
    /// touch with each of its list of m others, if it is not to be taken for dead. Shorter where
    /// that is no harm: the dead that live contradict as well.
    pub suspicion: Duration,
    /// How long a dead member stays listed; `None`: for ever. Longer than anybody can take it for
    /// living.
    pub grace: Option<Duration>,
}

/// The SWIM paper's numbers, but for the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many relays are asked.
    pub relays: usize,
    /// How often a member tells a piece of news. In a cluster of n some multiple of ln n.
    pub tellings: u8,
    /// How many pieces of news a message has room for.
    pub room: usize,
    /// By how many periods a member that gets no answers waits longer at most; 0: it never does.
    pub patience: u8,
}

/// A member.
#[derive(Clone, Debug)]
pub struct Server<R> {
    /// The members that it knows of when it starts. It may be one of them.
    pub contacts: Vec<Id>,
    pub timing: Timing,
    pub settings: Settings,
    pub rules: R,
}

/// What a member waits for. Two of them have in their name how much longer it waits than a healthy
/// one does, in periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// The next member is to be probed.
    Period(u8),
    /// The member that is probed should have answered.
    Direct(u8),
    /// This suspect should have contradicted.
    Suspicion(Id),
    /// Nobody takes this dead member for living any more.
    Forget(Id),
}

impl<R: RuleBook<Rule>> Actor for Server<R> {
    type Msg = Message;
    type Timer = Timer;
    type State = State;
    type Storage = Incarnation;
    /// Who is probed next.
    type Random = Id;

    fn on_start(&self, id: Id, storage: &Option<Incarnation>, out: &mut Out<Self>) -> State {
        let before = storage.filter(|_| self.rules.keeps(Rule::IncarnationOutlivesCrash));
        let own = before.map_or(Incarnation::ZERO, Incarnation::next);
        out.save(own);
        out.set_timer(Timer::Period(0), self.timing.period..self.timing.period);
        let others = self.contacts.iter().filter(|contact| **contact != id);
        State {
            own,
            members: others.map(|contact| (*contact, Word::FIRST)).collect(),
            rumours: BTreeMap::new(),
            probed: [].into(),
            probe: None,
            health: 0,
        }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<State>,
        src: Id,
        message: Message,
        out: &mut Out<Self>,
    ) {
        let mut step = Step::new(self, id, state);
        match message {
            Message::Ping(m) => probe::handle_ping(&mut step, src, m),
            Message::Ack(m) => probe::handle_ack(&mut step, src, m),
            Message::PingReq(m) => probe::handle_ping_req(&mut step, src, m),
            Message::Relayed(m) => probe::handle_relayed(&mut step, src, m),
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match *timer {
            Timer::Period(_) => probe::handle_period(&mut step),
            Timer::Direct(_) => probe::handle_direct(&mut step),
            Timer::Suspicion(member) => gossip::handle_suspicion(&mut step, member),
            Timer::Forget(member) => gossip::handle_forget(&mut step, member),
        }
        step.finish(out);
    }

    fn on_random(&self, id: Id, state: &mut Cow<State>, target: &Id, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        probe::begin_probe(&mut step, *target);
        step.finish(out);
    }

    fn name(&self) -> String {
        "membership".to_owned()
    }
}
