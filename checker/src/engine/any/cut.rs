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

/// Whoever is shown the pieces of a value, one after the other.
pub(super) trait Sink {
    fn piece(&mut self, piece: &[u8]);
}

/// Shows the pieces of `value`; `bytes` is room to write in. What may vary in shape is one piece:
/// all values of a type have as many.
pub(super) fn cut<T: Serialize + ?Sized>(
    value: &T,
    bytes: &mut Vec<u8>,
    sink: &mut impl Sink,
) -> Result<(), Failed> {
    bytes.clear();
    value.serialize(&mut Cutter { bytes, sink, depth: 0 })
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

struct Cutter<'a, K> {
    /// What was written of a piece that is not complete.
    bytes: &'a mut Vec<u8>,
    sink: &'a mut K,
    /// In how many parts that may vary in shape it is.
    depth: usize,
}

impl<K: Sink> Cutter<'_, K> {
    /// Seven bits a byte, the low ones first.
    #[inline]
    fn varint(&mut self, value: u64) {
        match value {
            0..0x80 => self.bytes.push(value as u8),
            _ => self.long_varint(value.into()),
        }
    }

    fn long_varint(&mut self, mut value: u128) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// An integer. One that is a piece, and a short one, is not written down first.
    #[inline]
    fn integer(&mut self, value: u64) -> Result<(), Failed> {
        match value {
            0..0x80 if self.depth == 0 => self.sink.piece(&[value as u8]),
            0x80..0x4000 if self.depth == 0 => {
                self.sink.piece(&[value as u8 | 0x80, (value >> 7) as u8]);
            }
            _ => {
                self.varint(value);
                self.cut();
            }
        }
        Ok(())
    }

    /// Near zero is short, of either sign.
    fn signed(&mut self, value: i64) -> Result<(), Failed> {
        self.integer((value << 1 ^ value >> 63) as u64)
    }

    /// Ends a piece, if it is not part of a larger one.
    #[inline]
    fn cut(&mut self) {
        if self.depth == 0 {
            self.sink.piece(self.bytes);
            self.bytes.clear();
        }
    }

    /// Until it is closed, all is one piece.
    #[inline]
    fn open(&mut self, number: Option<usize>) -> Result<&mut Self, Failed> {
        let number =
            number.ok_or_else(|| Failed("a length that is not known before".to_owned()))?;
        self.varint(number as u64);
        self.depth += 1;
        Ok(self)
    }

    #[inline]
    fn close(&mut self) -> Result<(), Failed> {
        self.depth -= 1;
        self.cut();
        Ok(())
    }
}

/// Integers of more than a byte, and how they are written.
macro_rules! integers {
    ($($name:ident($type:ty) as $how:ident;)*) => {
        $(#[inline]
        fn $name(self, value: $type) -> Result<(), Failed> {
            self.$how(value.into())
        })*
    };
}

impl<K: Sink> Serializer for &mut Cutter<'_, K> {
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
        serialize_u16(u16) as integer;
        serialize_u32(u32) as integer;
        serialize_u64(u64) as integer;
        serialize_i16(i16) as signed;
        serialize_i32(i32) as signed;
        serialize_i64(i64) as signed;
    }

    fn serialize_u128(self, value: u128) -> Result<(), Failed> {
        self.long_varint(value);
        self.cut();
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), Failed> {
        self.serialize_u128((value << 1 ^ value >> 127) as u128)
    }

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<(), Failed> {
        match self.depth {
            0 => self.sink.piece(&[value]),
            _ => self.bytes.push(value),
        }
        Ok(())
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
        self.cut();
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Failed> {
        self.bytes.extend(value.to_bits().to_le_bytes());
        self.cut();
        Ok(())
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
        self.cut();
        Ok(())
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
        self.cut();
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Failed> {
        self.cut();
        Ok(())
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
        $(impl<K: Sink> $trait for &mut Cutter<'_, K> {
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

impl<K: Sink> SerializeMap for &mut Cutter<'_, K> {
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

impl<K: Sink> Cutter<'_, K> {
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

#[cfg(test)]
mod tests;
