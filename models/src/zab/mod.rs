//! ZAB, the broadcast of ZooKeeper: one log on a majority of the servers, in the order of its
//! leaders.
//!
//! Each leader has an *epoch* of its own. First it learns which epochs a majority has accepted, and
//! takes a later one (*discovery*). Then it makes a majority have the history that it has
//! (*synchronization*). Only then does it propose transactions, and commits what a majority has on
//! its disks (*broadcast*). A transaction has a *zxid*: the epoch, and a counter.
//!
//! Source: Junqueira, Reed, Serafini: Zab, DSN 2011; ZooKeeper's Zab 1.0.
//!
//! ```text
//! C1          S1 (leader)        S2               S3
//!  |            |<-- CEPOCH 0 ----|                |    accepted so far: none
//!  |            |--- NEWEPOCH 1 ->|                |
//!  |            |<-- ACK-E -------|                |    a majority has accepted epoch 1
//!  |            |--- DIFF ------->|                |
//!  |            |--- NEWLEADER -->|                |
//!  |            |<-- ACK-LD ------|                |    a majority has the history
//!  |            |--- COMMIT-LD -->|                |
//!  |-- put ---->|                 |                |
//!  |            |--- PROPOSE 1.1 >|                |
//!  |            |<-- ACK 1.1 -----|                |    a majority has it: committed
//!  |<-- done ---|--- COMMIT 1.1 ->|                |
//! ```
//!
//! `docs/side-by-side.md` has the rule of the same purpose in each of the protocols.
//!
//! | rule | where |
//! |---|---|
//! | who is to lead | `election.rs`: `is_better`; in the specs of safety `oracle.rs` |
//! | when a server leaves its leader, or ceases to lead | `discovery.rs`: `handle_silence` |
//! | which epoch a leader has | `discovery.rs`: `handle_c_epoch` |
//! | who accepts an epoch | `discovery.rs`: `handle_new_epoch` |
//! | that the newest history leads | `discovery.rs`: `handle_ack_epoch` |
//! | what becomes of what an older leader left | `synchronization.rs`: `establish_if_held` |
//! | what a follower is sent of the history: DIFF, TRUNC or SNAP | `synchronization.rs` |
//! | when a history is acknowledged | `synchronization.rs`: `take_new_leader`, `end` |
//! | what is proposed, and when it is committed | `broadcast.rs` |
//! | that what a leader says arrives in order | `link.rs` |
//! | when what was taken is on the disk | `disk.rs` |
//! | what takes effect | `execute.rs` |
//! | who answers a linearizable read, and when | `sync.rs` |
//! | who answers a read that may be stale | `stale_read.rs` |
//! | when a snapshot is taken, and what stays in the log | `compaction.rs` |
//! | who does not count | `server.rs`: `observes` |
//! | how a node runs it, and what is in its store | `protocol.rs`, `storage.rs` |
//!
//! Deviations. ZooKeeper's servers talk over TCP; here a link has a number, and so have the packets
//! on it (`link.rs`). The paper's messages of the history carry all of it; here they carry some, as
//! ZooKeeper's do. A snapshot is of one moment. A follower lets take effect only what is on its
//! disk. A follower that lags too far is let go, and comes back. The descriptions take for granted
//! that disks survive: here a server whose disk is lost follows, and does not count. ZooKeeper's
//! `sync` is answered by whoever takes itself for the leader; here a majority confirms that first,
//! and a read says by itself whether it needs that.
//!
//! Not here: changes of the members.

mod broadcast;
pub mod claims;
pub mod compaction;
mod discovery;
mod disk;
mod election;
mod execute;
mod link;
pub mod log;
pub mod message;
mod oracle;
pub mod protocol;
pub mod rules;
mod server;
pub mod specs;
mod stale_read;
pub mod state;
mod storage;
pub mod sync;
mod synchronization;
pub mod zxid;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use crate::member::{self, Member};
use crate::rules::RuleBook;
use crate::service::Message::{Order, OrderReply, Peer, Read, Reply, Request};
use crate::service::{MessageOf, Service};
use crate::state_machine::StateMachine;
use compaction::Compaction;
use message::Message;
use rules::Rule;
use server::Step;
use state::{Process, Role, Storage};

/// How long servers wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long a server that sees a majority vote as it does waits for a better vote.
    pub finalize: Range<Duration>,
    /// Until what is needed is said again; a leader says then that it is there.
    pub again: Range<Duration>,
    /// How often a leader looks whether it has heard a majority.
    pub census: Range<Duration>,
    /// Without a word of the leader, before a server looks for another one.
    pub silence: Range<Duration>,
}

/// Who says who leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Elections {
    /// Fast leader election.
    Fast {
        /// Who leads where nobody has stored anything yet, as if it had been elected. For specs.
        first: Option<Id>,
    },
    /// An oracle, by whom anybody may come to lead. For specs: it covers whatever an election may
    /// come to.
    Oracle,
}

/// How much is under way at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// How many transactions there are in a packet.
    pub txns: usize,
    /// What they weigh in bytes, unless there is one only.
    pub bytes: usize,
    /// How many packets a follower is not known to have taken, but for the first one of a history.
    pub packets: usize,
    /// What all proposals weigh in bytes that are not committed, unless there is one only.
    pub open: usize,
    /// How many packets a follower puts by that have overtaken others.
    pub early: usize,
    /// A leader sends on what its own disk does not have yet.
    pub writes_behind: bool,
}

