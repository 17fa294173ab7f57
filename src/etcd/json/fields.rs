//! What fields hold: bytes, numbers of 64 bits, names.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quorate_models::kv::Text;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use crate::etcd::problem::Problem;

/// Bytes, in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Text);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Base64;
        impl Visitor<'_> for Base64 {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes in base64")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
                let bytes = STANDARD
                    .decode(text)
                    .map_err(|error| E::custom(format_args!("illegal base64: {error}")))?;
                Ok(Bytes(Text::from(&*bytes)))
            }
        }
        deserializer.deserialize_str(Base64)
    }
}

/// A number of 64 bits with a sign, which is written as a string or as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int(pub i64);

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Int;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of 64 bits with a sign, or one as a string")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Int, E> {
                Ok(Int(number))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Int, E> {
                let wrong = |_| E::invalid_value(Unexpected::Unsigned(number), &self);
                i64::try_from(number).map(Int).map_err(wrong)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Int, E> {
                let wrong = |_| E::invalid_value(Unexpected::Str(text), &self);
                text.parse().map(Int).map_err(wrong)
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// One of a few things, by its name or its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// Its name.
    Word(String),
    /// Its number.
    Number(u64),
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Name;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name or its number")
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Name, E> {
                Ok(Name::Number(number))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Name, E> {
                Ok(Name::Word(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What `given` names of `known`, whose numbers are their places; the first if it is left out.
///
/// # Errors
/// If it names nothing there.
pub fn choose<T: Copy>(
    given: Option<Name>,
    field: &str,
    known: &[(&str, T)],
) -> Result<T, Problem> {
    let found = match &given {
        None => known.first(),
        Some(Name::Word(word)) => known.iter().find(|(name, _)| name == word),
        Some(Name::Number(number)) => {
            usize::try_from(*number).ok().and_then(|place| known.get(place))
        }
    };
    found.map(|(_, value)| *value).ok_or_else(|| {
        let given = match given {
            Some(Name::Word(word)) => format!("{word:?}"),
            Some(Name::Number(number)) => number.to_string(),
            None => String::new(),
        };
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        Problem::invalid(format!("{field}: {given} is none of {}", names.join(", ")))
    })
}
