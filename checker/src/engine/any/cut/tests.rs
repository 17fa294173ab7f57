//! What is cut is what `postcard` writes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::ser::{SerializeTuple, Serializer};
use serde::{Deserialize, Serialize};

use super::{LONG, Sink, cut};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    None,
    One(u16),
    Two(u8, Option<i32>),
    Named { long: u128, text: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wrapped(Inner);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Inner {
    signed: (i8, i16, i32, i64, i128),
    unsigned: (u8, u16, u32, u64, u128),
    others: (bool, char, f32, f64, String, Unit, ()),
    shapes: Vec<Shape>,
    map: BTreeMap<u8, (u16, [bool; 2])>,
    array: [u16; 3],
}

/// A tuple of more bytes than are cut apart.
struct Long;

impl Serialize for Long {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(LONG + 1)?;
        for _ in 0..=LONG {
            tuple.serialize_element(&1_u8)?;
        }
        tuple.end()
    }
}

#[derive(Default)]
struct All(Vec<Vec<u8>>);

impl Sink for All {
    fn piece(&mut self, piece: &[u8]) {
        self.0.push(piece.to_vec());
    }
}

fn pieces<T: Serialize>(value: &T) -> Vec<Vec<u8>> {
    let mut all = All::default();
    cut(value, &mut Vec::new(), &mut all).expect("nothing odd");
    all.0
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::None),
        any::<u16>().prop_map(Shape::One),
        any::<(u8, Option<i32>)>().prop_map(|(one, two)| Shape::Two(one, two)),
        any::<(u128, String)>().prop_map(|(long, text)| Shape::Named { long, text }),
    ]
}

fn wrapped() -> impl Strategy<Value = Wrapped> {
    let others = any::<(bool, char, f32, f64, String)>();
    let shapes = prop::collection::vec(shape(), 0..4);
    let numbers = (any::<(i8, i16, i32, i64, i128)>(), any::<(u8, u16, u32, u64, u128)>());
    let map = any::<BTreeMap<u8, (u16, [bool; 2])>>();
    (numbers, others, shapes, map, any::<[u16; 3]>()).prop_map(
        |((signed, unsigned), (a, b, c, d, e), shapes, map, array)| {
            let others = (a, b, c, d, e, Unit, ());
            Wrapped(Inner { signed, unsigned, others, shapes, map, array })
        },
    )
}

proptest! {
    #[test]
    fn pieces_are_as_many_for_all_values_and_what_postcard_writes(value in wrapped()) {
        let pieces = pieces(&value);
        prop_assert_eq!(pieces.len(), 5 + 5 + 7 + 1 + 1 + 3);
        let expected = postcard::to_allocvec(&value).expect("nothing odd");
        prop_assert_eq!(pieces.concat(), expected);
    }
}

#[test]
fn what_is_long_or_of_no_fixed_shape_is_one_piece() {
    assert_eq!(pieces(&[1_u8; 32]).len(), 32);
    assert_eq!(pieces(&(true, vec![(1_u8, 2_u8); 3])), [vec![1], vec![3, 1, 2, 1, 2, 1, 2]]);
    assert_eq!(pieces(&Some((1_u8, 2_u8))), [[1, 1, 2]]);
    assert_eq!(pieces(&(Long, 2_u8)), [vec![1; LONG + 1], vec![2]]);
}
