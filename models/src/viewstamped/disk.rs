//! The variant with disks (VRR §4.3): a replica keeps what it knows on its disk, and a crash makes
//! it forget nothing that it has told. One whose disk is lost recovers as without disks.

use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::{Id, Out};

use super::checkpoint::Checkpoint;
use super::group::Group;
use super::log::{Entry, Log};
use super::rules::Rule;
use super::state::{Known, Nonce, Replica, Status};
use super::{Command, MachineOf, Params, Server, Timer, primary};
use crate::data::Data;
use crate::number::Index;
use crate::rules::RuleBook;
use crate::state_machine::StateMachine;

/// What is on the disk of a replica that knows this.
pub(super) fn known<P: Params>(
    server: &Server<P>,
    replica: &Replica<MachineOf<P>>,
) -> Known<Command<P>> {
    let keeps = |rule| server.rules.keeps(rule);
    let view = if keeps(Rule::ViewSurvivesCrash) { replica.view } else { replica.last_normal };
    let is_kept = keeps(Rule::LogSurvivesCrash);
    let log = if is_kept { replica.log.clone() } else { Log::behind_base(replica.commit) };
    Known {
        view,
        last_normal: replica.last_normal,
        log,
        commit: replica.commit,
        checkpoint: replica.checkpoint.clone(),
        crashes: replica.crashes.clone(),
    }
}

/// A replica goes on where it was. It may have told the primary of its view what it has, and tells
/// that again when others want the view.
pub(super) fn resume<P: Params>(
    server: &Server<P>,
    id: Id,
    (nonce, group): (Nonce, Option<Group>),
    known: Known<Command<P>>,
    out: &mut Out<Server<P>>,
) -> Replica<MachineOf<P>> {
    let Known { view, last_normal, log, commit, checkpoint, crashes } = known;
    let data = computed::<P::Machine>(&log, commit, checkpoint.as_ref());
    let committed = log.entries_behind(log.base()).take((commit.0 - log.base().0) as usize);
    let kept = committed.map(Entry::weight::<P::Machine>).sum();
    let of = group.as_ref().unwrap_or(&server.founders);
    let is_primary = of.primary(view) == id;
    let status = if !of.has(id) {
        Status::Outside { started: BTreeSet::new() }
    } else if view > last_normal {
        Status::ViewChange { wanted_by: BTreeSet::new(), is_done: false, told: BTreeMap::new() }
    } else if is_primary {
        primary::of_log::<P>(&log.behind(commit))
    } else {
        Status::Backup
    };
    if !matches!(status, Status::Backup) {
        out.set_timer(Timer::Again, server.timing.again.clone());
    }
    if !matches!(status, Status::Primary { .. } | Status::Outside { .. }) {
        out.set_timer(Timer::Silence, server.timing.silence.clone());
    }
    let blank = Replica::blank(status, nonce);
    Replica { view, last_normal, log, commit, data, kept, checkpoint, crashes, group, ..blank }
}

/// What the requests up to `commit` have made.
///
/// # Panics
/// If the checkpoint is none of this machine.
fn computed<M: StateMachine>(
    log: &Log<M::Command>,
    commit: Index,
    checkpoint: Option<&Checkpoint>,
) -> Data<M> {
    let mut data = checkpoint.map_or_else(Data::default, |it| {
        it.decode().expect("what was stored is a checkpoint of this machine")
    });
    let from = checkpoint.map_or(log.base(), |it| it.op);
    let behind = log.entries_behind(from).take(commit.0.saturating_sub(from.0) as usize);
    behind.filter_map(Entry::request).for_each(|request| data.apply(request));
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::{Kv, put};
    use crate::service::{Request, Sequence, Session};

    #[test]
    fn the_state_is_that_of_the_checkpoint_and_what_is_behind_it() {
        let request = |number: u32| Request {
            session: Session(1),
            sequence: Sequence(number),
            command: put("x", &number.to_string()),
            since: Index::ZERO,
        };
        let (mut log, mut data, mut states) = (Log::default(), Data::<Kv>::default(), vec![]);
        for number in 1..=4 {
            states.push(data.clone());
            log.push(Entry::Request(request(number)));
            data.apply(&request(number));
        }
        assert_eq!(computed::<Kv>(&log, Index(3), None), states[3]);
        let checkpoint = Checkpoint::of(Index(2), &states[2], 5);
        log.drop_first();
        assert_eq!(computed::<Kv>(&log, Index(3), Some(&checkpoint)), states[3]);
        assert_eq!(computed::<Kv>(&log, Index(4), Some(&checkpoint)), data);
        assert_eq!(computed::<Kv>(&log, Index(2), Some(&checkpoint)), states[2]);
    }
}
