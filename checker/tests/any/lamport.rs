//! Paxos as Lamport specifies it ("Paxos Made Simple", and its TLA+): messages are never deleted,
//! so each can be received at any time, any number of times.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stateright::{Model, Property};

use crate::compare_with_stateright;

const ACCEPTORS: usize = 3;
const BALLOTS: u8 = 2;
const VALUES: u8 = 2;

/// A vote: in which ballot, for which value.
type Vote = (u8, u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Message {
    /// 1a
    Prepare(u8),
    /// 1b: who, in which ballot, and the last vote.
    Promise(usize, u8, Option<Vote>),
    /// 2a
    Propose(Vote),
    /// 2b
    Accept(usize, Vote),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct State {
    promised: [Option<u8>; ACCEPTORS],
    voted: [Option<Vote>; ACCEPTORS],
    messages: BTreeSet<Message>,
}

#[derive(Clone, Debug)]
struct Paxos {
    /// Acceptors that are enough.
    quorum: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Send(Message),
    AnyAnswer(usize, Message),
}

impl Paxos {
    /// True if a quorum has promised `ballot`, and of its votes the last, if any, was for `value`.
    fn is_safe(&self, state: &State, ballot: u8, value: u8) -> bool {
        let promises: Vec<(usize, Option<Vote>)> = state
            .messages
            .iter()
            .filter_map(|message| match message {
                Message::Promise(from, of, vote) if *of == ballot => Some((*from, *vote)),
                _ => None,
            })
            .collect();
        (0..1_u32 << promises.len()).any(|subset| {
            let chosen = (0..promises.len()).filter(|at| subset >> at & 1 == 1);
            let chosen: Vec<(usize, Option<Vote>)> = chosen.map(|at| promises[at]).collect();
            let from: BTreeSet<usize> = chosen.iter().map(|(from, _)| *from).collect();
            let last = chosen.iter().filter_map(|(_, vote)| *vote).max();
            from.len() >= self.quorum && last.is_none_or(|(_, voted)| voted == value)
        })
    }

    fn chosen(&self, state: &State) -> BTreeSet<u8> {
        let votes = (0..BALLOTS).flat_map(|ballot| (0..VALUES).map(move |value| (ballot, value)));
        let is_chosen = |vote: &Vote| {
            let accepted = |from: &usize| state.messages.contains(&Message::Accept(*from, *vote));
            (0..ACCEPTORS).filter(accepted).count() >= self.quorum
        };
        votes.filter(is_chosen).map(|(_, value)| value).collect()
    }
}

impl Model for Paxos {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        for ballot in 0..BALLOTS {
            steps.push(Step::Send(Message::Prepare(ballot)));
            let is_proposed =
                |value: u8| state.messages.contains(&Message::Propose((ballot, value)));
            if !(0..VALUES).any(is_proposed) {
                let safe = (0..VALUES).filter(|value| self.is_safe(state, ballot, *value));
                steps.extend(safe.map(|value| Step::Send(Message::Propose((ballot, value)))));
            }
        }
        for acceptor in 0..ACCEPTORS {
            steps.extend(state.messages.iter().map(|message| Step::AnyAnswer(acceptor, *message)));
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        match step {
            Step::Send(message) => {
                next.messages.insert(message);
            }
            Step::AnyAnswer(acceptor, Message::Prepare(ballot)) => {
                if state.promised[acceptor] >= Some(ballot) {
                    return None;
                }
                next.promised[acceptor] = Some(ballot);
                next.messages.insert(Message::Promise(acceptor, ballot, state.voted[acceptor]));
            }
            Step::AnyAnswer(acceptor, Message::Propose(vote)) => {
                if state.promised[acceptor] > Some(vote.0) {
                    return None;
                }
                next.promised[acceptor] = Some(vote.0);
                next.voted[acceptor] = Some(vote);
                next.messages.insert(Message::Accept(acceptor, vote));
            }
            Step::AnyAnswer(..) => return None,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always("one value is chosen", |model, state| {
                model.chosen(state).len() <= 1
            }),
            Property::<Self>::always("votes are promised", |_, state| {
                let pairs = state.voted.iter().zip(&state.promised);
                pairs.into_iter().all(|(vote, promise)| vote.map(|vote| vote.0) <= *promise)
            }),
            Property::<Self>::sometimes("chosen", |model, state| !model.chosen(state).is_empty()),
        ]
    }
}

#[test]
fn messages_that_are_never_deleted_are_explored() {
    let outcome = compare_with_stateright(Paxos { quorum: 2 });
    assert!(outcome.holds(), "{outcome}");
    assert_eq!(outcome.states, 3921);
}

#[test]
fn quorums_that_do_not_meet_choose_two_values() {
    let outcome = compare_with_stateright(Paxos { quorum: 1 });
    assert!(outcome.finding("one value is chosen").answer.is_failure(), "{outcome}");
}
