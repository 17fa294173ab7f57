//! Every message survives its encoding, and no bytes whatever break the decoder.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index as Pick;
use quorate_models::kv::Kv;
use quorate_models::raft::MessageOf;

use crate::support::arbitrary::{any_message, config};

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
