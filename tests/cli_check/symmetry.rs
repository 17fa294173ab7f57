//! `quorate check --symmetry`.

use crate::support::cluster::{expect, quorate};
use crate::{is_narrow, stdout};

/// The words of `line`, with one space between two.
fn in_a_row(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn specs_are_searched_by_symmetry_where_names_do_not_tell() {
    let fenced = quorate_models::specs().into_iter().find(|it| it.name().starts_with("fenced/"));
    let fenced = fenced.expect("a spec of another protocol");
    let names = ["raft/five", "raft/figure-8", "raft/calm-live", "raft/one", fenced.name()];
    let output = quorate(["check", "--symmetry"].into_iter().chain(names));
    expect(&output, 0, &[]);
    let text = stdout(&output);
    for words in [
        "raft/five S1, S2, S3, S4 and S5 change places, 4,696 with all those",
        "raft/figure-8 its direction names servers",
        "raft/calm-live symmetry is for safety",
        "raft/one it has no two servers",
        &format!("{} it has servers that are not alike", fenced.name()),
    ] {
        assert!(text.lines().any(|line| in_a_row(line).starts_with(words)), "{words}: {text}");
    }
    assert!(is_narrow(&text), "{text}");
}

#[test]
fn symmetry_is_not_for_the_engine_that_searches_every_state() {
    let output = quorate(["check", "raft/five", "--symmetry", "--engine", "stateright"]);
    expect(&output, 64, &["--symmetry is for our own engine"]);
}

/// Servers of bounds that are asked for are alike, too.
#[test]
fn bounds_that_are_asked_for_are_searched_by_symmetry() {
    let output = quorate(["check", "raft", "--symmetry", "--elections=2", "--put=x=1"]);
    expect(&output, 0, &[]);
    assert!(stdout(&output).contains("raft/custom  S1, S2 and S3 change places, "));
}
