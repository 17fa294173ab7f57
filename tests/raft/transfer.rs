//! Leaders that hand over: the specs of it, and what an operator is answered.

use quorate_models::number::{Index, Term};
use quorate_models::order::{Order, Refusal};
use quorate_models::raft::Timer;
use quorate_models::raft::message::{Message as Said, TimeoutNow};
use quorate_models::service::{Answer, Message, Session};
use stateright::actor::Id;

use crate::one_server::{OneServer, told};
use crate::support::specs::holds;

holds! {
    safe: "raft/transfer" has depth 33;
    doubled: "raft/transfer-doubled" has depth 27;
    wiped: "raft/transfer-wiped" has depth 30;
    calm: "raft/transfer-calm-live" has depth 55;
    live: "raft/transfer-live" has depth 75;
}

/// The server `id` is to lead.
fn to(id: usize) -> Order {
    Order::Transfer { to: Id::from(id) }
}

#[test]
fn who_does_not_lead_names_who_does_if_it_knows() {
    let mut server = OneServer::starting(3);
    assert_eq!(server.is_ordered(7, to(2)), told(7, Answer::Redirect { leader: None }));
}

#[test]
fn a_leader_says_what_becomes_of_each_order() {
    let mut leader = OneServer::leading(3);
    assert_eq!(leader.is_ordered(7, to(1)), told(7, Answer::done(Ok(()))));
    let stranger = Refusal::Stranger { server: Id::from(5) };
    assert_eq!(leader.is_ordered(7, to(5)), told(7, Answer::done(Err(stranger))));
    assert_eq!(leader.state().hands_over(), None);

    // The last server lacks the no-op.
    assert_eq!(leader.is_ordered(7, to(2)), []);
    let begun = leader.state().hands_over().expect("it hands over");
    assert_eq!((begun.to, begun.session), (Id::from(2), Session(7)));
    assert_eq!(leader.is_ordered(8, to(2)), []);
    let other = Refusal::HandsOver { to: Id::from(2) };
    assert_eq!(leader.is_ordered(8, to(0)), told(8, Answer::done(Err(other))));
    assert_eq!(leader.state().hands_over(), Some(begun));

    assert_eq!(leader.is_acknowledged(0, Index(1)), [], "another server has all of the log");
    let stand = Message::Peer(Said::TimeoutNow(TimeoutNow { term: Term(1) }));
    assert_eq!(leader.is_acknowledged(2, Index(1)), [(Id::from(2), stand)]);

    let late = Refusal::NotTakenOver { to: Id::from(2) };
    assert_eq!(leader.times_out(Timer::Transfer), told(7, Answer::done(Err(late))));
    assert_eq!(leader.state().hands_over(), None);
    assert_eq!(leader.is_ordered(7, to(0)).len(), 1, "the next one stands at once");
    let other = Refusal::HandsOver { to: Id::from(0) };
    assert_eq!(leader.is_ordered(8, to(2)), told(8, Answer::done(Err(other))));
}

#[test]
fn refusals_are_sentences_that_name_the_node() {
    let to = Id::from(2);
    for (refusal, words) in [
        (Refusal::Stranger { server: to }, "node 2 has no vote, and cannot lead"),
        (Refusal::HandsOver { to }, "the leader is handing over to node 2 already"),
        (Refusal::NotTakenOver { to }, "node 2 has not taken over within an election timeout"),
    ] {
        assert!(refusal.to_string().starts_with(words), "{refusal}");
    }
}
