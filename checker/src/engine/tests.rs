//! The engine's containers beyond their first growth. What loom's tests include has no tests
//! inside.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::time::Duration;

use super::arena::Arena;
use super::layout::Layout;
use super::table::{Table, Tight};
use super::values::Values;

const MANY: u32 = 10_000;

#[test]
fn an_arena_keeps_a_value_behind_its_number() {
    let arena = Arena::default();
    let numbers: Vec<u32> = (0..MANY).map(|value| arena.push(value * 3)).collect();
    assert_eq!(numbers, (0..MANY).collect::<Vec<u32>>());
    assert!(numbers.iter().all(|number| *arena.get(*number) == number * 3));
    assert_eq!(arena.len(), MANY as usize);
}

#[test]
fn a_table_knows_every_key_that_was_put_into_it_and_no_other() {
    let table = Table::new(Layout::new(&[1, 1]), 4, 1, 3);
    // Two numbers that grow, the one faster than the other.
    let state = |index: u32| [index, index / 7];
    let insert = |index: u32, note: u32| {
        let mut door = table.open();
        for (component, number) in state(index).into_iter().enumerate() {
            if !door.layout().has_room(component, number) {
                drop(door);
                table.widen(Tight { component, number }, &state(index).map(|n| n as usize + 1));
                door = table.open();
            }
        }
        let mut key = Vec::new();
        door.layout().append(&state(index), &mut key);
        let inserted = door.insert(&key, note);
        let is_crowded = door.is_crowded();
        drop(door);
        if is_crowded {
            table.make_room();
        }
        inserted
    };
    let ids: Vec<u32> = (0..MANY).map(|index| insert(index, index * 3).0).collect();
    let door = table.open();
    for (index, id) in (0..).zip(ids) {
        let mut key = Vec::new();
        door.layout().append(&state(index), &mut key);
        assert_eq!((door.insert(&key, 99), door.find(&key)), ((id, false), Some(id)));
        let mut found = vec![0; key.len()];
        door.read(id, &mut found);
        assert_eq!((found, door.note(id)), (key.clone(), index * 3));
        let last = key.len() - 1;
        key[last] ^= 1 << 31;
        assert_eq!(door.find(&key), None);
    }
    drop(door);
    assert_eq!(table.len(), u64::from(MANY));
}

#[test]
fn ids_that_a_door_leaves_are_used_by_the_next() {
    let table = Table::new(Layout::new(&[1 << 10]), 8, 16, 1);
    let insert = |key: u64| table.open().insert(&[key], 0).0;
    let ids: Vec<u32> = (0..40).map(insert).collect();
    assert_eq!(ids, (0..40).collect::<Vec<u32>>());
    let (one, other) = (table.open(), table.open());
    assert_eq!((one.insert(&[50], 0).0, other.insert(&[51], 0).0), (40, 48));
    drop((one, other));
    assert_eq!(table.len(), 42);
}

#[test]
fn equal_values_have_one_number() {
    let values = Values::<String>::default();
    let numbers: Vec<u32> = (0..MANY).map(|value| values.intern(value.to_string())).collect();
    for (value, number) in numbers.into_iter().enumerate() {
        assert_eq!(values.intern(value.to_string()), number);
        assert_eq!(*values.get(number), value.to_string());
    }
    assert_eq!(values.len(), MANY as usize);
}

#[test]
fn a_table_that_is_full_keeps_nobody_waiting() {
    let (done, waiting) = channel();
    std::thread::spawn(move || {
        // For keys of one number; nobody makes room.
        let table = Table::new(Layout::new(&[1000]), 3, 1, 1);
        let insert = |key: u64| catch_unwind(AssertUnwindSafe(|| table.open().insert(&[key], 0)));
        let inserted: Vec<bool> = (1..=10).map(|key| insert(key).is_ok()).collect();
        // With seven keys it has one slot left, which ends the search for a key that is not there.
        assert_eq!(inserted.iter().filter(|is_ok| **is_ok).count(), 6);
        let again: Vec<bool> = (1..=10).map(|key| insert(key).is_ok()).collect();
        assert_eq!(again, inserted, "what is in it is found, and the rest refused again");
        let found = (1..=10).map(|key| table.open().find(&[key]).is_some());
        assert!(found.eq(inserted));
        done.send(()).unwrap();
    });
    waiting.recv_timeout(Duration::from_secs(20)).expect("it neither fails nor waits for ever");
}
