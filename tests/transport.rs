//! Large messages over real sockets with the buffers that the system gives by default.

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use quorate::node::transport::{Members, Notice, Transport};
use quorate::node::wire::MESSAGE_MAX;
use stateright::actor::Id;

const MIB: usize = 1 << 20;

fn members(count: usize) -> Members {
    let addresses = support::free_addresses(count);
    let servers: BTreeMap<_, _> = (1..).zip(addresses).collect();
    Members { cluster: 1, key: [7; 32], servers, datagram: 1_200 }
}

fn value(length: usize, salt: usize) -> Vec<u8> {
    (0..length).map(|i| (i.wrapping_mul(31) / 7 + salt) as u8).collect()
}

/// Runs `transport` on a thread of its own until `stop` is dropped; hands over what arrives. Stops
/// for `pause` after every message, as a node does that waits for its disk.
fn serve(mut transport: Transport, pause: Duration) -> (mpsc::Receiver<(Id, Vec<u8>)>, Stop) {
    let (sender, receiver) = mpsc::channel();
    let (stop, stopped) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        while stopped.try_recv() != Err(mpsc::TryRecvError::Disconnected) {
            let deadline = Instant::now() + Duration::from_millis(20);
            for message in transport.poll(deadline).expect("the socket works") {
                thread::sleep(pause);
                let _ = sender.send(message);
            }
        }
    });
    (receiver, Stop { stop: Some(stop), thread: Some(thread) })
}

