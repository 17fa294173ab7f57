//! Takes a state apart by the fields of its structs and tuples, as bytes.
//!
//! What is written is the wire format of `postcard`, which reads it back; written here, because the
//! cuts must be known, and as the search does little else.

use std::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{
    self, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// Longer tuples, which arrays are too, stay in one piece.
const LONG: usize = 32;

/// Writes the bytes of `value`, and where in them each of its pieces ends. What may vary in shape is
/// one piece, so all values of a type have as many.
pub(super) fn cut<T: Serialize + ?Sized>(
    value: &T,
    bytes: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> Result<(), Failed> {
    bytes.clear();
    ends.clear();
    value.serialize(&mut Cutter { bytes, ends, depth: 0 })
}

/// Why a value cannot be written.
#[derive(Debug)]
pub(super) struct Failed(String);

impl Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<T: Display>(words: T) -> Self {
        Failed(words.to_string())
    }
}

struct Cutter<'a> {
    bytes: &'a mut Vec<u8>,
    ends: &'a mut Vec<usize>,
    /// In how many parts that may vary in shape it is.
    depth: usize,
}

impl Cutter<'_> {
    /// Seven bits a byte, the low ones first.
    #[inline]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    fn long_varint(&mut self, mut value: u128) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// Near zero is short, of either sign.
    #[inline]
    fn zigzag(&mut self, value: i64) {
        self.varint((value << 1 ^ value >> 63) as u64);
    }

    fn long_zigzag(&mut self, value: i128) {
        self.long_varint((value << 1 ^ value >> 127) as u128);
    }

    #[inline]
    fn cut(&mut self) -> Result<(), Failed> {
        if self.depth == 0 {
            self.ends.push(self.bytes.len());
        }
        Ok(())
    }

    /// Until it is closed, all is one piece.
    #[inline]
    fn open(&mut self, number: Option<usize>) -> Result<&mut Self, Failed> {
        let number = number.ok_or_else(|| Failed("a length that is not known before".to_owned()))?;
        self.varint(number as u64);
        self.depth += 1;
        Ok(self)
    }

    #[inline]
    fn close(&mut self) -> Result<(), Failed> {
        self.depth -= 1;
        self.cut()
    }
}

/// Integers of more than a byte, and how they are written.
macro_rules! integers {
    ($($name:ident($type:ty) as $how:ident;)*) => {
        $(#[inline]
        fn $name(self, value: $type) -> Result<(), Failed> {
            self.$how(value.into());
            self.cut()
        })*
    };
}

impl Serializer for &mut Cutter<'_> {
    type Ok = ();
    type Error = Failed;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fn is_human_readable(&self) -> bool {
        false
    }

    integers! {
        serialize_u16(u16) as varint;
        serialize_u32(u32) as varint;
        serialize_u64(u64) as varint;
        serialize_u128(u128) as long_varint;
        serialize_i16(i16) as zigzag;
        serialize_i32(i32) as zigzag;
        serialize_i64(i64) as zigzag;
        serialize_i128(i128) as long_zigzag;
    }

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<(), Failed> {
        self.bytes.push(value);
        self.cut()
    }

    fn serialize_i8(self, value: i8) -> Result<(), Failed> {
        self.serialize_u8(value as u8)
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Failed> {
        self.serialize_u8(value.into())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Failed> {
        self.bytes.extend(value.to_bits().to_le_bytes());
        self.cut()
    }

    fn serialize_f64(self, value: f64) -> Result<(), Failed> {
        self.bytes.extend(value.to_bits().to_le_bytes());
        self.cut()
    }

    fn serialize_char(self, value: char) -> Result<(), Failed> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Failed> {
        self.serialize_bytes(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Failed> {
        self.varint(value.len() as u64);
        self.bytes.extend_from_slice(value);
        self.cut()
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Failed> {
        self.serialize_u8(0)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failed> {
        let inside = self.open(Some(1))?;
        value.serialize(&mut *inside)?;
        inside.close()
    }

    fn serialize_unit(self) -> Result<(), Failed> {
        self.cut()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Failed> {
        self.cut()
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
    ) -> Result<(), Failed> {
        self.serialize_u32(index)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        let inside = self.open(Some(index as usize))?;
        value.serialize(&mut *inside)?;
        inside.close()
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self, Failed> {
        self.open(len)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self, Failed> {
        self.open(len)
    }

    /// A long one is closed by one cut.
    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self, Failed> {
        self.depth += usize::from(self.depth > 0 || len > LONG);
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Failed> {
        Ok(self)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Failed> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Failed> {
        self.open(Some(index as usize))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Failed> {
        self.open(Some(index as usize))
    }
}

/// What has parts that are written one after the other, and how it ends.
macro_rules! parts {
    ($($trait:ident::$part:ident($($key:ty)?), $end:ident;)*) => {
        $(impl $trait for &mut Cutter<'_> {
            type Ok = ();
            type Error = Failed;

            #[inline]
            fn $part<T: Serialize + ?Sized>(
                &mut self,
                $(_: $key,)?
                value: &T,
            ) -> Result<(), Failed> {
                value.serialize(&mut **self)
            }

            #[inline]
            fn end(self) -> Result<(), Failed> {
                self.$end()
            }
        })*
    };
}

parts! {
    SerializeSeq::serialize_element(), close;
    SerializeTuple::serialize_element(), close_tuple;
    SerializeTupleStruct::serialize_field(), close_struct;
    SerializeTupleVariant::serialize_field(), close;
    SerializeStruct::serialize_field(&'static str), close_struct;
    SerializeStructVariant::serialize_field(&'static str), close;
}

impl SerializeMap for &mut Cutter<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failed> {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Failed> {
        self.close()
    }
}

impl Cutter<'_> {
    /// Its fields were cut one by one.
    #[inline]
    fn close_struct(&mut self) -> Result<(), Failed> {
        Ok(())
    }

    #[inline]
    fn close_tuple(&mut self) -> Result<(), Failed> {
        if self.depth == 0 { Ok(()) } else { self.close() }
    }
}
