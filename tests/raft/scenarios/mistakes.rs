//! What is wrong with a scenario is found: a result that did not come about, and a step that is not
//! allowed.

use super::{difference, played};

const SINGLE: &str = "given servers 1\n\nS1 times out: Election\n----\n\
                      S1  leads term 1, voted for S1, commit 1, log [1:NoOp]\n";

#[test]
fn a_wrong_result_is_found_and_shown() {
    assert_eq!(played(SINGLE).as_deref(), Ok(SINGLE));
    let wrong = SINGLE.replace("leads term 1", "leads term 2");
    let now = played(&wrong).expect("its steps are allowed");
    assert_eq!(now, SINGLE);
    let shown = difference(&wrong, &now);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert!(lines[0].starts_with("    5 - S1  leads term 2"), "{shown}");
    assert!(lines[1].starts_with("    5 + S1  leads term 1"), "{shown}");
}

#[test]
fn a_result_that_is_missing_or_too_much_is_found() {
    let (steps, _) = SINGLE.split_once("----").unwrap();
    assert_eq!(played(steps).as_deref(), Ok(SINGLE));
    let more = format!("{SINGLE}broken  election safety\n");
    assert_eq!(played(&more).as_deref(), Ok(SINGLE));
}

/// Asserts that the last of these steps of three servers is a mistake, and what is said of it.
fn assert_mistake(steps: &str, what: &str, allowed: &str) {
    let text = format!("given servers 3\ngiven check-quorum\n{steps}\n");
    let mistake = played(&text).expect_err(steps);
    assert_eq!(mistake.line, text.lines().count(), "{mistake}");
    assert!(mistake.what.contains(what), "{mistake}");
    let names_it = mistake.allowed.iter().any(|step| step == allowed);
    assert!(if allowed.is_empty() { mistake.allowed.is_empty() } else { names_it }, "{mistake}");
}

#[test]
fn a_step_that_is_not_allowed_is_found_and_those_that_are_are_named() {
    let elected = "S1 times out: Election\ndeliver all";
    assert_mistake("S2 crashes\nS2 times out: Election", "is not allowed", "S2 recovers");
    assert_mistake("S1 times out: Elect", "is not allowed", "S1 times out: Election");
    assert_mistake("S1 receives from S2", "is not allowed", "S1 crashes");
    assert_mistake("2 times S1 crashes", "is not allowed", "S1 recovers");
    assert_mistake("0 times S1 crashes", "is not allowed", "S1 crashes");
    assert_mistake(&format!("{elected}\nS1 times out"), "several", "S1 times out: Contact");
    assert_mistake("deliver all", "nothing arrives", "S1 crashes");
    assert_mistake("lose all S1 → *", "nothing is in flight", "S1 crashes");
    assert_mistake("S1 times out: Election\nlose all S1 → S9", "nobody is called \"S9\"", "");
    let stands = format!("{elected}\nS2 times out: Election");
    let deliver = "S3 receives from S2: RequestVote";
    assert_mistake(&format!("{stands}\n{deliver}"), "changes nothing", "");
    assert_mistake("S1 times out: Election\nS2 ignores from S1: RequestVote", "not ignored", "");
    assert_mistake("given no Rule", "nothing that can be given", "");
    assert_mistake("given client fetch x", "nothing that can be given", "");
    assert_mistake("deliver all S1", "no links", "");
}
