//! The engine's containers beyond their first growth. What loom's tests include has no tests
//! inside.

use super::arena::Arena;
use super::table::Table;
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
    let table = Table::with_notes(4);
    let keys: Vec<u64> = (0..u64::from(MANY)).map(|key| (key << 32) | (key % 7)).collect();
    let insert = |key: u64, note: u32| {
        let door = table.open();
        let inserted = door.insert(key, note);
        let is_crowded = door.is_crowded();
        drop(door);
        if is_crowded {
            table.make_room();
        }
        inserted
    };
    let ids: Vec<u32> = keys.iter().map(|key| insert(*key, (key >> 32) as u32).0).collect();
    for (key, id) in keys.iter().zip(ids) {
        assert!(table.open().contains(*key) && !table.open().contains(key + 7));
        assert_eq!(insert(*key, 99), (id, false));
        assert_eq!((table.key(id), table.note(id)), (*key, (key >> 32) as u32));
    }
    assert_eq!(table.len(), MANY as usize);
}

#[test]
fn equal_values_have_one_number() {
    let values = Values::<String>::default();
    let numbers: Vec<u32> = (0..MANY).map(|value| values.intern(value.to_string())).collect();
    for (value, number) in numbers.into_iter().enumerate() {
        assert_eq!(values.intern(value.to_string()), number);
        assert_eq!(**values.get(number), value.to_string());
    }
    assert_eq!(values.len(), MANY as usize);
}
