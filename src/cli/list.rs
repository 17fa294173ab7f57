//! `quorate list`: specs, their bounds, their properties.

use std::process::ExitCode;

use quorate_checker::AnySpec;
use quorate_checker::report::Verdict;
use quorate_checker::spec::{Counts, Kind, PropertyInfo};
use serde::Serialize;

use super::exit::{self, Failure};
use super::log::Colour;
use super::output::{Output, grouped, wrapped};
use super::specs::{self, Selected};

/// Shows specs, their bounds and their properties.
#[derive(clap::Args)]
pub struct Args {
    /// What to show: specs by their names, or all of a protocol by its name; every spec if nothing
    /// is named
    #[arg(value_name = "SPEC")]
    specs: Vec<String>,
    /// Print a JSON list instead of text
    #[arg(long)]
    json: bool,
}

/// A spec as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its whole name: that of its protocol, a slash, and its own.
    pub spec: String,
    /// One sentence on what it is about.
    pub summary: String,
    /// The bounds of the search in words.
    pub bounds: Vec<String>,
    /// True if only some of the behaviour is searched.
    pub directed: bool,
    /// True if it is not of the default set.
    pub large: bool,
    /// How much there is to explore, if it is on record.
    pub counts: Option<Counts>,
    /// What it claims.
    pub properties: Vec<Property>,
}

/// A property as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct Property {
    /// "election safety"
    pub name: &'static str,
    /// What it says about the states.
    pub kind: Kind,
    /// What the spec expects of a check of it.
    pub expected: Verdict,
}

impl Row {
    fn of(spec: &dyn AnySpec, large: bool) -> Self {
        let property = |info: PropertyInfo| Property {
            name: info.name,
            kind: info.kind,
            expected: if info.violation_expected { Verdict::Violated } else { Verdict::Holds },
        };
        Row {
            spec: spec.name().to_owned(),
            summary: spec.summary().to_owned(),
            bounds: spec.bounds(),
            directed: spec.is_directed(),
            large,
            counts: spec.counts(),
            properties: spec.properties().into_iter().map(property).collect(),
        }
    }

    /// The names of the properties of these kinds that are expected to come out like this.
    fn names(&self, kinds: &[Kind], expected: Verdict) -> Vec<&'static str> {
        let fits =
            |property: &&Property| kinds.contains(&property.kind) && property.expected == expected;
        self.properties.iter().filter(fits).map(|p| p.name).collect()
    }
}

/// Prints the list.
pub fn run(args: Args) -> ExitCode {
    exit::report(list(&args))
}

fn list(args: &Args) -> Result<(), Failure> {
    let large: Vec<String> = specs::large_set().iter().map(|spec| spec.name().to_owned()).collect();
    let row = |selected: Selected| {
        Row::of(&*selected.spec, large.iter().any(|name| name == selected.spec.name()))
    };
    let rows: Vec<Row> = specs::select(&args.specs, true)?.into_iter().map(row).collect();
    let mut output = Output::stdout();
    if args.json {
        let json = serde_json::to_string_pretty(&rows).expect("names have a JSON form");
        output.line(json);
    } else {
        for (index, row) in rows.iter().enumerate() {
            if index > 0 {
                output.line("");
            }
            show(row, &mut output);
        }
    }
    output.finish()
}

fn show(row: &Row, output: &mut Output) {
    let size = row.counts.map(|counts| format!(": {} states", grouped(counts.states)));
    let size = size.filter(|_| row.large).unwrap_or_default();
    let mark = if row.large { format!("  (large{size})") } else { String::new() };
    output.line(format!("{}{mark}", output.paint(&row.spec, Colour::Cyan)));
    if !row.summary.is_empty() {
        output.line(wrapped("  ", row.summary.split(", ")));
    }
    output.line(wrapped("  bounds     ", &row.bounds));
    let temporal =
        [Kind::Eventually, Kind::LeadsTo, Kind::EventuallyAlways, Kind::AlwaysEventually];
    for (head, kinds, expected) in [
        ("  always     ", &[Kind::Always][..], Verdict::Holds),
        ("  broken     ", &[&[Kind::Always], &temporal[..]].concat(), Verdict::Violated),
        ("  reachable  ", &[Kind::Reachable], Verdict::Holds),
        ("  unreached  ", &[Kind::Reachable], Verdict::Violated),
        ("  in the end ", &temporal, Verdict::Holds),
    ] {
        let names = row.names(kinds, expected);
        if !names.is_empty() {
            output.line(wrapped(head, names));
        }
    }
}
