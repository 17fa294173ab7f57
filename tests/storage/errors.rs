//! What is refused, and in which words.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use quorate::node::storage::{self, Identity, Store, StoreError};
use tempfile::TempDir;

use crate::disk::Disk;
use crate::toy::Log;
use crate::{SELF, nowhere};

/// A folder with a store that holds something.
fn store() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node-2.store");
    storage::create(&path, SELF).unwrap();
    Store::<Log>::open(&path, SELF).unwrap().0.commit(&Log::sample(1, 3)).unwrap();
    (folder, path)
}

fn refusal(path: &Path, identity: Identity) -> StoreError {
    Store::<Log>::open(path, identity).map(|_| ()).unwrap_err()
}

/// Expects the path and `words`, and none that only the makers of the file's format understand.
fn assert_says(error: &StoreError, path: &Path, words: &str) {
    let message = error.to_string();
    let said = message.replace(&path.display().to_string(), "").to_lowercase();
    for foreign in ["magic", "corrupt", "postcard", "head", "stamp", "salt"] {
        assert!(!said.contains(foreign), "{message}");
    }
    assert!(message.starts_with(&format!("{}: ", path.display())), "{message}");
    assert!(message.contains(words), "{message}");
}

#[test]
fn a_missing_store_is_an_error_and_stays_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node-2.store");
    let error = refusal(&path, SELF);
    assert!(matches!(error, StoreError::Missing { .. }));
    assert_says(&error, &path, "there is no store here");
    assert!(!path.exists());
}

#[test]
fn a_store_is_never_created_over_anything() {
    let (folder, path) = store();
    let error = storage::create(&path, SELF).unwrap_err();
    assert!(matches!(error, StoreError::Exists { .. }));
    assert_says(&error, &path, "not overwritten");
    assert_eq!(Store::<Log>::open(&path, SELF).unwrap().1, Some(Log::sample(1, 3)));
    let error = storage::create(folder.path(), SELF).unwrap_err();
    assert!(matches!(error, StoreError::Exists { .. }));
}

#[test]
fn a_file_that_is_gone_or_another_one_takes_no_commits() {
    let put_aside = |path: &Path| fs::rename(path, path.with_extension("aside")).unwrap();
    let replace = |path: &Path| {
        put_aside(path);
        fs::copy(path.with_extension("aside"), path).unwrap();
    };
    let delete = |path: &Path| fs::remove_file(path).unwrap();
    let delete_folder = |path: &Path| fs::remove_dir_all(path.parent().unwrap()).unwrap();
    for lose in [&delete as &dyn Fn(&Path), &delete_folder, &put_aside, &replace] {
        let (_folder, path) = store();
        let (mut store, _) = Store::<Log>::open(&path, SELF).unwrap();
        store.look().unwrap();
        store.commit(&Log::sample(1, 4)).unwrap();
        lose(&path);
        let commit = store.commit(&Log::sample(1, 5)).map(drop);
        for error in [store.look(), commit].map(Result::unwrap_err) {
            assert!(matches!(error, StoreError::Gone { .. }), "{error}");
            assert_says(&error, &path, "deleted or replaced while the node ran");
        }
        // Put back, it holds what was committed, and goes on.
        if path.with_extension("aside").exists() {
            fs::rename(path.with_extension("aside"), &path).unwrap();
            store.look().unwrap();
            store.commit(&Log::sample(1, 6)).unwrap();
            drop(store);
            assert_eq!(Store::<Log>::open(&path, SELF).unwrap().1, Some(Log::sample(1, 6)));
        }
    }
}

#[test]
fn another_node_or_cluster_is_refused() {
    let (_folder, path) = store();
    for other in [Identity { node: 3, ..SELF }, Identity { cluster: 7, ..SELF }] {
        let error = refusal(&path, other.clone());
        assert!(matches!(&error, StoreError::WrongIdentity { found, expected, .. }
            if **found == SELF && **expected == other));
        assert_says(&error, &path, "belongs to node 2 of cluster 123456789abcdef0, not to node");
    }
    assert_eq!(Store::<Log>::open(&path, SELF).unwrap().1, Some(Log::sample(1, 3)));
}

#[test]
fn another_protocol_is_refused() {
    let (_folder, path) = store();
    let error = refusal(&path, Identity { protocol: "game".into(), ..SELF });
    assert!(matches!(error, StoreError::WrongProtocol { .. }));
    assert_says(&error, &path, "the store belongs to the protocol toy, not to game");
    assert_eq!(Store::<Log>::open(&path, SELF).unwrap().1, Some(Log::sample(1, 3)));
}

#[test]
fn other_founders_are_refused() {
    let (_folder, path) = store();
    let error = refusal(&path, Identity { founders: [1, 2].into(), ..SELF });
    assert!(matches!(error, StoreError::WrongFounders { .. }));
    let words = "began with the nodes {}, and by the config it began with {1, 2}; a node that came \
                 later has joins = true there";
    assert_says(&error, &path, words);
    assert_eq!(Store::<Log>::open(&path, SELF).unwrap().1, Some(Log::sample(1, 3)));
}

