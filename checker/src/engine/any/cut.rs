//! Takes a state apart by the fields of its structs and tuples, as bytes.

use std::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{
    self, Impossible, SerializeStruct, SerializeTuple, SerializeTupleStruct, Serializer,
};

/// Longer tuples, which arrays are too, stay in one piece.
const LONG: usize = 32;

/// Appends the bytes of `value`, and where in them each of its pieces ends. All values of a type
/// have as many pieces: what may vary in shape is one.
pub(super) fn cut<T: Serialize + ?Sized>(
    value: &T,
    bytes: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> Result<(), Failed> {
    let start = bytes.len();
    match value.serialize(Cutter { bytes, ends }) {
        Ok(()) => Ok(()),
        Err(Failed::InOnePiece) => {
            let all = postcard::to_extend(value, std::mem::take(bytes));
            *bytes = all.map_err(|error| Failed::With(error.to_string()))?;
            ends.push(bytes.len());
            Ok(())
        }
        Err(failed) => {
            bytes.truncate(start);
            Err(failed)
        }
    }
}

/// Why nothing was cut.
#[derive(Debug)]
pub(super) enum Failed {
    /// It is no struct and no tuple. Nothing was written.
    InOnePiece,
    With(String),
}

impl Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::InOnePiece => write!(f, "in one piece"),
            Failed::With(words) => write!(f, "{words}"),
        }
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<T: Display>(words: T) -> Self {
        Failed::With(words.to_string())
    }
}

/// Cuts what is a struct or a tuple; anything else is [`Failed::InOnePiece`].
struct Cutter<'a> {
    bytes: &'a mut Vec<u8>,
    ends: &'a mut Vec<usize>,
}

impl Cutter<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        cut(value, self.bytes, self.ends)
    }
}

/// What is one piece, with its arguments.
macro_rules! in_one_piece {
    ($($name:ident($($argument:ty),*);)*) => {
        $(fn $name(self, $(_: $argument),*) -> Result<(), Failed> {
            Err(Failed::InOnePiece)
        })*
    };
}

impl Serializer for Cutter<'_> {
    type Ok = ();
    type Error = Failed;
    type SerializeSeq = Impossible<(), Failed>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Impossible<(), Failed>;
    type SerializeMap = Impossible<(), Failed>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), Failed>;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        value.serialize(self)
    }

    fn serialize_tuple(self, len: usize) -> Result<Self, Failed> {
        if len > LONG { Err(Failed::InOnePiece) } else { Ok(self) }
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Failed> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Failed> {
        Ok(self)
    }

    in_one_piece! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Failed> {
        Err(Failed::InOnePiece)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Failed> {
        Err(Failed::InOnePiece)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Failed> {
        Err(Failed::InOnePiece)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Failed> {
        Err(Failed::InOnePiece)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Failed> {
        Err(Failed::InOnePiece)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Failed> {
        Err(Failed::InOnePiece)
    }
}

impl SerializeTuple for Cutter<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.field(value)
    }

    fn end(self) -> Result<(), Failed> {
        Ok(())
    }
}

impl SerializeTupleStruct for Cutter<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.field(value)
    }

    fn end(self) -> Result<(), Failed> {
        Ok(())
    }
}

impl SerializeStruct for Cutter<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        self.field(value)
    }

    fn end(self) -> Result<(), Failed> {
        Ok(())
    }
}
