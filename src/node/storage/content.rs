//! What a batch holds: the records that a commit puts and removes.

use quorate_models::durable::{Change, Key};

/// In place of a record's length: the record is removed.
const REMOVED: u32 = u32::MAX;
/// The bytes before a record's value: kind, number, length.
const PREFIX: usize = 13;

/// The longest value of a record in bytes.
pub(super) const VALUE_MAX: usize = REMOVED as usize - 1;

/// One record of a batch, or that it is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    pub(super) key: Key,
    /// `None` if the record is removed.
    pub(super) value: Option<&'a [u8]>,
}

impl<'a> From<&'a Change> for Item<'a> {
    fn from(change: &'a Change) -> Self {
        match change {
            Change::Put { key, value } => Item { key: *key, value: Some(value) },
            Change::Remove { key } => Item { key: *key, value: None },
        }
    }
}

impl Item<'_> {
    /// How many bytes it takes in a batch.
    pub(super) fn bytes(&self) -> u64 {
        PREFIX as u64 + self.value.map_or(0, |value| value.len() as u64)
    }

    /// Puts it at the end of `content`.
    ///
    /// # Panics
    /// If the value is longer than [`VALUE_MAX`].
    pub(super) fn write(&self, content: &mut Vec<u8>) {
        let length = self.value.map_or(REMOVED, |value| {
            assert!(value.len() <= VALUE_MAX, "a record of {} bytes", value.len());
            value.len() as u32
        });
        content.push(self.key.kind);
        content.extend(self.key.number.to_le_bytes());
        content.extend(length.to_le_bytes());
        content.extend(self.value.unwrap_or_default());
    }
}

/// The items of a batch, in their order; `None` if `content` is not made of items.
pub(super) fn items(mut content: &[u8]) -> Option<Vec<Item<'_>>> {
    let mut items = Vec::new();
    while !content.is_empty() {
        let (prefix, rest) = content.split_first_chunk::<PREFIX>()?;
        let (number, length) = (prefix[1..].first_chunk()?, prefix[9..].first_chunk()?);
        let key = Key { kind: prefix[0], number: u64::from_le_bytes(*number) };
        let length = u32::from_le_bytes(*length);
        let (value, rest) = match length {
            REMOVED => (None, rest),
            length => {
                let (value, rest) = rest.split_at_checked(length as usize)?;
                (Some(value), rest)
            }
        };
        items.push(Item { key, value });
        content = rest;
    }
    Some(items)
}
