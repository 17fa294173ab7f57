//! The mailbox by which a node's threads hand over messages, in every order in which they can meet.

/// What the mailbox is built of here: loom's, which tries all orders.
mod sync {
    pub use loom::sync::{Arc, Condvar, Mutex};
}

#[path = "../src/node/mailbox.rs"]
mod mailbox;

use std::time::{Duration, Instant};

use loom::thread;
use mailbox::Mailbox;

#[test]
fn every_letter_is_taken_once_and_in_order() {
    loom::model(|| {
        let mailbox = Mailbox::<(u8, u8)>::default();
        let writers: Vec<_> = (0..2)
            .map(|writer| {
                let mailbox = mailbox.clone();
                thread::spawn(move || {
                    mailbox.put([(writer, 0)]);
                    mailbox.put([(writer, 1)]);
                })
            })
            .collect();
        let mut taken = mailbox.take();
        for writer in writers {
            writer.join().unwrap();
        }
        taken.extend(mailbox.take());
        for writer in 0..2 {
            let of: Vec<_> = taken.iter().filter(|letter| letter.0 == writer).collect();
            assert_eq!(of, [&(writer, 0), &(writer, 1)]);
        }
        assert_eq!((taken.len(), mailbox.waiting(), mailbox.take().len()), (4, 0, 0));
    });
}

/// Loom's clock stands still: who waits here waits until it is woken, or for ever.
#[test]
fn who_waits_is_woken_by_a_letter() {
    loom::model(|| {
        let mailbox = Mailbox::<u8>::default();
        let writer = {
            let mailbox = mailbox.clone();
            thread::spawn(move || {
                mailbox.put([]);
                mailbox.put([1]);
            })
        };
        let taken = mailbox.wait(Instant::now() + Duration::from_secs(3_600));
        assert_eq!(taken, [1]);
        writer.join().unwrap();
    });
}

#[test]
fn nobody_waits_longer_than_until_the_deadline() {
    loom::model(|| assert!(Mailbox::<u8>::default().wait(Instant::now()).is_empty()));
}
