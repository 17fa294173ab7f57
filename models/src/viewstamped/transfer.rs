//! State transfer (VRR §5.2): who lacks something of a view asks somebody who is normal in it.
//!
//! By the paper a replica that hears of a later view is normal in it at once, and first cuts its
//! log to what it knows to be committed. If it then gives that log to a yet later view, the log
//! passes for one of the view that it has heard of, and what it has cut can be lost. Here a replica
//! stays where it was until all of the view's log is here, and that may take many messages. What
//! comes before the last of them is committed, in whatever view, and is put by.
//!
//! ```text
//! S3                                  S1 (normal in the view)
//!  |-- GetState, op 0 ----------------->|   its log begins behind op 900
//!  |<---------- Piece 0 of 2, op 900 ---|
//!  |-- GetState, has 1 of op 900 ------>|
//!  |<---------- Piece 1 of 2, op 900 ---|
//!  |-- GetState, op 900 --------------->|   too much for one message
//!  |<-------- Committed, 901 to 950 ----|
//!  |-- GetState, op 950 --------------->|
//!  |<-------- NewState, 951 to 980 -----|   S3 is normal in the view
//! ```

use imbl::Vector;
use stateright::actor::Id;

use super::checkpoint::Checkpoint;
use super::group::View;
use super::log::{Entry, Log};
use super::message::{Committed, GetState, Message, NewState, Piece};
use super::rules::Rule;
use super::server::Step;
use super::state::{Incoming, Replica, Status};
use super::{Command, MachineOf, Params, backup, epoch, recovery, view_change};
use crate::data::Data;
use crate::number::{Index, ViewNumber};
use crate::pieces;
use crate::session::Sessions;
use crate::state_machine::StateMachine;

/// Asks `from`, who is normal in `view`, for what is lacking of the view's log.
pub(super) fn ask<P: Params>(step: &mut Step<P>, from: Id, view: View) {
    let is_later = view > step.replica().last_normal;
    if is_later && !step.keeps(Rule::CutsOnlyOnArrival) {
        let known = step.replica_mut();
        known.log.cut_behind(known.commit);
    }
    if is_later && !step.keeps(Rule::NormalViewOnlyWithLog) {
        let commit = step.replica().commit;
        backup::begin(step, view, commit);
    }
    if step.keeps(Rule::AsksForState) {
        let known = step.replica_mut();
        known.has_asked = true;
        let pieces = known.incoming.as_ref().and_then(|incoming| incoming.pieces.as_ref());
        let has = pieces.map(|(op, pieces)| (*op, pieces.len() as u32));
        let op = known.reached();
        step.send(from, Message::GetState(GetState { view, op, has }));
    }
}

/// The same, but once until it is time to ask again: by each request that comes too soon a replica
/// knows no more of what it lacks than by the first one.
pub(super) fn ask_once<P: Params>(step: &mut Step<P>, from: Id, view: View) {
    if !step.replica().has_asked {
        ask(step, from, view);
    }
}

/// Some time has passed. Unless something has come meanwhile of what this replica asked for, it is
/// time to ask again.
pub(super) fn is_time_to_ask<P: Params>(step: &mut Step<P>) -> bool {
    if step.replica().incoming.as_ref().is_some_and(|incoming| incoming.is_fresh) {
        step.replica_mut().incoming.iter_mut().for_each(|incoming| incoming.is_fresh = false);
    } else if step.replica().has_asked {
        step.replica_mut().has_asked = false;
    }
    !step.replica().has_asked
}

