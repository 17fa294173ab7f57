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
//! | when a server stands, and what puts it off | `time_out`; `replication.rs`: `hear` |
//! | who may stand, if servers ask before | `pre_vote.rs`: `grants_pre_vote` |
//! | when a leader that is not heard steps down, and who keeps to a leader | `contact.rs` |
//! | how much is on its way to a follower, and that what was lost is sent again | `flow.rs` |
//! | how a follower catches up | `flow.rs`: `handle_append_reply` |
//! | what becomes of a follower whose storage was rolled back | `take_out`, `give_up` |
//! | which entries a follower takes | `replication.rs`: `handle_append_entries`, `store` |
//! | when a leader may commit, also entries of older terms | `commit.rs`: `may_commit` |
//! | what a follower commits, what is applied and answered | `commit.rs`: `follow`, `apply` |
//! | commands, retries, redirects | `client.rs`: `handle_request` |
//! | when a session ends, and which commands come too late | `session.rs`: `judge` |
//! | when a leader may answer a read, without a log entry | `read.rs` |
//! | when a leader hands over, to whom, and for how long it tries | `transfer.rs` |
//! | who may join or leave, and when | `membership.rs`: `decide`, `settle` |
//! | who counts | `config.rs`: `is_quorum` |
//! | when a follower may | `follower_read.rs` |
//! | what a server answers a read that may be stale | `stale_read.rs` |
//! | that a server without its store is a new one | `identity.rs` |
//! | when a log is compacted, how a snapshot travels and what it replaces | `snapshot.rs` |
//! | when a leader answers a read without asking | `lease.rs` |
//! | what survives a crash | `server.rs`: `to_save` |
//! | that it is saved before it is told | `crate::step`: `finish` |
//! | which entries a leader sends before it has saved them | `own_disk.rs` |
//!
//! Deviations. A refused vote is not answered: a candidate that is out of date learns so from the
//! next leader or candidate, and one that is not would ignore the answer. A refused append carries
//! the last entry that may match, so that a leader skips back over what is missing and over whole
//! terms. A leader answers whatever it applies, also entries that its predecessor took in.

pub mod claims;
mod client;
mod commit;
pub mod compaction;
pub mod config;
mod contact;
mod election;
mod flow;
mod follower_read;
pub mod identity;
pub mod lease;
pub mod log;
pub mod membership;
pub mod message;
mod own_disk;
mod pre_vote;
pub mod protocol;
pub mod read;
mod replication;
pub mod rules;
mod server;
pub mod session;
pub mod snapshot;
pub mod specs;
mod stale_read;
pub mod state;
mod storage;
mod term;
pub mod transfer;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use crate::member::{self, Member};
use crate::order::Order;
use crate::rules::RuleBook;
use crate::service::{self, Service};
use crate::state_machine::StateMachine;
use compaction::Compaction;
use config::Config;
use identity::StoreId;
use rules::Rule;
use server::Step;
use state::{ServerState, Storage};

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

impl Timing {
    /// The least time after which a server that hears no leader stands.
    fn least_election(&self) -> Range<Duration> {
        self.election.start..self.election.start
    }
}

/// How much one AppendEntries carries at most. One entry goes however large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    pub entries: usize,
    /// Of commands, by [`StateMachine::weight`].
    pub bytes: usize,
}

/// What a cluster does beyond basic Raft. All its servers do the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// A server asks whether it would be elected before it stands, so that one that would not does
    /// not depose a leader (thesis §9.6).
    pub pre_vote: bool,
    /// A leader that does not hear from a majority steps down, and servers that hear a leader vote
    /// for no other (thesis §6.2, §4.2.3).
    pub check_quorum: bool,
    /// A follower answers reads, once its leader has told it how far it must have applied.
    pub follower_reads: bool,
    /// A leader answers reads that ask for no more without a round, as long as it holds a lease.
    /// It takes leaders that check their quorum, and clocks that agree on how long a while is.
    pub lease_reads: bool,
    /// A leader sends entries on before its own disk has them, and counts itself among those that
    /// store them once it has (thesis §10.2.1).
    pub parallel_writes: bool,
}

impl Options {
    /// True if servers must know whether they hear a leader.
    pub(crate) fn are_sticky(self) -> bool {
        self.pre_vote || self.check_quorum
    }
}

/// What Raft's servers are made for: the machine that they replicate, and the book of rules.
pub trait Params: crate::rules::Params<Rule> {}
impl<P: crate::rules::Params<Rule>> Params for P {}

/// The machine that is replicated.
pub type MachineOf<P> = <P as crate::rules::Params<Rule>>::Machine;

type Command<P> = <MachineOf<P> as StateMachine>::Command;

/// A Raft server.
#[derive(Clone, Debug)]
pub struct Server<P: Params> {
    /// The servers with which the cluster began. One that comes later is not among them.
    pub servers: Vec<Id>,
    pub timing: Timing,
    pub batch: Batch,
    /// How many appends are on their way to a follower at most.
    pub window: usize,
    pub options: Options,
    /// When a server takes a snapshot; `None`: never, and logs grow without end.
    pub compaction: Option<Compaction>,
    /// After how many entries without a command of its own a session ends; `None`: never, and all
    /// of them are remembered. The same on all servers.
    pub session_length: Option<u64>,
    /// Servers know each other by their stores, so that one whose store was lost has no vote.
    pub knows_stores: bool,
    /// The stores of those of `servers` of which that is known before the cluster begins. The same
    /// on all servers, for ever.
    pub first_stores: BTreeMap<Id, StoreId>,
    pub rules: P::Rules,
}

