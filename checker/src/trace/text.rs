//! A trace as numbered steps for a terminal.

use super::debug_text::differences;
use super::{Event, Trace};

/// The widest line, in characters.
const WIDTH: usize = 100;
/// How far step lines stand in, the number included; details stand in further.
const INDENT: usize = 6;

/// What a line is, which decides its colour.
#[derive(Clone, Copy)]
enum Kind {
    Title,
    Step,
    Timer,
    Fault,
    Recovery,
    Note,
    Change,
    Send,
    Loop,
}

impl Kind {
    fn of(event: &Event) -> Self {
        match event {
            Event::Deliver { .. } | Event::Random { .. } => Self::Step,
            Event::Timeout { .. } | Event::Tick => Self::Timer,
            Event::Drop { .. }
            | Event::Crash { .. }
            | Event::Backup { .. }
            | Event::Rollback { .. }
            | Event::Cut { .. }
            | Event::Pause { .. }
            | Event::SlowTick => Self::Fault,
            Event::Recover { .. } | Event::Resume { .. } | Event::Heal { .. } => Self::Recovery,
        }
    }

    /// The parameters of the ANSI escape sequence.
    fn code(self) -> &'static str {
        match self {
            Self::Title | Self::Step => "1",
            Self::Timer => "1;33",
            Self::Fault => "1;31",
            Self::Recovery => "1;32",
            Self::Note => "35",
            Self::Change => "0",
            Self::Send => "36",
            Self::Loop => "1;34",
        }
    }
}

/// See [`Trace::text`].
pub(super) fn render(trace: &Trace, colour: bool) -> String {
    let mut page = Page { text: String::new(), colour, margin: "" };
    page.add(Kind::Title, "", &trace.title);
    let mut states = trace.initial.clone();
    states.resize(trace.actors.len(), String::new());
    page.add(Kind::Step, "", "");
    page.add(Kind::Step, "   0  ", "start");
    for (actor, state) in states.iter().enumerate().filter(|(_, state)| !state.is_empty()) {
        page.detail(Kind::Change, trace.name(actor), state);
    }
    for message in &trace.in_flight {
        let link = format!("{} → {}", trace.name(message.from), trace.name(message.to));
        page.detail(Kind::Send, &link, &message.message);
    }
    for number in 0..trace.steps.len() {
        if trace.loop_start == Some(number) {
            page.add(Kind::Loop, "", "┌─ the loop begins here");
            page.margin = "│";
        }
        render_step(trace, number, &mut states, &mut page);
    }
    page.margin = "";
    match trace.loop_start {
        Some(start) if start < trace.steps.len() => {
            let (first, last) = (start + 1, trace.steps.len());
            let line = match last - start {
                1 => format!("└─ and so on: step {first} repeats for ever"),
                _ => format!("└─ and so on: steps {first} to {last} repeat for ever"),
            };
            page.add(Kind::Loop, "", &line);
        }
        Some(_) => page.add(Kind::Loop, "", "── and nothing more happens, for ever"),
        None => {}
    }
    page.text
}

fn render_step(trace: &Trace, number: usize, states: &mut [String], page: &mut Page) {
    let step = &trace.steps[number];
    let indent = INDENT - page.margin.chars().count() - 2;
    let head = format!("{:>indent$}  ", number + 1);
    page.add(Kind::of(&step.event), &head, &trace.line(step));
    let actor = step.event.actor().map_or("", |actor| trace.name(actor));
    for note in &step.notes {
        page.detail(Kind::Note, actor, note);
    }
    for (actor, new) in &step.states {
        let Some(old) = states.get_mut(*actor) else {
            continue;
        };
        for difference in differences(old, new) {
            page.detail(Kind::Change, trace.name(*actor), &difference);
        }
        old.clone_from(new);
    }
    if step.saved {
        page.detail(Kind::Change, actor, "saves to storage");
    }
    for sent in &step.sent {
        let lost = if sent.lost { " (lost: it can never arrive)" } else { "" };
        let link = format!("{actor} → {}", trace.name(sent.to));
        page.detail(Kind::Send, &link, &format!("{}{lost}", sent.message));
    }
}

/// The text written so far, and how to go on.
struct Page {
    text: String,
    colour: bool,
    /// What every line begins with.
    margin: &'static str,
}

impl Page {
    /// A line below a step: who, then what.
    fn detail(&mut self, kind: Kind, who: &str, what: &str) {
        let indent = INDENT + 2 - self.margin.chars().count();
        self.add(kind, &format!("{:indent$}{who}  ", ""), what);
    }

    /// `what` after `head`; further lines begin below its beginning.
    fn add(&mut self, kind: Kind, head: &str, what: &str) {
        let hanging = head.chars().count().min(WIDTH / 2);
        let width = WIDTH - self.margin.chars().count() - head.chars().count().max(hanging);
        for (number, line) in wrap(what, width).into_iter().enumerate() {
            let start = if number == 0 { head.to_owned() } else { " ".repeat(hanging) };
            let line = format!("{start}{line}");
            self.text.push_str(self.margin);
            if self.colour && !line.trim().is_empty() {
                self.text.push_str(&format!("\x1b[{}m{}\x1b[0m", kind.code(), line.trim_end()));
            } else {
                self.text.push_str(line.trim_end());
            }
            self.text.push('\n');
        }
    }
}

/// Breaks at spaces, and within a word only if it is longer than a line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let mut letters = word.chars().peekable();
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        while letters.peek().is_some() {
            let line = lines.last_mut().expect("there is always a line");
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            let part: String = letters.by_ref().take(width - used).collect();
            used += part.chars().count();
            line.push_str(&part);
            if letters.peek().is_some() {
                lines.push(String::new());
                used = 0;
            }
        }
    }
    lines
}
