//! Writes a copy of the models in which every mutation of a protocol's rules is built in, each
//! behind a switch: to choose one at run time is far cheaper than to build each.

mod arms;
mod instrument;
mod operators;
mod source;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use instrument::{Instrument, Mutant};

/// The files whose functions are mutated. The others say what is checked (the specs, the properties
/// and the facts, the ghost, the filter of obsolete messages) or have nothing to mutate. The codec
/// of the storage (`storage.rs`) runs on the node alone, and the key-value store is also what
/// answers are held against.
const RULES: &[&str] = &[
    "chain/head.rs",
    "chain/hop.rs",
    "chain/master.rs",
    "chain/mod.rs",
    "chain/replica.rs",
    "chain/server.rs",
    "chain/state.rs",
    "client.rs",
    "data.rs",
    "fenced/grantor.rs",
    "fenced/mod.rs",
    "fenced/server.rs",
    "fenced/state.rs",
    "fenced/store.rs",
    "fenced/writer.rs",
    "member.rs",
    "primary_backup/backup.rs",
    "primary_backup/mod.rs",
    "primary_backup/primary.rs",
    "primary_backup/replica.rs",
    "primary_backup/server.rs",
    "primary_backup/service.rs",
    "primary_backup/state.rs",
    "primary_backup/view.rs",
    "quorum.rs",
    "raft/client.rs",
    "raft/commit.rs",
    "raft/compaction.rs",
    "raft/config.rs",
    "raft/contact.rs",
    "raft/election.rs",
    "raft/flow.rs",
    "raft/identity.rs",
    "raft/lease.rs",
    "raft/log.rs",
    "raft/membership.rs",
    "raft/own_disk.rs",
    "raft/mod.rs",
    "raft/pre_vote.rs",
    "raft/follower_read.rs",
    "raft/read.rs",
    "raft/replication.rs",
    "raft/state.rs",
    "raft/server.rs",
    "raft/session.rs",
    "raft/snapshot.rs",
    "raft/stale_read.rs",
    "raft/term.rs",
    "raft/transfer.rs",
    "session.rs",
    "step.rs",
];

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let models = root.join("../../models/src");
    println!("cargo::rerun-if-changed={}", models.display());
    println!("cargo::rerun-if-changed=build");
    let copy = PathBuf::from(env::var("OUT_DIR").expect("set by cargo")).join("models");
    if copy.exists() {
        // A file that was moved away would stand beside the one that took its place.
        fs::remove_dir_all(&copy).expect("a folder to empty");
    }
    let mut mutants = Vec::new();
    for path in files(&models, Path::new("")) {
        let text = fs::read_to_string(models.join(&path)).expect("a source is text");
        let name = path.to_str().expect("a name of text");
        let text = if RULES.contains(&name) {
            Instrument::apply(name, &text, &mut mutants)
        } else {
            // What an included file may not begin with: it stands at the crate root.
            if name == "lib.rs" { source::at_the_root(&text) } else { text }
        };
        let target = copy.join(&path);
        fs::create_dir_all(target.parent().expect("a folder")).expect("a folder to write to");
        fs::write(target, text).expect("a file to write to");
    }
    fs::write(copy.join("mutants.rs"), table(&mutants)).expect("a file to write to");
}

/// All sources below `folder` of `root`, as paths from `root`, in order.
fn files(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root.join(folder)).expect("a folder");
    let mut found = Vec::new();
    for entry in entries.map(|entry| entry.expect("an entry")) {
        let path = folder.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            found.extend(files(root, &path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The mutants as a table in Rust. The first has number 1: 0 is the original.
fn table(mutants: &[Mutant]) -> String {
    let mut text = String::from("pub const MUTANTS: &[Mutant] = &[\n");
    for Mutant { file, line, function, before, after } in mutants {
        writeln!(
            text,
            "    Mutant {{ file: {file:?}, line: {line}, function: {function:?}, \
             before: {before:?}, after: {after:?} }},"
        )
        .expect("writing to a string does not fail");
    }
    text + "];\n"
}
