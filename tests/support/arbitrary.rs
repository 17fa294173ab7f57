//! Arbitrary messages of Raft, and what they are made of.

use std::time::Duration;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use quorate_models::kv::{Batch, Command, Kv, Output, Single, Text};
use quorate_models::number::{Index, Term};
use quorate_models::order::Order;
use quorate_models::raft::config::Config;
use quorate_models::raft::identity::StoreId;
use quorate_models::raft::log::{Entry, Payload, Position};
use quorate_models::raft::message::{
    AppendEntries, AppendReply, InstallSnapshot, Outcome, Piece, RequestVote, SnapshotReply,
    TimeoutNow, VoteReply,
};
use quorate_models::raft::{Message, MessageOf};
use quorate_models::service::{self, Answer, Reply, Request, Sequence, Session};
use stateright::actor::Id;

pub fn any_text() -> impl Strategy<Value = Text> {
    ".{0,8}".prop_map(|text| Text::from(text.as_str()))
}

pub fn any_command() -> impl Strategy<Value = Command> {
    let batch = (vec(any_single(), 0..3), any::<bool>())
        .prop_map(|(commands, whole)| Command::Batch(Batch { commands, whole }));
    prop_oneof![10 => any_single().prop_map(Command::from), 1 => batch]
}

fn any_single() -> impl Strategy<Value = Single> {
    let three = (any_text(), any_text(), any_text());
    prop_oneof![
        (any_text(), any_text()).prop_map(|(key, value)| Command::Put { key, value }),
        any_text().prop_map(|key| Command::Get { key }),
        three.prop_map(|(key, old, new)| Command::Cas { key, old, new }),
        any_text().prop_map(|key| Command::Delete { key }),
        (any_text(), any_text(), any::<bool>()).prop_map(|(key, value, exists)| Command::PutIf {
            key,
            value,
            exists
        }),
        (any_text(), any_text(), any::<Option<bool>>())
            .prop_map(|(key, value, exists)| Command::Exchange { key, value, exists }),
        vec(any_text(), 0..3).prop_map(|keys| Command::DeleteAll { keys }),
        vec(any_text(), 0..3).prop_map(|keys| Command::GetAll { keys }),
        (any_text(), any::<i64>()).prop_map(|(key, by)| Command::Add { key, by }),
        (any_text(), any_text()).prop_map(|(key, value)| Command::Append { key, value }),
        (vec((any_text(), any_text()), 0..3), any::<bool>())
            .prop_map(|(pairs, if_absent)| Command::PutAll { pairs, if_absent }),
    ]
}

pub fn any_request() -> impl Strategy<Value = Request<Command>> {
    let numbers = (any::<u64>(), any::<u32>(), any_number());
    (numbers, any_command()).prop_map(|((session, sequence, since), command)| Request {
        session: Session(session),
        sequence: Sequence(sequence),
        since: Index(since),
        command,
    })
}

pub fn any_payload() -> impl Strategy<Value = Payload<Command>> {
    prop_oneof![
        1 => Just(Payload::NoOp),
        3 => any_request().prop_map(Payload::Command),
        1 => any_config().prop_map(Payload::Config),
    ]
}

fn any_config() -> impl Strategy<Value = Config> {
    let servers = || btree_set((1..6_usize).prop_map(Id::from), 0..4);
    let stores = btree_map((1..6_usize).prop_map(Id::from), any::<u64>().prop_map(StoreId), 0..4);
    (servers(), servers(), servers(), stores).prop_map(|(voters, outgoing, learners, stores)| {
        Config { voters, outgoing, learners, stores }
    })
}

pub fn any_id() -> impl Strategy<Value = Id> {
    any::<usize>().prop_map(Id::from)
}

fn any_store() -> impl Strategy<Value = Option<StoreId>> {
    prop::option::of(any::<u64>().prop_map(StoreId))
}

fn any_order() -> impl Strategy<Value = Request<Order>> {
    let numbers = (any::<u64>(), any::<u32>());
    (numbers, any_id()).prop_map(|((session, sequence), to)| Request {
        session: Session(session),
        sequence: Sequence(sequence),
        since: Index::ZERO,
        command: Order::Transfer { to },
    })
}

/// Small ones meet those that a server has.
fn any_number() -> impl Strategy<Value = u64> {
    prop_oneof![0..8_u64, any::<u64>()]
}

