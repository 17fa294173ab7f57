//! Viewstamped Replication: one log on a majority of the replicas, and nothing on their disks.
//!
//! Time passes in *views*. Each has a primary, and every replica knows which: they take turns. The
//! primary gives each request an op-number, and the backups take requests in that order. What a
//! majority has is committed. If the primary is silent, the others change the view: a majority
//! gives its logs to the next primary, which goes on with the best of them. A replica that has
//! crashed has forgotten everything, and asks a majority before it takes part again.
//!
//! Source: Liskov, Cowling: Viewstamped Replication Revisited, MIT-CSAIL-TR-2012-021.
//!
//! ```text
//! C1             S1 (primary)      S2                S3
//!  |-- Request --->|                 |                 |
//!  |               |-- Prepare ----->|                 |
//!  |               |-- Prepare ------|---------------->|
//!  |               |<-- PrepareOk ---|                 |   two of three have it: committed
//!  |<--- Reply ----|                 |                 |
//!  |               X                 |-- StartView --->|   S1 is silent
//!  |               .                 |     Change 2    |
//!  |               .                 |<-- StartView ---|   two of three want view 2
//!  |               .                 |     Change 2    |
//!  |               .                 |<-- DoView ------|   and give S2 what they have
//!  |               .                 |     Change 2    |
//!  |               .                 |-- StartView 2 ->|   S2 is primary of view 2
//! ```
//!
//! `docs/side-by-side.md` has the rule of the same purpose in each of the protocols.
//!
//! | rule | where |
//! |---|---|
//! | who is primary of a view | `group.rs`: `primary` |
//! | what a primary takes, and when it is committed | `primary.rs`: `handle_request`, `commit` |
//! | what a backup takes, and of whom | `backup.rs`: `hears`, `handle_prepare` |
//! | how much is uncommitted at once | `../window.rs` |
//! | what is committed takes effect | `execute.rs`: `commit_up_to` |
//! | what is dropped of a log, and what stands for it | `checkpoint.rs` |
//! | when a replica gives its log to a view | `view_change.rs`: `do_if_wanted` |
//! | when a view starts, and with which log | `view_change.rs`: `start_if_told` |
//! | what becomes of what an older primary left | `view_change.rs`: `rank`, `start` |
//! | how a replica gets what it lacks | `transfer.rs` |
//! | what a replica knows after a crash, if its disk keeps that | `disk.rs` |
//! | when a replica that crashed takes part again | `recovery.rs`: `recover_if_answered` |
//! | how a replica with a new disk learns what it was | `recovery.rs`: `count_if_told` |
//! | which messages count after a crash | `view_change.rs`: `start_if_told` |
//! | who the replicas are, and whose turn it is | `group.rs` |
//! | which other group an operator may ask for | `reconfigure.rs`: `decide` |
//! | when an epoch ends, and who is in the next one | `epoch.rs`: `begin`, `enter` |
//! | what becomes of messages of other epochs | `epoch.rs`: `admits`, `tell` |
//! | until when a replaced replica is needed | `group.rs`: `needs` |
//!
//! Deviations, two of them for a flaw of the paper that a spec shows:
//!
//! - A replica that lacks the log of a later view stays in its own until that log is here
//!   (`transfer.rs`).
//! - What a replica said before it crashed does not count after ([`crate::crash_vector`]).
//! - The nonce of a recovery is which store the replica has and how often it has started, which is
//!   all that is on its disk, unless disks keep more.
//! - Messages carry the end of a log, as much as fits one, and not all of it. Who lacks what comes
//!   before asks for it, part by part (`transfer.rs`).
//! - A primary sends again only the last request. A backup that lacks more asks for it.
//! - A majority is what decides also where the number of replicas is even. The first view is 1.
//!
//! - An order to change the group says which replicas there are to be, and for no epoch: given
//!   twice, it does nothing (`reconfigure.rs`).
//! - `StartEpoch` says that an epoch has begun, and not with which group: whoever hears it asks,
//!   and is given the reconfiguration with the rest. So does whoever hears anything of a later
//!   epoch.
//! - A replica takes part in an epoch once. Its disk says in which it has, and the reconfiguration
//!   says which store each replica has: one with another store recovers in that epoch first.
//! - In a new group the turns begin with the primary of the old one, if it stays.
//!
//! Reads by lease (VRR §6.3) are not here.

mod backup;
pub mod checkpoint;
pub mod claims;
mod disk;
mod epoch;
mod execute;
pub mod group;
pub mod log;
pub mod message;
mod primary;
pub mod protocol;
mod reconfigure;
mod recovery;
pub mod rules;
mod server;
pub mod specs;
pub mod state;
mod storage;
mod transfer;
mod view_change;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use crate::member::{self, Member};
use crate::service::Message::{Order, OrderReply, Peer, Read, Reply, Request};
use crate::service::{MessageOf, Service};
use crate::state_machine::StateMachine;
use group::Group;
use message::Message;
use rules::Rule;
use server::Step;
use state::{Replica, Status, Storage};

