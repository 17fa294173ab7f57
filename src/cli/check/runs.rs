//! What a check found out about runs: how they miss what must happen, and the worst cases.

use quorate_checker::engine::Miss;
use quorate_checker::report::{Counterexample, Longest, Report, WorstCaseReport};

use super::Checked;
use crate::cli::log::Colour;
use crate::cli::output::Output;

/// How a property is broken, in words.
pub fn how(example: &Counterexample) -> String {
    let all = example.trace.steps.len();
    let before = example.trace.loop_start.unwrap_or(all);
    let (first, again) = (steps(before), steps(all - before));
    if let Some(words) = &example.panic {
        return format!("violated, its condition panics after {}: {words}", steps(all));
    }
    match example.miss {
        None => format!("violated in {}", steps(all)),
        Some(Miss::Lasso) => format!("violated by a lasso, {first} and then {again} for ever"),
        Some(Miss::Stop) => format!("violated by a stop, {first} and then none for ever"),
        Some(Miss::Unbounded) => {
            let endless = example.endless.unwrap_or("timeouts");
            format!("violated, {endless} do not end: {first}")
        }
        Some(Miss::Zeno) => {
            format!("violated by a zeno run, {first} and then {again} for ever in no time")
        }
    }
}

fn steps(count: usize) -> String {
    number(count, "step", "steps")
}

fn number(count: usize, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {several}") }
}

/// What is assumed where something must happen.
pub fn show_assumptions(all: &[Checked], output: &mut Output) {
    let has_runs = |checked: &Checked| {
        let mut properties = checked.report.properties.iter();
        properties.any(|property| property.kind.is_temporal())
    };
    if !all.iter().any(has_runs) {
        return;
    }
    output.line("\nAssumed, where something must happen (temporal properties):");
    output.line(
        "  what is enabled for ever happens: deliveries, timers that are due, recoveries, ticks",
    );
    output
        .line("  faults and early timeouts need not happen, and never happen beyond their budgets");
    output.line("  what is in flight arrives before time passes; a tick is a heartbeat interval");
}

/// How long things can take at most.
pub fn show_worst_cases(all: &[Checked], output: &mut Output) {
    let mut head = "\nLongest times, from any state:";
    for checked in all {
        let Some(worst) = &checked.report.worst_case else { continue };
        if !head.is_empty() {
            output.line(std::mem::take(&mut head));
        }
        output.line(format!("  {}, until {}", checked.report.spec, worst.goal));
        output.line(format!("    worst case: {}", figures(worst, worst.calm.as_ref())));
        let early = figures(worst, worst.with_early.as_ref());
        output.line(format!("    with early timeouts still to come: {early}"));
    }
}

/// "3 ticks (3 x 50 ms), 1 election, 2 message delays"
fn figures(worst: &WorstCaseReport, longest: Option<&Longest>) -> String {
    let Some(longest) = longest else {
        return "none, it is always so".to_owned();
    };
    let Some(ticks) = longest.ticks else {
        return "no bound".to_owned();
    };
    let mut duration = number(ticks as usize, "tick", "ticks");
    if let Some(milliseconds) = worst.tick_ms {
        duration += &format!(" ({ticks} x {milliseconds} ms)");
    }
    if let Some((name, count)) = &longest.restless {
        duration += &format!(", {count} {name}");
    }
    let delays = number(longest.message_delays, "message delay", "message delays");
    format!("{duration}, {delays}")
}

/// The paths that take longest.
pub fn show_longest(report: &Report, output: &mut Output) {
    let Some(worst) = &report.worst_case else { return };
    for (what, longest) in
        [("worst case", &worst.calm), ("with early timeouts still to come", &worst.with_early)]
    {
        let Some(longest) = longest else { continue };
        let head = format!("\n{what}: {}", figures(worst, Some(longest)));
        output.line(output.paint(&head, Colour::Cyan));
        output.line(format!("time counts from step {} on", longest.start + 1));
        for owed in &longest.owed {
            output.line(format!("  only fairness leads out, which owes: {owed}"));
        }
        output.line(longest.trace.text(output.has_colour()));
    }
}
