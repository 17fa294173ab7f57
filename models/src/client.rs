//! The scripted client that specs use: it submits its commands one after the other and keeps what
//! it was told.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::Id;
use stateright::{Rewrite, RewritePlan};

use crate::consistency::{Freshness, Query};
use crate::number::Index;
use crate::service::{Answer, Reply, Request, Sequence, Session};
use crate::state_machine::StateMachine;

/// A client that submits `script`, each command when the one before it was answered.
#[derive(Clone, Debug)]
pub struct Client<M: StateMachine> {
    /// The servers. It asks the first of them first.
    pub servers: Vec<Id>,
    pub script: Vec<M::Command>,
    /// What it asks of its reads. `None`: it asks for them as for any other command.
    pub reads: Option<Freshness>,
    /// How long it waits for an answer before it asks the next server.
    pub retry: Range<Duration>,
    pub tries: Tries,
    /// It sends each command as one that knows nothing of the log, as a client of a node does after
    /// a pause. Otherwise only the first.
    pub begins_anew: bool,
    pub habits: Habits,
}

/// Which server a client asks when the one that it asked has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// The next one in the order of its list, so that it comes to each of them.
    InOrder,
    /// Any other one: it has a timer for each, and asks the one whose timer fires first. What holds
    /// for this client holds for one with an order of its own. It may pass over a server for ever,
    /// so it is for safety; and it treats all servers alike, which symmetry asks for.
    Any,
}

/// What a client does so as to be answered in the end, and rightly. A protocol has a rule for each,
/// which a test suspends.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// If no answer comes.
    pub asks_again: bool,
    /// If it asks again.
    pub tries_another: bool,
    pub follows_redirect: bool,
    /// And no answer to an earlier command, which may come twice.
    pub knows_its_answer: bool,
    /// It sends a command with the first place of the log, or the first number, that it is told,
    /// and with no other.
    pub begins_once: bool,
}

impl Habits {
    pub const ALL: Habits = Habits {
        asks_again: true,
        tries_another: true,
        follows_redirect: true,
        knows_its_answer: true,
        begins_once: true,
    };
}

/// What a client remembers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ClientState<O> {
    /// The answers so far, in the order of the script. The next command is waiting for its own.
    pub answers: Vec<O>,
    /// The server it asked last.
    pub target: Id,
    /// It follows at most one redirect before its retry timer fires, so that servers that name each
    /// other for leader could not keep it busy for ever. Those of Raft do not.
    pub redirected: bool,
    /// How far the log is committed, as far as it was told.
    pub seen: Index,
    /// How far it knew that when it first sent the command that waits, or the number that it was
    /// told for it: see [`Request::since`].
    pub since: Index,
    /// It was told that its session has ended: it does not know what became of its last command,
    /// and submits no other.
    pub has_ended: bool,
}

/// What a client does next.
#[derive(Debug)]
pub enum Effect<C> {
    Send(Id, Request<C>),
    /// Of a client that says what it asks of its reads.
    Read(Id, Request<Query<C>>),
    SetRetryTimer,
    CancelRetryTimer,
    /// Of a client that [`Tries::Any`]: after which it asks this server.
    SetTryTimer(Id),
    CancelTryTimer(Id),
}

impl<M: StateMachine> Client<M> {
    pub fn on_start(&self, id: Id) -> (ClientState<M::Output>, Vec<Effect<M::Command>>) {
        let state = ClientState {
            answers: Vec::new(),
            target: self.servers[0],
            redirected: false,
            seen: Index::ZERO,
            since: Index::ZERO,
            has_ended: false,
        };
        let effects = self.ask(id, &state);
        (state, effects)
    }

