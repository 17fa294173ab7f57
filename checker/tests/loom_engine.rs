//! What the engine's threads share, in every order in which they can meet.

/// What it is built of here: loom's, which tries all orders. Loom has no `OnceLock`, and the `Arc`s
/// inside only hold values.
mod sync {
    pub use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    pub use loom::sync::{Mutex, RwLock};
    pub use std::sync::{Arc, OnceLock};
}

#[path = "../src/engine/arena.rs"]
#[allow(dead_code)]
mod arena;
#[path = "../src/engine/hash.rs"]
#[allow(dead_code)]
mod hash;
#[path = "../src/engine/level.rs"]
#[allow(dead_code)]
mod level;
#[path = "../src/engine/memo.rs"]
#[allow(dead_code)]
mod memo;
#[path = "../src/engine/table.rs"]
#[allow(dead_code)]
mod table;
#[path = "../src/engine/values.rs"]
#[allow(dead_code)]
mod values;

use level::Level;
use loom::sync::Arc;
use loom::thread;
use memo::Memo;
use table::Table;
use values::Values;

#[test]
fn of_two_who_find_a_state_one_was_first() {
    loom::model(|| {
        let table = Arc::new(Table::<u32>::default());
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || [table.insert(7, 1), table.insert(8, 1)])
        };
        let mine = [table.insert(8, 2), table.insert(7, 2)];
        let theirs = other.join().unwrap();
        for (key, mine, theirs) in [(7, mine[1], theirs[0]), (8, mine[0], theirs[1])] {
            assert_eq!(mine.0, theirs.0, "one state, two ids");
            assert_ne!(mine.1, theirs.1, "counted twice or never");
            assert_eq!(table.key(mine.0), key);
            assert_eq!(table.note(mine.0), if mine.1 { 2 } else { 1 });
        }
    });
}

#[test]
fn equal_values_have_one_number_and_whoever_has_it_sees_the_value() {
    loom::model(|| {
        let values = Arc::new(Values::<u32>::default());
        let other = {
            let values = Arc::clone(&values);
            thread::spawn(move || {
                let numbers = [values.intern(7), values.intern(8)];
                assert_eq!(numbers.map(|number| **values.get(number)), [7, 8]);
                numbers
            })
        };
        let mine = [values.intern(8), values.intern(7)];
        assert_eq!(mine.map(|number| **values.get(number)), [8, 7]);
        let theirs = other.join().unwrap();
        assert_eq!([mine[1], mine[0]], theirs);
        assert_eq!(values.len(), 2);
    });
}

#[test]
fn two_who_compute_the_same_both_get_what_was_put_down_first() {
    loom::model(|| {
        let memo = Arc::new(Memo::<u32, u32>::default());
        let other = {
            let memo = Arc::clone(&memo);
            thread::spawn(move || memo.get_or(7, || 1))
        };
        let mine = memo.get_or(7, || 2);
        assert_eq!(mine, other.join().unwrap());
        assert_eq!(memo.get_or(7, || 3), mine);
    });
}

#[test]
fn every_block_is_taken_once_and_all_is_counted() {
    loom::model(|| {
        let level = Arc::new(Level::new(vec![vec![1], vec![2]], 2, 10, 20));
        let work = |level: &Level| {
            let mut taken = Vec::new();
            while let Some(block) = level.take() {
                level.count(1, 3, 5);
                taken.extend(block);
            }
            taken
        };
        let other = {
            let level = Arc::clone(&level);
            thread::spawn(move || work(&level))
        };
        let mut taken = work(&level);
        taken.extend(other.join().unwrap());
        taken.sort_unstable();
        assert_eq!(taken, [1, 2]);
        assert_eq!(level.counts(), (16, 30, 0));
    });
}

#[test]
fn a_level_that_was_stopped_says_what_is_left() {
    loom::model(|| {
        let level = Arc::new(Level::new(vec![vec![1], vec![2]], 2, 0, 0).up_to(1));
        let other = {
            let level = Arc::clone(&level);
            thread::spawn(move || {
                if level.take().is_some() {
                    level.count(1, 1, 1);
                }
                assert_eq!(level.take(), None, "one state was enough");
            })
        };
        if level.take().is_some() {
            level.count(1, 0, 0);
        }
        other.join().unwrap();
        let (states, transitions, left) = level.counts();
        assert!(left <= 1 && states == transitions);
    });
}
