//! Keys and values.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A key or a value: bytes, of text as a rule, that are cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<[u8]>);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(text.as_bytes().into())
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Text(bytes.into())
    }
}

impl std::ops::Deref for Text {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Text, E> {
                Ok(Text::from(bytes))
            }
            /// JSON, for one, has no bytes, and tells them one by one.
            fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Text, A::Error> {
                let mut all: Vec<u8> = Vec::new();
                while let Some(byte) = bytes.next_element()? {
                    all.push(byte);
                }
                Ok(Text::from(&*all))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Text as it is; what is no text, and what a terminal would not show but obey, as its code.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.utf8_chunks() {
            for letter in chunk.valid().chars() {
                if letter.is_control() {
                    write!(f, "{}", letter.escape_default())?;
                } else {
                    write!(f, "{letter}")?;
                }
            }
            write!(f, "{}", chunk.invalid().escape_ascii())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_kept_as_they_are_and_shown_harmlessly() {
        for (bytes, shown) in [
            (&b"plain"[..], "plain"),
            ("grün = \"x\"".as_bytes(), "grün = \"x\""),
            (b"a\x1b[2Jb\n", "a\\u{1b}[2Jb\\n"),
            (b"\xff\x00\xc3", "\\xff\\u{0}\\xc3"),
            (b"", ""),
        ] {
            let text = Text::from(bytes);
            assert_eq!(format!("{text:?}"), shown);
            let sent = postcard::to_allocvec(&text).unwrap();
            assert_eq!(postcard::from_bytes::<Text>(&sent).unwrap(), text);
        }
        // As a string of the same bytes is sent and stored.
        assert_eq!(
            postcard::to_allocvec(&Text::from("grün")).unwrap(),
            postcard::to_allocvec("grün").unwrap()
        );
    }
}
