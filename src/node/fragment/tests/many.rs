//! Many senders at once.

use std::time::Instant;

use crate::node::fragment::{CLIENT_BYTES, GIVE_UP, Reassembly};
use crate::node::seal::{Link, Packet};
use crate::node::wire::{CHUNK, FIRST_CLIENT, Kind, MESSAGE_MAX};

/// Were those that came first to make room for those that come last, no message would ever be
/// complete while many send at once.
#[test]
fn many_who_send_at_once_do_not_push_each_other_out() {
    let mut reassembly = Reassembly::new();
    let now = Instant::now();
    let part = |peer, index| {
        let link = Link { me: 1, peer };
        let length = 2 * CHUNK as u32;
        let payload = vec![index as u8; CHUNK];
        let (kind, chunk) = (Kind::Data, CHUNK as u16);
        Packet { kind, link, message: 1, index, chunk, length, payload }
    };
    let large = |peer| Packet { length: MESSAGE_MAX as u32, ..part(peer, 0) };
    let clients = (CLIENT_BYTES / MESSAGE_MAX) as u64;
    for client in FIRST_CLIENT..FIRST_CLIENT + 2 * clients {
        assert_eq!(reassembly.accept(now, large(client)), None);
    }
    assert_eq!(reassembly.bytes(), CLIENT_BYTES);
    assert_eq!(reassembly.counters().refused, clients);
    assert_eq!(reassembly.counters().evicted, 0);
    let late = FIRST_CLIENT + 2 * clients;
    assert_eq!(reassembly.accept(now, part(late, 0)), None);
    assert_eq!(reassembly.counters().refused, clients + 1);
    // A server finds room all the same.
    assert_eq!(reassembly.accept(now, part(3, 0)), None);
    assert!(reassembly.accept(now, part(3, 1)).is_some());
    // And so does a client, as soon as others have given up.
    reassembly.reports(now + GIVE_UP);
    assert_eq!(reassembly.accept(now, part(late, 0)), None);
    assert!(reassembly.accept(now, part(late, 1)).is_some());
}
