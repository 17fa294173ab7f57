//! What a script may say, and what is found to be wrong with it. That a trace is a script, and
//! that a result is compared, is tested with a protocol.

use super::script::{Links, Order, What};
use super::words::{Fit, fit};
use super::*;

#[test]
fn words_mean_a_step_if_they_are_its_own_or_begin_it() {
    let line = "S2 receives from S1: Ask { term: 12, last: 0@0 }";
    let kept = format!("{line} (a duplicate stays in flight)");
    for (words, line, expected) in [
        (line, line, Fit::Whole),
        ("S2 receives from S1: Ask { te rm: 12, last:0@0 }", line, Fit::Whole),
        ("S2 receives from S1", line, Fit::Part),
        ("S2 receives from S1: Ask { term: 12", line, Fit::Part),
        ("S2 receives from S1: Ask { term: 1", line, Fit::Not),
        ("S2 receives ... last: 0@0", line, Fit::Part),
        ("S2 receives ... last: 0@1", line, Fit::Not),
        ("receives from S1", line, Fit::Not),
        (&kept, line, Fit::Not),
        (line, &kept, Fit::Not),
        (&kept, &kept, Fit::Whole),
        ("S2 receives from S1 (a duplicate stays in flight)", &kept, Fit::Part),
        ("S2 receives", line, Fit::Not),
        ("time passes", "time passes before what is in flight has arrived", Fit::Not),
        ("cut: S1 -> S2", "cut: S1 → S2", Fit::Whole),
    ] {
        assert_eq!(fit(words, line), expected, "{words} as {line}");
    }
}

fn orders(text: &str) -> Vec<Order> {
    let parts = Script::parse(text).expect("a script").parts;
    let orders = parts.into_iter().filter_map(|part| match part.what {
        What::Order(order) => Some(order),
        What::Prose | What::Results => None,
    });
    orders.collect()
}

#[test]
fn a_script_has_steps_and_shorthands() {
    let names = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    let text = "# S1 crashes\ngiven one\n\ndeliver all\ndeliver all S1 -> *\nlose all * → S2\n\
                deliver all among S1, S2\n3 times time passes\nS1 ignores from S2: X\n----\nS1\n";
    let expected = [
        Order::DeliverAll(Links::default()),
        Order::DeliverAll(Links { from: names(&["S1"]), to: None }),
        Order::LoseAll(Links { from: None, to: names(&["S2"]) }),
        Order::DeliverAll(Links { from: names(&["S1", "S2"]), to: names(&["S1", "S2"]) }),
        Order::Times(3, Box::new(Order::Step("time passes".to_owned()))),
        Order::Ignored("S1 receives from S2: X".to_owned()),
    ];
    assert_eq!(orders(text), expected);
    assert_eq!(Script::parse(text).unwrap().given(), [(2, "one".to_owned())]);
    let mistake = Script::parse("given one\ndeliver all S1").unwrap_err();
    assert_eq!((mistake.line, mistake.what.contains("among")), (2, true), "{mistake}");
}

#[test]
fn the_steps_of_a_trace_are_read_and_what_it_tells_of_them_is_not() {
    let text = "# title\n\n   0  start\n        S1  x\n   1  S1 receives from S2: a\n      b\n\
                        S1  0 → 1\n┌─ the loop begins here\n│  2  time\n│     passes\n\
                │       S1  1 → 0\n└─ and so on: step 2 repeats for ever\n";
    let text = text.replace("S1  0 → 1", "        S1  0 → 1");
    let steps = ["S1 receives from S2: ab", "timepasses"].map(|it| Order::Step(it.to_owned()));
    assert_eq!(orders(&text), steps);
}
