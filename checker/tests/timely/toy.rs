//! An actor that does what a table says.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use quorate_checker::spec::{Action, Faults, Restless, Spec, State, Timely};
use stateright::Model;
use stateright::actor::{Actor, ActorModel, Id, Out, model_timeout};

pub type Timer = char;
pub type Step = Action<u8, Timer, ()>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    Set(Timer),
    Cancel(Timer),
    Send(usize, u8),
    /// One more, up to 2, and back to 0.
    Count,
    /// To ask for a random choice, on which it counts.
    Choose,
}

/// What it does at its start, when a timer fires, and when a message arrives.
#[derive(Clone, Debug, Default)]
pub struct Toy {
    pub start: Vec<Do>,
    pub timers: BTreeMap<Timer, Vec<Do>>,
    pub messages: BTreeMap<u8, Vec<Do>>,
}

impl Toy {
    pub fn starts(start: impl Into<Vec<Do>>) -> Self {
        Toy { start: start.into(), ..Toy::default() }
    }

    pub fn fires(mut self, timer: Timer, what: impl Into<Vec<Do>>) -> Self {
        self.timers.insert(timer, what.into());
        self
    }

    pub fn receives(mut self, message: u8, what: impl Into<Vec<Do>>) -> Self {
        self.messages.insert(message, what.into());
        self
    }

    fn act(what: Option<&Vec<Do>>, state: &mut Cow<u8>, out: &mut Out<Self>) {
        for one in what.into_iter().flatten() {
            match one {
                Do::Set(timer) => out.set_timer(*timer, model_timeout()),
                Do::Cancel(timer) => out.cancel_timer(*timer),
                Do::Send(to, message) => out.send(Id::from(*to), *message),
                Do::Count => *state.to_mut() = (**state + 1) % 3,
                Do::Choose => out.choose_random("coin", vec![()]),
            }
        }
    }
}

impl Actor for Toy {
    type Msg = u8;
    type Timer = Timer;
    type State = u8;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, out: &mut Out<Self>) -> u8 {
        let mut state = Cow::Owned(0);
        Self::act(Some(&self.start), &mut state, out);
        state.into_owned()
    }

    fn on_msg(&self, _: Id, state: &mut Cow<u8>, _: Id, message: u8, out: &mut Out<Self>) {
        Self::act(self.messages.get(&message), state, out);
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<u8>, timer: &Timer, out: &mut Out<Self>) {
        Self::act(self.timers.get(timer), state, out);
    }

    fn on_random(&self, _: Id, state: &mut Cow<u8>, (): &(), out: &mut Out<Self>) {
        Self::act(Some(&vec![Do::Count]), state, out);
    }
}

/// Timers by the ages at which they may fire: `h` in 1..=1, `e` in 2..=3, `r` in 4..=4. Of them `e`
/// must come to an end. Who crashes is back after 1 or 2 ticks.
pub fn timing() -> Timely<Timer> {
    Timely {
        tick: Some(Duration::from_millis(50)),
        recovery: Some(1..=2),
        restless: elections(200),
        ..Timely::of(|timer| match timer {
            'h' => 1..=1,
            'e' => 2..=3,
            _ => 4..=4,
        })
    }
}

/// So many firings of `e` have no end.
pub fn elections(bound: u8) -> Option<Restless<Timer>> {
    Some(Restless { name: "elections", timers: |timer| *timer == 'e', bound })
}

/// A timely spec of these servers.
pub fn spec(timely: Timely<Timer>, toys: impl IntoIterator<Item = Toy>) -> Spec<Toy> {
    let system = ActorModel::new((), ()).actors(toys);
    let servers = system.actors.len();
    Spec::new("toys", system, servers).timely(timely).may_end()
}

/// One crash, of one server.
pub fn one_crash() -> Faults {
    Faults { crashes: 1, down_at_once: 1, ..Faults::default() }
}

/// The steps of `state`: what is enabled and changes something.
pub fn steps(spec: &Spec<Toy>, state: &State<Toy, ()>) -> Vec<Step> {
    let mut actions = Vec::new();
    spec.actions(state, &mut actions);
    actions.retain(|action| spec.next_state(state, action.clone()).is_some());
    actions
}

/// The state after these steps.
pub fn after(spec: &Spec<Toy>, path: &[Step]) -> State<Toy, ()> {
    path.iter().fold(spec.init_states().remove(0), |state, step| {
        assert!(steps(spec, &state).contains(step), "{step:?} is no step of\n{state:?}");
        spec.next_state(&state, step.clone()).expect("a step")
    })
}

/// The steps after these steps.
pub fn next(spec: &Spec<Toy>, path: &[Step]) -> Vec<Step> {
    steps(spec, &after(spec, path))
}

pub fn deliver(src: usize, dst: usize, msg: u8) -> Step {
    Action::Deliver { src: src.into(), dst: dst.into(), msg }
}

pub fn fire(actor: usize, timer: Timer) -> Step {
    Action::Timeout(actor.into(), timer)
}

pub fn early(actor: usize, timer: Timer) -> Step {
    Action::EarlyTimeout(actor.into(), timer)
}

pub fn choose(actor: usize) -> Step {
    Action::SelectRandom { actor: actor.into(), key: "coin".to_owned(), random: () }
}

pub fn crash(actor: usize) -> Step {
    Action::Crash(actor.into())
}

pub fn recover(actor: usize) -> Step {
    Action::Recover(actor.into())
}
