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

/// The rows under each other, for a person.
fn table(rows: &[Row]) -> String {
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |n| n.to_string());
    let mut lines = vec![format!(
        "{:>4}  {:<21}  {:<11}  {:>6}  {:>6}  {:>8}  {:>8}  {:>6}  {:>6}",
        "node", "address", "role", "term", "leader", "commit", "last", "lost", "merged"
    )];
    for row in rows {
        let role = row.role.as_deref().unwrap_or(if row.reachable { "-" } else { "unreachable" });
        let silence = row.silence();
        let note = silence.map_or_else(String::new, |s| format!("  silent for {} s", s.as_secs()));
        lines.push(format!(
            "{:>4}  {:<21}  {role:<11}  {:>6}  {:>6}  {:>8}  {:>8}  {:>6}  {:>6}{note}",
            row.id,
            row.address,
            number(row.term),
            number(row.leader),
            number(row.commit),
            number(row.last),
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
}
