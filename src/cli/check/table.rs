//! What a check comes to, for a person: the table, what was checked, and what was not decided.

use quorate_checker::report::{Engine, PropertyReport, Report, Verdict};
use quorate_checker::spec::Kind;

use super::{Checked, behaviour, runs};
use crate::cli::log::Colour;
use crate::cli::output::{Output, grouped, wrapped};

/// The widest name of a spec that is shown in full.
const NAME_MAX: usize = 28;

/// The longest of the [`verdict`]s.
const VERDICT_MAX: usize = "violated, as expected".len();

/// The verdict in words, beside what was expected.
pub fn verdict(checked: &Checked) -> (&'static str, Colour) {
    let report = &checked.report;
    match (report.verdict, report.expected) {
        (Verdict::Incomplete, _) if !report.is_surprise() => ("incomplete", Colour::Yellow),
        (Verdict::Violated, Verdict::Violated) if !report.is_surprise() => {
            ("violated, as expected", Colour::Green)
        }
        (Verdict::Holds, Verdict::Violated) => ("holds, unexpectedly", Colour::Red),
        (Verdict::Holds, _) if report.counts_differ() => ("holds, counts differ", Colour::Red),
        (Verdict::Holds, _) if checked.directed => ("holds (directed)", Colour::Green),
        (Verdict::Holds, _) => ("holds", Colour::Green),
        (Verdict::Violated, Verdict::Holds) => ("violated", Colour::Red),
        _ => ("not as expected", Colour::Red),
    }
}

/// What was explored, in words.
pub fn counts(report: &Report) -> String {
    let (states, transitions) = (grouped(report.states), grouped(report.transitions));
    format!("{states} states, {transitions} transitions, depth {}", report.depth)
}

/// Prints the end of a check.
pub fn show(all: &[Checked], output: &mut Output) {
    let names = all.iter().map(|checked| checked.report.spec.chars().count());
    let width = names.max().unwrap_or(0).clamp("spec".len(), NAME_MAX);
    output.line(format!(
        "\n{:width$}  {:VERDICT_MAX$}  {:>13}  {:>14}  {:>5}  {:>7}",
        "spec", "verdict", "states", "transitions", "depth", "seconds"
    ));
    for checked in all {
        let report = &checked.report;
        let (words, colour) = verdict(checked);
        // The escape sequences of a colour must not count as letters.
        let words = output.paint(&format!("{words:VERDICT_MAX$}"), colour);
        let (states, transitions) = (grouped(report.states), grouped(report.transitions));
        output.line(format!(
            "{:width$}  {words}  {states:>13}  {transitions:>14}  {:>5}  {:>7.1}",
            shortened(&report.spec, width),
            report.depth,
            report.seconds
        ));
    }
    show_bounds(all, width, output);
    runs::show_assumptions(all, output);
    let indented = |checked: &Checked| {
        let name = shortened(&checked.report.spec, width);
        format!("  {name:width$}  ")
    };
    runs::show_worst_cases(all, output);
    show_differences(all, &indented, output);
    behaviour::show_never_taken(all, &indented, output);
    show_gaps(all, width, output);
    behaviour::show_growth(all, &indented, output);
    show_limits(all, output);
    show_summary(all, &indented, output);
}

fn show_bounds(all: &[Checked], width: usize, output: &mut Output) {
    output.line("\nChecked, within these bounds:");
    for checked in all {
        let count = |applies: fn(Kind) -> bool, one: &str, several: &str| {
            let properties = checked.report.properties.iter();
            match properties.filter(|property| applies(property.kind)).count() {
                0 => None,
                1 => Some(format!("1 {one}")),
                count => Some(format!("{count} {several}")),
            }
        };
        let mut words = checked.bounds.clone();
        words.extend(count(|kind| kind == Kind::Always, "invariant", "invariants"));
        words.extend(count(|kind| kind == Kind::Reachable, "reachable fact", "reachable facts"));
        words.extend(count(Kind::is_temporal, "temporal property", "temporal properties"));
        let name = shortened(&checked.report.spec, width);
        output.line(wrapped(&format!("  {name:width$}  "), words));
    }
}

/// What came to other counts than before: the verdict may still hold, of another space.
fn show_differences(all: &[Checked], name: &dyn Fn(&Checked) -> String, output: &mut Output) {
    let mut head = "\nCounts differ from those on record:";
    for checked in all.iter().filter(|checked| checked.report.counts_differ()) {
        let Report { states, transitions, on_record, .. } = checked.report;
        let Some(record) = on_record else { continue };
        if !head.is_empty() {
            output.line(std::mem::take(&mut head));
        }
        let [states, transitions, old_states, old_transitions] =
            [states, transitions, record.states, record.transitions].map(grouped);
        let name = name(checked);
        output.line(format!("{name}{states} states, on record are {old_states};"));
        let indent = " ".repeat(name.chars().count());
        output.line(format!("{indent}{transitions} transitions, on record are {old_transitions}"));
    }
}