impl Flow {
    /// As on a node: a message holds 4 MiB.
    pub const WIDE: Flow = Flow {
        txns: 256,
        bytes: 256 << 10,
        packets: 4,
        open: 4 << 20,
        early: 4,
        writes_behind: true,
    };
    /// No packet waits for another one, and nothing is done while the disk writes: most specs.
    pub const PLAIN: Flow = Flow { packets: 32, early: 0, writes_behind: false, ..Flow::WIDE };
    /// One transaction after the other.
    pub const NARROW: Flow = Flow { txns: 1, packets: 1, ..Flow::PLAIN };
}

impl Default for Flow {
    fn default() -> Self {
        Flow::PLAIN
    }
}

/// How long a disk takes to write, as far as a server waits for it by a timer.
const WRITE: Range<Duration> = Duration::ZERO..Duration::ZERO;

/// What the servers are made for: the machine that they replicate, and the book of rules.
pub trait Params: crate::rules::Params<Rule> {}
impl<P: crate::rules::Params<Rule>> Params for P {}

/// The machine that is replicated.
pub type MachineOf<P> = <P as crate::rules::Params<Rule>>::Machine;

type Command<P> = <MachineOf<P> as StateMachine>::Command;

/// A server: one of `servers`.
#[derive(Clone, Debug)]
pub struct Server<P: Params> {
    pub servers: Vec<Id>,
    pub timing: Timing,
    pub elections: Elections,
    pub flow: Flow,
    /// When a server takes snapshots, if it does.
    pub compaction: Option<Compaction>,
    /// Up-to-date servers answer linearizable reads, and spend no transaction on them. If not, a
    /// read is a transaction like any other, unless it may be stale.
    pub follower_reads: bool,
    /// Which store each server begins with. One that has another has lost its disk.
    pub first_stores: BTreeMap<Id, u64>,
    pub rules: P::Rules,
}

/// A member of a system: a server or a client.
pub type Zab<P> = Member<Server<P>>;

/// All that travels in a cluster that replicates `M`.
pub type Spoken<M> =
    crate::service::Message<Message<M>, <M as StateMachine>::Command, <M as StateMachine>::Output>;

/// A member's state.
pub type MemberState<M> = member::State<Process<M>, <M as StateMachine>::Output>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// No better vote has come; or the oracle has this server lead.
    Elect,
    /// What is needed is to be said again.
    Again,
    /// A follower has heard nothing of its leader for too long.
    Silence,
    /// A leader looks whether it has heard a majority.
    Census,
    /// What was to be written is on the disk.
    Written,
    /// A snapshot that was taken is on the disk.
    Snapshot,
}

impl<P: Params> Service for Server<P> {
    type Peer = Message<MachineOf<P>>;
    type Machine = P::Machine;
}

impl<P: Params> Actor for Server<P> {
    type Msg = MessageOf<Self>;
    type Timer = Timer;
    type State = Process<P::Machine>;
    type Storage = Storage<P::Machine>;
    type Random = ();

    fn on_start(
        &self,
        id: Id,
        storage: &Option<Self::Storage>,
        out: &mut Out<Self>,
    ) -> Self::State {
        out.set_timer(Timer::Elect, self.timing.silence.clone());
        let mut disk = self.disk(id, storage.clone());
        if !self.rules.keeps(Rule::AcceptedEpochSurvives) {
            disk.accepted = disk.current;
        }
        let mut state = Cow::Owned(Process::of(disk));
        let mut step = Step::new(self, id, &mut state);
        election::start(&mut step);
        step.finish(out);
        state.into_owned()
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
        match msg {
            Request(m) => broadcast::handle_request(&mut step, m),
            Read(m) => sync::handle_query(&mut step, m),
            Peer(m) => dispatch(&mut step, src, m),
            Order(order) => step.refuse_order(&order),
            Reply(_) | OrderReply(_) => {}
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<Self::State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Elect => match self.elections {
                Elections::Fast { .. } => election::handle_elect(&mut step),
                Elections::Oracle => oracle::handle_elect(&mut step),
            },
            Timer::Again => send_again(&mut step),
            Timer::Silence => discovery::handle_silence(&mut step),
            Timer::Census => discovery::handle_census(&mut step),
            Timer::Written => disk::handle_written(&mut step),
            Timer::Snapshot => compaction::finish(&mut step),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "zab".to_owned()
    }
}

fn dispatch<P: Params>(step: &mut Step<P>, from: Id, message: Message<MachineOf<P>>) {
    match message {
        Message::Elected(m) => oracle::handle_elected(step, from, m),
        Message::Notification(m) => election::handle_notification(step, from, m),
        Message::CEpoch(m) => discovery::handle_c_epoch(step, from, m),
        Message::NewEpoch(m) => discovery::handle_new_epoch(step, from, m),
        Message::AckEpoch(m) => discovery::handle_ack_epoch(step, from, m),
        Message::Packet(m) => link::handle_packet(step, from, m),
        Message::AckLd(m) => synchronization::handle_ack_ld(step, from, m),
        Message::Ack(m) => link::handle_ack(step, from, m),
        Message::Ping(m) => link::handle_ping(step, from, m),
        Message::Pong(m) => link::handle_pong(step, from, m),
        Message::SyncRequest(m) => sync::handle_sync_request(step, from, m),
        Message::SyncReply(m) => sync::handle_sync_reply(step, m),
    }
}

/// Says again what this server's role needs.
fn send_again<P: Params>(step: &mut Step<P>) {
    step.set_timer(Timer::Again, step.server.timing.again.clone());
    match &step.process().role {
        Role::Looking(_) => {
            if step.keeps(Rule::NotificationsAreSentAgain) {
                election::send_notifications(step);
            }
        }
        Role::Following(_) => {
            if step.keeps(Rule::DiscoveryIsSentAgain) {
                discovery::send_c_epoch(step);
            }
        }
        Role::Leading(_) => {
            oracle::send_elected_again(step);
            link::send_again(step);
        }
    }
}
