//! Many senders at once.

use std::time::Instant;

use crate::node::fragment::{CLIENT_BYTES, GIVE_UP, Outbox, Reassembly};
use crate::node::seal::{Link, Packet};
use crate::node::wire::{self, CHUNK, DATAGRAM_MAX, FIRST_CLIENT, Kind, MESSAGE_MAX};

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

/// Many clients have large answers to come. A sign of life that is said meanwhile is the next thing
/// that is sent.
#[test]
fn a_server_does_not_wait_until_all_clients_have_their_answers() {
    let burst = 512 << 10;
    let (mut outbox, now) = (Outbox::new(1, burst), Instant::now());
    let chunk = wire::chunk(DATAGRAM_MAX) as u16;
    let to = |peer| Link { me: 1, peer };
    for client in FIRST_CLIENT..FIRST_CLIENT + 64 {
        outbox.send(now, to(client), vec![0; 1 << 20], chunk);
    }
    let bytes = |packets: &[Packet]| packets.iter().map(|it| it.payload.len()).sum::<usize>();
    let first = outbox.due(now);
    assert!(bytes(&first) <= (1 << 20) + burst, "{}", bytes(&first));
    assert_eq!(outbox.wake(), Some(now), "there is more");
    outbox.send(now, to(2), b"still here".to_vec(), chunk);
    let second = outbox.due(now);
    assert_eq!(second[0].link, to(2));
    // All of them come to their turn.
    let mut begun: Vec<_> = first.iter().chain(&second).map(|it| it.link.peer).collect();
    while outbox.wake() == Some(now) {
        begun.extend(outbox.due(now).iter().map(|it| it.link.peer));
    }
    begun.sort_unstable();
    begun.dedup();
    assert_eq!(begun.len(), 65);
}
