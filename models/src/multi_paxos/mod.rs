//! Multi-Paxos: one log on a majority of the servers, and a leader that proposes what goes into it.
//!
//! Each slot of the log is decided by an instance of Paxos. Any server may *stand* with a *ballot*:
//! it asks all acceptors to promise that they accept nothing of lower ballots, and a majority tells
//! it what it has accepted already. One such phase is for all slots at once. Then the server leads:
//! it proposes what it was told, and what clients ask for, until somebody stands with a higher
//! ballot. A value that a majority has accepted in one ballot is *chosen*, and will be for ever.
//!
//! Source: van Renesse, Altinbuken: Paxos Made Moderately Complex, ACM Computing Surveys 2015
//! (PMMC). No-ops are of Lamport: Paxos Made Simple, 2001 (PMS), and how who lags catches up of
//! Chandra, Griesemer, Redstone: Paxos Made Live, PODC 2007 (PML).
//!
//! ```text
//! C1             S1                S2                S3
//!  .               |-- Prepare 1.1 ->|                 |   S1 hears of no leader
//!  .               |-- Prepare 1.1 --|---------------->|
//!  .               |<- Promise 1.1 --|                 |   two of three: S1 leads
//!  |-- Request --->|                 |                 |
//!  |               |-- Accept 1.1 -->|                 |   for the first slot
//!  |               |-- Accept 1.1 ---|---------------->|
//!  |               |<- Accepted 1.1 -|                 |   two of three: chosen
//!  |<--- Reply ----|                 |                 |
//!  .               |-- Chosen 1.1 -->|                 |   up to the first slot
//!  .               |-- Chosen 1.1 ---|---------------->|
//! ```
//!
//! `docs/side-by-side.md` has the rule of the same purpose in each of the protocols.
//!
//! | rule | where |
//! |---|---|
//! | whose ballot is higher | `ballot.rs` |
//! | who stands | `scout.rs`: `handle_silence`, `may_stand` |
//! | who promises, and what a promise tells | `scout.rs`: `handle_prepare` |
//! | who leads | `scout.rs`: `lead_if_promised` |
//! | what becomes of what an older leader left | `scout.rs`: `merge`; `leader.rs`: `begin` |
//! | which command gets which slot | `leader.rs`: `handle_request`, `go_on` |
//! | what is accepted | `acceptor.rs` |
//! | what is chosen | `leader.rs`: `choose_accepted`; `learn.rs`: `follow` |
//! | what is chosen takes effect | `learn.rs`: `choose`; `state.rs`: `perform` |
//! | how who lags catches up | `learn.rs`: `handle_chosen`, `handle_entries` |
//! | how much is open at once | `leader.rs`: `propose_next`; `acceptor.rs`: `has_room` |
//! | what stands for the beginning of the log | `compaction.rs`, `snapshot.rs` |
//! | who decides about which slot | `config.rs`: `at`; `server.rs`: `config`, `open_configs` |
//! | who comes and who goes | `membership.rs`; `leader.rs`: `change`, `propose_new` |
//! | who has lost its disk | `membership.rs`: `go_by_changes`; `server.rs`: `has_vote` |
//! | what a leader answers without a slot | `lease.rs` |
//! | who yields | `server.rs`: `follow` |
//! | what survives a crash | `server.rs`: `to_save` |
//!
//! Deviations. PMMC has replicas, leaders and acceptors; here each server is all of them. A promise
//! tells what is chosen as such, and not who accepted it. A leader tells what is chosen by its
//! ballot and a number, and each acceptor has the values; PMMC sends them again. Whoever stands
//! keeps its ballot until it hears of a higher one, so ballots do not rise while nobody hears them.
//! What is below a promise is ignored, and nobody is told of the higher ballot: whoever owns that
//! is heard. So a server that the leader does not reach cannot depose it again and again. Whoever
//! lacks much is told that before it is promised anything. A command that has lost its slot gets
//! another one when its client asks again. A server that has lost its disk learns what is chosen,
//! and is no acceptor any more; by PML it is one again when it has seen a later instance complete,
//! which `multi-paxos/wiped-rejoins` shows to be too soon. A change names all servers, and not what
//! is different. A leader proposes the next one when the last one has taken effect, though any
//! number might be on their way. One that is removed leads until that takes effect.
//!
//! Not here: a change of servers while leaders read by leases, which is refused; a leader that asks
//! whether it hears those who are left; and linearizable reads that are neither commands nor count
//! on clocks.

mod acceptor;
pub mod ballot;
pub mod claims;
pub mod compaction;
pub mod config;
mod leader;
mod learn;
pub mod lease;
pub mod log;
pub mod membership;
pub mod message;
pub mod open;
pub mod protocol;
pub mod rules;
mod scout;
mod server;
pub mod snapshot;
pub mod specs;
pub mod state;
mod storage;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use crate::member::{self, Member};
use crate::service::Message::{Order, OrderReply, Peer, Read, Reply, Request};
use crate::service::{MessageOf, Service};
use crate::state_machine::StateMachine;
use config::Config;
use message::Message;
use rules::Rule;
use server::Step;
use state::{Role, ServerState, Storage};