/// Tells who asks what it lacks: all of the view's log if this replica is normal in the view and
/// that fits one message, or else something that is committed.
pub(super) fn handle_get_state<P: Params>(step: &mut Step<P>, from: Id, message: GetState) {
    let known = step.replica();
    let GetState { view, op, has } = message;
    let is_over = view < known.view && view.number > ViewNumber::ZERO;
    if is_over || !may_give(step) {
        return;
    }
    let known = step.replica();
    if op < known.log.base() {
        return send_piece(step, from, view, has);
    }
    let is_of_view = known.is_normal() && known.view == view && op <= known.log.last();
    let part = part(known, op, step.server.limits.page);
    if is_of_view && (op >= known.commit || part == known.log.last()) {
        let (log, commit) = (known.log.behind(op), known.commit);
        return step.send(from, Message::NewState(NewState { view, log, commit }));
    }
    let mut log = known.log.behind(op);
    log.cut_behind(part.min(known.commit));
    if log.last() > op {
        step.send(from, Message::Committed(Committed { view, log }));
    }
}

/// Whether this replica gives what it has. One that was replaced does as long as it is needed.
pub(super) fn may_give<P: Params>(step: &Step<P>) -> bool {
    let is_needed = epoch::is_needed(step) && step.keeps(Rule::ReplacedGives);
    !step.replica().is_outside() || is_needed
}

/// How far the log goes that weighs no more than `most` behind `op`, or has one request there.
fn part<M: StateMachine>(known: &Replica<M>, op: Index, most: usize) -> Index {
    let mut sum = 0;
    let weights = known.log.entries_behind(op).map(Entry::weight::<M>);
    let fits = weights.take_while(|weight| {
        let is_first = sum == 0;
        sum += weight;
        is_first || sum <= most
    });
    Index(op.0 + fits.count() as u64)
}

/// Sends a piece of the state to somebody who lacks what is not in the log any more: the one behind
/// those that he has, if he has some of this very checkpoint.
fn send_piece<P: Params>(step: &mut Step<P>, to: Id, view: View, has: Option<(Index, u32)>) {
    let size = step.server.limits.piece;
    let known = step.replica();
    if known.checkpoint.is_none() {
        let checkpoint = Checkpoint::by(known, size);
        step.replica_mut().checkpoint = Some(checkpoint);
    }
    let Some(Checkpoint { op, group, pieces }) = &step.replica().checkpoint else { return };
    let number = has.filter(|(of, _)| of == op).map_or(0, |(_, number)| number);
    let Some(bytes) = pieces.get(number as usize).cloned() else { return };
    let group = group.clone().filter(|_| step.keeps(Rule::GroupTravels));
    let piece = Piece { view, op: *op, count: pieces.len() as u32, number, bytes, group };
    step.send(to, Message::Piece(piece));
}

/// What this replica is given. It may have committed more by itself meanwhile, and have pieces of a
/// checkpoint that goes further still.
fn incoming<P: Params>(step: &Step<P>) -> Incoming<MachineOf<P>> {
    let known = step.replica();
    match &known.incoming {
        Some(incoming) if incoming.op >= known.commit => incoming.clone(),
        given => {
            let pieces = given.as_ref().and_then(|it| it.pieces.clone());
            let (data, group) = (known.data.clone(), known.group.clone());
            Incoming { op: known.commit, data, group, pieces, is_fresh: true }
        }
    }
}

/// Puts committed entries by.
pub(super) fn handle_committed<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: Committed<Command<P>>,
) {
    let mut incoming = incoming(step);
    let is_over = message.view < step.replica().view;
    if is_over || message.log.base() > incoming.op || message.log.last() <= incoming.op {
        return;
    }
    for entry in message.log.entries_behind(incoming.op) {
        match entry {
            Entry::Request(request) => incoming.data.apply(request),
            Entry::Reconfiguration(group) => incoming.group = Some(group.clone()),
        }
    }
    incoming.op = message.log.last();
    put_by(step, incoming);
    go_on(step, from, message.view);
}

