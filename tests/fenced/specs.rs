//! Every spec of a fenced store, explored to its end on one thread. The numbers change only with a
//! reason.

use quorate_checker::report::{Engine, Report, Verdict};
use quorate_models::fenced::claims::properties::NEWEST_STAYS;

use crate::support::specs::{assert_all_are_pinned, explore, holds};

holds! {
    handover: "fenced/handover" has depth 32;
    readers: "fenced/readers" has depth 27;
    crash: "fenced/crash" has depth 26;
    lossy: "fenced/lossy" has depth 24;
}

#[test]
fn every_spec_is_pinned() {
    assert_all_are_pinned("fenced", HOLD);
}

/// Without the fence, and within the very bounds of `fenced/handover`. What a client then sees is
/// in `rules.rs`, test `fence_at_resource`.
#[test]
fn a_write_of_a_replaced_writer_is_taken() {
    let report = explore("fenced/checks-first", Engine::Quorate);
    assert_eq!((report.verdict, report.expected), (Verdict::Violated, Verdict::Violated));
    assert!(!report.is_surprise(), "{report:#?}");
    assert_eq!(report.property(NEWEST_STAYS).steps, Some(13));
}

/// Stateright's search, on one thread, is the oracle of ours.
#[test]
fn stateright_agrees() {
    let counts = |report: Report| (report.states, report.transitions, report.depth);
    let [ours, theirs] =
        [Engine::Quorate, Engine::Stateright].map(|engine| explore("fenced/lossy", engine));
    assert_eq!((ours.verdict, theirs.verdict), (Verdict::Holds, Verdict::Holds));
    assert_eq!(counts(ours), counts(theirs));
}