/// How long servers wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Until what is needed is said again; a leader says then that it is there.
    pub again: Range<Duration>,
    /// Without a word of a leader, before a server stands.
    pub silence: Range<Duration>,
}

/// How much there is of something at most, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What a leader leaves open: proposed, and not known to be chosen. A single command may be
    /// more.
    pub window: usize,
    /// What one message tells of what is chosen; a single command may be more.
    pub page: usize,
    /// A snapshot is taken when what came after the last one weighs as much as this, and as that
    /// snapshot.
    pub floor: usize,
    /// The log has what is chosen for the last slots of a snapshot nevertheless, as long as that
    /// weighs no more than this, or than the snapshot before.
    pub keep: usize,
    /// A piece of a snapshot; at least 1.
    pub piece: usize,
    /// Alpha: a leader leaves so many slots open at most, and a change of the members takes effect
    /// so many slots behind its own; at least 1. The same on all servers of a cluster for ever.
    pub alpha: u64,
}

impl Default for Limits {
    /// As nodes have them. A promise carries a page, what two leaders have left open, and a single
    /// command beside that: less than a message may be large, which is 4 MiB.
    fn default() -> Self {
        Limits {
            window: 512 << 10,
            page: 256 << 10,
            floor: 4 << 20,
            keep: 8 << 20,
            piece: 1 << 20,
            alpha: 256,
        }
    }
}

/// What the servers are made for: the machine that they replicate, and the book of rules.
pub trait Params: crate::rules::Params<Rule> {}
impl<P: crate::rules::Params<Rule>> Params for P {}

/// The machine that is replicated.
pub type MachineOf<P> = <P as crate::rules::Params<Rule>>::Machine;

type Command<P> = <MachineOf<P> as StateMachine>::Command;

/// A server of a cluster, as all of its servers are set up.
#[derive(Clone, Debug)]
pub struct Server<P: Params> {
    /// Who takes part before any change, and which store each of them begins with.
    pub founders: Config,
    pub timing: Timing,
    pub limits: Limits,
    /// Whether leaders hold leases, by which they answer reads that ask for no more.
    pub lease_reads: bool,
    pub rules: P::Rules,
}

/// A member of a system: a server or a client.
pub type MultiPaxos<P> = Member<Server<P>>;

/// All that travels in a cluster that replicates `M`.
pub type Spoken<M> = crate::service::Message<
    Message<<M as StateMachine>::Command>,
    <M as StateMachine>::Command,
    <M as StateMachine>::Output,
>;

/// A member's state.
pub type MemberState<M> = member::State<ServerState<M>, <M as StateMachine>::Output>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// What is needed is to be said again.
    Again,
    /// Nothing was heard of a leader for too long.
    Silence,
    /// The snapshot that is being taken is there.
    Snapshot,
    /// One of the leases of a leader is over.
    Lease(u8),
    /// What a server has promised a leader is over.
    Promise,
}

impl<P: Params> Service for Server<P> {
    type Peer = Message<Command<P>>;
    type Machine = P::Machine;
}

impl<P: Params> Actor for Server<P> {
    type Msg = MessageOf<Self>;
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
        self.start(id, storage.as_ref(), out)
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
            Request(m) => leader::handle_request(&mut step, m),
            Read(m) => lease::handle_query(&mut step, m),
            Peer(m) => dispatch(&mut step, src, m),
            Order(order) => membership::handle_order(&mut step, &order),
            Reply(_) | OrderReply(_) => {}
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<Self::State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Again => send_again(&mut step),
            Timer::Silence => scout::handle_silence(&mut step),
            Timer::Snapshot => compaction::finish(&mut step),
            Timer::Lease(number) => lease::end(&mut step, *number),
            Timer::Promise => lease::redeem(&mut step),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "multi-paxos".to_owned()
    }
}

fn dispatch<P: Params>(step: &mut Step<P>, from: Id, message: Message<Command<P>>) {
    match message {
        Message::Prepare(m) => scout::handle_prepare(step, from, m),
        Message::Promise(m) => scout::handle_promise(step, from, m),
        Message::Accept(m) => acceptor::handle_accept(step, from, m),
        Message::Accepted(m) => leader::handle_accepted(step, from, m),
        Message::Chosen(m) => learn::handle_chosen(step, from, m),
        Message::Heard(m) => lease::handle_heard(step, from, m),
        Message::Learn(m) => learn::handle_learn(step, from, m),
        Message::Entries(m) => learn::handle_entries(step, from, m),
        Message::Piece(m) => snapshot::handle_piece(step, from, m),
    }
}

/// Says again what this server's role needs.
fn send_again<P: Params>(step: &mut Step<P>) {
    step.set_timer(Timer::Again, step.server.timing.again.clone());
    match &step.state().role {
        Role::Scout { promised_by, .. } => scout::send_again(step, &promised_by.clone()),
        Role::Leader(_) => leader::send_again(step),
        Role::Follower { .. } => {}
    }
}
