//! `quorate status`: what every node of a cluster says of itself.

pub(super) mod ask;
mod stores;

use std::path::PathBuf;
use std::process::ExitCode;

use super::exit::{self, Code, Failure};
use super::{log, output};
use crate::node::config::Config;
use ask::Row;

/// Asks every node; exits 0 if the cluster serves its clients, as far as one can tell, else 1.
#[derive(clap::Args)]
pub struct Args {
    /// The cluster's config
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print a JSON list instead of a table
    #[arg(long)]
    json: bool,
}

/// Prints the status of every node.
pub fn run(args: Args) -> ExitCode {
    exit::report(show(&args))
}

fn show(args: &Args) -> Result<(), Failure> {
    let config = Config::load(&args.config)?;
    let rows = ask::ask_all(&config);
    let text = if args.json {
        serde_json::to_string_pretty(&rows).expect("numbers and text have a JSON form")
    } else {
        table(&rows)
    };
    output::say(text)?;
    match ask::not_serving(&config, &rows) {
        None => {
            if let Some(risk) = ask::at_risk(&config, &rows) {
                log::line(&format!("quorate: warning: {risk}"));
            }
            Ok(())
        }
        Some(why) => Err(Failure::new(Code::No, why)),
    }
}

/// The rows under each other, for a person. Each number that a node names has a column.
fn table(rows: &[Row]) -> String {
    let shown = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |n| n.to_string());
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.numbers) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let mut heads = vec!["node", "address", "role", "leader"];
    heads.extend(&names);
    heads.extend(["lag", "disk-ms", "lost", "merged"]);
    let lags = ask::lags(rows);
    let mut lines = vec![heads.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    for row in rows {
        let role = row.role.as_deref().unwrap_or(if row.reachable { "-" } else { "unreachable" });
        let mut cells = vec![row.id.to_string(), row.address.clone(), role.to_owned()];
        cells.push(shown(row.leader));
        cells.extend(names.iter().map(|name| shown(row.number(name))));
        cells.extend([shown(lags.get(&row.id).copied()), milliseconds(row.commit_micros)]);
        cells.extend([shown(row.messages_lost), shown(row.messages_merged)]);
        lines.push(cells);
    }
    let mut lines = aligned(&lines);
    for (row, line) in rows.iter().zip(&mut lines[1..]) {
        if let Some(silence) = row.silence() {
            line.push_str(&format!("  silent for {} s", silence.as_secs()));
        }
    }
    for row in rows {
        lines.extend(row.warnings.iter().map(|words| format!("node {}: {words}", row.id)));
    }
    lines.join("\n")
}

/// As milliseconds, with what is behind the point.
fn milliseconds(micros: Option<u64>) -> String {
    micros.map_or_else(|| "-".into(), |micros| format!("{:.2}", micros as f64 / 1_000.0))
}

/// Lines of cells, each column as wide as its widest cell. Addresses and roles begin at the same
/// place, and numbers end there.
pub(super) fn aligned(lines: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let cell = |(column, text): (usize, &String)| {
        let width = width(column).unwrap_or_default();
        if matches!(column, 1 | 2) { format!("{text:<width$}") } else { format!("{text:>width$}") }
    };
    let line = |cells: &Vec<String>| cells.iter().enumerate().map(cell).collect::<Vec<_>>();
    lines.iter().map(|cells| line(cells).join("  ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_hangs_is_shown_to() {
        let row = |age_ms| {
            let (id, role) = (1, Some("leader".to_owned()));
            Row { id, reachable: true, role, age_ms: Some(age_ms), ..Row::default() }
        };
        let silent = table(&[row(12_345)]);
        assert!(silent.ends_with("  silent for 12 s"), "{silent}");
        assert!(!row(12_345).is_running());
        assert!(!table(&[row(900)]).contains("silent"));
        assert!(row(900).is_running());
    }

    #[test]
    fn a_follower_lags_as_the_newest_leader_says() {
        let leader = |id, term, lags: [(u64, u64); 2]| Row {
            id,
            reachable: true,
            leader: Some(id),
            numbers: vec![("term".into(), term)],
            lags: lags.into(),
            commit_micros: Some(1_234),
            ..Row::default()
        };
        let old = leader(1, 7, [(2, 5), (3, 5)]);
        let new = leader(2, 8, [(1, 90), (3, 0)]);
        let follower = Row { id: 3, reachable: true, leader: Some(2), ..Row::default() };
        let table = table(&[old, new, follower]);
        let lag = |line: &str| line.split_whitespace().rev().nth(3).unwrap().to_owned();
        let lags: Vec<String> = table.lines().map(lag).collect();
        assert_eq!(lags, ["lag", "90", "-", "0"], "{table}");
        assert!(table.contains(" 1.23 "), "{table}");
    }

    #[test]
    fn every_number_that_a_node_names_has_a_column() {
        let numbers = |numbers: &[(&str, u64)]| {
            numbers.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
        };
        let mut one = Row { id: 1, ..Row::default() };
        one.numbers = numbers(&[("view", 7), ("last", 20)]);
        one.role = Some("view service, and more".into());
        let two = Row { id: 2, numbers: numbers(&[("acknowledged", 8)]), ..Row::default() };
        let json = serde_json::to_value(&one).unwrap();
        assert_eq!((&json["view"], &json["last"]), (&7.into(), &20.into()), "{json}");
        let table = table(&[one, two]);
        let ends: Vec<Vec<&str>> =
            table.lines().map(|line| line.split_whitespace().rev().take(7).collect()).collect();
        assert_eq!(ends[0], ["merged", "lost", "disk-ms", "lag", "acknowledged", "last", "view"]);
        assert_eq!(ends[1], ["-", "-", "-", "-", "-", "20", "7"]);
        assert_eq!(ends[2], ["-", "-", "-", "-", "8", "-", "-"]);
        let widths: Vec<usize> = table.lines().map(str::len).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{table}");
    }
}
