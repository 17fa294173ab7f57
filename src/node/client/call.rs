//! A request on its way: whom it is asked of, and how long that one may take. It decides, and sends
//! nothing itself.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use quorate_models::number::Index;
use quorate_models::order::Outcome;
use quorate_models::service::{self, Answer, Reply};
use quorate_models::state_machine::StateMachine;
use stateright::actor::Id;

use super::{CallError, Message, PATIENCE, Patience};
use crate::node::wire::{self, WireError};

/// What the sessions of a socket know beside their requests.
pub(super) struct Known {
    pub servers: Vec<Id>,
    /// Whom to ask next: the leader, as far as they know.
    pub target: usize,
    /// How many servers they have not asked yet; none once a member has answered.
    pub unasked: usize,
    /// The servers that have left them without an answer, and have not been heard since.
    pub silent: BTreeSet<Id>,
    /// How far the log is committed, as far as they were told.
    pub seen: Index,
    /// When they were told so.
    pub told: Instant,
    /// How long answers take, smoothed.
    pub takes: Duration,
}

impl Known {
    /// A member says that the log is committed up to `index` at least.
    fn note(&mut self, index: Index, now: Instant) {
        self.unasked = 0;
        if index > Index::ZERO {
            self.seen = self.seen.max(index);
            self.told = now;
        }
    }

    /// A request was answered after so long.
    fn has_taken(&mut self, took: Duration) {
        self.takes = (self.takes * 7 + took) / 8;
    }

    /// Asks another server than `asked` next, which is of no use. Another session may have found
    /// that out already.
    fn go_on_from(&mut self, asked: Id) {
        if self.servers[self.target] == asked {
            self.unasked = self.unasked.saturating_sub(1);
            self.target = (self.target + 1) % self.servers.len();
        }
    }

    /// Asks `server` next, if it is one that they know; returns whether it is.
    pub fn turn_to(&mut self, server: Id) -> bool {
        let found = self.servers.iter().position(|known| *known == server);
        self.target = found.unwrap_or(self.target);
        found.is_some()
    }

    /// How long to wait now for the answer to a message of so many bytes.
    fn patience(&self, bytes: usize) -> Duration {
        let Patience { first, retry_per: (longer, per), .. } = PATIENCE;
        let wait = match self.servers[self.target] {
            _ if self.unasked > 0 => first,
            server if self.silent.contains(&server) => self.doubt(),
            _ => self.usual(),
        };
        wait + longer * (bytes / per) as u32
    }

    fn usual(&self) -> Duration {
        let Patience { retry, slow: (times, most), .. } = PATIENCE;
        retry.max((self.takes * times).min(most))
    }

    /// How long to wait for a server that has been silent, or for another to take its place.
    fn doubt(&self) -> Duration {
        self.usual() / PATIENCE.doubt
    }
}

/// What a request returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Returned<O> {
    /// What a command or a read returned.
    Output(O),
    /// What became of an order.
    Outcome(Outcome),
}

/// A request until its final answer.
pub(super) struct Call<M: StateMachine> {
    message: Message<M>,
    bytes: Vec<u8>,
    since: Index,
    began: Instant,
    timeout: Duration,
    give_up: Instant,
    redirects: u32,
    /// How often it was sent.
    sent: u32,
    /// How often it was told that a node was busy, which has not taken it.
    untaken: u32,
    /// For how long it waits before it asks again.
    pause: Option<Duration>,
    /// The servers that say that they are no members.
    outside: BTreeSet<Id>,
    waiting: Option<Waiting>,
}

/// Until when a request waits.
struct Waiting {
    /// For whose answer; `None`: for a leader to be elected.
    server: Option<Id>,
    wait: Duration,
    deadline: Instant,
}

impl<M: StateMachine> Call<M> {
    /// `message` is asked until `timeout` has passed.
    ///
    /// # Errors
    /// [`WireError`] if it cannot be sent.
    pub fn new(
        message: Message<M>,
        since: Index,
        timeout: Duration,
        now: Instant,
    ) -> Result<Self, WireError> {
        Ok(Call {
            bytes: wire::encode(&message)?,
            message,
            since,
            began: now,
            timeout,
            give_up: now + timeout,
            redirects: 0,
            sent: 0,
            untaken: 0,
            pause: None,
            outside: BTreeSet::new(),
            waiting: None,
        })
    }

    /// When it has to be looked after, if nothing comes.
    pub fn deadline(&self, now: Instant) -> Instant {
        self.waiting.as_ref().map_or(now, |waiting| waiting.deadline)
    }

    /// When it is given up.
    pub fn give_up(&self) -> Instant {
        self.give_up
    }

    /// What is to be sent to whom, unless it waits.
    pub fn send(&mut self, known: &Known, now: Instant) -> Option<(Id, Vec<u8>)> {
        if self.waiting.is_some() {
            return None;
        }
        let server = self.pause.is_none().then(|| known.servers[known.target]);
        let wait = self.pause.unwrap_or_else(|| known.patience(self.bytes.len()));
        let deadline = (now + wait).min(self.give_up);
        self.waiting = Some(Waiting { server, wait, deadline });
        self.sent += u32::from(server.is_some());
        server.map(|server| (server, self.bytes.clone()))
    }

