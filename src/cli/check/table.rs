//! What a check comes to, for a person: the table, what was checked, and what was not decided.

use quorate_checker::report::{Engine, PropertyReport, Report, Verdict};
use quorate_checker::spec::Kind;

use super::{Checked, behaviour, runs, summary, symmetry};
use crate::cli::log::Colour;
use crate::cli::output::{Output, grouped, wrapped};

/// The widest name of a spec that is shown in full.
const NAME_MAX: usize = 36;

/// The verdict in words, beside what was expected.
pub fn verdict(checked: &Checked) -> (&'static str, Colour) {
    let report = &checked.report;
    match (report.verdict, report.expected) {
        (Verdict::Incomplete, _) if !report.is_surprise() => ("incomplete", Colour::Yellow),
        (Verdict::Violated, Verdict::Violated) if !report.is_surprise() => {
            ("violated (expected)", Colour::Green)
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

/// Prints the end of a check that had `count` specs to do and did `all` of these: what there is to
/// say of them, then the table, then a line or so that sums up.
pub fn show(all: &[Checked], count: usize, output: &mut Output) {
    let names = all.iter().map(|checked| checked.report.spec.chars().count());
    let width = names.max().unwrap_or(0).clamp("spec".len(), NAME_MAX);
    let indented = |checked: &Checked| {
        let name = shortened(&checked.report.spec, width);
        format!("  {name:width$}  ")
    };
    if !all.is_empty() {
        show_bounds(all, width, output);
        show_custom(all, output);
        symmetry::show(all, &indented, output);
        runs::show_assumptions(all, output);
        runs::show_worst_cases(all, output);
        show_differences(all, &indented, output);
        behaviour::show_never_taken(all, &indented, output);
        show_gaps(all, width, output);
        behaviour::show_growth(all, &indented, output);
        show_limits(all, output);
        show_table(all, width, output);
    }
    summary::show(all, count, output);
}

/// A line a spec, no wider than what stands in it, so that it fits most terminals.
fn show_table(all: &[Checked], width: usize, output: &mut Output) {
    let widest = |head: &str, cell: &dyn Fn(&Checked) -> String| {
        let cells = all.iter().map(|checked| cell(checked).chars().count());
        cells.max().unwrap_or(0).max(head.len())
    };
    let verdicts = widest("verdict", &|checked| verdict(checked).0.to_owned());
    let states = widest("states", &|checked| grouped(checked.report.states));
    let transitions = widest("transitions", &|checked| grouped(checked.report.transitions));
    let seconds = |report: &Report| format!("{:.1}", report.seconds);
    let secs = widest("secs", &|checked| seconds(&checked.report));
    output.line(format!(
        "\n{:width$}  {:verdicts$}  {:>states$}  {:>transitions$}  {:>5}  {:>secs$}",
        "spec", "verdict", "states", "transitions", "depth", "secs"
    ));
    for checked in all {
        let report = &checked.report;
        let (words, colour) = verdict(checked);
        // The escape sequences of a colour must not count as letters.
        let words = output.paint(&format!("{words:verdicts$}"), colour);
        output.line(format!(
            "{:width$}  {words}  {:>states$}  {:>transitions$}  {:>5}  {:>secs$}",
            shortened(&report.spec, width),
            grouped(report.states),
            grouped(report.transitions),
            report.depth,
            seconds(report)
        ));
    }
}

/// Of specs that are not listed, what a listed one has and they have not.
fn show_custom(all: &[Checked], output: &mut Output) {
    for checked in all.iter().filter(|checked| checked.custom) {
        let is_reachable = |property: &&PropertyReport| property.kind == Kind::Reachable;
        let facts: Vec<&str> =
            checked.report.properties.iter().filter(is_reachable).map(|p| p.name).collect();
        let name = &checked.report.spec;
        output.line(format!("\nNot in the list: no count is on record for {name}."));
        let has_runs = checked.report.properties.iter().any(|p| p.kind.is_temporal());
        if !facts.is_empty() {
            output.line(wrapped("  must be reachable, whatever the bounds:  ", facts));
        } else if !has_runs {
            output.line("  nothing must be reachable: it may hold for want of behaviour");
        }
    }
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

/// `name`, without its end if it is too long.
fn shortened(name: &str, width: usize) -> String {
    if name.chars().count() <= width {
        return name.to_owned();
    }
    let start: String = name.chars().take(width - 1).collect();
    format!("{start}…")
}
