//! What the engine's threads share, in every order in which they can meet.

/// What it is built of here: loom's, which tries all orders.
mod sync {
    pub use loom::hint::spin_loop;
    pub use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
    pub use loom::sync::{Mutex, RwLock, RwLockReadGuard};

    pub fn zeros(count: usize) -> Box<[AtomicU32]> {
        (0..count).map(|_| AtomicU32::new(0)).collect()
    }

    /// Loom's threads cannot borrow; nobody else looks meanwhile.
    pub fn side_by_side<J: Send>(jobs: Vec<J>, work: impl Fn(J) + Sync) {
        jobs.into_iter().for_each(work);
    }

    /// Loom has none: the standard library's, and a flag of loom's that tells loom who has seen
    /// what.
    #[derive(Debug)]
    pub struct OnceLock<T> {
        value: std::sync::OnceLock<T>,
        is_set: AtomicBool,
    }

    impl<T> Default for OnceLock<T> {
        fn default() -> Self {
            OnceLock::new()
        }
    }

    impl<T> OnceLock<T> {
        pub fn new() -> Self {
            OnceLock { value: std::sync::OnceLock::new(), is_set: AtomicBool::new(false) }
        }

        pub fn get(&self) -> Option<&T> {
            if self.is_set.load(Ordering::Acquire) { self.value.get() } else { None }
        }

        pub fn take(&mut self) -> Option<T> {
            self.is_set.store(false, Ordering::Release);
            self.value.take()
        }

        pub fn set(&self, value: T) -> Result<(), T> {
            self.value.set(value)?;
            self.is_set.store(true, Ordering::Release);
            Ok(())
        }

        pub fn get_or_init(&self, init: impl FnOnce() -> T) -> &T {
            if self.value.get().is_none() {
                let _ = self.set(init());
            }
            // Between another's setting of the value and of the flag it would have to wait.
            while !self.is_set.load(Ordering::Acquire) {
                loom::thread::yield_now();
            }
            self.value.get().expect("it was set")
        }
    }
}

#[path = "../src/engine/arena.rs"]
#[allow(dead_code)]
mod arena;
#[path = "../src/engine/arrivals.rs"]
#[allow(dead_code)]
mod arrivals;
#[path = "../src/engine/column.rs"]
#[allow(dead_code)]
mod column;
#[path = "../src/engine/hash.rs"]
#[allow(dead_code)]
mod hash;
#[path = "../src/engine/layout.rs"]
#[allow(dead_code)]
mod layout;
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

use arena::Arena;
use arrivals::Arrivals;
use layout::Layout;
use level::Level;
use loom::sync::Arc;
use loom::thread;
use memo::Memo;
use table::{Table, Tight};
use values::Values;

/// Keys of one number, of which there are a thousand.
fn table(bits: u32) -> Table {
    Table::new(Layout::new(&[1000]), bits, 2, 1)
}

/// Inserts, and makes room where that is wanted.
fn insert(table: &Table, key: u64, note: u32) -> (u32, bool) {
    let door = table.open();
    let inserted = door.insert(&[key], note);
    let is_crowded = door.is_crowded();
    drop(door);
    if is_crowded {
        table.make_room();
    }
    inserted
}

#[test]
fn of_two_who_find_a_state_one_was_first() {
    loom::model(|| {
        let table = Arc::new(table(3));
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                let door = table.open();
                [door.insert(&[7], 1), door.insert(&[8], 1)]
            })
        };
        let mine = {
            let door = table.open();
            [door.insert(&[8], 2), door.insert(&[7], 2)]
        };
        let theirs = other.join().unwrap();
        let door = table.open();
        for (key, mine, theirs) in [(7, mine[1], theirs[0]), (8, mine[0], theirs[1])] {
            assert_eq!(mine.0, theirs.0, "one state, two ids");
            assert_ne!(mine.1, theirs.1, "counted twice or never");
            let mut found = [0];
            door.read(mine.0, &mut found);
            assert_eq!(found, [key]);
            assert_eq!(door.note(mine.0), if mine.1 { 2 } else { 1 });
        }
    });
}

#[test]
fn whoever_finds_the_table_full_keeps_nobody_waiting() {
    loom::model(|| {
        // Room for one key more, and two come for it, or for each other's.
        let table = Arc::new(Table::new(Layout::new(&[1000]), 2, 1, 1));
        assert_eq!(table.open().insert(&[1], 0), (0, true));
        let insert = |table: &Table, key: u64| {
            let insert = || table.open().insert(&[key], 0).1;
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(insert)).ok()
        };
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || [insert(&table, 2), insert(&table, 3)])
        };
        let mine = [insert(&table, 3), insert(&table, 2)];
        let theirs = other.join().unwrap();
        let all = [mine, theirs].concat();
        assert!(all.iter().filter(|it| **it == Some(true)).count() <= 1);
        assert!(all.contains(&None), "somebody finds it full");
    });
}

