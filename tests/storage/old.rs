//! A store of an earlier format.

use std::fs;
use std::path::Path;

use quorate::node::storage::{Store, StoreError};

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
