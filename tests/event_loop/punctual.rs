//! Timers that take something away which only time gives, such as a lease.

use std::thread;

use quorate::node::event_loop::EventLoop;
use quorate::node::transport::Transport;
use quorate::node::wire;
use quorate_models::number::Index;
use quorate_models::service::{MessageOf, Request, Sequence, Session};
use stateright::actor::Id;

use crate::{Adder, Board, MS, Memory, Sum, members};

#[test]
fn what_time_takes_away_is_gone_before_what_came_meanwhile_is_handled() {
    let members = members(1);
    let mut sender = Transport::client(&members).unwrap();
    let session = Session::of(sender.id());
    let mut add = |number, command| {
        let sequence = Sequence(number);
        let add =
            MessageOf::<Adder>::Request(Request { session, sequence, since: Index::ZERO, command });
        sender.send(Id::from(1), wire::encode(&add).unwrap());
        sender.flush().unwrap();
    };
    let transport = Transport::server(&members, 1).unwrap();
    let disk = Memory::of(None);
    let kept = disk.kept.clone();
    let board = Board::default();
    let mut node = EventLoop::start(Adder, transport, disk, &None, board.clone()).unwrap();
    let mut handles = |count: u64| {
        // A step may end before the transport has handed over what was sent.
        while board.last.lock().unwrap().as_ref().unwrap().1.messages < count {
            node.step().unwrap();
        }
    };
    add(1, 3_000);
    handles(1);
    // It is late for its timers, and a message is there.
    add(2, 1);
    thread::sleep(MS * 5);
    handles(2);
    // The other timer fires sometime.
    let Some(Sum(saved)) = *kept.lock().unwrap() else { panic!("it has saved") };
    assert_eq!(saved % 1_000_000, 3_000 + 13 + 1, "the message found what the timer left");
}
