//! The style of the tree, as a test. A limit is met or, file by file and with a reason, excused; an
//! excuse that is no longer needed is struck out.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::Path;

use quorate_models::gossip::{membership, store};
use quorate_models::primary_backup::{self, naive};
use quorate_models::quorum_store::{abd, dynamo, ownership};
use quorate_models::{
    chain, fenced, hearsay, moss, multi_paxos, parabolic, raft, viewstamped, zab,
};

const LINES: usize = 400;
const COLUMNS: usize = 100;
const FUNCTION_LINES: usize = 60;

/// Halves, so that this file does not break its own rule.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("dbg", "!("),
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
];

/// A protocol is a function of its inputs, and its iteration order is the same in every run.
const NOT_IN_MODELS: &[&str] =
    &["HashMap", "HashSet", "Hash for", "std::net", "std::fs", "Instant", "SystemTime", "thread::"];

/// Where sources are.
const SOURCES: &[&str] = &[
    "src",
    "benches",
    "examples",
    "tests",
    "models/src",
    "models/tests",
    "checker/src",
    "checker/tests",
    "checker/benches",
];

/// What is excused: the limit, why, and in which files.
const EXCUSED: &[(&str, &str, &[&str])] = &[
    ("names raft", "an example of a name or of a printed message", &["checker/src/trace/tests.rs"]),
    (
        "knows elections",
        "an example of a name or of a printed message",
        &["checker/src/trace/tests.rs"],
    ),
];