    /// Takes an answer to the request: a final one from anybody, one that sends it elsewhere from
    /// whom it has asked only, and where to begin if it has not begun.
    ///
    /// # Errors
    /// [`CallError`] if it will never be answered.
    pub fn hears(
        &mut self,
        known: &mut Known,
        from: Id,
        message: Message<M>,
        now: Instant,
    ) -> Result<Option<Returned<M::Output>>, CallError> {
        match message {
            service::Message::Reply(reply) if self.is_answered_by(&reply) => {
                let answer = self.heed(known, from, reply, now)?;
                Ok(answer.map(Returned::Output))
            }
            service::Message::OrderReply(reply) if self.is_settled_by(&reply) => {
                let answer = self.heed(known, from, reply, now)?;
                Ok(answer.map(Returned::Outcome))
            }
            _ => Ok(None),
        }
    }

    /// Is it a command or a read that this is the reply to?
    fn is_answered_by<T>(&self, reply: &Reply<T>) -> bool {
        let own = match &self.message {
            service::Message::Request(request) => (request.session, request.sequence),
            service::Message::Read(request) => (request.session, request.sequence),
            _ => return false,
        };
        own == (reply.session, reply.sequence)
    }

    /// Is it an order that this is the reply to?
    fn is_settled_by(&self, reply: &Reply<Outcome>) -> bool {
        let service::Message::Order(order) = &self.message else { return false };
        (order.session, order.sequence) == (reply.session, reply.sequence)
    }

    fn heed<T>(
        &mut self,
        known: &mut Known,
        from: Id,
        reply: Reply<T>,
        now: Instant,
    ) -> Result<Option<T>, CallError> {
        known.silent.remove(&from);
        let is_asked = self.waiting.as_ref().is_some_and(|waiting| waiting.server == Some(from));
        match reply.answer {
            Answer::Done { output, index } | Answer::Read { output, index } => {
                known.note(index, now);
                if is_asked {
                    known.turn_to(from);
                }
                known.has_taken(now.saturating_duration_since(self.began));
                return Ok(Some(output));
            }
            Answer::Ended { index } => {
                known.note(index, now);
                return Err(CallError::Ended);
            }
            Answer::Begin { index } if self.since == Index::ZERO => {
                known.note(index, now);
                self.begin_at(index)?;
            }
            Answer::Tag { number } if self.since == Index::ZERO => self.begin_at(number)?,
            Answer::NoMember if is_asked => {
                self.outside.insert(from);
                if known.servers.iter().all(|server| self.outside.contains(server)) {
                    return Err(CallError::NoMember);
                }
                known.go_on_from(from);
                self.waiting = None;
            }
            Answer::Redirect { leader } if is_asked => self.redirect(known, from, leader),
            Answer::Busy { after } => {
                self.untaken += 1;
                if is_asked {
                    let deadline = (now + after).min(self.give_up);
                    self.waiting = Some(Waiting { server: None, wait: after, deadline });
                }
            }
            Answer::Begin { .. }
            | Answer::Tag { .. }
            | Answer::NoMember
            | Answer::Redirect { .. } => {}
        }
        Ok(None)
    }

    /// Whoever was asked names another, or nobody.
    fn redirect(&mut self, known: &mut Known, from: Id, leader: Option<Id>) {
        self.redirects += 1;
        // A follower goes on naming a leader that has died until it misses it.
        let is_silent = leader.is_some_and(|leader| known.silent.contains(&leader));
        let knows_leader = !is_silent && leader.is_some_and(|leader| known.turn_to(leader));
        let pause = if is_silent { known.doubt() } else { PATIENCE.pause };
        let is_over = self.redirects > PATIENCE.redirects || !knows_leader;
        self.pause = is_over.then_some(pause);
        known.unasked = 0;
        if !knows_leader {
            known.go_on_from(from);
        }
        self.waiting = None;
    }

    /// The log is committed up to `index`, and the request is of a time after that; or a write has
    /// that number. It is sent again.
    fn begin_at(&mut self, index: Index) -> Result<(), WireError> {
        self.since = index;
        match &mut self.message {
            service::Message::Request(request) => request.since = index,
            service::Message::Read(request) => request.since = index,
            service::Message::Order(request) => request.since = index,
            _ => {}
        }
        self.bytes = wire::encode(&self.message)?;
        (self.redirects, self.pause) = (0, None);
        self.waiting = None;
        Ok(())
    }

    /// It is `now`: if it has waited long enough it asks again, or another server. A large request
    /// that is still on its way to a server would begin anew elsewhere, so it waits on.
    ///
    /// # Errors
    /// If its time is over: [`CallError::Busy`] if no server has taken it, [`CallError::Unknown`]
    /// if one may have.
    pub fn pass(
        &mut self,
        known: &mut Known,
        now: Instant,
        is_arriving: impl Fn(Id) -> bool,
    ) -> Result<(), CallError> {
        if now >= self.give_up {
            let is_untaken = self.sent == self.untaken;
            let error = if is_untaken { CallError::Busy } else { CallError::Unknown };
            return Err(error(self.timeout));
        }
        let Some(waiting) = &mut self.waiting else { return Ok(()) };
        if now < waiting.deadline {
            return Ok(());
        }
        if waiting.server.is_some_and(is_arriving) {
            waiting.deadline = (now + waiting.wait).min(self.give_up);
            return Ok(());
        }
        self.redirects = 0;
        self.pause = None;
        if let Some(asked) = waiting.server {
            known.silent.insert(asked);
            known.go_on_from(asked);
        }
        self.waiting = None;
        Ok(())
    }
}