impl<P: Params> Server<P> {
    /// Who takes part before any entry.
    pub fn first_config(&self) -> Config {
        let voters = self.servers.iter().copied();
        Config { stores: self.first_stores.clone(), ..Config::of(voters) }
    }
}

/// A member of a Raft system: a server, or a client.
pub type Raft<P> = Member<Server<P>>;

/// A member's state.
pub type State<M> = member::State<ServerState<M>, <M as StateMachine>::Output>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// A server has not heard of a leader for too long.
    Election,
    /// A leader is to be heard again.
    Heartbeat,
    /// The least election timeout has passed: since a follower heard its leader, or since a leader
    /// began to count whom it hears.
    Contact,
    /// A server has not been told by a majority that it may stand.
    PreVote,
    /// A leader has not been relieved by the server that it hands over to.
    Transfer,
    /// A leader's lease is over.
    Lease,
    /// A server has kept its vote for as long as the leader that it heard may count on.
    Promise,
    /// A leader has sent entries on that its own disk does not have.
    Write,
    /// Its own disk has what it was given.
    Written,
    /// What a server has put by for a snapshot is to become one.
    Snapshot,
}

impl<P: Params> Service for Server<P> {
    type Peer = Message<Command<P>>;
    type Machine = P::Machine;
}

impl<P: Params> Actor for Server<P> {
    type Msg = MessageOf<P::Machine>;
    type Timer = Timer;
    type State = ServerState<P::Machine>;
    type Storage = Storage<P::Machine>;
    type Random = ();

    fn on_start(
        &self,
        id: Id,
        storage: &Option<Self::Storage>,
        out: &mut Out<Self>,
    ) -> Self::State {
        let starts_anew = storage.is_none();
        let mut state = ServerState::starting_from(storage.clone(), self.first_config());
        if let Some(length) = state.storage.promise
            && self.rules.keeps(Rule::RestartKeepsPromise)
        {
            state.has_promised = true;
            out.set_timer(Timer::Promise, length..length);
        }
        let may_stand = membership::may_stand(&self.rules, id, &state);
        if may_stand && (self.rules.keeps(Rule::StandsAfterCrash) || starts_anew) {
            out.set_timer(Timer::Election, self.timing.election.clone());
        }
        state
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<Self::State>,
        src: Id,
        msg: Self::Msg,
        out: &mut Out<Self>,
    ) {
        let mut step = Step::new(self, id, state);
        receive(&mut step, src, msg);
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<Self::State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Election | Timer::PreVote => election::time_out(&mut step),
            Timer::Heartbeat => flow::send_heartbeats(&mut step),
            Timer::Contact => contact::check(&mut step),
            Timer::Transfer => transfer::give_up(&mut step),
            Timer::Lease => lease::end(&mut step),
            Timer::Promise => contact::redeem(&mut step),
            Timer::Write => own_disk::write(&mut step),
            Timer::Written => own_disk::note_written(&mut step),
            Timer::Snapshot => compaction::complete(&mut step),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "Raft server".to_owned()
    }
}

fn receive<P: Params>(step: &mut Step<P>, from: Id, message: MessageOf<P::Machine>) {
    if step.state().is_taken_out() {
        return;
    }
    match message {
        service::Message::Peer(message) => {
            if contact::ignores(step, &message) {
                return;
            }
            if let Some(term) = message.term() {
                term::observe(step, term);
            }
            match message {
                Message::PreVote(m) => pre_vote::handle_pre_vote(step, from, m),
                Message::PreVoteReply(m) => pre_vote::handle_pre_vote_reply(step, from, m),
                Message::RequestVote(m) => election::handle_request_vote(step, from, m),
                Message::VoteReply(m) => election::handle_vote_reply(step, from, m),
                Message::AppendEntries(m) => replication::handle_append_entries(step, from, m),
                Message::AppendReply(m) => flow::handle_append_reply(step, from, m),
                Message::TimeoutNow(m) => transfer::handle_timeout_now(step, m),
                Message::ReadIndex(m) => follower_read::handle_read_index(step, from, m),
                Message::ReadIndexReply(m) => follower_read::handle_read_index_reply(step, m),
                Message::InstallSnapshot(m) => snapshot::handle_install_snapshot(step, from, m),
                Message::SnapshotReply(m) => snapshot::handle_snapshot_reply(step, from, m),
            }
        }
        service::Message::Request(m) => client::handle_request(step, m),
        service::Message::Read(m) => client::handle_query(step, m),
        service::Message::Order(order) => match &order.command {
            Order::Change(change) => membership::handle_change(step, &order, change),
            Order::Transfer { to } => transfer::handle_order(step, &order, *to),
        },
        service::Message::Reply(_) | service::Message::OrderReply(_) => {}
    }
}
