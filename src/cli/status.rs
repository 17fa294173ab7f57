//! `quorate status`: what every node of a cluster says of itself.

pub(super) mod ask;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use super::exit::{self, Code, Failure};
use crate::node::config::Config;
use ask::Row;

/// Asks every node; exits 0 if a majority answers, else 1.
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
    writeln!(std::io::stdout().lock(), "{text}")
        .map_err(|error| Failure::new(Code::Io, format!("cannot write to the output: {error}")))?;
    match ask::no_majority(&config, &rows) {
        None => Ok(()),
        Some(why) => Err(Failure::new(Code::No, why)),
    }
}

/// The rows under each other, for a person. Each number that a node names has a column.
fn table(rows: &[Row]) -> String {
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |n| n.to_string());
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.numbers) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let heads: String = names.iter().map(|name| format!("  {name:>8}")).collect();
    let mut lines = vec![format!(
        "{:>4}  {:<21}  {:<11}  {:>6}{heads}  {:>6}  {:>6}",
        "node", "address", "role", "leader", "lost", "merged"
    )];
    for row in rows {
        let role = row.role.as_deref().unwrap_or(if row.reachable { "-" } else { "unreachable" });
        let silence = row.silence();
        let note = silence.map_or_else(String::new, |s| format!("  silent for {} s", s.as_secs()));
        let value = |name: &&str| {
            let found = row.numbers.iter().find(|(other, _)| other == name);
            format!("  {:>1$}", number(found.map(|(_, value)| *value)), name.len().max(8))
        };
        let values: String = names.iter().map(value).collect();
        lines.push(format!(
            "{:>4}  {:<21}  {role:<11}  {:>6}{values}  {:>6}  {:>6}{note}",
            row.id,
            row.address,
            number(row.leader),
            number(row.messages_lost),
            number(row.messages_merged)
        ));
    }
    for row in rows {
        lines.extend(row.warnings.iter().map(|words| format!("node {}: {words}", row.id)));
    }
    lines.join("\n")
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
    fn every_number_that_a_node_names_has_a_column() {
        let numbers = |numbers: &[(&str, u64)]| {
            numbers.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
        };
        let one = Row { id: 1, numbers: numbers(&[("view", 7), ("last", 20)]), ..Row::default() };
        let two = Row { id: 2, numbers: numbers(&[("acknowledged", 8)]), ..Row::default() };
        let json = serde_json::to_value(&one).unwrap();
        assert_eq!((&json["view"], &json["last"]), (&7.into(), &20.into()), "{json}");
        let table = table(&[one, two]);
        let ends: Vec<Vec<&str>> =
            table.lines().map(|line| line.split_whitespace().rev().take(5).collect()).collect();
        assert_eq!(ends[0], ["merged", "lost", "acknowledged", "last", "view"]);
        assert_eq!(ends[1], ["-", "-", "-", "20", "7"]);
        assert_eq!(ends[2], ["-", "-", "8", "-", "-"]);
        let widths: Vec<usize> = table.lines().map(str::len).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{table}");
    }
}
