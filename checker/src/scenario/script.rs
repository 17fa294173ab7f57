//! The text of a script, in its parts.

use std::num::NonZeroU32;

use super::Mistake;

/// A script, read but not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    given: Vec<(usize, String)>,
    pub(super) parts: Vec<Part>,
}

/// Some lines of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The number of the first, counted from 1.
    pub(super) line: usize,
    pub(super) lines: Vec<String>,
    pub(super) what: What,
}

/// What some lines are there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Nothing to do.
    Prose,
    Order(Order),
    /// What has come of the steps so far.
    Results,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The step of these words.
    Step(String),
    /// The delivery of these words changes nothing.
    Ignored(String),
    DeliverAll(Links),
    LoseAll(Links),
    Times(u32, Box<Order>),
}

/// The links from some actors to some, by their names. `None` is anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Links {
    pub(super) from: Option<Vec<String>>,
    pub(super) to: Option<Vec<String>>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// If a line is none of those that a script has.
    pub fn parse(text: &str) -> Result<Script, Mistake> {
        let mut script = Script { given: Vec::new(), parts: Vec::new() };
        let mut rest = text.lines().zip(1..).peekable();
        while let Some((first, line)) = rest.next() {
            let mut lines = vec![first.to_owned()];
            let what = if first == "----" {
                let is_result = |(text, _): &(&str, usize)| !text.is_empty();
                while let Some((text, _)) = rest.next_if(is_result) {
                    lines.push(text.to_owned());
                }
                What::Results
            } else if let Some(words) = of_a_trace(first) {
                let mut words = words.to_owned();
                while let Some((text, _)) = rest.next_if(|(text, _)| goes_on(text)) {
                    words.push_str(text.trim_start_matches(MARGIN));
                    lines.push(text.to_owned());
                }
                What::Order(Order::Step(words))
            } else if first.is_empty() || first.starts_with(['#', ' ', '│', '┌', '└', '─'])
            {
                What::Prose
            } else if let Some(given) = first.strip_prefix("given ") {
                script.given.push((line, given.to_owned()));
                What::Prose
            } else {
                What::Order(order(first).map_err(|what| Mistake::new(line, what))?)
            };
            script.parts.push(Part { line, lines, what });
        }
        Ok(script)
    }

    /// What stands behind `given`, with the numbers of the lines.
    pub fn given(&self) -> &[(usize, String)] {
        &self.given
    }
}

/// What a line of a trace begins with.
const MARGIN: [char; 2] = [' ', '│'];

/// The step that this line of a trace tells, or begins to tell: `   7  S1 crashes`.
fn of_a_trace(line: &str) -> Option<&str> {
    let numbered = line.trim_start_matches(MARGIN);
    let words = numbered.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let is_numbered = words.len() < numbered.len();
    words.strip_prefix("  ").filter(|words| is_numbered && *words != "start")
}

/// True if this line of a trace goes on with a step: it begins below the words of the step, and
/// what is told about a step stands in further.
fn goes_on(line: &str) -> bool {
    let words = line.trim_start_matches(MARGIN);
    !words.is_empty() && line.chars().count() - words.chars().count() == 6
}

fn order(line: &str) -> Result<Order, String> {
    if let Some((count, rest)) = line.split_once(" times ")
        && let Ok(count) = count.parse::<NonZeroU32>()
    {
        return Ok(Order::Times(count.get(), Box::new(order(rest)?)));
    }
    if let Some(which) = line.strip_prefix("deliver all") {
        return Ok(Order::DeliverAll(links(which)?));
    }
    if let Some(which) = line.strip_prefix("lose all") {
        return Ok(Order::LoseAll(links(which)?));
    }
    Ok(match line.split_once(" ignores from ") {
        Some((who, what)) => Order::Ignored(format!("{who} receives from {what}")),
        None => Order::Step(line.to_owned()),
    })
}

fn links(which: &str) -> Result<Links, String> {
    let which = which.replace("->", "→");
    let which = which.trim();
    if which.is_empty() {
        return Ok(Links::default());
    }
    if let Some(names) = which.strip_prefix("among ") {
        let names: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
        return Ok(Links { from: Some(names.clone()), to: Some(names) });
    }
    let end = |name: &str| (name.trim() != "*").then(|| vec![name.trim().to_owned()]);
    match which.split_once('→') {
        Some((from, to)) => Ok(Links { from: end(from), to: end(to) }),
        None => Err(format!("no links: {which:?}; write `S1 → S2`, `S1 → *` or `among S1, S2`")),
    }
}
