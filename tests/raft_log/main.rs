//! The Raft log against a naive one, its records against the storage they stand for, and the codec
//! of every message.

mod codec;
mod naive;
mod records;

use proptest::prelude::*;
use quorate_models::kv::{Command, Text};
use quorate_models::raft::log::Payload;
use quorate_models::service::{Request, Sequence, Session};
use stateright::actor::Id;

pub fn any_text() -> impl Strategy<Value = Text> {
    ".{0,8}".prop_map(|text| Text::from(text.as_str()))
}

pub fn any_command() -> impl Strategy<Value = Command> {
    let three = (any_text(), any_text(), any_text());
    prop_oneof![
        (any_text(), any_text()).prop_map(|(key, value)| Command::Put { key, value }),
        any_text().prop_map(|key| Command::Get { key }),
        three.prop_map(|(key, old, new)| Command::Cas { key, old, new }),
        any_text().prop_map(|key| Command::Delete { key }),
    ]
}

pub fn any_request() -> impl Strategy<Value = Request<Command>> {
    let numbers = (any::<u64>(), any::<u32>());
    (numbers, any_command()).prop_map(|((session, sequence), command)| Request {
        session: Session(session),
        sequence: Sequence(sequence),
        command,
    })
}

pub fn any_payload() -> impl Strategy<Value = Payload<Command>> {
    prop_oneof![
        1 => Just(Payload::NoOp),
        3 => any_request().prop_map(Payload::Command),
    ]
}

pub fn any_id() -> impl Strategy<Value = Id> {
    any::<usize>().prop_map(Id::from)
}

/// No file of past failures is kept: a failure prints its minimal input.
pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..Default::default() }
}
