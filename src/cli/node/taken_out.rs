//! A node that is taken out stays out: a note beside its store says so to whoever starts it again.
//!
//! The note is not in the store, for the store may be replaced once more, or made anew.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::exit::{Code, Failure};

/// Where the note on `store` is: "node-3.store.taken-out".
fn path(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(".taken-out");
    path.into()
}

/// Writes down that the node of `store` takes no further part, and why. The note is on the disk
/// when this returns.
///
/// # Errors
/// If it cannot be written.
pub fn note(store: &Path, why: &str) -> Result<(), Failure> {
    let path = path(store);
    let write = || {
        let mut file = File::create(&path)?;
        writeln!(file, "{why}")?;
        file.sync_all()?;
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    };
    let failed = |error: io::Error| {
        Failure::new(Code::Io, format!("{why}; {}: cannot write: {error}", path.display()))
    };
    write().map_err(failed)
}

/// Refuses a node that was taken out.
///
/// # Errors
/// If there is a note on `store`, or it cannot be read.
pub fn refuse(store: &Path) -> Result<(), Failure> {
    let path = path(store);
    match std::fs::read_to_string(&path) {
        Ok(why) => Err(Failure::new(
            Code::NodeFailed,
            format!(
                "{}: this node was taken out: {}; delete this note and the store before that",
                path.display(),
                why.trim()
            ),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => {
            Err(Failure::new(Code::Io, format!("{}: cannot read: {error}", path.display())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{note, refuse};

    #[test]
    fn a_note_keeps_a_node_out() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = directory.path().join("node-3.store");
        refuse(&store).expect("there is no note");
        note(&store, "it lacks what it acknowledged").expect("written");
        let refused = refuse(&store).expect_err("there is one");
        assert!(refused.message.contains("node-3.store.taken-out: this node was taken out: it"));
        note(&directory.path().join("none/store"), "why").expect_err("there is no such directory");
    }
}
