//! What clients and operators may ask that no spec has them ask.

use std::borrow::Cow;

use quorate_models::consistency::{Consistency, Query};
use quorate_models::kv::Command;
use quorate_models::number::Index;
use quorate_models::order::{Order, Refusal};
use quorate_models::primary_backup::protocol::Node;
use quorate_models::protocol::{Protocol, Settings};
use quorate_models::service::{Answer, Message, Reply, Request, Sequence, Session};
use stateright::actor::{Actor, Command as Asked, Id, Out};

const SESSION: Session = Session(9);
const SEQUENCE: Sequence = Sequence(1);

/// What the member `id` of a new cluster sends when it hears this from a client.
fn says(id: usize, message: <Node as Actor>::Msg) -> Vec<(Id, <Node as Actor>::Msg)> {
    let server = Node::server((1..=3).map(Id::from).collect(), &Settings::default());
    let mut state = Cow::Owned(server.on_start(Id::from(id), &None, &mut Out::new()));
    let mut out = Out::new();
    server.on_msg(Id::from(id), &mut state, SESSION.client(), message, &mut out);
    let sends = out.into_iter().filter_map(|asked| match asked {
        Asked::Send(to, message) => Some((to, message)),
        _ => None,
    });
    sends.collect()
}

fn request<C>(command: C) -> Request<C> {
    Request { session: SESSION, sequence: SEQUENCE, since: Index::ZERO, command }
}

#[test]
fn every_order_is_refused() {
    for id in 1..=3 {
        let answer = Answer::done(Err(Refusal::UnknownOrder));
        let refused = Message::OrderReply(Reply { session: SESSION, sequence: SEQUENCE, answer });
        let order = Message::Order(request(Order::Transfer { to: Id::from(1) }));
        assert_eq!(says(id, order), [(SESSION.client(), refused)]);
    }
}

#[test]
fn a_read_that_asks_for_less_is_taken_for_a_command() {
    let command = Command::Get { key: "key".into() };
    let query = Query { command: command.clone(), consistency: Consistency::Lease };
    for id in [2, 3] {
        let plain = says(id, Message::Request(request(command.clone())));
        assert!(!plain.is_empty());
        assert_eq!(says(id, Message::Read(request(query.clone()))), plain);
    }
}
