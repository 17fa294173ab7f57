//! The board that a node's threads share, in every order in which they can meet.

/// What the board is built of here: loom's, which tries all orders.
mod sync {
    pub use loom::sync::atomic::{AtomicBool, Ordering};
    pub use loom::sync::{Arc, Mutex};
}

#[path = "../src/node/board.rs"]
mod board;

use board::Board;
use loom::thread;

#[test]
fn a_reader_sees_whole_states_in_order() {
    loom::model(|| {
        let board = Board::<[u8; 2]>::default();
        let writer = {
            let board = board.clone();
            thread::spawn(move || (1..=2).for_each(|state| board.publish([state, state])))
        };
        let seen = [board.latest(), board.latest()].map(|latest| latest.map_or([0, 0], |it| *it));
        for state in seen {
            assert_eq!(state[0], state[1], "half of one state and half of another");
        }
        assert!(seen[0] <= seen[1], "time went back");
        writer.join().unwrap();
        assert_eq!(board.latest().as_deref(), Some(&[2, 2]));
    });
}

#[test]
fn whoever_sees_the_stop_sees_what_was_published_before() {
    loom::model(|| {
        let board = Board::<u8>::default();
        let (publisher, stopper) = (board.clone(), board.clone());
        let publisher = thread::spawn(move || {
            publisher.publish(1);
            publisher.stop();
        });
        let stopper = thread::spawn(move || stopper.is_stopping());
        if board.is_stopping() {
            assert_eq!(board.latest().as_deref(), Some(&1));
        }
        publisher.join().unwrap();
        stopper.join().unwrap();
        assert!(board.is_stopping());
    });
}
