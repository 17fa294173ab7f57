//! Whoever has the cluster's key may ask, in its own name only.

use std::time::{Duration, Instant};

use quorate::node::client::{CallError, Client};
use quorate::node::transport::Transport;
use quorate::node::wire;
use quorate_models::kv::{Command, Kv, Output};
use quorate_models::number::Index;
use quorate_models::order::{Change, Order, Refusal};
use quorate_models::raft::MessageOf;
use quorate_models::service::{Answer, Reply, Request, Sequence};
use stateright::actor::Id;

use crate::support::cluster::wait_for;
use crate::support::free_addresses;
use crate::{MS, Running, members, raft};

#[test]
fn a_client_cannot_use_up_the_numbers_of_another() {
    let members = members(1);
    let node = Running::start(raft(&members), &members, 1, None);
    node.board.wait_for(|status, _| status.role == "leader");
    let mut client = Client::<Kv>::open(&members).unwrap();
    let put = |value: &str| Command::Put { key: "key".into(), value: value.into() };

    let mut other = Transport::client(&members).unwrap();
    let (session, sequence) = (client.session(), Sequence(7));
    let request = MessageOf::<Kv>::Request(Request {
        session,
        sequence,
        since: Index::ZERO,
        command: put("stolen"),
    });
    other.send(Id::from(1), wire::encode(&request).unwrap());
    let command = Order::Transfer { to: Id::from(1) };
    let order = MessageOf::<Kv>::Order(Request { session, sequence, since: Index::ZERO, command });
    other.send(Id::from(1), wire::encode(&order).unwrap());
    // And who is no server has no answers for one.
    let answer = Answer::done(Ok(()));
    let reply = MessageOf::<Kv>::OrderReply(Reply { session, sequence, answer });
    other.send(Id::from(1), wire::encode(&reply).unwrap());
    other.flush().unwrap();
    node.board.wait_for(|_, counts| counts.impostors == 2 && counts.refused == 1);

    // Were the number in use, this one would be taken for a retry of what is long done.
    let second = Duration::from_secs(1);
    let get = Command::Get { key: "key".into() };
    assert_eq!(client.call(get, second).unwrap(), Output::Value(None));
    assert_eq!(client.call(put("own"), second).unwrap(), Output::Stored);
    assert!(other.poll(Instant::now() + MS * 50).unwrap().is_empty(), "it was answered");
    let counts = node.board.last.lock().unwrap().as_ref().unwrap().1;
    assert_eq!((counts.impostors, counts.refused), (2, 1));
}

#[test]
fn an_order_is_carried_out_or_refused_with_the_reason() {
    let members = members(1);
    let _node = Running::start(raft(&members), &members, 1, None);
    let mut client = Client::<Kv>::open(&members).unwrap();
    let mut transfer = |to: usize| {
        let order = Order::Transfer { to: Id::from(to) };
        client.order(order, Duration::from_secs(2)).unwrap()
    };
    // It leads already, or will.
    assert_eq!(transfer(1), Ok(()));
    let refused = transfer(9).unwrap_err();
    assert_eq!(refused, Refusal::Stranger { server: Id::from(9) });
    assert_eq!(refused.to_string(), "node 9 has no vote, and cannot lead");
    let add = Order::Change(Change::Add { id: Id::from(9) });
    let refused = client.order(add, Duration::from_secs(2)).unwrap().unwrap_err();
    assert_eq!(refused, Refusal::NowhereKnown { id: Id::from(9) });
}

#[test]
fn who_comes_while_a_node_runs_is_a_server_from_then_on() {
    let members = members(1);
    let node = Running::start(raft(&members), &members, 1, None);
    node.board.wait_for(|status, _| status.role == "leader");
    let mut client = Client::<Kv>::open(&members).unwrap();
    let mut add = || {
        let add = Order::Change(Change::Add { id: Id::from(2) });
        client.order(add, Duration::from_secs(2)).unwrap()
    };
    assert_eq!(add(), Err(Refusal::NowhereKnown { id: Id::from(2) }));
    let mut more = members.servers.clone();
    more.insert(2, free_addresses(1)[0]);
    *node.board.servers.lock().unwrap() = Some(more);
    wait_for("the node to know", || add().is_ok().then_some(()));

    *node.board.servers.lock().unwrap() = Some(members.servers.clone());
    let warning = "node 2 is a member, and the file does not say where it is";
    node.board.wait_for(|status, _| status.warnings.iter().any(|words| words == warning));
    assert_eq!(add(), Ok(()), "it is a member, wherever it is");
}

#[test]
fn who_does_not_lead_refuses_nobody_for_want_of_an_address() {
    let members = members(3);
    let _node = Running::start(raft(&members), &members, 1, None);
    let mut client = Client::<Kv>::open(&members).unwrap();
    let add = Order::Change(Change::Add { id: Id::from(9) });
    let answer = client.order(add, MS * 300);
    assert!(matches!(answer, Err(CallError::Unknown(_))), "{answer:?}");
}
