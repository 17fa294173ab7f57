//! `quorate check`: explores specs, each to its end or to a limit, and says what was found.

mod behaviour;
mod details;
mod files;
mod progress;
mod runs;
mod table;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::value_parser;
use quorate_checker::AnySpec;
use quorate_checker::report::{Counterexample, Engine, Limits, Report};

use super::exit::{self, Code, Failure};
use super::log::Colour;
use super::output::Output;
use super::{explore, specs};
use files::{JsonFile, TraceFiles};

/// Exits 1 if a verdict or a count is not the expected one, else 2 if one is incomplete, else 0.
#[derive(clap::Args)]
pub struct Args {
    /// What to check: raft/election, or raft for those of Raft; the default set if nothing is named
    #[arg(value_name = "SPEC")]
    specs: Vec<String>,
    /// Check the large specs as well, which takes minutes; one of them can also be named
    #[arg(long)]
    all: bool,
    /// What searches: our own engine, or Stateright's, to compare with
    #[arg(long, value_enum, default_value = "quorate")]
    engine: EngineName,
    /// How many threads search; one for each processor if it is not said
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Stop each spec when it has so many states
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    max_states: Option<u64>,
    /// Stop each spec when the process holds so much memory
    #[arg(long, value_name = "MIB", value_parser = value_parser!(u64).range(1..))]
    max_memory: Option<u64>,
    /// Stop each spec after so long
    #[arg(long, value_name = "SECONDS", value_parser = super::kv::seconds)]
    max_time: Option<Duration>,
    /// Write the verdicts to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write every counterexample to this directory: as text, as a sequence diagram (SVG), and in
    /// the Informal Trace Format (JSON)
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
    /// Go on after the first counterexample of a spec, to decide every property
    #[arg(long)]
    keep_going: bool,
    /// Show how each search went: states per depth, how often each kind of action was taken, the
    /// distinct values of each component, and how many handler calls that took
    #[arg(long)]
    details: bool,
}

/// The engines, by the names that `--engine` takes.
#[derive(Clone, Copy, clap::ValueEnum)]
enum EngineName {
    Quorate,
    Stateright,
}

impl Args {
    fn engine(&self) -> Engine {
        match self.engine {
            EngineName::Quorate => Engine::Quorate,
            EngineName::Stateright => Engine::Stateright,
        }
    }

    fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            threads: self.threads.map_or(default.threads, usize::from),
            max_states: self.max_states,
            max_memory: self.max_memory,
            max_time: self.max_time,
            keep_going: self.keep_going,
        }
    }
}

/// A spec that was checked: what was searched, and what was found.
struct Checked {
    bounds: Vec<String>,
    directed: bool,
    report: Report,
}

/// Checks the specs that are named.
pub fn run(args: Args) -> ExitCode {
    let ended = specs::select(&args.specs, args.all)
        .and_then(|specs| check(specs, &args, Output::stdout()));
    match ended {
        Ok(code) => code.into(),
        Err(failure) => exit::report(Err(failure)),
    }
}

fn check(specs: Vec<Box<dyn AnySpec>>, args: &Args, mut output: Output) -> Result<Code, Failure> {
    // Whatever cannot be written is found out before the minutes that the search takes.
    let json = args.json.as_deref().map(JsonFile::prepare).transpose()?;
    let mut traces = args.traces.as_deref().map(TraceFiles::prepare);
    if let Some(Err(failure)) = traces {
        return Err(failure);
    }
    let limits = args.limits();
    let mut all = Vec::new();
    let count = specs.len();
    for (index, spec) in specs.into_iter().enumerate() {
        let checked = check_one(spec, (index + 1, count), args.engine(), &limits);
        show(&checked, &mut output);
        if args.details {
            details::show(&checked.report, &mut output);
            runs::show_longest(&checked.report, &mut output);
            if index + 1 < count {
                output.line("");
            }
        }
        for example in &checked.report.counterexamples {
            let text = show_counterexample(&checked.report, example, &mut output);
            // The first failure is told at the end: the rest is worth finding out all the same.
            if let Some(Ok(files)) = &traces
                && let Err(failure) = files.write(&checked.report.spec, example, &text)
            {
                traces = Some(Err(failure));
            }
        }
        all.push(checked);
    }
    table::show(&all, &mut output);
    let reports: Vec<&Report> = all.iter().map(|checked| &checked.report).collect();
    if let Some(json) = json {
        json.write(&reports)?;
    }
    traces.transpose()?;
    output.finish()?;
    Ok(code(&reports))
}

fn check_one(
    spec: Box<dyn AnySpec>,
    (number, count): (usize, usize),
    engine: Engine,
    limits: &Limits,
) -> Checked {
    let (bounds, directed) = (spec.bounds(), spec.is_directed());
    let mut display = progress::Display::new(format!("{} {number}/{count}", spec.name()));
    let report = spec.check(engine, limits, &mut |progress| display.update(progress));
    Checked { bounds, directed, report }
}

fn code(reports: &[&Report]) -> Code {
    if reports.iter().any(|report| report.is_surprise()) {
        Code::No
    } else if reports.iter().any(|report| report.is_incomplete()) {
        Code::Incomplete
    } else {
        Code::Success
    }
}

/// The line that says how a spec came out.
fn show(checked: &Checked, output: &mut Output) {
    let report = &checked.report;
    let (words, colour) = table::verdict(checked);
    let verdict = output.paint(words, colour);
    let counts = table::counts(report);
    let seconds = report.seconds;
    output.line(format!("{}: {verdict}; {counts}, {seconds:.1} s", report.spec));
}

/// A counterexample, and how to see it in the Explorer. Returns the same without colours.
fn show_counterexample(report: &Report, example: &Counterexample, output: &mut Output) -> String {
    let head = format!("{} is {}:", example.property, runs::how(example));
    // The address has a line of its own, which may be longer than others: it is to be clicked.
    let link = format!(
        "To step through it: quorate explore {}, then\nhttp://{}{}\n",
        report.spec,
        explore::ADDRESS,
        example.explorer
    );
    let painted = output.paint(&head, Colour::Red);
    let trace = example.trace.text(output.has_colour());
    output.line(format!("\n{painted}\n{trace}\n{link}"));
    format!("{head}\n{}\n{link}", example.trace.text(false))
}