#[test]
fn other_first_stores_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node-2.store");
    let with =
        |stores: &[(u64, u64)]| Identity { first_stores: stores.iter().copied().collect(), ..SELF };
    storage::create(&path, with(&[(1, 7), (2, 0xab)])).unwrap();
    for other in [&[][..], &[(2, 0xab)], &[(1, 8), (2, 0xab)], &[(1, 0xab), (2, 7)]] {
        let error = refusal(&path, with(other));
        assert!(matches!(error, StoreError::WrongFirstStores { .. }));
        let words = "the stores {1: 0000000000000007, 2: 00000000000000ab}, and by the config";
        assert_says(&error, &path, words);
    }
    assert_eq!(Store::<Log>::open(&path, with(&[(2, 0xab), (1, 7)])).unwrap().1, None);

    let (_folder, path) = store();
    assert_says(&refusal(&path, with(&[(1, 7)])), &path, "the stores {}, and by the config");
}

#[test]
fn a_second_opener_is_refused_and_the_first_goes_on() {
    let (_folder, path) = store();
    let (mut first, _) = Store::<Log>::open(&path, SELF).unwrap();
    let error = refusal(&path, SELF);
    assert!(matches!(error, StoreError::InUse { .. }));
    assert_says(&error, &path, "in use by another process");
    first.commit(&Log::sample(2, 2)).unwrap();
    drop(first);
    assert_eq!(Store::<Log>::open(&path, SELF).unwrap().1, Some(Log::sample(2, 2)));
}

#[test]
fn a_truncated_file_is_damaged_at_every_length() {
    let (_folder, path) = store();
    let whole = fs::read(&path).unwrap();
    let lengths = (0..whole.len()).step_by(1024).chain([1, 8, 9, 63, 319, 320, whole.len() - 1]);
    for length in lengths {
        fs::write(&path, &whole[..length]).unwrap();
        let error = refusal(&path, SELF);
        assert!(matches!(error, StoreError::Damaged { .. }), "{length}: {error}");
        assert_says(&error, &path, "damaged: the file");
        assert_eq!(fs::read(&path).unwrap(), &whole[..length], "a refused file is left alone");
    }
}

#[test]
fn an_empty_file_and_a_file_of_something_else_are_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node-2.store");
    let other = "it does not begin as a store does";
    for (content, words) in [(&b""[..], "it is empty"), (&[b'x'; 9000][..], other)] {
        fs::write(&path, content).unwrap();
        let error = refusal(&path, SELF);
        assert!(matches!(error, StoreError::Damaged { .. }));
        assert_says(&error, &path, words);
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_damaged_batch_is_named() {
    let (_folder, path) = store();
    let mut bytes = fs::read(&path).unwrap();
    let entry = &Log::sample(1, 3).entries[2];
    let places: Vec<_> =
        (0..bytes.len() - entry.len()).filter(|&at| bytes[at..].starts_with(entry)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] ^= 1;
    }
    fs::write(&path, bytes).unwrap();
    let error = refusal(&path, SELF);
    assert_says(&error, &path, "the store is damaged: batch 2: it is not what was written");
}

#[test]
fn a_path_that_cannot_be_written_is_named() {
    let (_folder, path) = store();
    // Permission bits mean nothing to root, who runs some tests; these refuse everyone.
    let below_a_file = path.join("node-1.store");
    for path in [below_a_file.as_path(), Path::new("/proc/node-1.store")] {
        let error = storage::create(path, SELF).unwrap_err();
        assert!(matches!(error, StoreError::Io { action: "create", .. }), "{error}");
        assert_says(&error, path, "cannot create the store");
    }
    let error = refusal(&below_a_file, SELF);
    assert_says(&error, &below_a_file, "cannot open the store");
    let folder = path.parent().unwrap();
    assert_says(&refusal(folder, SELF), folder, "cannot open the store");
}

#[test]
fn half_a_creation_is_refused() {
    let disk = Disk::default();
    storage::create_with(&disk, nowhere(), SELF).unwrap();
    for length in 1..disk.operations().len() {
        let half = Disk::default();
        half.fail_after(length);
        let error = storage::create_with(&half, nowhere(), SELF);
        half.mend();
        let opened = Store::<Log>::open_with(half.clone(), nowhere(), SELF);
        // The last operations only tidy up.
        assert!(opened.is_ok_and(|(_, found)| found.is_none()) || error.is_err(), "{length}");
    }
}

#[test]
fn a_store_takes_nothing_more_once_a_commit_failed() {
    let disk = Disk::default();
    storage::create_with(&disk, nowhere(), SELF).unwrap();
    let open = || Store::<Log>::open_with(disk.clone(), nowhere(), SELF).unwrap();
    open().0.commit(&Log::sample(1, 3)).unwrap();
    for length in 0..8 {
        let (mut store, before) = open();
        disk.fail_after(length);
        let Err(error) = store.commit(&Log::sample(2 + length as u64, 4)) else {
            break;
        };
        assert_says(&error, nowhere(), "write the store: ");
        disk.mend();
        let refused = store.commit(&Log::sample(99, 9)).unwrap_err();
        assert!(matches!(refused, StoreError::Failed { .. }));
        drop(store);
        let after = open().1;
        assert!(after == before || after == Some(Log::sample(2 + length as u64, 4)));
    }
}

#[test]
fn a_lock_held_by_another_opening_of_the_file_is_respected() {
    let (_folder, path) = store();
    let other = OpenOptions::new().read(true).open(&path).unwrap();
    other.lock().unwrap();
    assert!(matches!(refusal(&path, SELF), StoreError::InUse { .. }));
    drop(other);
    assert!(Store::<Log>::open(&path, SELF).is_ok());
}
