//! Checks by symmetry.

use quorate_models::kv::put;
use quorate_models::raft::specs::RaftSpec;

use super::*;

/// Three servers, two of which stand; with two clients of one script if it `has_clients`.
fn alike(has_clients: bool) -> RaftSpec {
    let script: &[_] = &[put("x", "1")];
    let scripts = if has_clients { &[script, script][..] } else { &[] };
    let bounds = Bounds { servers: 3, scripts, elections: 1, ..Bounds::default() };
    raft("raft/alike", AllBut(Vec::new()), bounds, &[])
}

fn number(json: &Value, name: &str) -> u64 {
    json[0][name].as_u64().unwrap()
}

#[test]
fn what_symmetry_leaves_is_compared_with_the_whole_space_that_is_on_record() {
    let directory = TempDir::new().unwrap();
    let by_symmetry =
        |spec: Box<dyn AnySpec>| outcome_of(spec, &directory, |args| args.symmetry = true);
    for has_clients in [false, true] {
        let whole = outcome(alike(has_clients).boxed(), &directory).json;
        assert!(whole[0].get("whole").is_none());
        let (states, transitions) = (number(&whole, "states"), number(&whole, "transitions"));

        let of = |states| by_symmetry(alike(has_clients).counts(states, transitions).boxed());
        let reduced = of(states);
        assert_eq!(reduced.code, Code::Success, "{}", reduced.text);
        assert!(number(&reduced.json, "states") < states);
        let with_renamings = number(&reduced.json, "whole");
        assert_eq!(with_renamings == states, !has_clients, "a client knows who is first");
        let others = if has_clients { ", and C1 and C2" } else { "" };
        let words = format!(
            "\n  raft/alike  S1, S2 and S3{others} change places, {} with all those\n",
            grouped(with_renamings)
        );
        assert!(reduced.text.contains(&words), "{}", reduced.text);
        for (wrong, code) in [(with_renamings + 1, Code::No), (1, Code::No)] {
            assert_eq!(of(wrong).code, code, "{wrong} cannot be the whole space");
        }
    }
}

#[test]
fn a_space_that_is_only_searched_by_symmetry_has_its_own_counts_on_record() {
    let directory = TempDir::new().unwrap();
    let first = outcome(alike(true).reduced().boxed(), &directory);
    assert!(first.text.contains("by symmetry: S1, S2 and S3, and C1 and C2 change places"));
    let counts = (number(&first.json, "states"), number(&first.json, "transitions"));
    let spec = |states| alike(true).reduced().counts(states, counts.1).boxed();
    assert_eq!(outcome(spec(counts.0), &directory).code, Code::Success);
    assert_eq!(outcome(spec(counts.0 + 1), &directory).code, Code::No);

    let theirs = outcome_of(spec(counts.0), &directory, |args| {
        args.engine = EngineName::Stateright;
    });
    assert_eq!(theirs.code, Code::Success, "{}", theirs.text);
    assert!(number(&theirs.json, "states") > counts.0, "Stateright searches all of it");
}

#[test]
fn a_spec_in_which_names_tell_is_searched_whole_and_says_why() {
    let directory = TempDir::new().unwrap();
    let spec = || alike(false).directed("anything goes", |(), _, _| true);
    let whole = outcome(spec().boxed(), &directory);
    let asked = outcome_of(spec().boxed(), &directory, |args| args.symmetry = true);
    assert_eq!(asked.code, Code::Success, "{}", asked.text);
    assert_eq!(number(&asked.json, "states"), number(&whole.json, "states"));
    let words = "though symmetry was asked for:\n  raft/alike  its direction names servers\n";
    assert!(asked.text.contains(words), "{}", asked.text);
}
