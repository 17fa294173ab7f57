//! A spec as a Stateright model: its Explorer and its searches run it unchanged.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::Actor;
use stateright::{Model, Path, Property};

use super::{Action, ActionOf, Spec, State, with_names};
use crate::trace::brief::brief;

impl<A, C, G> Model for Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash + PartialEq,
{
    type State = State<A, G>;
    type Action = ActionOf<A>;

    fn init_states(&self) -> Vec<Self::State> {
        vec![self.initial()]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        self.enabled(state, actions);
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        self.after(state, &action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        self.lifted_properties()
    }

    fn format_action(&self, action: &Self::Action) -> String {
        let brief = |msg: &A::Msg| brief(&self.words(msg));
        let text = match action {
            Action::Deliver { src, dst, msg } => format!("{src:?} → {dst:?} {}", brief(msg)),
            Action::Duplicate { src, dst, msg } => {
                format!("{src:?} → {dst:?} {}, and a copy stays in flight", brief(msg))
            }
            Action::Drop { src, dst, msg } => format!("lost, {src:?} → {dst:?} {}", brief(msg)),
            Action::Timeout(id, timer) => format!("{id:?} times out: {timer:?}"),
            Action::EarlyTimeout(id, timer) => format!("{id:?} times out early: {timer:?}"),
            Action::SelectRandom { actor, key, random } => {
                format!("{actor:?} chooses {key}: {random:?}")
            }
            Action::Crash(id) => format!("{id:?} crashes"),
            Action::Backup(id) => format!("a copy of {id:?}'s storage is set aside"),
            Action::Rollback(id) if self.faults.are_wipes() => {
                format!("{id:?} crashes, and its storage is wiped")
            }
            Action::Rollback(id) => format!("{id:?} crashes, and its storage is rolled back"),
            Action::Recover(id) => format!("{id:?} recovers from its storage"),
            Action::Pause(id) => format!("{id:?} pauses"),
            Action::Resume(id) => format!("{id:?} goes on"),
            Action::Cut(cut) => format!("cut: {}", self.cut_words((*cut).into())),
            Action::Heal(cut) => format!("healed: {}", self.cut_words((*cut).into())),
            Action::Tick => "time passes".to_owned(),
            Action::SlowTick => "time passes before what is in flight has arrived".to_owned(),
        };
        with_names(&text, &self.names())
    }

    /// The step and the state that it leads to, as the JSON of a [`StepView`](super::StepView).
    fn format_step(&self, state: &Self::State, action: Self::Action) -> Option<String> {
        let view = self.step_view(state, &action)?;
        Some(serde_json::to_string(&view).expect("text and numbers are JSON"))
    }

    fn as_svg(&self, path: Path<Self::State, Self::Action>) -> Option<String> {
        Some(self.trace("", path).diagram())
    }
}