/// All sources, as path from the root and text.
fn sources() -> Vec<(String, String)> {
    fn collect(root: &Path, directory: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.ends_with("target") {
                // What a package of its own builds.
            } else if path.is_dir() {
                collect(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).expect("below the root");
                let text = fs::read_to_string(&path).expect("text");
                found.push((name.to_str().expect("a name of text").to_owned(), text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for directory in SOURCES {
        collect(root, &root.join(directory), &mut found);
    }
    assert!(found.len() > 80, "the sources are where they were");
    found.sort();
    found
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// True if a function begins in `line`.
fn begins_function(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let mut qualifiers = words.by_ref().take_while(|word| *word != "fn");
    let all = qualifiers.all(|word| word.starts_with("pub") || ["const", "async"].contains(&word));
    all && line.contains("fn ")
}

/// The lines of the function that begins at the first of `lines`: up to the brace that closes it,
/// at its own indent, or to the semicolon of a declaration.
fn function_length(lines: &[&str]) -> usize {
    let own = indent(lines[0]);
    let mut open = false;
    let end = lines.iter().position(|line| {
        let at_own = indent(line) == own;
        open |= at_own && line.ends_with('{');
        let declared = !open && line.ends_with([';', '}']);
        declared || at_own && line.trim_start().starts_with('}') && !line.ends_with('{')
    });
    end.expect("functions end") + 1
}

/// What in `text` breaks which limit: the limit and the place.
fn findings(path: &str, text: &str) -> Vec<(&'static str, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    if !text.starts_with("//!") {
        found.push(("no //! line", path.to_owned()));
    }
    if lines.len() > LINES {
        found.push(("lines", format!("{path}: {}", lines.len())));
    }
    for (at, line) in lines.iter().enumerate() {
        let mut find = |limit| found.push((limit, format!("{path}:{}: {}", at + 1, line.trim())));
        let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
        if line.chars().count() > COLUMNS {
            find("columns");
        }
        if has(UNFINISHED) {
            find("unfinished");
        }
        if path.starts_with("models/src") && has(NOT_IN_MODELS) {
            find("not in models");
        }
        if path.starts_with("checker/src") && line.to_lowercase().contains("raft") {
            find("names raft");
        }
        let is_code = !line.trim_start().starts_with("//");
        if path.starts_with("checker/src") && is_code && line.to_lowercase().contains("election") {
            find("knows elections");
        }
        if begins_function(line) && function_length(&lines[at..]) > FUNCTION_LINES {
            find("function");
        }
    }
    found
}

#[test]
fn every_source_keeps_the_limits() {
    let mut needless: BTreeSet<(&str, &str)> = EXCUSED
        .iter()
        .flat_map(|(limit, _, paths)| paths.iter().map(|path| (*limit, *path)))
        .collect();
    let excuses = needless.clone();
    let (sources, mut broken) = (sources(), Vec::new());
    for (path, text) in &sources {
        for (limit, place) in findings(path, text) {
            needless.remove(&(limit, path));
            if !excuses.contains(&(limit, path)) {
                broken.push(format!("{limit}: {place}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(needless.is_empty(), "strike out of EXCUSED, they keep the limit: {needless:?}");
}

/// The folders of the protocols, and the rules of each.
fn rules() -> [(&'static str, Vec<String>); 16] {
    fn names<Rule: Debug>(rules: &[Rule]) -> Vec<String> {
        rules.iter().map(|rule| format!("{rule:?}")).collect()
    }
    [
        ("models/src/raft/", names(raft::rules::Rule::ALL)),
        ("models/src/chain/", names(chain::rules::Rule::ALL)),
        ("models/src/fenced/", names(fenced::rules::Rule::ALL)),
        ("models/src/primary_backup/", names(primary_backup::rules::Rule::ALL)),
        ("models/src/viewstamped/", names(viewstamped::rules::Rule::ALL)),
        ("models/src/multi_paxos/", names(multi_paxos::rules::Rule::ALL)),
        ("models/src/zab/", names(zab::rules::Rule::ALL)),
        ("models/src/quorum_store/abd/", names(abd::rules::Rule::ALL)),
        ("models/src/quorum_store/dynamo/", names(dynamo::rules::Rule::ALL)),
        ("models/src/quorum_store/ownership/", names(ownership::rules::Rule::ALL)),
        ("models/src/gossip/membership/", names(membership::rules::Rule::ALL)),
        ("models/src/gossip/store/", names(store::rules::Rule::ALL)),
        ("models/src/hearsay/", names(hearsay::rules::Rule::ALL)),
        ("models/src/parabolic/", names(parabolic::rules::Rule::ALL)),
        ("models/src/moss/", names(moss::rules::Rule::ALL)),
        ("models/src/primary_backup/naive/", names(naive::rules::Rule::ALL)),
    ]
}

#[test]
fn every_rule_is_asked_for_where_the_protocol_acts() {
    let sources = sources();
    for (folder, rules) in rules() {
        let protocol: String = sources
            .iter()
            .filter(|(path, _)| path.starts_with(folder) && !path.ends_with("/rules.rs"))
            .flat_map(|(_, text)| text.split_whitespace())
            .collect();
        for rule in rules {
            let uses = [format!("keeps(Rule::{rule})"), format!("require(Rule::{rule},")];
            let used = uses.iter().any(|usage| protocol.contains(usage));
            assert!(used, "nothing in {folder} asks for {rule}");
        }
    }
}

/// "CommitAtBackup" as the name of a test: "commit_at_backup".
fn name_of_test(rule: &str) -> String {
    let letters = rule.char_indices().flat_map(|(at, letter)| {
        let gap = (at > 0 && letter.is_uppercase()).then_some('_');
        gap.into_iter().chain(letter.to_lowercase())
    });
    letters.collect()
}

/// CONTRIBUTING.md leads from a rule to the test of its name. The rules of the naive designs are
/// proven under the names of the designs.
#[test]
fn every_rule_is_suspended_by_a_test_of_its_name() {
    let sources = sources();
    for (folder, rules) in rules().into_iter().filter(|(folder, _)| !folder.contains("naive")) {
        let folder = folder.replace("models/src/", "tests/");
        let lines: Vec<&str> = sources
            .iter()
            .filter(|(path, _)| path.starts_with(&folder))
            .flat_map(|(_, text)| text.lines().map(str::trim))
            .collect();
        for rule in rules {
            let name = name_of_test(&rule);
            let begins = [format!("{name}: {rule} "), format!("fn {name}()")];
            let found = lines.iter().any(|line| begins.iter().any(|it| line.starts_with(it)));
            assert!(found, "no test in {folder} is called {name}");
        }
    }
}

#[test]
fn a_breach_of_each_limit_is_found() {
    let function = format!("fn long() {{\n{}}}\n", "    act();\n".repeat(FUNCTION_LINES - 1));
    let word = UNFINISHED[0];
    let model = "models/src/x.rs";
    for (path, text, limit) in [
        ("src/x.rs", "use a;\n".to_owned(), "no //! line"),
        ("src/x.rs", format!("//! A.\n{}", "\n".repeat(LINES)), "lines"),
        ("src/x.rs", format!("//! {}\n", "é".repeat(COLUMNS - 3)), "columns"),
        ("src/x.rs", format!("//! A.\n// {word}: all\n"), "unfinished"),
        (model, "//! A.\nuse std::net;\n".to_owned(), "not in models"),
        ("checker/src/x.rs", "//! A Raft.\n".to_owned(), "names raft"),
        ("src/x.rs", format!("//! A.\n{function}"), "function"),
    ] {
        let found: Vec<_> = findings(path, &text).into_iter().map(|(limit, _)| limit).collect();
        assert_eq!(found, [limit]);
    }
    let bodiless = "//! A.\ntrait A {\n    fn a(\n        b: B,\n    ) -> C;\n\n    fn b() {}\n}\n";
    assert_eq!(findings("src/x.rs", bodiless), []);
}
