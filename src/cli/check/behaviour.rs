//! What the actions say about a search: what never happened, and why there is no end in sight.

use quorate_checker::report::{Component, Details};

use super::Checked;
use crate::cli::log::Colour;
use crate::cli::output::{Output, grouped, wrapped};

/// Prints which kinds of actions were never taken in the specs that were explored to their end.
/// `name` is how a spec is called, all of one width.
pub fn show_never_taken(all: &[Checked], name: &dyn Fn(&Checked) -> String, output: &mut Output) {
    let mut head = "\nNever taken:";
    for checked in all {
        let never = never_taken(checked);
        if !never.is_empty() {
            show_head(&mut head, output);
            output.line(wrapped(&name(checked), never));
        }
    }
}

fn never_taken(checked: &Checked) -> Vec<&str> {
    let report = &checked.report;
    let Some(details) = report.details.as_ref().filter(|_| report.cut_short.is_none()) else {
        return Vec::new();
    };
    let never = details.actions.iter().filter(|(_, count)| **count == 0);
    never.map(|(action, _)| action.as_str()).collect()
}

/// Prints what was still growing in the specs that were not explored to their end.
pub fn show_growth(all: &[Checked], name: &dyn Fn(&Checked) -> String, output: &mut Output) {
    let mut head = "\nStill growing, from half of the states to all that were found:";
    for checked in all.iter().filter(|checked| checked.report.is_incomplete()) {
        let Some(details) = &checked.report.details else { continue };
        let components = growing(details);
        let mut name = name(checked);
        if !components.is_empty() {
            show_head(&mut head, output);
            output.line(wrapped(&name, components));
            name = " ".repeat(name.chars().count());
        }
        if !details.endless_timers.is_empty() {
            show_head(&mut head, output);
            let text = "timers without a budget still lead to new states: ";
            let text = wrapped(&format!("{name}{text}"), &details.endless_timers);
            output.line(output.paint(&text, Colour::Yellow));
        }
    }
}

/// What grew by more than a tenth, what grew most first.
fn growing(details: &Details) -> Vec<String> {
    let ratio = |component: &Component| component.values as f64 / component.values_at_half as f64;
    let mut found: Vec<&Component> = details.components.iter().filter(|c| c.growing).collect();
    found.sort_by(|one, other| ratio(other).total_cmp(&ratio(one)));
    let words = |component: &&Component| {
        let (from, to) = (grouped(component.values_at_half), grouped(component.values));
        format!("{} {from} -> {to}", component.name)
    };
    found.iter().map(words).collect()
}

/// Prints `head` the first time.
fn show_head(head: &mut &str, output: &mut Output) {
    if !head.is_empty() {
        output.line(std::mem::take(head));
    }
}
