//! A store of before stores named their protocol: written by the code of that time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use quorate::node::storage::{Identity, Store, StoreError};
use quorate_models::kv::Kv;
use quorate_models::number::{Index, Term};
use quorate_models::raft::log::Payload;
use quorate_models::raft::state::Storage;

const STORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/version-1/node-1.redb");

fn identity(protocol: &'static str) -> Identity {
    Identity {
        cluster: 0xd0a8_5e6f_7c06_d73b,
        node: 1,
        protocol: protocol.into(),
        founders: BTreeSet::new(),
        first_stores: BTreeMap::new(),
    }
}

fn open(path: &Path, protocol: &'static str) -> Result<Store<Storage<Kv>>, StoreError> {
    let (store, found) = Store::<Storage<Kv>>::open(path, identity(protocol))?;
    let found = found.expect("something was saved");
    assert_eq!((found.term, found.log.last_index()), (Term(1), Index(5)));
    let commands = found.log.behind(Index::ZERO).filter_map(|(_, entry)| match &entry.payload {
        Payload::Command(request) => Some(format!("{:?}", request.command)),
        Payload::NoOp | Payload::Config(_) => None,
    });
    let expected = ["put key1=value1", "put key2=value2", "put key3=value3", "get key2"];
    assert_eq!(commands.collect::<Vec<_>>(), expected);
    Ok(store)
}

#[test]
fn a_store_that_names_no_protocol_opens_as_the_first_and_as_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node-1.redb");
    fs::copy(STORE, &path).unwrap();
    let error = open(&path, "game").unwrap_err();
    assert!(matches!(error, StoreError::WrongProtocol { .. }), "{error}");
    let words = format!("{}: the store belongs to the protocol raft, not to game", path.display());
    assert_eq!(error.to_string(), words);
    let mut store = open(&path, "raft").unwrap();
    let later = Storage { term: Term(7), ..Storage::default() };
    store.commit(&later).unwrap();
    drop(store);
    let (_, found) = Store::<Storage<Kv>>::open(&path, identity("raft")).unwrap();
    assert_eq!(found, Some(later));
}
