//! Checks a protocol of one's own, and what it needs one of its rules for.
//!
//! S1 has a letter for S2. It sends the letter again and again until S2 thanks for it. Messages may
//! be lost and may arrive twice, and S2 is to read the letter once.

use std::borrow::Cow;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits, Report, Verdict};
use quorate_checker::spec::{Claim, Faults, Sees, Spec, Timely};
use quorate_models::rules::{AllBut, RuleBook};
use stateright::actor::{Actor, ActorModel, ActorModelState, Id, Out};

/// What the protocol is right because of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// A letter that arrives again is not read again.
    ReadOnce,
    /// A letter is sent again until there are thanks for it.
    SentUntilThanked,
}

/// S1 or S2, with the rules that are in force.
struct Courier(AllBut<Rule>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Message {
    Letter,
    Thanks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Writer { is_done: bool },
    Reader { times: u8 },
}

type System = ActorModel<Courier>;
type SystemState = ActorModelState<Courier>;

const TICK: Duration = Duration::from_millis(50);

impl Actor for Courier {
    type Msg = Message;
    type Timer = ();
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, out: &mut Out<Self>) -> State {
        if id == Id::from(1) {
            return State::Reader { times: 0 };
        }
        out.send(Id::from(1), Message::Letter);
        out.set_timer((), TICK..TICK);
        State::Writer { is_done: false }
    }

    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<State>,
        from: Id,
        message: Message,
        out: &mut Out<Self>,
    ) {
        match (message, **state) {
            (Message::Letter, State::Reader { times }) => {
                // A reader that forgot to stop would have no end of states: it counts to 2.
                if self.0.require(Rule::ReadOnce, times == 0) && times < 2 {
                    *state.to_mut() = State::Reader { times: times + 1 };
                }
                out.send(from, Message::Thanks);
            }
            (Message::Thanks, State::Writer { is_done: false }) => {
                *state.to_mut() = State::Writer { is_done: true };
                out.cancel_timer(());
            }
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<State>, (): &(), out: &mut Out<Self>) {
        if self.0.keeps(Rule::SentUntilThanked) {
            out.set_timer((), TICK..TICK);
            out.send(Id::from(1), Message::Letter);
        }
    }
}

/// Safe? The letter is read once at most.
fn at_most_once(_: &System, state: &SystemState) -> bool {
    *state.actor_states[1] != State::Reader { times: 2 }
}

/// Reachable, and reached in the end? The letter is read.
fn is_read(_: &System, state: &SystemState) -> bool {
    *state.actor_states[1] != State::Reader { times: 0 }
}

/// The protocol without these rules: one message is lost, and one arrives twice.
fn check(suspended: Vec<Rule>) -> Report {
    let courier = || Courier(AllBut(suspended.clone()));
    let system = ActorModel::new((), ()).actor(courier()).actor(courier());
    let spec = Spec::new("letter/lossy", system, 2)
        .claim(Claim::always("read once at most", Sees::ACTORS, at_most_once))
        .claim(Claim::reachable("read", Sees::ACTORS, is_read))
        .eventually("read in the end", Sees::ACTORS, is_read)
        .faults(Faults { drops: 1, duplicates: 1, ..Faults::NONE })
        .timely(Timely::of(|()| 1..=1))
        .may_end();
    let limits = Limits { keep_going: true, ..Limits::default() };
    Box::new(spec).check(Engine::Quorate, &limits, &mut |_| {})
}

fn main() {
    let report = check(vec![]);
    println!("with every rule: {:?}, {} states", report.verdict, report.states);
    assert_eq!(report.verdict, Verdict::Holds);

    for (rule, broken) in
        [(Rule::ReadOnce, "read once at most"), (Rule::SentUntilThanked, "read in the end")]
    {
        let report = check(vec![rule]);
        println!("without {rule:?}: {broken} is {:?}", report.property(broken).verdict);
        assert_eq!(report.property(broken).verdict, Verdict::Violated);
        print!("{}", report.counterexamples[0].trace.text(false));
    }
}