    pub fn on_reply(
        &self,
        id: Id,
        state: &mut Cow<'_, ClientState<M::Output>>,
        reply: Reply<M::Output>,
    ) -> Vec<Effect<M::Command>> {
        // Of its session it is: replies go to the client that the session names.
        let is_another = reply.sequence != sequence(state);
        if state.has_ended || (self.habits.knows_its_answer && is_another) {
            return Vec::new();
        }
        match reply.answer {
            Answer::Done { output, index } | Answer::Read { output, index } => {
                let state = state.to_mut();
                state.answers.push(output);
                state.redirected = false;
                state.seen = state.seen.max(index);
                state.since = if self.begins_anew { Index::ZERO } else { state.seen };
            }
            Answer::Begin { index } if state.since == Index::ZERO || !self.habits.begins_once => {
                let state = state.to_mut();
                state.seen = state.seen.max(index);
                state.since = index;
            }
            Answer::Tag { number } if state.since == Index::ZERO || !self.habits.begins_once => {
                state.to_mut().since = number;
            }
            Answer::Ended { .. } => state.to_mut().has_ended = true,
            Answer::Redirect { leader: Some(leader) }
                if self.habits.follows_redirect && !state.redirected =>
            {
                let state = state.to_mut();
                state.target = leader;
                state.redirected = true;
            }
            Answer::Redirect { .. }
            | Answer::NoMember
            | Answer::Begin { .. }
            | Answer::Tag { .. }
            | Answer::Busy { .. } => return Vec::new(),
        }
        self.ask(id, state)
    }

    /// No answer has come in time: the client asks the next server.
    pub fn on_retry_timeout(
        &self,
        id: Id,
        state: &mut Cow<'_, ClientState<M::Output>>,
    ) -> Vec<Effect<M::Command>> {
        let position = self.servers.iter().position(|server| *server == state.target);
        let next = position.map_or(0, |position| (position + 1) % self.servers.len());
        self.on_try_timeout(id, state, self.servers[next])
    }

    /// No answer has come in time: the client asks `next`, if it asks anybody else.
    pub fn on_try_timeout(
        &self,
        id: Id,
        state: &mut Cow<'_, ClientState<M::Output>>,
        next: Id,
    ) -> Vec<Effect<M::Command>> {
        let state = state.to_mut();
        if self.habits.tries_another {
            state.target = next;
        }
        state.redirected = false;
        self.ask(id, state)
    }

    /// Sends the command whose turn it is, if there is one left.
    fn ask(&self, id: Id, state: &ClientState<M::Output>) -> Vec<Effect<M::Command>> {
        let (past, rest) = self.script.split_at(state.answers.len().min(self.script.len()));
        let Some(command) = rest.first().filter(|_| !state.has_ended) else {
            return self.timers(state, false);
        };
        let command = M::informed(command, past, &state.answers);
        let (session, sequence, since) = (Session::of(id), sequence(state), state.since);
        let mut effects = vec![match self.reads.filter(|_| M::is_read_only(&command)) {
            Some(freshness) => {
                let consistency = freshness.after(state.seen);
                let command = Query { command, consistency };
                Effect::Read(state.target, Request { session, sequence, since, command })
            }
            None => Effect::Send(state.target, Request { session, sequence, since, command }),
        }];
        if self.habits.asks_again {
            effects.extend(self.timers(state, true));
        }
        effects
    }

    /// Sets its timers if it waits for an answer, or else cancels them.
    fn timers(&self, state: &ClientState<M::Output>, waits: bool) -> Vec<Effect<M::Command>> {
        match self.tries {
            Tries::InOrder if waits => vec![Effect::SetRetryTimer],
            Tries::InOrder => vec![Effect::CancelRetryTimer],
            Tries::Any => {
                let has_others = self.servers.len() > 1;
                let servers = self.servers.iter().copied();
                let timers = servers.map(|server| match waits {
                    true if server != state.target || !has_others => Effect::SetTryTimer(server),
                    _ => Effect::CancelTryTimer(server),
                });
                timers.collect()
            }
        }
    }
}

impl<O> ClientState<O> {
    /// True if the client ignores this reply now and for ever: its command is answered, or never
    /// will be, or the reply names nobody to turn to, or another place than the client was told.
    pub fn ignores(&self, reply: &Reply<O>) -> bool {
        let is_answered = (reply.sequence.0 as usize) <= self.answers.len();
        let has_begun = reply.sequence == sequence(self) && self.since > Index::ZERO;
        is_answered
            || self.has_ended
            || matches!(
                reply.answer,
                Answer::Redirect { leader: None } | Answer::NoMember | Answer::Busy { .. }
            )
            || (matches!(reply.answer, Answer::Begin { .. } | Answer::Tag { .. }) && has_begun)
    }
}

impl<O: Clone> Rewrite<Id> for ClientState<O> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        ClientState { target: self.target.rewrite(plan), ..self.clone() }
    }
}

/// The number of the command that waits for its answer.
pub(crate) fn sequence<O>(state: &ClientState<O>) -> Sequence {
    Sequence(state.answers.len() as u32 + 1)
}