struct Stop {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Polls `transport` until it has nothing more to send to `to`.
fn push_out(transport: &mut Transport, to: Id) {
    let limit = Instant::now() + Duration::from_secs(20);
    while transport.is_sending(to) {
        assert!(Instant::now() < limit, "stuck: {:?}", transport.counters());
        transport.poll(Instant::now() + Duration::from_millis(1)).expect("the socket works");
    }
}

#[test]
fn a_mebibyte_arrives_whole() {
    let members = members(2);
    let mut one = Transport::server(&members, 1).unwrap();
    let (arrived, _stop) = serve(Transport::server(&members, 2).unwrap(), Duration::ZERO);
    for (round, length) in [0, 1, 1_500, 100_000, MIB, MIB, MESSAGE_MAX].into_iter().enumerate() {
        let began = Instant::now();
        one.send(Id::from(2), value(length, round));
        one.flush().unwrap();
        push_out(&mut one, Id::from(2));
        let (from, message) = arrived.recv_timeout(Duration::from_secs(5)).unwrap();
        println!("{length} bytes in {:?}", began.elapsed());
        assert_eq!(from, Id::from(1));
        assert!(message == value(length, round), "{length} bytes differ");
    }
    println!("{:?}", one.counters());
    assert_eq!(one.counters().abandoned, 0);
}

#[test]
fn many_senders_at_once_to_one_slow_receiver_all_get_through() {
    let members = members(4);
    let (arrived, _stop) =
        serve(Transport::server(&members, 1).unwrap(), Duration::from_millis(15));
    let began = Instant::now();
    let senders: Vec<_> = (2..=4)
        .map(|id| {
            let mut transport = Transport::server(&members, id).unwrap();
            thread::spawn(move || {
                for round in 0..4 {
                    transport.send(Id::from(1), value(MIB, round));
                }
                push_out(&mut transport, Id::from(1));
                transport.counters()
            })
        })
        .collect();
    let mut count = BTreeMap::new();
    for _ in 0..12 {
        let (from, message) = arrived.recv_timeout(Duration::from_secs(20)).expect("a message");
        let round: &mut usize = count.entry(from).or_default();
        assert!(message == value(MIB, *round), "message {round} of {from:?} differs");
        *round += 1;
    }
    println!("12 MiB from 3 senders in {:?}", began.elapsed());
    for sender in senders {
        let counters = sender.join().expect("no panic");
        assert_eq!(counters.abandoned, 0);
        println!("{} datagrams for 4 MiB", counters.datagrams_sent);
    }
}

#[test]
fn a_client_gets_a_large_reply_at_its_own_address() {
    let members = members(1);
    let mut server = Transport::server(&members, 1).unwrap();
    let client = Transport::client(&members).unwrap();
    let id = client.id();
    let mut client = client;
    client.send(Id::from(1), b"get".to_vec());
    client.flush().unwrap();
    let asked = server.poll(Instant::now() + Duration::from_secs(5)).unwrap();
    assert_eq!(asked, [(id, b"get".to_vec())]);
    let (arrived, _stop) = serve(client, Duration::ZERO);
    server.send(id, value(MIB, 3));
    server.flush().unwrap();
    push_out(&mut server, id);
    let (from, reply) = arrived.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(from, Id::from(1));
    assert!(reply == value(MIB, 3));
}

#[test]
fn what_has_no_address_and_what_is_too_large_is_counted() {
    let members = members(2);
    let mut one = Transport::server(&members, 1).unwrap();
    one.send(Id::from(1), vec![]);
    one.send(Id::from(77), vec![]);
    one.send(Id::from(2), vec![0; MESSAGE_MAX + 1]);
    assert_eq!(one.counters().unroutable, 2);
    assert_eq!(one.counters().too_large, 1);
    let taken = Transport::server(&members, 1).err().expect("the port is taken").to_string();
    assert!(taken.contains(&members.servers[&1].to_string()), "{taken}");
}

#[test]
fn the_same_message_twice_is_merged_and_not_lost() {
    let members = members(2);
    let mut one = Transport::server(&members, 1).unwrap();
    let (arrived, _stop) = serve(Transport::server(&members, 2).unwrap(), Duration::ZERO);
    for _ in 0..5 {
        one.send(Id::from(2), value(MIB, 1));
    }
    push_out(&mut one, Id::from(2));
    assert!(arrived.recv_timeout(Duration::from_secs(5)).unwrap().1 == value(MIB, 1));
    assert_eq!((one.counters().merged, one.counters().lost()), (4, 0));
    // This is what lost messages are.
    one.send(Id::from(77), vec![]);
    assert_eq!(one.counters().lost(), 1);
}

#[test]
fn what_the_system_does_not_send_is_counted_and_told_once() {
    let mut members = members(3);
    let elsewhere: SocketAddr = "[::1]:9".parse().unwrap();
    members.servers.insert(2, elsewhere);
    let mut one = Transport::server(&members, 1).unwrap();
    for number in 0..5 {
        one.send(Id::from(2), vec![number]);
        one.send(Id::from(3), vec![number]);
        one.flush().unwrap();
    }
    assert_eq!(one.counters().send_failed, 5);
    assert_eq!(one.counters().datagrams_sent, 5, "the others are not held up");
    let notices = one.notices();
    let [Notice::CannotSend { server: Some(2), address, cause }] = &notices[..] else {
        panic!("{notices:?}");
    };
    assert_eq!(*address, elsewhere);
    assert!(!cause.is_empty());
    assert!(notices[0].to_string().starts_with("cannot send to node 2 at [::1]:9: "));
    one.send(Id::from(2), vec![9]);
    one.flush().unwrap();
    assert_eq!(one.notices(), []);
}

#[test]
fn a_server_that_sends_from_elsewhere_than_it_should_is_told_of() {
    let members = members(2);
    let free = support::free_addresses(1)[0];
    let mut one = Transport::server(&members, 1).unwrap();
    let mut two = Transport::server_at(&members, 2, free).unwrap();
    for number in 0..3 {
        two.send(Id::from(1), vec![number]);
        two.flush().unwrap();
    }
    let limit = Instant::now() + Duration::from_secs(5);
    while one.counters().reject_address < 3 {
        assert!(Instant::now() < limit, "{:?}", one.counters());
        let heard = one.poll(Instant::now() + Duration::from_millis(10)).unwrap();
        assert_eq!(heard, []);
    }
    let astray = Notice::Astray { server: 2, expected: members.servers[&2], from: free };
    assert_eq!(one.notices(), [astray]);
}