/// What is open.
fn show_gaps(all: &[Checked], width: usize, output: &mut Output) {
    let mut head = "\nNot decided:";
    for Checked { report, .. } in all {
        let open: Vec<&str> = report
            .properties
            .iter()
            .filter(|property| property.verdict == Verdict::Incomplete)
            .map(|property| property.name)
            .collect();
        if open.is_empty() {
            continue;
        }
        if !head.is_empty() {
            output.line(std::mem::take(&mut head));
        }
        let name = shortened(&report.spec, width);
        let no_runs = "Stateright's search does not decide properties of runs";
        let reason = report.cut_short.as_deref().unwrap_or(no_runs);
        output.line(format!("  {name:width$}  {reason}; this is open:"));
        output.line(wrapped(&format!("  {:width$}  ", ""), open));
    }
}

/// What no search within bounds says.
fn show_limits(all: &[Checked], output: &mut Output) {
    output.line("\nNot checked:");
    output.line("  more servers, clients, timeouts and faults than these");
    if all.iter().any(|checked| checked.directed) {
        output.line("  of directed specs, the behaviour that their direction leaves out");
    }
    let only_states = |checked: &&Checked| {
        !checked.report.properties.iter().any(|property| property.kind.is_temporal())
    };
    match all.iter().filter(only_states).count() {
        0 => {}
        count if count == all.len() => {
            output.line("  liveness: reachable facts can happen, but need not in every run");
        }
        _ => output.line(
            "  liveness of specs without temporal properties: what can happen there need not",
        ),
    }
    let odds: f64 = all.iter().map(|checked| mistaken(&checked.report)).sum();
    if odds > 0.0 {
        output.line(format!(
            "  that no two states have the same 64-bit fingerprint: the odds of that are {odds:.0e}"
        ));
    }
}

/// The odds that a state was taken for another: none where states are compared in full, otherwise
/// at most the number of pairs, each of which has the same fingerprint with a chance of 1 in 2^64.
fn mistaken(report: &Report) -> f64 {
    match report.engine {
        Engine::Quorate => 0.0,
        Engine::Stateright => (report.states as f64).powi(2) / 2_f64.powi(65),
    }
}

fn show_named(head: &str, colour: Colour, specs: Vec<&str>, output: &mut Output) {
    let text = wrapped(head, specs);
    output.line(format!("{}{}", output.paint(head, colour), &text[head.len()..]));
}

/// What is not as expected, spec by spec.
fn show_surprises(all: &[Checked], name: &dyn Fn(&Checked) -> String, output: &mut Output) {
    for checked in all.iter().filter(|checked| checked.report.is_surprise()) {
        let report = &checked.report;
        let of_property = |property: &PropertyReport| match property.verdict {
            Verdict::Violated if property.panic.is_some() => {
                format!("the condition of {} panics", property.name)
            }
            Verdict::Violated => format!("{} is violated", property.name),
            _ => format!("{} holds", property.name),
        };
        let mut words: Vec<String> = report.surprises().map(of_property).collect();
        if report.counts_differ() {
            words.push("counts differ from those on record".to_owned());
        }
        output.line(wrapped(&name(checked), words));
    }
}

fn show_summary(all: &[Checked], name: &dyn Fn(&Checked) -> String, output: &mut Output) {
    let named = |is: fn(&Report) -> bool| -> Vec<&str> {
        let found = all.iter().filter(|checked| is(&checked.report));
        found.map(|checked| checked.report.spec.as_str()).collect()
    };
    let surprises = named(Report::is_surprise);
    let incomplete = named(|report| report.is_incomplete() && !report.is_surprise());
    output.line("");
    if !surprises.is_empty() {
        show_named("Not as expected: ", Colour::Red, surprises, output);
        show_surprises(all, name, output);
    } else if incomplete.is_empty() {
        let text = match all.len() {
            1 => "The verdict is as expected.".to_owned(),
            count => format!("All {count} verdicts are as expected."),
        };
        output.line(output.paint(&text, Colour::Green));
    }
    if !incomplete.is_empty() {
        show_named("Incomplete: ", Colour::Yellow, incomplete, output);
    }
}

/// `name`, without its end if it is too long.
fn shortened(name: &str, width: usize) -> String {
    if name.chars().count() <= width {
        return name.to_owned();
    }
    let start: String = name.chars().take(width - 1).collect();
    format!("{start}…")
}
