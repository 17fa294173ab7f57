//! The keys as they are stored and sent.
//!
//! Without numbers they are a map from keys to values. With numbers each key is there twice, as in
//! no map: with its value, and with its numbers. Before all others stands the empty key, twice,
//! with the revision. So who does without numbers does not pay for them, in bytes either.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Entry, Keys};
use crate::kv::Text;

type Numbers = (u64, u64, u64);

impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let count = self.entries.len();
        if self.revision == 0 {
            let mut map = serializer.serialize_map(Some(count))?;
            for (key, entry) in &self.entries {
                map.serialize_entry(key, &entry.value)?;
            }
            return map.end();
        }
        let mut map = serializer.serialize_map(Some(2 * (count + 1)))?;
        let none = Text::from("");
        let mut add = |key: &Text, value: &Text, numbers: Numbers| {
            map.serialize_entry(key, value)?;
            map.serialize_entry(key, &text(&numbers))
        };
        add(&none, &none, (self.revision, 0, 0))?;
        for (key, Entry { value, created, modified, version }) in &self.entries {
            add(key, value, (*created, *modified, *version))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(Text, Text)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("keys with values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }
        let pairs = deserializer.deserialize_map(Pairs)?;
        let is_numbered = matches!(&pairs[..], [(one, _), (other, _), ..] if one == other);
        if is_numbered { numbered(&pairs) } else { Ok(plain(pairs)) }
    }
}

fn plain(pairs: Vec<(Text, Text)>) -> Keys {
    let entry = |value| Entry { value, created: 0, modified: 0, version: 0 };
    Keys {
        entries: pairs.into_iter().map(|(key, value)| (key, entry(value))).collect(),
        revision: 0,
    }
}

fn numbered<E: Error>(pairs: &[(Text, Text)]) -> Result<Keys, E> {
    let (twos, []) = pairs.as_chunks::<2>() else {
        return Err(E::custom("a key lacks its numbers"));
    };
    let mut all = Keys::default();
    for (place, [(key, value), (again, numbers)]) in twos.iter().enumerate() {
        if key != again {
            return Err(E::custom("numbers are those of another key"));
        }
        let (created, modified, version): Numbers =
            postcard::from_bytes(numbers).map_err(|error| E::custom(error))?;
        if place == 0 {
            all.revision = created;
        } else {
            let entry = Entry { value: value.clone(), created, modified, version };
            all.entries.insert(key.clone(), entry);
        }
    }
    Ok(all)
}

fn text(numbers: &Numbers) -> Text {
    Text::from(&*postcard::to_allocvec(numbers).expect("numbers are encoded"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_bytes_are_those_of_a_map_until_there_are_numbers() {
        for count in 0..4 {
            // The empty key is one like others.
            let names = ["", "a", "b", "bb"].map(Text::from);
            let map: BTreeMap<_, _> =
                names.into_iter().take(count).map(|it| (it.clone(), it)).collect();
            let bytes = |value: &Keys| postcard::to_allocvec(value).unwrap();
            let mut keys = Keys::default();
            for (key, value) in &map {
                keys.insert(keys.next_revision(), key.clone(), value.clone());
            }
            assert_eq!(bytes(&keys), postcard::to_allocvec(&map).unwrap());
            for _ in 0..3 {
                assert_eq!(postcard::from_bytes::<Keys>(&bytes(&keys)).unwrap(), keys);
                keys.number();
                keys.insert(keys.next_revision(), Text::from("a"), Text::from("x"));
            }
            assert_eq!(keys.revision(), Some(4));
        }
    }

    #[test]
    fn what_no_store_has_written_is_no_store() {
        let refused = |pairs: &[(&str, &str)]| {
            let mut bytes = vec![pairs.len() as u8];
            for text in pairs.iter().flat_map(|(key, value)| [key, value]) {
                bytes.push(text.len() as u8);
                bytes.extend_from_slice(text.as_bytes());
            }
            postcard::from_bytes::<Keys>(&bytes).is_err()
        };
        assert!(refused(&[("", ""), ("", "\x01\0\0"), ("a", "")]));
        assert!(refused(&[("", ""), ("", "\x01\0\0"), ("a", ""), ("b", "\x01\x01\x01")]));
        assert!(refused(&[("", ""), ("", "")]));
        assert!(!refused(&[("", ""), ("", "\x01\0\0"), ("a", ""), ("a", "\x01\x01\x01")]));
    }
}
