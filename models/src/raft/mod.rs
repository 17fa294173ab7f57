//! Raft: a replicated log with one leader a term.
//!
//! A cluster must agree on the order of its commands although servers crash and messages are lost,
//! delayed, doubled and reordered. Raft elects a leader, the leader orders the commands in its log,
//! and what a majority of logs holds is decided.
//!
//! Source: Ongaro and Ousterhout, *In Search of an Understandable Consensus Algorithm (Extended
//! Version)*, 2014; Ongaro's thesis, 2014, where it says more.
//!
//! ```text
//! C1            S1 (leader)        S2               S3
//!  |-- Request -->|                 |                |
//!  |              |-- AppendEntries (entry 2) ------>|
//!  |              |-- AppendEntries (entry 2) ->|    |
//!  |              |<------- AppendReply (2) ----|    |      a majority stores it: committed
//!  |<-- Reply ----|                 |                |
//!  |              |-- AppendEntries (commit 2) ----->|      the others learn so
//! ```
//!
//! | rule | where |
//! |---|---|
//! | a newer term wins | `term.rs`: `observe` |
//! | who may become leader, who gets a vote | `election.rs`: `start_election`, `grants_vote` |
//! | when a server stands, and what puts it off | `start_election`; `replication.rs`: `hear` |
//! | how a follower catches up, also after a loss | `replication.rs`: `handle_append_reply` |
//! | what becomes of a follower whose storage was rolled back | `take_out`, `give_up` |
//! | which entries a follower takes | `replication.rs`: `handle_append_entries`, `store` |
//! | when a leader may commit, also entries of older terms | `commit.rs`: `may_commit` |
//! | what a follower commits, what is applied and answered | `commit.rs`: `follow`, `apply` |
//! | commands, retries, reads, redirects | `client.rs`: `handle_request` |
//! | what survives a crash, and that it is saved before it is told | `step.rs`: `finish` |
//!
//! Deviations. A refused vote is not answered: a candidate that is out of date learns so from the
//! next leader or candidate, and one that is not would ignore the answer. A refused append carries
//! the last index that may match, so that a leader skips back over what is missing. A leader
//! answers whatever it applies, also entries that its predecessor took in.
//!
//! Not here yet: snapshots, membership changes, pre-vote, leases. Sessions are never forgotten.

mod client;
mod commit;
pub mod conduct;
pub mod custom;
mod directions;
mod election;
pub mod facts;
pub mod ghost;
mod history;
pub mod large;
pub mod live;
pub mod log;
pub mod message;
pub mod obsolete;
pub mod properties;
mod rename;
mod replication;
pub mod rules;
pub mod specs;
pub mod state;
mod step;
mod storage;
mod term;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use stateright::actor::{Actor, Id, Out};

use crate::client::{Client, ClientState, Effect};
use crate::rules::AllRules;
use crate::service::{self, Reply, Request, Service, Session};
use crate::state_machine::StateMachine;
use log::Payload;
use rules::{RaftRules, Rule};
use state::{Role, ServerState, Storage};
use step::Step;

pub use commit::may_commit;
pub use election::grants_vote;
pub use message::{Message, MessageOf};

/// How long a server waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two heartbeats of a leader.
    pub heartbeat: Duration,
    /// Without word from a leader, before a server stands for election.
    pub election: Range<Duration>,
}

/// How much one AppendEntries carries at most. One entry goes however large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    pub entries: usize,
    /// Of commands, by [`StateMachine::weight`].
    pub bytes: usize,
}

/// A Raft server that replicates `M`.
#[derive(Clone, Debug)]
pub struct Server<M: StateMachine, R: RaftRules = AllRules> {
    /// All servers of the cluster, this one among them.
    pub servers: Vec<Id>,
    pub timing: Timing,
    pub batch: Batch,
    pub rules: R,
    pub machine: std::marker::PhantomData<M>,
}

/// A member of a Raft system: a server, or, in a model, a client.
#[derive(Clone, Debug)]
pub enum Raft<M: StateMachine, R: RaftRules = AllRules> {
    Server(Server<M, R>),
    Client(Client<M>),
}

/// A member's state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State<M: StateMachine> {
    Server(ServerState<M>),
    Client(ClientState<M::Output>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A server has not heard of a leader for too long.
    Election,
    /// A leader is to be heard again.
    Heartbeat,
    /// A client has waited too long for an answer.
    Retry,
}

impl<M: StateMachine, R: RaftRules> Server<M, R> {
    fn on_message(&self, step: &mut Step<'_, '_, M, R>, from: Id, message: MessageOf<M>) {
        if step.state().is_taken_out() {
            return;
        }
        if let Some(term) = message.term() {
            term::observe(step, term);
        }
        match message {
            Message::RequestVote(m) => election::handle_request_vote(step, from, m),
            Message::VoteReply(m) => election::handle_vote_reply(step, from, m),
            Message::AppendEntries(m) => replication::handle_append_entries(step, from, m),
            Message::AppendReply(m) => replication::handle_append_reply(step, from, m),
            Message::Request(m) => client::handle_request(step, m),
            Message::Reply(_) => {}
        }
    }
}

