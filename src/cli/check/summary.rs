//! The last words of a check: whether all is as expected, and what is not.

use quorate_checker::report::{PropertyReport, Report, Verdict};

use super::Checked;
use crate::cli::log::Colour;
use crate::cli::output::{Output, wrapped};

/// How many incomplete specs are named: the table before it marks them all.
const NAMED: usize = 3;

/// Prints the summary of a check that had `count` specs to do and did `all` of these.
pub fn show(all: &[Checked], count: usize, output: &mut Output) {
    output.line("");
    let surprises: Vec<&Checked> = all.iter().filter(|it| it.report.is_surprise()).collect();
    let is_open = |it: &&Checked| it.report.is_incomplete() && !it.report.is_surprise();
    let incomplete: Vec<&Checked> = all.iter().filter(is_open).collect();
    for checked in &surprises {
        let head = format!("Not as expected: {}: ", checked.report.spec);
        let text = wrapped(&head, surprises_of(&checked.report));
        output.line(format!("{}{}", output.paint(&head, Colour::Red), &text[head.len()..]));
    }
    let cut_off: Vec<&Checked> = all.iter().filter(|it| it.was_interrupted()).collect();
    if !cut_off.is_empty() || all.len() < count {
        let names = names(&cut_off);
        let at = if names.is_empty() { String::new() } else { format!(" in {names}") };
        let rest = match count - all.len() {
            0 => String::new(),
            rest => format!("; {rest} of {count} specs were not begun"),
        };
        output.line(output.paint(&format!("Interrupted{at}{rest}."), Colour::Yellow));
    } else if !incomplete.is_empty() {
        let text = format!("Incomplete: {}", names(&incomplete));
        output.line(output.paint(&text, Colour::Yellow));
    } else if surprises.is_empty() {
        output.line(output.paint(&all_is_well(all), Colour::Green));
    }
}

fn all_is_well(all: &[Checked]) -> String {
    match all {
        [one] if one.custom => "It holds. No count is on record to compare with.".to_owned(),
        [_] => "The verdict is as expected.".to_owned(),
        _ => format!("All {} verdicts are as expected.", all.len()),
    }
}

/// What is not as expected of one spec.
fn surprises_of(report: &Report) -> Vec<String> {
    let of_property = |property: &PropertyReport| match (property.verdict, property.steps) {
        (Verdict::Violated, _) if property.panic.is_some() => {
            format!("the condition of {} panics", property.name)
        }
        (Verdict::Violated, Some(steps)) => {
            format!("{} is violated in {steps} steps", property.name)
        }
        (Verdict::Violated, None) => format!("{} is violated", property.name),
        _ => format!("{} holds", property.name),
    };
    let mut words: Vec<String> = report.surprises().map(of_property).collect();
    if report.counts_differ() {
        words.push("counts differ from those on record".to_owned());
    }
    words
}

/// "raft/one, raft/two, raft/three and 20 more"
fn names(specs: &[&Checked]) -> String {
    let named: Vec<&str> = specs.iter().take(NAMED).map(|it| it.report.spec.as_str()).collect();
    let more = specs.len() - named.len();
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    named.join(", ") + &rest
}
