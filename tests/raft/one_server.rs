//! One server of a cluster, which hears what a test says and whose answers the test reads.

use std::borrow::Cow;

use quorate_models::kv::Kv;
use quorate_models::number::{Index, Term};
use quorate_models::order::{Order, Outcome};
use quorate_models::raft::message::{AppendReply, Message as Said, Outcome as Heard, VoteReply};
use quorate_models::raft::specs::{self, Checked, EVERY_RULE};
use quorate_models::raft::state::ServerState;
use quorate_models::raft::{MessageOf, Server, Timer};
use quorate_models::service::{Answer, Message, Reply, Request, Sequence, Session};
use stateright::actor::{Actor, Command, Id, Out};

/// What it has sent, to whom.
pub type Sent = Vec<(Id, MessageOf<Kv>)>;

/// The server 1 of a cluster of several, so that there are lower and higher ones.
pub struct OneServer {
    server: Server<Checked>,
    state: Cow<'static, ServerState<Kv>>,
}

impl OneServer {
    const ID: usize = 1;

    /// It has started, and nobody leads.
    pub fn starting(servers: usize) -> Self {
        let server = specs::server::<Checked>((0..servers).map(Id::from).collect(), EVERY_RULE);
        let state = server.on_start(Id::from(Self::ID), &None, &mut Out::new());
        OneServer { server, state: Cow::Owned(state) }
    }

    /// The only server, which leads. Its sessions end after so many entries.
    pub fn alone(session_length: u64) -> Self {
        let mut server = specs::server::<Checked>(vec![Id::from(Self::ID)], EVERY_RULE);
        server.session_length = Some(session_length);
        let state = server.on_start(Id::from(Self::ID), &None, &mut Out::new());
        let mut one = OneServer { server, state: Cow::Owned(state) };
        one.times_out(Timer::Election);
        one
    }

    /// It leads in the first term, and its no-op is not committed yet.
    pub fn leading(servers: usize) -> Self {
        let mut one = OneServer::starting(servers);
        one.times_out(Timer::Election);
        one.hears(0, Message::Peer(Said::VoteReply(VoteReply { term: Term(1) })));
        assert!(one.state.is_leader());
        one
    }

    /// What it knows.
    pub fn state(&self) -> &ServerState<Kv> {
        &self.state
    }

    /// What it sends when it hears this.
    pub fn hears(&mut self, from: usize, message: MessageOf<Kv>) -> Sent {
        let mut out = Out::new();
        self.server.on_msg(Id::from(Self::ID), &mut self.state, from.into(), message, &mut out);
        sent(out)
    }

    /// What it sends when the server `from` has acknowledged its log up to here.
    pub fn is_acknowledged(&mut self, from: usize, matched: Index) -> Sent {
        let (term, outcome) = (Term(1), Heard::Stored { matched });
        let reply = AppendReply { term, outcome, round: 0, store: None, promise: None };
        self.hears(from, Message::Peer(Said::AppendReply(reply)))
    }

    /// What it sends when a timer has run out.
    pub fn times_out(&mut self, timer: Timer) -> Sent {
        let mut out = Out::new();
        self.server.on_timeout(Id::from(Self::ID), &mut self.state, &timer, &mut out);
        sent(out)
    }

    /// What it sends when the operator `number` orders this.
    pub fn is_ordered(&mut self, number: u64, order: Order) -> Sent {
        let (session, sequence) = (Session(number), Sequence(1));
        let request = Request { session, sequence, since: Index::ZERO, command: order };
        self.hears(number as usize, Message::Order(request))
    }
}

fn sent(out: Out<Server<Checked>>) -> Sent {
    let sends = out.into_iter().filter_map(|command| match command {
        Command::Send(to, message) => Some((to, message)),
        _ => None,
    });
    sends.collect()
}

/// The one message that tells the operator `number` so.
pub fn told(number: u64, answer: Answer<Outcome>) -> Sent {
    let (session, sequence) = (Session(number), Sequence(1));
    let reply = Message::OrderReply(Reply { session, sequence, answer });
    vec![(Id::from(number as usize), reply)]
}