fn any_term() -> impl Strategy<Value = Term> {
    any_number().prop_map(Term)
}

fn any_position() -> impl Strategy<Value = Position> {
    (any_number(), any_term()).prop_map(|(index, term)| Position { index: Index(index), term })
}

fn any_promise() -> impl Strategy<Value = Option<Duration>> {
    prop::option::of(any::<u32>().prop_map(|ms| Duration::from_millis(ms.into())))
}

/// What servers say to each other of snapshots.
fn any_of_a_snapshot() -> impl Strategy<Value = Message<Command>> {
    let piece = (any::<u32>(), vec(any::<u8>(), 0..20))
        .prop_map(|(number, bytes)| Piece { number, bytes: bytes.into() });
    let of = (any_term(), any_position(), any::<u32>(), any_number());
    let install = (of, prop::option::of(piece), any_number(), vec(any_id(), 0..4));
    let install = install.prop_map(|((term, last, pieces, round), piece, acknowledged, ids)| {
        let (config, acknowledged) = ((Index::ZERO, Config::of(ids)), Index(acknowledged));
        let message = InstallSnapshot { term, last, config, pieces, piece, acknowledged, round };
        Message::InstallSnapshot(message)
    });
    let reply =
        (any_term(), any_position(), any::<u32>(), any_number(), any_store(), any_promise());
    let reply = reply.prop_map(|(term, last, next, round, store, promise)| {
        Message::SnapshotReply(SnapshotReply { term, last, next, round, store, promise })
    });
    prop_oneof![install, reply]
}

/// Any message of a cluster that replicates the key-value store.
pub fn any_message() -> impl Strategy<Value = MessageOf<Kv>> {
    let (number, term, position) = (any_number, any_term, any_position);
    let entry = (term(), any_payload()).prop_map(|(term, payload)| Entry { term, payload });
    let append = (term(), position(), vec(entry, 0..5), number(), any::<bool>(), number());
    let outcome = prop_oneof![
        position().prop_map(|may_match| Outcome::Refused { may_match }),
        number().prop_map(|matched| Outcome::Stored { matched: Index(matched) }),
        Just(Outcome::Lost),
    ];
    let append_reply = (term(), outcome, number(), any_store(), any_promise());
    let output = prop_oneof![
        Just(Output::Stored),
        prop::option::of(any_text()).prop_map(Output::Value),
        Just(Output::Swapped),
        prop::option::of(any_text()).prop_map(|actual| Output::Mismatch { actual }),
        any::<bool>().prop_map(|existed| Output::Deleted { existed }),
    ];
    let redirect = prop::option::of(any_id()).prop_map(|leader| Answer::Redirect { leader });
    let done = (output, any_number())
        .prop_map(|(output, index)| Answer::Done { output, index: Index(index) });
    let place = any_number().prop_map(|index| Answer::Begin { index: Index(index) });
    let end = any_number().prop_map(|index| Answer::Ended { index: Index(index) });
    let answer = prop_oneof![done, redirect, place, end, Just(Answer::NoMember)];
    let peer = prop_oneof![
        (term(), position(), any::<bool>(), any_store()).prop_map(
            |(term, last, is_heir, store)| {
                Message::RequestVote(RequestVote { term, last, is_heir, store })
            }
        ),
        term().prop_map(|term| Message::TimeoutNow(TimeoutNow { term })),
        term().prop_map(|term| Message::VoteReply(VoteReply { term })),
        append.prop_map(|(term, previous, entries, commit, acknowledged, round)| {
            let commit = Index(commit);
            Message::AppendEntries(AppendEntries {
                term,
                previous,
                entries,
                commit,
                acknowledged,
                round,
            })
        }),
        append_reply.prop_map(|(term, outcome, round, store, promise)| {
            Message::AppendReply(AppendReply { term, outcome, round, store, promise })
        }),
        any_of_a_snapshot(),
    ];
    let reply = (number(), any::<u32>(), answer).prop_map(|(session, sequence, answer)| Reply {
        session: Session(session),
        sequence: Sequence(sequence),
        answer,
    });
    prop_oneof![
        4 => peer.prop_map(service::Message::Peer),
        1 => any_request().prop_map(service::Message::Request),
        1 => reply.prop_map(service::Message::Reply),
        1 => any_order().prop_map(service::Message::Order),
    ]
}

/// No file of past failures is kept: a failure prints its minimal input.
pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..Default::default() }
}
