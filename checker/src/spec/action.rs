//! What may happen next.

use stateright::actor::{Actor, Id};

/// One step of a spec. The order of the variants is the order in which steps are offered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action<Msg, Timer, Random> {
    /// A message in flight reaches an actor that is up, and is gone.
    Deliver { src: Id, dst: Id, msg: Msg },
    /// A message reaches its actor, and a copy of it stays in flight: a duplicate is spent.
    Duplicate { src: Id, dst: Id, msg: Msg },
    /// A message in flight is lost: a drop is spent.
    Drop { src: Id, dst: Id, msg: Msg },
    /// A timer that is set fires; if timing is timely, on time.
    Timeout(Id, Timer),
    /// A timer that is set fires before its time, or while messages are in flight: of a timely
    /// spec's early timeouts one is spent.
    EarlyTimeout(Id, Timer),
    /// An actor takes one of the random choices it asked for under `key`.
    SelectRandom { actor: Id, key: String, random: Random },
    /// A server loses all but its storage: a crash is spent.
    Crash(Id),
    /// A copy of a server's storage is set aside, in place of an older one: a backup is spent.
    Backup(Id),
    /// A server crashes, and its storage is the copy that was set aside last. If there is none, its
    /// storage is wiped. A rollback is spent.
    Rollback(Id),
    /// A crashed server starts again from its storage.
    Recover(Id),
    /// A server takes no step for a while, and keeps its state: a pause is spent.
    Pause(Id),
    /// A server goes on after a pause.
    Resume(Id),
    /// The links of the spec's cut of this index go down, and what is in flight over them is lost.
    Cut(u8),
    /// The links of the cut of this index are up again.
    Heal(u8),
    /// Time passes.
    Tick,
    /// Time passes although something is deliverable: a slow tick is spent.
    SlowTick,
}

impl<Msg, Timer, Random> Action<Msg, Timer, Random> {
    /// True if it is nobody's doing, or comes too soon: nothing to wait for.
    pub fn is_fault(&self) -> bool {
        matches!(
            self,
            Action::Duplicate { .. }
                | Action::Drop { .. }
                | Action::EarlyTimeout(..)
                | Action::Crash(_)
                | Action::Backup(_)
                | Action::Rollback(_)
                | Action::Cut(_)
                | Action::SlowTick
                | Action::Pause(_)
        )
    }
}

/// The action type of a spec over actor `A`.
pub type ActionOf<A> = Action<<A as Actor>::Msg, <A as Actor>::Timer, <A as Actor>::Random>;
