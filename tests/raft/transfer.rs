//! Leaders that hand over: the specs of it, and what an operator is answered.

use std::borrow::Cow;

use quorate_models::kv::Kv;
use quorate_models::number::{Index, Term};
use quorate_models::order::{Order, Outcome, Refusal};
use quorate_models::raft::message::{AppendReply, Message as Said, Outcome as Heard};
use quorate_models::raft::message::{TimeoutNow, VoteReply};
use quorate_models::raft::specs::{self, Checked, EVERY_RULE};
use quorate_models::raft::state::ServerState;
use quorate_models::raft::{MessageOf, Server, Timer};
use quorate_models::service::{Answer, Message, Reply, Request, Sequence, Session};
use stateright::actor::{Actor, Command, Id, Out};

use crate::support::specs::holds;

holds! {
    safe: "raft/transfer" has depth 33;
    doubled: "raft/transfer-doubled" has depth 27;
    calm: "raft/transfer-calm-live" has depth 55;
    live: "raft/transfer-live" has depth 75;
}

/// The first of three servers.
struct First(Server<Checked>, Cow<'static, ServerState<Kv>>);

impl First {
    fn starting() -> Self {
        let server = specs::server::<Checked>((0..3).map(Id::from).collect(), EVERY_RULE);
        let state = server.on_start(Id::from(0), &None, &mut Out::new());
        First(server, Cow::Owned(state))
    }

    fn leading() -> Self {
        let mut first = First::starting();
        first.times_out(Timer::Election);
        first.hears(1, Message::Peer(Said::VoteReply(VoteReply { term: Term(1) })));
        assert!(first.1.is_leader());
        first
    }

    fn hears(&mut self, from: usize, message: MessageOf<Kv>) -> Vec<(Id, MessageOf<Kv>)> {
        let mut out = Out::new();
        self.0.on_msg(Id::from(0), &mut self.1, Id::from(from), message, &mut out);
        sent(out)
    }

    fn times_out(&mut self, timer: Timer) -> Vec<(Id, MessageOf<Kv>)> {
        let mut out = Out::new();
        self.0.on_timeout(Id::from(0), &mut self.1, &timer, &mut out);
        sent(out)
    }

    /// What it says to the operator `number`, which wants the server `to` to lead.
    fn is_ordered(&mut self, number: u64, to: usize) -> Vec<(Id, MessageOf<Kv>)> {
        let (session, sequence) = (Session(number), Sequence(1));
        let command = Order::Transfer { to: Id::from(to) };
        self.hears(number as usize, Message::Order(Request { session, sequence, command }))
    }
}

fn sent(out: Out<Server<Checked>>) -> Vec<(Id, MessageOf<Kv>)> {
    let sends = out.into_iter().filter_map(|command| match command {
        Command::Send(to, message) => Some((to, message)),
        _ => None,
    });
    sends.collect()
}

/// The one message that tells the operator `number` so.
fn told(number: u64, answer: Answer<Outcome>) -> Vec<(Id, MessageOf<Kv>)> {
    let (session, sequence) = (Session(number), Sequence(1));
    let reply = Message::OrderReply(Reply { session, sequence, answer });
    vec![(Id::from(number as usize), reply)]
}

#[test]
fn who_does_not_lead_names_who_does_if_it_knows() {
    let mut first = First::starting();
    assert_eq!(first.is_ordered(7, 1), told(7, Answer::Redirect { leader: None }));
}

#[test]
fn a_leader_says_what_becomes_of_each_order() {
    let mut first = First::leading();
    assert_eq!(first.is_ordered(7, 0), told(7, Answer::Done(Ok(()))));
    let stranger = Refusal::Stranger { server: Id::from(5) };
    assert_eq!(first.is_ordered(7, 5), told(7, Answer::Done(Err(stranger))));
    assert_eq!(first.1.hands_over(), None);

    // The second server lacks the no-op.
    assert_eq!(first.is_ordered(7, 1), []);
    let begun = first.1.hands_over().expect("it hands over");
    assert_eq!((begun.to, begun.session), (Id::from(1), Session(7)));
    assert_eq!(first.is_ordered(8, 1), []);
    let other = Refusal::HandsOver { to: Id::from(1) };
    assert_eq!(first.is_ordered(8, 2), told(8, Answer::Done(Err(other))));
    assert_eq!(first.1.hands_over(), Some(begun));

    let (outcome, round) = (Heard::Stored { matched: Index(1) }, 0);
    let stored = Message::Peer(Said::AppendReply(AppendReply { term: Term(1), outcome, round }));
    assert_eq!(first.hears(2, stored.clone()), [], "another server has all of the log");
    let stand = Message::Peer(Said::TimeoutNow(TimeoutNow { term: Term(1) }));
    assert_eq!(first.hears(1, stored), [(Id::from(1), stand)]);

    let late = Refusal::NotTakenOver { to: Id::from(1) };
    assert_eq!(first.times_out(Timer::Transfer), told(7, Answer::Done(Err(late))));
    assert_eq!(first.1.hands_over(), None);
    assert_eq!(first.is_ordered(7, 2).len(), 1, "the next one stands at once");
}

#[test]
fn refusals_are_sentences_that_name_the_node() {
    let to = Id::from(2);
    for (refusal, words) in [
        (Refusal::Stranger { server: to }, "node 2 is none of the cluster"),
        (Refusal::HandsOver { to }, "the leader is handing over to node 2 already"),
        (Refusal::NotTakenOver { to }, "node 2 has not taken over within an election timeout"),
    ] {
        assert!(refusal.to_string().starts_with(words), "{refusal}");
    }
}
