//! Watches that the model's own code returns. What does not cannot be ended: it is named.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use stateright::actor::Id;

use super::calls::Called;
use super::options::Options;
use super::parts::{Event, Explorable, History};
use super::shared::Shared;

/// How often is looked.
const POLL: Duration = Duration::from_millis(50);
/// A call that lasts so long is said not to return.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same once the time of the search is over.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// Does `work`. Meanwhile tells `stuck` of the first call that does not return, in words, once.
pub(super) fn watched<A: Explorable, C: Sync, G: History, T>(
    shared: &Shared<'_, A, C, G>,
    options: &Options,
    stuck: &(dyn Fn(String) + Sync),
    work: impl FnOnce() -> T,
) -> T {
    let start = Instant::now();
    let is_over = || options.max_time.is_some_and(|limit| start.elapsed() >= limit);
    std::thread::scope(|scope| {
        let (done, waiting) = channel::<()>();
        scope.spawn(move || {
            // By slot, the call that ran when it was looked at last, and since when it is known.
            let mut known: Vec<(Option<u64>, Instant)> = Vec::new();
            while waiting.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
                let now = Instant::now();
                let patience = if is_over() { AFTERWARDS } else { PATIENCE };
                for (place, slot) in shared.calls.slots().iter().enumerate() {
                    if known.len() <= place {
                        known.push((None, now));
                    }
                    let running = slot.running();
                    if known[place].0 != running {
                        known[place] = (running, now);
                    }
                    let Some(number) = running.filter(|_| now - known[place].1 >= patience) else {
                        continue;
                    };
                    if let Some((called, shown)) = slot.read(number) {
                        return stuck(shared.in_words(called, &shown));
                    }
                }
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// Says so where nobody else does.
pub(super) fn say(words: String) {
    eprintln!("quorate: {words}; it is waited for");
}

impl<A: Explorable, C, G: History> Shared<'_, A, C, G> {
    /// Says that a call does not return. No table is opened for it: whoever waits to close them all
    /// waits for that call.
    fn in_words(&self, called: Called, shown: &[u32]) -> String {
        let Shared { parts, checks, reactions, .. } = self;
        let local = || *parts.locals.get(shown[0]);
        let handler = |actor: usize, event: Event| {
            let state = parts.states.get(local().state);
            format!("{} does not return; it is in {state:?}", self.handler(actor, event))
        };
        match called {
            Called::Deliver(actor) => handler(actor, Event::Deliver(shown[1])),
            Called::Timeout(actor) => handler(actor, Event::Timeout(shown[1])),
            Called::Random(actor) => handler(actor, Event::Random(shown[1])),
            Called::Start(actor) => handler(actor, Event::Recover),
            Called::Ghost => {
                let (actor, event) = reactions.question(shown[1]);
                let ghost = parts.ghosts.get(shown[0]);
                format!(
                    "the ghost {ghost:?} does not return when it sees {}",
                    self.handler(actor, event)
                )
            }
            Called::Obsolete => {
                let (state, envelope) = (parts.states.get(shown[0]), parts.envelopes.get(shown[1]));
                format!("whether {envelope:?} is obsolete in {state:?} is not answered")
            }
            Called::Property(place) => {
                let states = self.actors(shown);
                format!("the condition of {:?} does not return where {states}", checks[place].name)
            }
            Called::OfRuns => {
                let states = self.actors(shown);
                format!("the condition of a property of runs does not return where {states}")
            }
            Called::Boundary => {
                format!("the boundary does not return where {}", self.actors(shown))
            }
            Called::Direction => {
                format!("the direction does not return where {}", self.actors(shown))
            }
        }
    }

    /// The handler that is called at an event.
    fn handler(&self, actor: usize, event: Event) -> String {
        let (actor, parts) = (Id::from(actor), &self.parts);
        match event {
            Event::Deliver(number) => {
                let envelope = parts.envelopes.get(number);
                format!("the handler of {actor:?} on {:?} from {:?}", envelope.msg, envelope.src)
            }
            Event::Timeout(number) => {
                format!("the handler of {actor:?} on its timer {:?}", parts.timer.get(number))
            }
            Event::Random(number) => {
                format!("the handler of {actor:?} on its choice {:?}", parts.choice.get(number).1)
            }
            _ => format!("the start of {actor:?}"),
        }
    }

    /// The states of all actors.
    fn actors(&self, leaves: &[u32]) -> String {
        let states = leaves[..self.system.actors()].iter().enumerate().map(|(actor, seat)| {
            let local = self.parts.open_seat(actor, *seat).0;
            format!("{:?} is in {:?}", Id::from(actor), self.parts.states.get(local.state))
        });
        states.collect::<Vec<String>>().join(", ")
    }
}
