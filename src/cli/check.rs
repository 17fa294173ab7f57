//! `quorate check`: explores specs, each to its end or to a limit, and says what was found.

mod attempt;
mod behaviour;
mod details;
mod files;
mod progress;
mod runs;
mod summary;
mod symmetry;
mod table;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::value_parser;
use quorate_checker::report::{Counterexample, Engine, INTERRUPTED, Limits, Report};

use super::bounds::BoundsArgs;
use super::exit::{self, Code, Failure};
use super::log::Colour;
use super::output::{Output, wrapped};
use super::specs::Selected;
use super::{explore, specs};
use files::{JsonFile, TraceFiles};

/// How a check ends, for `--help`.
const ENDS: &str = "\
The verdicts stand in a table at the end. Steps are shown of counterexamples that nobody expected;
--details shows them all, --traces writes them all.

Exits 1 if a verdict or a count is not the expected one, else 2 if one is incomplete, else 0.
Ctrl-C, SIGTERM and SIGHUP end it with what was found until then, in the table and in the files,
and it exits 130; a second signal ends it at once.";

/// What to check, how, and what to tell of it.
#[derive(clap::Args)]
#[command(after_help = ENDS)]
pub struct Args {
    /// What to check: specs by their names, or all of a protocol by its name; the default set if
    /// nothing is named
    #[arg(value_name = "SPEC")]
    specs: Vec<String>,
    #[command(flatten)]
    bounds: BoundsArgs,
    /// Check the large specs as well, which takes minutes; one of them can also be named
    #[arg(long)]
    all: bool,
    /// What searches: our own engine, or Stateright's, to compare with
    #[arg(long, value_enum, default_value = "quorate")]
    engine: EngineName,
    /// Search one state of all that differ only in the names of servers, or of clients with one
    /// script; specs in which names tell are searched whole
    #[arg(long)]
    symmetry: bool,
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
    /// Write every counterexample to this directory: as text, as SVG, and as ITF (JSON)
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
    /// Go on after the first counterexample of a spec, to decide every property
    #[arg(long)]
    keep_going: bool,
    /// Show all counterexamples, and of each search its levels, actions, components, handler calls
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
            symmetry: self.symmetry,
            ..default
        }
    }
}

/// A spec that was checked: what was searched, and what was found.
struct Checked {
    /// What names it on the command line.
    words: String,
    bounds: Vec<String>,
    directed: bool,
    /// What changes places, or why nothing does; if that was asked.
    symmetry: Option<Result<String, &'static str>>,
    /// Asked for by its bounds: nothing is on record of it.
    custom: bool,
    report: Report,
}

impl Checked {
    fn was_interrupted(&self) -> bool {
        self.report.cut_short.as_deref() == Some(INTERRUPTED)
    }
}

/// Checks the specs that are named.
pub fn run(args: Args) -> ExitCode {
    match begin(&args) {
        Ok(code) => code.into(),
        Err(failure) => exit::report(Err(failure)),
    }
}

fn begin(args: &Args) -> Result<Code, Failure> {
    if args.symmetry && args.engine() == Engine::Stateright {
        let message = "--symmetry is for our own engine: Stateright's searches every state";
        return Err(Failure::new(Code::Usage, message));
    }
    let specs = match args.bounds.custom(&args.specs)? {
        Some(_) if args.all => {
            return Err(Failure::new(Code::Usage, "--all is for listed specs, bounds for others"));
        }
        Some(custom) => vec![custom],
        None => specs::select(&args.specs, args.all)?,
    };
    let limits = Limits { interrupt: attempt::interrupt()?, ..args.limits() };
    check(specs, args, &limits, Output::stdout())
}

fn check(
    specs: Vec<Selected>,
    args: &Args,
    limits: &Limits,
    mut output: Output,
) -> Result<Code, Failure> {
    // Whatever cannot be written is found out before the minutes that the search takes.
    let json = args.json.as_deref().map(JsonFile::prepare).transpose()?;
    let traces = args.traces.as_deref().map(TraceFiles::prepare).transpose()?;
    let mut written = Ok(());
    let mut all = Vec::new();
    let count = specs.len();
    for (index, spec) in specs.into_iter().enumerate() {
        if limits.interrupt.load(Ordering::Relaxed) {
            break;
        }
        let checked = check_one(spec, (index + 1, count), args.engine(), limits);
        show(&checked, &mut output);
        if args.details {
            details::show(&checked.report, &mut output);
            runs::show_longest(&checked.report, &mut output);
            if index + 1 < count {
                output.line("");
            }
        }
        for example in &checked.report.counterexamples {
            show_counterexample(&checked, example, args.details, &mut output);
            // The first failure is told at the end: the rest is worth finding out all the same.
            if let Some(files) = traces.as_ref().filter(|_| written.is_ok()) {
                let story = story(&checked, example, None);
                written = files.write(&checked.report.spec, example, &story);
            }
        }
        all.push(checked);
    }
    // A signal that came too late to leave anything open is none.
    let was_interrupted = all.len() < count || all.iter().any(Checked::was_interrupted);
    table::show(&all, count, &mut output);
    let reports: Vec<&Report> = all.iter().map(|checked| &checked.report).collect();
    if let Some(json) = json {
        json.write(&reports)?;
    }
    written?;
    output.finish()?;
    Ok(if was_interrupted { Code::Interrupted } else { code(&reports) })
}

fn check_one(
    selected: Selected,
    (number, count): (usize, usize),
    engine: Engine,
    limits: &Limits,
) -> Checked {
    let Selected { spec, words, custom } = selected;
    let (bounds, directed) = (spec.bounds(), spec.is_directed());
    let symmetry = limits.symmetry.then(|| spec.symmetry());
    let display = progress::Display::new(format!("{} {number}/{count}", spec.name()));
    let report = attempt::check(spec, engine, limits, display);
    Checked { words, bounds, directed, symmetry, custom, report }
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
    let counts = format!("{}, {:.1} s", table::counts(report), report.seconds);
    let head = format!("{}: {words}; ", report.spec);
    let text = wrapped(&head, counts.split(", "));
    let verdict = output.paint(words, colour);
    output.line(format!("{}: {verdict}; {}", report.spec, &text[head.len()..]));
}

/// A counterexample: its steps if nobody expected it, or `in_full`; else that it is there.
fn show_counterexample(
    checked: &Checked,
    example: &Counterexample,
    in_full: bool,
    output: &mut Output,
) {
    let is_expected = !checked.report.property(example.property).is_surprise();
    if is_expected && !in_full {
        let what = format!("{} is {}", example.property, runs::how(example));
        return output.line(wrapped("  ", [&*what, "--details shows the steps"]));
    }
    output.line(format!("\n{}", story(checked, example, Some(&*output))));
}

/// The steps of a counterexample, and how to see them in the Explorer; with the colours of `output`
/// if it is for that.
fn story(checked: &Checked, example: &Counterexample, output: Option<&Output>) -> String {
    let head = format!("{} is {}", example.property, runs::how(example));
    let head = output.map_or(head.clone(), |output| output.paint(&head, Colour::Red));
    let trace = example.trace.text(output.is_some_and(Output::has_colour));
    let (words, address, path) = (&checked.words, explore::ADDRESS, &example.explorer);
    // The address has a line of its own, which may be longer than others: it is to be clicked.
    let link = format!("To step through it: quorate explore {words}, then\nhttp://{address}{path}");
    format!("{head}\n{trace}\n{link}\n")
}
