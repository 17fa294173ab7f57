//! What a diagram says about each step: a short label, and everything in its tooltip.

use super::super::brief::headline;
use super::super::debug_text::differences;
use super::super::{Event, Step, Trace};
use super::labels::{self, Line, shorten};
use super::layout::Layout;
use super::{FAULT, GREY, INK, NOTE, RECOVERY, TIMER};

/// For every step what it is, and what it changes, in full.
pub(super) fn tooltips(trace: &Trace) -> Vec<String> {
    let mut states = trace.initial.clone();
    states.resize(trace.actors.len(), String::new());
    let mut texts = Vec::new();
    for (number, step) in trace.steps.iter().enumerate() {
        let mut lines = vec![format!("{}. {}", number + 1, trace.line(step))];
        lines.extend(step.notes.iter().cloned());
        for (actor, new) in &step.states {
            let Some(old) = states.get_mut(*actor) else {
                continue;
            };
            let name = trace.name(*actor);
            lines.extend(differences(old, new).iter().map(|line| format!("{name}  {line}")));
            old.clone_from(new);
        }
        if step.saved {
            lines.push("saves to storage".to_owned());
        }
        texts.push(lines.join("\n"));
    }
    texts
}

/// What stands beside a step.
pub(super) fn label(trace: &Trace, step: &Step) -> Vec<Line> {
    let limit = Layout::label_width(trace.actors.len());
    let (head, colour) = match &step.event {
        Event::Deliver { message, .. } => (headline(message).0.to_owned(), INK),
        Event::Drop { message, .. } => (format!("lost: {}", headline(message).0), FAULT),
        Event::Timeout { timer, early: false, .. } => (format!("timeout: {timer}"), TIMER),
        Event::Timeout { timer, early: true, .. } => (format!("early timeout: {timer}"), TIMER),
        Event::Backup { .. } => ("storage set aside".to_owned(), NOTE),
        Event::Rollback { to_nothing: true, .. } => ("crashes, wiped".to_owned(), FAULT),
        Event::Rollback { .. } => ("crashes, storage rolled back".to_owned(), FAULT),
        Event::Crash { .. } => ("crashes".to_owned(), FAULT),
        Event::Recover { .. } => ("recovers".to_owned(), RECOVERY),
        Event::Random { choice, .. } => (format!("chooses {choice}"), INK),
        Event::Pause { .. } => ("pauses".to_owned(), FAULT),
        Event::Resume { .. } => ("goes on".to_owned(), RECOVERY),
        Event::Cut { .. } => (trace.line(step), FAULT),
        Event::Heal { .. } => (trace.line(step), RECOVERY),
        Event::Tick => ("time passes".to_owned(), TIMER),
        Event::SlowTick => ("slow tick".to_owned(), FAULT),
    };
    let details = match &step.event {
        Event::Deliver { message, .. } | Event::Drop { message, .. } => headline(message).1,
        _ => String::new(),
    };
    let line = |text: &str, size, colour, bold| {
        let text = shorten(text, size, bold, limit);
        Line { text, size, colour, bold }
    };
    let mut lines = vec![line(&head, 11.5, colour, true)];
    if !details.is_empty() {
        lines.push(line(&details, 10.0, GREY, false));
    }
    if matches!(step.event, Event::Deliver { kept: true, .. }) {
        lines.push(line("a copy stays in flight", 10.0, TIMER, false));
    }
    for note in &step.notes {
        let folded = labels::fold(note, 10.0, limit).into_iter();
        lines.extend(folded.map(|text| Line { text, size: 10.0, colour: NOTE, bold: false }));
    }
    lines
}
