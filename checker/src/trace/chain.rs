//! How long a chain of messages is, each sent on handling the one before.

use std::collections::BTreeMap;

use super::{Event, Trace};

impl Trace {
    /// The length of the longest chain of messages, each sent on handling the one before and the
    /// last one delivered, among what is sent from the step `from` on. A message that was in flight
    /// before counts as the first of its chain.
    pub fn longest_chain(&self, from: usize) -> usize {
        let mut sent: BTreeMap<(usize, usize, &str), usize> = BTreeMap::new();
        let mut longest = 0;
        for step in self.steps.iter().skip(from) {
            let (sender, handled) = match &step.event {
                Event::Deliver { from, to, message, .. } => {
                    let chain = sent.get(&(*from, *to, message.as_str()));
                    (Some(*to), chain.copied().unwrap_or(1))
                }
                event => (event.actor(), 0),
            };
            longest = longest.max(handled);
            let Some(sender) = sender else { continue };
            for message in &step.sent {
                sent.insert((sender, message.to, &message.message), handled + 1);
            }
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use crate::trace::{Event, Sent, Step, Trace};

    #[test]
    fn a_chain_goes_from_handler_to_handler() {
        let send = |to, message: &str| Sent { to, message: message.to_owned(), lost: false };
        let deliver = |from, to, message: &str| Event::Deliver {
            from,
            to,
            message: message.to_owned(),
            kept: false,
        };
        let timeout = Event::Timeout { actor: 0, timer: "T".to_owned(), early: false };
        let step = |event, sent: Vec<Sent>| Step { sent, ..Step::new(event) };
        let trace = Trace {
            steps: vec![
                step(timeout.clone(), vec![send(1, "a"), send(2, "a")]),
                step(deliver(0, 1, "a"), vec![send(0, "b")]),
                step(deliver(0, 2, "a"), vec![]),
                step(Event::Tick, vec![]),
                step(deliver(1, 0, "b"), vec![send(1, "never delivered")]),
            ],
            ..Trace::default()
        };
        assert_eq!(trace.longest_chain(0), 2);
        assert_eq!(trace.longest_chain(1), 2);
        assert_eq!(trace.longest_chain(3), 1);
        assert_eq!(Trace::default().longest_chain(0), 0);
    }
}
