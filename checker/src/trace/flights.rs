//! Which delivery belongs to which send.
//!
//! A message identical to one in flight *is* that message, so (from, to, message) identifies what
//! is in flight, and a delivery takes the flight that began with the earliest send.

use super::{Event, Trace};
use std::collections::BTreeMap;

/// The journey of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flight<'a> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) message: &'a str,
    /// The step that sends it; `None` if it was in flight at the start.
    pub(super) sent: Option<usize>,
    pub(super) end: End,
}

/// How a flight ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Delivered by this step.
    Delivered(usize),
    /// Lost in this step.
    Dropped(usize),
    /// Lost as soon as it was sent.
    LostAtOnce,
    /// Still in flight after the last step.
    InFlight,
}

/// All flights of a trace, ordered by their end; those without one come last.
pub(super) fn flights(trace: &Trace) -> Vec<Flight<'_>> {
    let mut done = Vec::new();
    // The step that sent each message in flight.
    let mut flying = BTreeMap::<(usize, usize, &str), Option<usize>>::new();
    for message in &trace.in_flight {
        flying.entry((message.from, message.to, message.message.as_str())).or_insert(None);
    }
    for (number, step) in trace.steps.iter().enumerate() {
        match &step.event {
            Event::Deliver { from, to, message, kept } => {
                let key = (*from, *to, message.as_str());
                // A message that nobody is seen to send must have been there from the start.
                let sent = flying.get(&key).copied().flatten();
                done.push(flight(key, sent, End::Delivered(number)));
                if *kept {
                    flying.entry(key).or_insert(None);
                } else {
                    flying.remove(&key);
                }
            }
            Event::Drop { from, to, message } => {
                let key = (*from, *to, message.as_str());
                let sent = flying.remove(&key).flatten();
                done.push(flight(key, sent, End::Dropped(number)));
            }
            Event::Cut { links } => {
                let is_lost = |(from, to, _): &(usize, usize, &str)| links.contains(&(*from, *to));
                let (lost, left) = flying.into_iter().partition(|(key, _)| is_lost(key));
                flying = left;
                let lost: BTreeMap<_, _> = lost;
                let ends = lost.into_iter();
                done.extend(ends.map(|(key, sent)| flight(key, sent, End::Dropped(number))));
            }
            _ => {}
        }
        let Some(from) = step.event.actor() else {
            continue;
        };
        for sent in &step.sent {
            let key = (from, sent.to, sent.message.as_str());
            if sent.lost {
                done.push(flight(key, Some(number), End::LostAtOnce));
            } else {
                flying.entry(key).or_insert(Some(number));
            }
        }
    }
    done.extend(flying.into_iter().map(|(key, sent)| flight(key, sent, End::InFlight)));
    done
}

fn flight<'a>(key: (usize, usize, &'a str), sent: Option<usize>, end: End) -> Flight<'a> {
    Flight { from: key.0, to: key.1, message: key.2, sent, end }
}
