//! Writes a copy of the models in which mutations of the protocols' rules are built in, each behind
//! a switch: to choose one at run time is far cheaper than to build each. [`choice`] says which.

mod arms;
mod choice;
mod harmless;
mod instrument;
mod operators;
mod source;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use harmless::Harmless;
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
    "multi_paxos/acceptor.rs",
    "multi_paxos/ballot.rs",
    "multi_paxos/compaction.rs",
    "multi_paxos/config.rs",
    "multi_paxos/leader.rs",
    "multi_paxos/learn.rs",
    "multi_paxos/lease.rs",
    "multi_paxos/log.rs",
    "multi_paxos/membership.rs",
    "multi_paxos/mod.rs",
    "multi_paxos/open.rs",
    "multi_paxos/scout.rs",
    "multi_paxos/server.rs",
    "multi_paxos/snapshot.rs",
    "multi_paxos/state.rs",
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
    "raft/follower_read.rs",
    "raft/identity.rs",
    "raft/lease.rs",
    "raft/log.rs",
    "raft/membership.rs",
    "raft/mod.rs",
    "raft/own_disk.rs",
    "raft/pre_vote.rs",
    "raft/read.rs",
    "raft/replication.rs",
    "raft/server.rs",
    "raft/session.rs",
    "raft/snapshot.rs",
    "raft/stale_read.rs",
    "raft/state.rs",
    "raft/term.rs",
    "raft/transfer.rs",
    "session.rs",
    "step.rs",
    "window.rs",
];

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let models = root.join("../../models/src");
    println!("cargo::rerun-if-changed={}", models.display());
    println!("cargo::rerun-if-changed=build");
    let sources = sources(&models);
    let (mutants, _) = instrumented(&sources, &BTreeSet::new());
    let (keys, harmless) = (harmless::keys(&mutants), Harmless::read());
    let wanted = choice::wanted(&keys, &harmless);
    let copy = PathBuf::from(env::var("OUT_DIR").expect("set by cargo")).join("models");
    if copy.exists() {
        // A file that was moved away would stand beside the one that took its place.
        fs::remove_dir_all(&copy).expect("a folder to empty");
    }
    for (name, text) in instrumented(&sources, &wanted).1 {
        let target = copy.join(name);
        fs::create_dir_all(target.parent().expect("a folder")).expect("a folder to write to");
        fs::write(target, text).expect("a file to write to");
    }
    let table = table(&mutants, &keys, &harmless, &wanted);
    fs::write(copy.join("mutants.rs"), table).expect("a file to write to");
}

/// The name and the text of each source below `models`.
fn sources(models: &Path) -> Vec<(String, String)> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(models.join(&path)).expect("a source is text");
        (path.to_str().expect("a name of text").to_owned(), text)
    };
    files(models, Path::new("")).into_iter().map(read).collect()
}

/// All mutants of `sources`, and the sources with the `wanted` ones built in.
fn instrumented<'a>(
    sources: &'a [(String, String)],
    wanted: &BTreeSet<u32>,
) -> (Vec<Mutant>, Vec<(&'a str, String)>) {
    let mut mutants = Vec::new();
    let mut apply = |(name, text): &'a (String, String)| {
        let text = match name.as_str() {
            name if RULES.contains(&name) => Instrument::apply(name, text, &mut mutants, wanted),
            // What an included file may not begin with: it stands at the crate root.
            "lib.rs" => source::at_the_root(text),
            _ => text.clone(),
        };
        (name.as_str(), text)
    };
    let sources = sources.iter().map(&mut apply).collect();
    (mutants, sources)
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
fn table(
    mutants: &[Mutant],
    keys: &[String],
    harmless: &Harmless,
    wanted: &BTreeSet<u32>,
) -> String {
    let mut text = String::from("pub const MUTANTS: &[Mutant] = &[\n");
    for ((number, Mutant { file, line, .. }), key) in (1..).zip(mutants).zip(keys) {
        let (is_harmless, is_built) = (harmless.has(key), wanted.contains(&number));
        writeln!(
            text,
            "    Mutant {{ file: {file:?}, line: {line}, key: {key:?}, \
             is_harmless: {is_harmless}, is_built: {is_built} }},"
        )
        .expect("writing to a string does not fail");
    }
    let unknown = harmless.unknown(keys);
    text + &format!("];\npub const UNKNOWN: &[&str] = &{unknown:?};\n")
}
