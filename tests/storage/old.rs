//! A store of an earlier format.

use std::fs;
use std::path::Path;

use quorate::node::storage::{self, Store, StoreError};
use xxhash_rust::xxh3::xxh3_64;

use crate::SELF;
use crate::toy::Log;

const STORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/version-1/node-1.redb");

#[test]
fn a_store_of_an_earlier_format_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node-1.store");
    fs::copy(STORE, &path).unwrap();
    let error = Store::<Log>::open(&path, SELF).unwrap_err();
    assert!(matches!(error, StoreError::Format { found: 2, .. }), "{error}");
    let words =
        format!("{}: the store has format 2, and this program reads format 4 only", path.display());
    assert_eq!(error.to_string(), words);
    assert_eq!(fs::read(&path).unwrap(), fs::read(Path::new(STORE)).unwrap());
}

/// Its header is that of today, but for the number.
#[test]
fn a_store_of_the_format_before_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node-1.store");
    storage::create(&path, SELF).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[8..16].copy_from_slice(&3_u64.to_le_bytes());
    let length = u64::from_le_bytes(bytes[16..24].try_into().unwrap()) as usize;
    let checksum = xxh3_64(&[&bytes[..24], &bytes[32..32 + length]].concat());
    bytes[24..32].copy_from_slice(&checksum.to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    let error = Store::<Log>::open(&path, SELF).unwrap_err();
    assert!(matches!(error, StoreError::Format { found: 3, .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}