impl<M: StateMachine, R: RaftRules> Actor for Raft<M, R> {
    type Msg = MessageOf<M>;
    type Timer = Timer;
    type State = State<M>;
    type Storage = Storage<M::Command>;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Self::Storage>, out: &mut Out<Self>) -> State<M> {
        match self {
            Raft::Server(server) => {
                let starts_anew = storage.is_none();
                if server.rules.keeps(Rule::StandsAfterCrash) || starts_anew {
                    out.set_timer(Timer::Election, server.timing.election.clone());
                }
                State::Server(ServerState::starting_from(storage.clone()))
            }
            Raft::Client(client) => {
                let (state, effects) = client.on_start(id);
                client_effects(client, effects, out);
                State::Client(state)
            }
        }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<Self::State>,
        src: Id,
        msg: Self::Msg,
        out: &mut Out<Self>,
    ) {
        match (self, msg) {
            (Raft::Server(server), message) => {
                let mut step = Step::new(server, id, state);
                server.on_message(&mut step, src, message);
                step.finish(out);
            }
            (Raft::Client(client), Message::Reply(reply)) => {
                with_client(state, |own| client.on_reply(id, own, reply), client, out);
            }
            (Raft::Client(_), _) => {}
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<State<M>>, timer: &Timer, out: &mut Out<Self>) {
        match (self, timer) {
            (Raft::Server(server), timer) => {
                let mut step = Step::new(server, id, state);
                match timer {
                    Timer::Election => election::start_election(&mut step),
                    Timer::Heartbeat => replication::send_heartbeats(&mut step),
                    Timer::Retry => {}
                }
                step.finish(out);
            }
            (Raft::Client(client), Timer::Retry) => {
                with_client(state, |own| client.on_retry_timeout(id, own), client, out);
            }
            (Raft::Client(_), Timer::Election | Timer::Heartbeat) => {}
        }
    }

    fn name(&self) -> String {
        match self {
            Raft::Server(_) => "Raft server".to_owned(),
            Raft::Client(_) => "client".to_owned(),
        }
    }
}

/// Lets a client act on its own state, and carries out what it wants.
fn with_client<M: StateMachine, R: RaftRules>(
    state: &mut Cow<State<M>>,
    act: impl FnOnce(&mut Cow<ClientState<M::Output>>) -> Vec<Effect<M::Command>>,
    client: &Client<M>,
    out: &mut Out<Raft<M, R>>,
) {
    let State::Client(own) = &**state else { return };
    let mut own = Cow::Borrowed(own);
    let effects = act(&mut own);
    if let Cow::Owned(own) = own {
        *state = Cow::Owned(State::Client(own));
    }
    client_effects(client, effects, out);
}

fn client_effects<M: StateMachine, R: RaftRules>(
    client: &Client<M>,
    effects: Vec<Effect<M::Command>>,
    out: &mut Out<Raft<M, R>>,
) {
    for effect in effects {
        match effect {
            Effect::Send(server, request) => out.send(server, Message::Request(request)),
            Effect::SetRetryTimer => out.set_timer(Timer::Retry, client.retry.clone()),
            Effect::CancelRetryTimer => out.cancel_timer(Timer::Retry),
        }
    }
}

impl<M: StateMachine, R: RaftRules> Service for Raft<M, R> {
    type Command = M::Command;
    type Output = M::Output;

    fn request(request: Request<M::Command>) -> Self::Msg {
        Message::Request(request)
    }

    fn session(message: &Self::Msg) -> Option<Session> {
        if let Message::Request(request) = message { Some(request.session) } else { None }
    }

    fn reply(message: Self::Msg) -> Option<Reply<M::Output>> {
        match message {
            Message::Reply(reply) => Some(reply),
            _ => None,
        }
    }

    /// # Panics
    /// If the state is a client's: only servers are asked for their status.
    fn status(&self, id: Id, state: &State<M>) -> service::Status {
        let State::Server(state) = state else { panic!("a client has no status") };
        service::Status {
            role: state.role.name().to_owned(),
            term: state.term().0,
            leader: match state.role {
                Role::Follower { leader } => leader,
                Role::Candidate { .. } | Role::TakenOut { .. } => None,
                Role::Leader { .. } => Some(id),
            },
            commit: state.commit.0,
            last: state.log().last_index().0,
            warnings: warnings(&state.role),
        }
    }

    fn gives_up(&self, state: &State<M>) -> Option<String> {
        let State::Server(ServerState { role: Role::TakenOut { leader }, .. }) = state else {
            return None;
        };
        Some(format!(
            "it lacks what it has acknowledged to server {}: {LOST}; what it voted may be lost as \
             well, so it takes no further part",
            usize::from(*leader)
        ))
    }
}

/// What has become of a server that lacks what it acknowledged.
const LOST: &str = "its storage was lost, or an older one took its place";

/// What a leader knows of followers and an operator must hear.
fn warnings(role: &Role) -> Vec<String> {
    let Role::Leader { followers } = role else { return Vec::new() };
    let lost = followers.iter().filter(|(_, progress)| progress.is_lost);
    lost.map(|(id, _)| {
        format!("server {} lacks what it has acknowledged: {LOST}", usize::from(*id))
    })
    .collect()
}