#[test]
fn nothing_is_lost_while_room_is_made() {
    loom::model(|| {
        let table = Arc::new(table(4));
        (1..12).for_each(|key| assert!(insert(&table, key, 0).1));
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || insert(&table, 18, 0))
        };
        let mine = [insert(&table, 18, 0), insert(&table, 19, 0)];
        let theirs = other.join().unwrap();
        assert_eq!(mine[0].0, theirs.0);
        assert_ne!(mine[0].1, theirs.1);
        assert_eq!(table.len(), 13);
        (1..5).chain([8, 9]).for_each(|key| assert!(!insert(&table, key, 0).1));
        // What an id that nobody has used yet looks like.
        assert_eq!(table.open().find(&[0]), None);
    });
}

#[test]
fn nothing_is_lost_while_keys_are_laid_out_anew() {
    loom::model(|| {
        let table = Arc::new(Table::new(Layout::new(&[1]), 3, 1, 1));
        let insert = |table: &Table, number: u32| {
            loop {
                let door = table.open();
                if door.layout().has_room(0, number) {
                    let mut key = Vec::new();
                    door.layout().append(&[number], &mut key);
                    return door.insert(&key, number);
                }
                drop(door);
                table.widen(Tight { component: 0, number }, &[number as usize + 1]);
            }
        };
        assert_eq!(insert(&table, 0), (0, true));
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || [insert(&table, 1), insert(&table, 40)])
        };
        let mine = insert(&table, 40);
        let theirs = other.join().unwrap();
        assert_eq!(mine.0, theirs[1].0);
        assert_ne!(mine.1, theirs[1].1);
        for number in [0, 1, 40] {
            let (id, is_new) = insert(&table, number);
            assert!(!is_new);
            assert_eq!(table.open().note(id), number);
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
                assert_eq!(numbers.map(|number| *values.get(number)), [7, 8]);
                numbers
            })
        };
        let mine = [values.intern(8), values.intern(7)];
        assert_eq!(mine.map(|number| *values.get(number)), [8, 7]);
        let theirs = other.join().unwrap();
        assert_eq!([mine[1], mine[0]], theirs);
        assert_eq!(values.len(), 2);
    });
}

#[test]
fn whoever_finds_an_arrival_sees_what_it_stands_for() {
    loom::model(|| {
        let shared = Arc::new((Arena::<u32>::default(), Arrivals::default()));
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.1.put(4, shared.0.push(40)))
        };
        assert!(shared.1.get(4).is_none_or(|after| *shared.0.get(after) == 40));
        other.join().unwrap();
        assert_eq!(shared.1.get(4).map(|after| *shared.0.get(after)), Some(40));
    });
}

#[test]
fn no_arrival_is_lost_when_two_begin_a_stage() {
    loom::model(|| {
        let arrivals = Arc::new(Arrivals::default());
        // One place is left in the first stage.
        (1..4).for_each(|parcel| arrivals.put(parcel, parcel));
        let other = {
            let arrivals = Arc::clone(&arrivals);
            thread::spawn(move || arrivals.put(5, 5))
        };
        arrivals.put(6, 6);
        other.join().unwrap();
        assert!((1..7).all(|parcel| arrivals.get(parcel) == (parcel != 4).then_some(parcel)));
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
        let level = Arc::new(Level::new(&[1..2, 2..3], 2, 10, 20));
        let work = |level: &Level, thread: usize| {
            let mut taken = Vec::new();
            while let Some(block) = level.take(thread) {
                level.count(1, 3, 5);
                taken.extend(block);
            }
            taken
        };
        let other = {
            let level = Arc::clone(&level);
            thread::spawn(move || work(&level, 1))
        };
        let mut taken = work(&level, 0);
        taken.extend(other.join().unwrap());
        taken.sort_unstable();
        assert_eq!(taken, [1, 2]);
        assert_eq!(level.counts(), (16, 30, 0));
    });
}

#[test]
fn a_level_that_was_stopped_says_what_is_left() {
    loom::model(|| {
        let level = Arc::new(Level::new(&[1..2, 2..3], 2, 0, 0).up_to(1));
        let other = {
            let level = Arc::clone(&level);
            thread::spawn(move || {
                if level.take(1).is_some() {
                    level.count(1, 1, 1);
                }
                assert_eq!(level.take(1), None, "one state was enough");
            })
        };
        if level.take(0).is_some() {
            level.count(1, 0, 0);
        }
        other.join().unwrap();
        let (states, transitions, left) = level.counts();
        assert!(left <= 1 && states == transitions);
    });
}
