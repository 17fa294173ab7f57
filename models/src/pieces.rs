//! Large values in pieces of one size, as they are stored and sent.

use std::mem;

use bytes::Bytes;
use imbl::Vector;
use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// `value` encoded, in pieces of `size` bytes; only the last may be shorter. It is copied once.
///
/// # Panics
/// If `size` is 0.
pub fn encode(value: &impl Serialize, size: usize) -> Vector<Bytes> {
    assert!(size > 0, "a piece has some bytes");
    let cut = Cut { pieces: Vector::new(), rest: Vec::new(), size };
    postcard::serialize_with_flavor(value, cut).expect("plain data always encodes")
}

/// The value that these pieces are of.
///
/// # Errors
/// If they are not all the pieces of one such value.
pub fn decode<T: DeserializeOwned>(pieces: &Vector<Bytes>) -> postcard::Result<T> {
    let mut bytes = Vec::with_capacity(pieces.iter().map(Bytes::len).sum());
    pieces.iter().for_each(|piece| bytes.extend_from_slice(piece));
    match postcard::take_from_bytes(&bytes)? {
        (value, []) => Ok(value),
        _ => Err(postcard::Error::DeserializeBadEncoding),
    }
}

/// Pieces that are full, and the one that is filled.
struct Cut {
    pieces: Vector<Bytes>,
    rest: Vec<u8>,
    size: usize,
}

impl Flavor for Cut {
    type Output = Vector<Bytes>;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, mut bytes: &[u8]) -> postcard::Result<()> {
        while !bytes.is_empty() {
            let room = self.size - self.rest.len();
            let (fitting, others) = bytes.split_at(room.min(bytes.len()));
            self.rest.extend_from_slice(fitting);
            bytes = others;
            if self.rest.len() == self.size {
                let full = mem::replace(&mut self.rest, Vec::with_capacity(self.size));
                self.pieces.push_back(full.into());
            }
        }
        Ok(())
    }

    fn finalize(mut self) -> postcard::Result<Self::Output> {
        if !self.rest.is_empty() {
            self.pieces.push_back(self.rest.into());
        }
        Ok(self.pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_of_one_size_and_make_the_value_again() {
        let value: Vec<(u32, String)> = (0..9).map(|n| (n, "x".repeat(n as usize))).collect();
        let bytes = postcard::to_stdvec(&value).unwrap();
        for size in 1..=bytes.len() + 1 {
            let pieces = encode(&value, size);
            assert!(pieces.iter().map(|it| &**it).eq(bytes.chunks(size)), "of {size} bytes");
            assert_eq!(decode::<Vec<(u32, String)>>(&pieces).unwrap(), value);
        }
    }

    #[test]
    fn what_is_lacking_or_too_much_is_an_error() {
        let pieces = encode(&(1_u32..100).collect::<Vec<_>>(), 10);
        assert!(decode::<Vec<u32>>(&pieces.clone().slice(..pieces.len() - 1)).is_err());
        let doubled = pieces.clone() + pieces;
        assert!(decode::<Vec<u32>>(&doubled).is_err());
    }
}
