//! What no single state tells: what the clients saw return before what, who has led which epoch,
//! and what came about once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quorate_checker::spec::{Event, Step};
use serde::Serialize;
use stateright::actor::Id;

use crate::claims::Returned;
use crate::number::{Epoch, Round};
use crate::service;
use crate::state_machine::StateMachine;
use crate::zab::message::{Content, Message};
use crate::zab::state::Process;
use crate::zab::{Params, Zab};

/// A vote in an election: in a round, for a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Cast {
    pub round: Round,
    pub voter: Id,
    pub leader: Id,
}

/// The history of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ghost {
    pub returned: Returned,
    /// By epoch, who has had a majority accept it first.
    pub leaders: BTreeMap<Epoch, Id>,
    /// Another one has had a majority accept such an epoch.
    pub twice: bool,
    /// A follower was given what it lacked.
    pub diff: bool,
    /// A follower had what its leader had not.
    pub trunc: bool,
    /// A follower was given a snapshot.
    pub snap: bool,
    /// The votes of elections, where those are looked at: but for a server's first, for itself.
    pub cast: BTreeSet<Cast>,
    /// A follower came to be up to date while something that it had was not committed.
    pub joined_open: bool,
}

/// The ghost after `step`, if that changed it.
pub fn observe<P: Params>(
    (): &(),
    ghost: &Arc<Ghost>,
    step: &Step<'_, Zab<P>>,
) -> Option<Arc<Ghost>> {
    if let Some(returned) = ghost.returned.after(step) {
        return Some(Arc::new(Ghost { returned, ..(**ghost).clone() }));
    }
    observe_servers::<P>(&(), ghost, step)
}

/// The ghost of a spec that asks for no more of the past than what became of servers.
pub fn observe_servers<P: Params>(
    (): &(),
    ghost: &Arc<Ghost>,
    step: &Step<'_, Zab<P>>,
) -> Option<Arc<Ghost>> {
    let (before, after) = (step.before.server()?, step.after.server()?);
    let mut next = (**ghost).clone();
    note_leader(&mut next, step.actor, before, after);
    if let Event::Deliver { msg: service::Message::Peer(Message::Packet(packet)), .. } = &step.event
        && before != after
    {
        note_packet(&mut next, &packet.content, after);
    }
    (next != **ghost).then(|| Arc::new(next))
}

fn note_leader<M: StateMachine>(
    ghost: &mut Ghost,
    id: Id,
    before: &Process<M>,
    after: &Process<M>,
) {
    let is_accepted = |of: &Process<M>| of.leading().is_some_and(|own| own.is_accepted());
    if is_accepted(after) && !is_accepted(before) {
        let epoch = after.disk.accepted;
        let first = *ghost.leaders.entry(epoch).or_insert(id);
        ghost.twice |= first != id;
    }
}

fn note_packet<M: StateMachine>(ghost: &mut Ghost, content: &Content<M>, after: &Process<M>) {
    match content {
        Content::Diff(txns) => ghost.diff |= !txns.is_empty(),
        Content::Trunc { .. } => ghost.trunc = true,
        Content::Snap(_) => ghost.snap |= after.disk.log.is_empty(),
        Content::CommitLd(zxid) => ghost.joined_open |= *zxid < after.last_taken(),
        Content::Propose(_) | Content::NewLeader | Content::Commit(_) => {}
    }
}
