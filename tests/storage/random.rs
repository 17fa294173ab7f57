//! Any sequence of commits and restarts, against the state itself.

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use quorate::node::storage::{self, Store};

use crate::SELF;
use crate::toy::Log;

#[derive(Clone, Debug)]
enum Act {
    Append(Vec<Vec<u8>>),
    Truncate(usize),
    Overwrite(usize, Vec<u8>),
    Term(u64),
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let entry = || prop_oneof![9 => vec(any::<u8>(), 0..40), 1 => vec(any::<u8>(), 9_000..9_001)];
    prop_oneof![
        4 => vec(entry(), 1..6).prop_map(Act::Append),
        1 => (0usize..8).prop_map(Act::Truncate),
        2 => (0usize..8, entry()).prop_map(|(at, entry)| Act::Overwrite(at, entry)),
        1 => any::<u64>().prop_map(Act::Term),
        1 => Just(Act::Restart),
    ]
}

fn perform(act: Act, log: &mut Log) {
    match act {
        Act::Append(entries) => log.entries.extend(entries),
        Act::Truncate(length) => log.entries.truncate(length),
        Act::Overwrite(at, entry) => {
            if let Some(old) = log.entries.get_mut(at) {
                *old = entry;
            }
        }
        Act::Term(term) => log.term = term,
        Act::Restart => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_restart_finds_exactly_what_was_last_committed(acts in vec(act(), 0..80)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node-2.store");
        storage::create(&path, SELF).unwrap();
        let (mut log, mut committed) = (Log::default(), None);
        let (mut store, found) = Store::<Log>::open(&path, SELF).unwrap();
        prop_assert_eq!(found, None);
        for act in acts {
            if let Act::Restart = act {
                drop(store);
                let (reopened, found) = Store::<Log>::open(&path, SELF).unwrap();
                prop_assert_eq!(&found, &committed);
                store = reopened;
            } else {
                perform(act, &mut log);
                store.commit(&log).unwrap();
                committed = Some(log.clone());
            }
        }
        // A process that is killed does not close its store: a copy of the file stands for that.
        let copy = folder.path().join("copy.store");
        fs::copy(&path, &copy).unwrap();
        prop_assert_eq!(&Store::<Log>::open(&copy, SELF).unwrap().1, &committed);
        drop(store);
        prop_assert_eq!(&Store::<Log>::open(&path, SELF).unwrap().1, &committed);
    }
}
