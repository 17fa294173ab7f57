//! Every message survives its encoding, and no bytes whatever break the decoder.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index as Pick;
use quorate_models::kv::{Kv, Output};
use quorate_models::number::{Index, Term};
use quorate_models::raft::log::{Entry, Position};
use quorate_models::raft::message::{AppendEntries, AppendReply, RequestVote, VoteReply};
use quorate_models::raft::{Message, MessageOf};
use quorate_models::service::{Answer, Reply, Sequence, Session};

use crate::{any_id, any_payload, any_request, any_text, config};

fn any_message() -> impl Strategy<Value = MessageOf<Kv>> {
    let number = any::<u64>;
    let term = || any::<u64>().prop_map(Term);
    let position =
        || (number(), term()).prop_map(|(index, term)| Position { index: Index(index), term });
    let entry = (term(), any_payload()).prop_map(|(term, payload)| Entry { term, payload });
    let append = (term(), position(), vec(entry, 0..5), number());
    let append_reply = (term(), any::<bool>(), number().prop_map(Index));
    let output = prop_oneof![
        Just(Output::Stored),
        prop::option::of(any_text()).prop_map(Output::Value),
        Just(Output::Swapped),
        prop::option::of(any_text()).prop_map(|actual| Output::Mismatch { actual }),
        any::<bool>().prop_map(|existed| Output::Deleted { existed }),
    ];
    let redirect = prop::option::of(any_id()).prop_map(|leader| Answer::Redirect { leader });
    let answer = prop_oneof![output.prop_map(Answer::Done), redirect];
    prop_oneof![
        (term(), position())
            .prop_map(|(term, last)| Message::RequestVote(RequestVote { term, last })),
        term().prop_map(|term| Message::VoteReply(VoteReply { term })),
        append.prop_map(|(term, previous, entries, commit)| {
            Message::AppendEntries(AppendEntries { term, previous, entries, commit: Index(commit) })
        }),
        append_reply.prop_map(|(term, success, index)| {
            Message::AppendReply(AppendReply { term, success, index })
        }),
        any_request().prop_map(Message::Request),
        (number(), any::<u32>(), answer).prop_map(|(session, sequence, answer)| {
            Message::Reply(Reply {
                session: Session(session),
                sequence: Sequence(sequence),
                answer,
            })
        }),
    ]
}

fn decode(bytes: &[u8]) -> postcard::Result<MessageOf<Kv>> {
    postcard::from_bytes(bytes)
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn messages_survive_the_codec(message in any_message()) {
        let bytes = postcard::to_stdvec(&message).expect("plain data");
        prop_assert_eq!(decode(&bytes), Ok(message));
        for length in 0..bytes.len() {
            prop_assert!(decode(&bytes[..length]).is_err(), "cut to {}", length);
        }
    }

    #[test]
    fn an_altered_message_never_panics(message in any_message(), at: Pick, byte: u8) {
        let mut bytes = postcard::to_stdvec(&message).expect("plain data");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = decode(&bytes);
    }
}

proptest! {
    #![proptest_config(config(20_000))]

    #[test]
    fn arbitrary_bytes_decode_to_an_error_or_a_message(
        kind in 0..8_u8, bytes in vec(any::<u8>(), 0..120),
    ) {
        let _ = decode(&bytes);
        // Seldom would they begin like a message by themselves.
        if let Ok(message) = decode(&[&[kind], &bytes[..]].concat()) {
            let again = postcard::to_stdvec(&message).expect("plain data");
            prop_assert_eq!(decode(&again), Ok(message));
        }
    }
}
