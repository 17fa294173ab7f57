//! Actors in cycles. In a cycle each actor whose timer is set fires it once, in random order, and
//! all that comes of that has come before the next one fires.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use stateright::actor::{Actor, Command, Id, Out};

/// Actors that all run, but for those that are down.
pub struct Cluster<A: Actor> {
    actors: Vec<A>,
    states: Vec<A::State>,
    timers: Vec<BTreeSet<A::Timer>>,
    down: BTreeSet<Id>,
    dice: SmallRng,
    /// What was sent so far, by sender and receiver, also to those that are down.
    sent: u64,
}

/// Something that an actor is to act on.
enum Event<A: Actor> {
    Deliver(Id, A::Msg),
    Random(A::Random),
}

impl<A: Actor<Timer: Ord>> Cluster<A> {
    /// All of them start, with nothing stored.
    pub fn new(actors: Vec<A>, seed: u64) -> Self {
        let mut cluster = Cluster {
            states: Vec::with_capacity(actors.len()),
            timers: vec![BTreeSet::new(); actors.len()],
            actors,
            down: BTreeSet::new(),
            dice: SmallRng::seed_from_u64(seed),
            sent: 0,
        };
        let mut events = VecDeque::new();
        for index in 0..cluster.actors.len() {
            let mut out = Out::new();
            let state = cluster.actors[index].on_start(Id::from(index), &None, &mut out);
            cluster.states.push(state);
            cluster.carry_out(Id::from(index), out, &mut events);
        }
        cluster.settle(events);
        cluster
    }

    /// The actors' states, by number.
    pub fn states(&self) -> &[A::State] {
        &self.states
    }

    /// How many messages were sent so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// This actor does nothing any more.
    pub fn crash(&mut self, id: Id) {
        self.down.insert(id);
        self.timers[usize::from(id)].clear();
    }

    /// Every actor that has set a timer of this kind by now, and has it set when its turn comes,
    /// fires it. Returns how many did.
    pub fn cycle(&mut self, is_meant: impl Fn(&A::Timer) -> bool) -> usize {
        let ready = self.timers.iter().enumerate();
        let mut ready: Vec<(Id, A::Timer)> = ready
            .flat_map(|(index, set)| set.iter().map(move |timer| (Id::from(index), timer.clone())))
            .filter(|(_, timer)| is_meant(timer))
            .collect();
        ready.shuffle(&mut self.dice);
        let mut fired = 0;
        for (id, timer) in ready {
            if self.timers[usize::from(id)].remove(&timer) {
                fired += 1;
                self.act(id, |actor, id, state, out| actor.on_timeout(id, state, &timer, out));
            }
        }
        fired
    }

    /// One actor acts, and all that comes of it comes.
    fn act(&mut self, id: Id, handler: impl FnOnce(&A, Id, &mut Cow<A::State>, &mut Out<A>)) {
        let mut events = VecDeque::new();
        self.handle(id, handler, &mut events);
        self.settle(events);
    }

    fn settle(&mut self, mut events: VecDeque<(Id, Event<A>)>) {
        while let Some((to, event)) = events.pop_front() {
            if self.down.contains(&to) {
                continue;
            }
            self.handle(
                to,
                |actor, id, state, out| match event {
                    Event::Deliver(from, message) => actor.on_msg(id, state, from, message, out),
                    Event::Random(drawn) => actor.on_random(id, state, &drawn, out),
                },
                &mut events,
            );
        }
    }

    fn handle(
        &mut self,
        id: Id,
        handler: impl FnOnce(&A, Id, &mut Cow<A::State>, &mut Out<A>),
        events: &mut VecDeque<(Id, Event<A>)>,
    ) {
        let index = usize::from(id);
        let (mut out, mut state) = (Out::new(), Cow::Borrowed(&self.states[index]));
        handler(&self.actors[index], id, &mut state, &mut out);
        if let Cow::Owned(state) = state {
            self.states[index] = state;
        }
        self.carry_out(id, out, events);
    }

    fn carry_out(&mut self, id: Id, out: Out<A>, events: &mut VecDeque<(Id, Event<A>)>) {
        let timers = &mut self.timers[usize::from(id)];
        for command in out {
            match command {
                Command::Send(to, message) => {
                    self.sent += 1;
                    events.push_back((to, Event::Deliver(id, message)));
                }
                Command::SetTimer(timer, _) => drop(timers.insert(timer)),
                Command::CancelTimer(timer) => drop(timers.remove(&timer)),
                Command::ChooseRandom(_, mut choices) => {
                    if !choices.is_empty() {
                        let drawn = choices.swap_remove(self.dice.random_range(0..choices.len()));
                        events.push_back((id, Event::Random(drawn)));
                    }
                }
                // Nobody starts again here.
                Command::Save(_) => {}
            }
        }
    }
}
