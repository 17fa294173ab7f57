//! How the search of one spec went: `--details`.

use quorate_checker::report::{Component, Details, Engine, Report};

use crate::cli::log::Colour;
use crate::cli::output::{Output, WIDTH, grouped};

/// From a level with hardly a state to the largest.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The most columns of bars: with what stands before them, a line.
const BARS_MAX: usize = WIDTH - 4;

/// Prints the details of a report.
pub fn show(report: &Report, output: &mut Output) {
    let Some(details) = &report.details else {
        return output.line(match report.engine {
            Engine::Quorate => "  the search was interrupted before it could tell details",
            Engine::Stateright => "  Stateright's search tells no details",
        });
    };
    show_levels(&details.levels, output);
    show_actions(details, output);
    show_components(&details.components, output);
    let (calls, steps) = (details.handler_calls, report.transitions);
    let each = match steps / calls.max(1) {
        0 | 1 => String::new(),
        each => format!(": one for every {}", grouped(each)),
    };
    let (calls, steps) = (grouped(calls), grouped(steps));
    output.line(format!("  {calls} handler calls for {steps} steps{each}"));
}

fn show_levels(levels: &[u64], output: &mut Output) {
    let (depth, most) = largest(levels);
    output.line(format!("  states per depth: at most {}, at depth {depth}", grouped(most)));
    output.line(format!("    {}", output.paint(&bars(levels), Colour::Cyan)));
    let cells = levels.iter().enumerate();
    let cells = cells.map(|(depth, states)| (format!("{depth}:"), grouped(*states)));
    let names = levels.len().to_string().len() + 1;
    let counts = grouped(most).len();
    grid(cells.map(|(depth, states)| format!("{depth:>names$} {states:>counts$}")), output);
}

/// The depth with the most states, the first of them, and how many it has.
fn largest(levels: &[u64]) -> (usize, u64) {
    let mut best = (0, 0);
    for (depth, states) in levels.iter().enumerate() {
        if *states > best.1 {
            best = (depth, *states);
        }
    }
    best
}

/// A bar for each level; for several in turn, if there are too many for a line.
fn bars(levels: &[u64]) -> String {
    let each = levels.len().div_ceil(BARS_MAX).max(1);
    let heights: Vec<u64> = levels.chunks(each).map(|chunk| chunk.iter().sum()).collect();
    let most = heights.iter().max().copied().unwrap_or(1).max(1) as u128;
    let steps = BARS.len() as u128;
    let bar = |height: &u64| BARS[(u128::from(*height) * steps / most).min(steps - 1) as usize];
    heights.iter().map(bar).collect()
}

fn show_actions(details: &Details, output: &mut Output) {
    output.line("  actions taken");
    let mut actions: Vec<(&String, u64)> = details.actions.iter().map(|(n, c)| (n, *c)).collect();
    actions.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    let counts = actions.iter().map(|(_, count)| grouped(*count).len()).max().unwrap_or(0);
    grid(
        actions.iter().map(|(name, count)| format!("{:>counts$} {name}", grouped(*count))),
        output,
    );
}

fn show_components(components: &[Component], output: &mut Output) {
    output.line("  distinct values of each component (when half of the states had been found)");
    let width = |number: fn(&Component) -> u64| {
        components.iter().map(|component| grouped(number(component)).len()).max().unwrap_or(0)
    };
    let (values, half) = (width(|component| component.values), width(|c| c.values_at_half));
    for component in components {
        let (end, middle) = (grouped(component.values), grouped(component.values_at_half));
        let mark = if component.growing { ", growing" } else { "" };
        output.line(format!("    {end:>values$}  ({middle:>half$}) {}{mark}", component.name));
    }
}

/// Cells in columns, to be read downwards.
fn grid(cells: impl Iterator<Item = String>, output: &mut Output) {
    let cells: Vec<String> = cells.collect();
    let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0) + 2;
    let columns = ((WIDTH - 2) / width).max(1);
    let rows = cells.len().div_ceil(columns);
    for row in 0..rows {
        let line: String =
            cells.iter().skip(row).step_by(rows).map(|cell| format!("{cell:width$}")).collect();
        output.line(format!("    {}", line.trim_end()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_levels_side_by_side() {
        assert_eq!(bars(&[1, 4, 8, 2]), "▂▅█▃");
        assert_eq!(bars(&[]), "");
        assert_eq!(bars(&[u64::MAX]), "█");
        let long = bars(&vec![7; 1_000]);
        assert!(long.chars().count() <= BARS_MAX, "{long}");
        assert_eq!(largest(&[1, 5, 5, 2]), (1, 5));
    }
}