/// How long replicas wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Until what is needed is said again; a primary says then that it is there.
    pub again: Range<Duration>,
    /// Without a word of the primary, or without the start of a view, before the next view is
    /// wanted.
    pub silence: Range<Duration>,
}

/// How much there is at once, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What a primary leaves uncommitted; a single request may be more.
    pub window: usize,
    /// What one message carries of a log, unless that is uncommitted or a single request.
    pub page: usize,
    /// A piece of a checkpoint; at least 1.
    pub piece: usize,
    /// What a replica keeps of the requests that it has committed, or more: as much as a checkpoint
    /// that it has.
    pub keep: usize,
}

impl Default for Limits {
    /// As nodes have them: a message holds 4 MiB.
    fn default() -> Self {
        Limits { window: 1 << 20, page: 1 << 20, piece: 1 << 20, keep: 16 << 20 }
    }
}

/// What the replicas are made for: the machine that they replicate, and the book of rules.
pub trait Params: crate::rules::Params<Rule> {}
impl<P: crate::rules::Params<Rule>> Params for P {}

/// The machine that is replicated.
pub type MachineOf<P> = <P as crate::rules::Params<Rule>>::Machine;

type Command<P> = <MachineOf<P> as StateMachine>::Command;

/// A replica.
#[derive(Clone, Debug)]
pub struct Server<P: Params> {
    /// The replicas with which the cluster begins. One that has another store than is on record is
    /// new.
    pub founders: Group,
    /// So many replicas there are at least.
    pub least: usize,
    pub timing: Timing,
    pub limits: Limits,
    /// Replicas keep what they know on their disks.
    pub on_disk: bool,
    pub rules: P::Rules,
}

/// A member of a system: a replica or a client.
pub type Viewstamped<P> = Member<Server<P>>;

/// All that travels in a cluster that replicates `M`.
pub type Spoken<M> = crate::service::Message<
    Message<<M as StateMachine>::Command>,
    <M as StateMachine>::Command,
    <M as StateMachine>::Output,
>;

/// A member's state.
pub type MemberState<M> = member::State<Replica<M>, <M as StateMachine>::Output>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// What is needed is to be said again.
    Again,
    /// Nothing was heard for too long.
    Silence,
}

impl<P: Params> Service for Server<P> {
    type Peer = Message<Command<P>>;
    type Machine = P::Machine;
}

impl<P: Params> Actor for Server<P> {
    type Msg = MessageOf<Self>;
    type Timer = Timer;
    type State = Replica<P::Machine>;
    type Storage = Storage<Command<P>>;
    type Random = ();

    fn on_start(
        &self,
        id: Id,
        storage: &Option<Self::Storage>,
        out: &mut Out<Self>,
    ) -> Self::State {
        recovery::start(self, id, storage.clone().unwrap_or_default(), out)
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
            Request(m) => primary::handle_request(&mut step, m),
            Read(m) => primary::handle_request(&mut step, m.plain()),
            Peer(m) => dispatch(&mut step, src, m),
            Order(order) => reconfigure::handle_order(&mut step, &order),
            Reply(_) | OrderReply(_) => {}
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<Self::State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Again => send_again(&mut step),
            Timer::Silence => view_change::handle_silence(&mut step),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "viewstamped replication".to_owned()
    }
}

fn dispatch<P: Params>(step: &mut Step<P>, from: Id, message: Message<Command<P>>) {
    if !epoch::admits(step, from, &message) {
        return;
    }
    match message {
        Message::Prepare(m) => backup::handle_prepare(step, from, m),
        Message::PrepareOk(m) => primary::handle_prepare_ok(step, from, m),
        Message::Commit(m) => backup::handle_commit(step, from, m),
        Message::StartViewChange(m) => view_change::handle_start_view_change(step, from, m),
        Message::DoViewChange(m) => view_change::handle_do_view_change(step, from, m),
        Message::StartView(m) => view_change::handle_start_view(step, from, m),
        Message::GetState(m) => transfer::handle_get_state(step, from, m),
        Message::NewState(m) => transfer::handle_new_state(step, from, m),
        Message::Committed(m) => transfer::handle_committed(step, from, m),
        Message::Piece(m) => transfer::handle_piece(step, from, m),
        Message::Recovery(m) => recovery::handle_recovery(step, from, m),
        Message::RecoveryResponse(m) => recovery::handle_recovery_response(step, from, m),
        Message::StartEpoch(m) => epoch::handle_start_epoch(step, from, m),
        Message::EpochStarted(m) => epoch::handle_epoch_started(step, from, m),
    }
}

/// Says again what this replica's status needs.
fn send_again<P: Params>(step: &mut Step<P>) {
    step.set_timer(Timer::Again, step.server.timing.again.clone());
    match &step.replica().status {
        Status::Primary { held, said, .. } => primary::send_again(step, &held.clone(), *said),
        Status::ViewChange { is_done, .. } => view_change::send_again(step, *is_done),
        Status::Counting { .. } | Status::Recovering { .. } => recovery::send_again(step),
        Status::Outside { .. } => epoch::send_again(step),
        Status::Backup => {}
    }
}