/// Puts a piece of a checkpoint by, and the state that they make with the last one.
pub(super) fn handle_piece<P: Params>(step: &mut Step<P>, from: Id, message: Piece) {
    let mut incoming = incoming(step);
    let Piece { view, op, count, number, bytes, group } = message;
    let of_it = incoming.pieces.take().filter(|(of, _)| *of == op);
    let (_, mut pieces) = of_it.unwrap_or((op, Vector::new()));
    let is_over = view < step.replica().view;
    if is_over || op <= incoming.op || number != pieces.len() as u32 {
        return;
    }
    pieces.push_back(bytes);
    if pieces.len() < count as usize {
        incoming.pieces = Some((op, pieces));
    } else if let Ok(data) = pieces::decode::<Data<MachineOf<P>>>(&pieces) {
        let travels = step.keeps(Rule::ClientTableTravels);
        let sessions = if travels { data.sessions } else { Sessions::default() };
        incoming = Incoming { op, data: Data { sessions, ..data }, group, ..incoming };
    }
    put_by(step, incoming);
    go_on(step, from, view);
}

/// Keeps what this replica is given.
fn put_by<P: Params>(step: &mut Step<P>, mut incoming: Incoming<MachineOf<P>>) {
    incoming.pieces = incoming.pieces.filter(|(op, _)| *op > incoming.op);
    incoming.is_fresh = true;
    let known = step.replica_mut();
    known.incoming = Some(incoming);
    known.has_asked = false;
}

/// Something has come, and is not all. It may be enough for what this replica is about; otherwise
/// it asks for what is next.
fn go_on<P: Params>(step: &mut Step<P>, from: Id, view: View) {
    let known = step.replica();
    let given = known.incoming.as_ref().and_then(|incoming| incoming.group.as_ref());
    if given.is_some_and(|group| group.epoch > known.epoch()) {
        return epoch::move_on(step);
    }
    match step.replica().status {
        Status::Recovering { .. } => recovery::recover_if_answered(step),
        Status::ViewChange { .. } if step.is_primary_of_view() => view_change::start_if_told(step),
        _ if step.keeps(Rule::NextIsAskedAtOnce) => ask(step, from, view),
        _ => {}
    }
}

/// Takes what is new. Who recovers takes no less than the primary of the view has told: it may have
/// acknowledged that before it crashed. Of less it puts by what is committed.
pub(super) fn handle_new_state<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: NewState<Command<P>>,
) {
    let NewState { view, mut log, commit } = message;
    let known = step.replica();
    let has_all = known.last_normal == view && log.last() <= known.log.last();
    if view < known.view || has_all {
        return;
    }
    if known.is_recovering() && !recovery::is_enough(step, view, log.last()) {
        log.cut_behind(commit);
        return handle_committed(step, from, Committed { view, log });
    }
    if fits(step, &log) {
        take(step, &log);
        backup::begin(step, view, commit);
    }
}

/// Whether this replica knows what is before a log, and nothing that is behind it.
pub(super) fn fits<P: Params>(step: &Step<P>, log: &Log<Command<P>>) -> bool {
    let reached = step.replica().reached();
    reached <= log.last() && step.require(Rule::StateFollowsLog, log.base() <= reached)
}

/// Takes a log that [`fits`]. What was put by becomes the state of this replica, if it goes
/// further.
pub(super) fn take<P: Params>(step: &mut Step<P>, log: &Log<Command<P>>) {
    let follows = step.keeps(Rule::StateFollowsLog);
    let known = step.replica_mut();
    if let Some(incoming) = known.incoming.take().filter(|it| follows && it.op > known.commit) {
        known.data = incoming.data;
        known.group = incoming.group;
        begin_behind(known, incoming.op);
    } else if log.base() > known.commit {
        begin_behind(known, log.base());
    }
    known.log.put_behind(log);
    let (known, size) = (step.replica(), step.server.limits.piece);
    if step.server.on_disk && known.log.base() > Index::ZERO && known.checkpoint.is_none() {
        let checkpoint = Checkpoint::by(known, size);
        step.replica_mut().checkpoint = Some(checkpoint);
    }
}

/// The log begins behind `op`: what is before that is committed.
fn begin_behind<M: StateMachine>(known: &mut Replica<M>, op: Index) {
    known.commit = op;
    known.log = Log::behind_base(op);
    known.kept = 0;
    known.checkpoint = None;
}
