//! Finds out what a seat offers, by a spec's rules; once for all threads.

use super::arena::Places;
use super::arrivals::Arrivals;
use super::calls::{Called, Slot};
use super::kind::Kind;
use super::memo::Cache;
use super::moves::{Move, Moves, Time};
use super::parts::{Event, Explorable, History, Local, NOTHING, Parts};
use super::react::Reactions;
use super::reaction::Effect;
use super::sync::Arc;
use super::system::{Rules, System};
use crate::spec::{Clock, CutState, Spec, Timely};

/// What was found out about seats, for all threads: by actor and seat.
#[derive(Debug)]
pub(super) struct Plans(Vec<Places<Moves>>);

impl Plans {
    pub fn new(seats: usize) -> Self {
        Plans((0..seats).map(|_| Places::default()).collect())
    }
}

/// What a receiver makes of a message that has come to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heed {
    /// It may heed it, now or later.
    Open,
    /// It is called obsolete, and is ignored.
    Forgotten,
    /// It is called obsolete, and is heeded all the same.
    Wrong,
}

/// One thread's way to the moves of a seat.
pub(super) struct Planner<'s, A: Explorable, C, G: History> {
    pub(super) system: &'s System<'s, A, C, G>,
    pub(super) parts: &'s Parts<A, G>,
    pub(super) reactions: &'s Reactions<A>,
    plans: &'s Plans,
    calls: Arc<Slot>,
    /// By the receiver's state and envelope.
    heed: Cache<(u32, u32), Heed>,
}

impl<'s, A: Explorable, C, G: History> Planner<'s, A, C, G> {
    pub fn new(
        system: &'s System<'s, A, C, G>,
        parts: &'s Parts<A, G>,
        reactions: &'s Reactions<A>,
        plans: &'s Plans,
        calls: Arc<Slot>,
    ) -> Self {
        Planner { system, parts, reactions, plans, calls, heed: Cache::new(12) }
    }

    /// What `event` does when `actor` is as `local` says.
    pub(super) fn effect(&self, actor: usize, local: u32, event: Event) -> &'s Effect {
        let (called, about) = match event {
            Event::Deliver(number) => (Called::Deliver(actor), number),
            Event::Timeout(number) => (Called::Timeout(actor), number),
            Event::Random(number) => (Called::Random(actor), number),
            Event::Crash | Event::Rollback | Event::Recover => (Called::Start(actor), 0),
            // No handler is called.
            Event::Backup | Event::Pause | Event::Resume | Event::Nobodys => {
                (Called::Start(actor), 0)
            }
        };
        let _running = self.calls.enter(called, &[local, about]);
        self.reactions.effect(self.system, self.parts, actor, local, event)
    }

    /// What `seat` offers, which is that of `actor`.
    pub fn moves(&mut self, actor: usize, seat: u32) -> &'s Moves {
        let plans = self.plans;
        if let Some(moves) = plans.0[actor].get(seat) {
            return moves;
        }
        let moves = match self.system.rules {
            Rules::Spec(spec) => self.spec_moves(spec, actor, seat),
            Rules::Stateright => self.stateright_moves(actor, seat),
        };
        plans.0[actor].put(seat, moves)
    }

    /// The seat of `actor`, of which these are the `moves`, once `parcel` has been sent to it.
    pub fn arrive(&mut self, moves: &Moves, actor: usize, seat: u32, parcel: u32) -> u32 {
        moves.arrivals.get(parcel).unwrap_or_else(|| {
            let after = self.receive(actor, seat, parcel);
            moves.arrivals.put(parcel, after);
            after
        })
    }

    /// Does as [`arrive`](Self::arrive), from scratch.
    pub fn receive(&mut self, actor: usize, seat: u32, parcel: u32) -> u32 {
        let (number, inbox) = *self.parts.seats[actor].get(seat);
        let local = self.parts.locals.get(number);
        if *self.parts.clocks.get(local.clock) == Clock::Gone {
            return seat;
        }
        let inbox = self.join(self.parts.inboxes.get(inbox), parcel, local.state);
        self.parts.seat(actor, number, self.parts.inboxes.intern(inbox))
    }

    fn spec_moves(&mut self, spec: &Spec<A, C, G>, actor: usize, seat: u32) -> Moves {
        let (number, inbox) = *self.parts.seats[actor].get(seat);
        let local = *self.parts.locals.get(number);
        let inbox = self.parts.inboxes.get(inbox);
        let clock = self.parts.clocks.get(local.clock);
        let takes_steps = !local.crashed && !clock.is_paused();
        let mut moves = Vec::new();
        for envelope in inbox.iter() {
            if spec.faults.drops > 0 {
                moves.push(self.loss(actor, number, inbox, *envelope));
            }
            if takes_steps {
                self.deliveries(spec, actor, number, inbox, *envelope, &mut moves);
            }
        }
        if local.crashed {
            if spec.timely.as_ref().is_none_or(|timely| clock.may_recover(timely)) {
                moves.push(self.step(Kind::Recover, 0, actor, seat));
            }
        } else if clock.is_paused() {
            if spec.timely.as_ref().is_some_and(|timely| clock.may_resume(timely)) {
                moves.push(self.step(Kind::Resume, 0, actor, seat));
            }
        } else {
            if spec.timely.as_ref().is_some_and(|timely| timely.may_pause(0))
                && actor < spec.servers
            {
                moves.push(self.step(Kind::Pause, 0, actor, seat));
            }
            if spec.faults.crashes > 0 && actor < spec.servers {
                moves.push(self.step(Kind::Crash, 0, actor, seat));
            }
            if spec.faults.rollbacks > 0 && actor < spec.servers {
                moves.push(self.step(Kind::Rollback, 0, actor, seat));
                if spec.faults.backups > 0 {
                    moves.push(self.step(Kind::Backup, 0, actor, seat));
                }
            }
            for timer in self.parts.timers.get(local.timers).iter() {
                self.firings(spec, actor, seat, timer, &mut moves);
            }
            self.choices(actor, seat, &local, &mut moves);
        }
        self.links(spec, actor, seat, &local, &mut moves);
        let time = spec.timely.as_ref().map(|timely| self.time(spec, timely, actor, seat));
        let has_timer = self.parts.timers.get(local.timers).iter().next().is_some();
        let heeds_obsolete =
            inbox.iter().any(|envelope| self.heed(local.state, *envelope) == Heed::Wrong);
        let (crashed, time) = (local.crashed, time.unwrap_or_default());
        let (moves, arrivals) = (moves.into(), Arrivals::default());
        Moves { crashed, has_timer, heeds_obsolete, moves, time, arrivals }
    }

    /// What time is to a seat.
    fn time(
        &mut self,
        spec: &Spec<A, C, G>,
        timely: &Timely<A::Timer>,
        actor: usize,
        seat: u32,
    ) -> Time {
        let ticked = self.ticked(spec, actor, seat);
        let (number, inbox) = *self.parts.seats[actor].get(seat);
        let local = self.parts.locals.get(number);
        let clock = self.parts.clocks.get(local.clock);
        let cuts = || spec.cuts.iter().zip(self.parts.cuts.get(local.cuts));
        let takes_steps = !local.crashed && !clock.is_paused();
        let may_choose = takes_steps && !self.parts.randoms.get(local.randoms).map.is_empty();
        Time {
            is_quiet: !takes_steps || inbox == NOTHING && !may_choose,
            is_running: clock.is_running() || cuts().any(|(cut, now)| cut.is_running(*now)),
            holds_up: may_choose
                || clock.holds_up_time(timely)
                || cuts().any(|(cut, now)| cut.holds_up_time(*now)),
            ticked,
        }
    }

    /// The ways in which a timer that is set may fire.
    fn firings(
        &mut self,
        spec: &Spec<A, C, G>,
        actor: usize,
        seat: u32,
        timer: &A::Timer,
        moves: &mut Vec<Move>,
    ) {
        let about = self.parts.timer.intern(timer.clone());
        let Some(timely) = &spec.timely else {
            let kind = Kind::Timeout(spec.timeout_kind(timer).map(|place| place as u8));
            moves.push(self.step(kind, about, actor, seat));
            return;
        };
        let (number, _) = *self.parts.seats[actor].get(seat);
        let clock = self.parts.clocks.get(self.parts.locals.get(number).clock);
        let ripe = clock.is_ripe(timely, timer);
        if ripe {
            let kind = Kind::Due { restless: timely.is_restless(timer) };
            moves.push(self.step(kind, about, actor, seat));
        }
        if timely.early > 0 && (ripe || timely.may_be_early(timer)) {
            moves.push(self.step(Kind::Early { ripe }, about, actor, seat));
        }
    }

    /// What becomes of the cuts whose first sender this is: it offers these steps of nobody.
    fn links(
        &mut self,
        spec: &Spec<A, C, G>,
        actor: usize,
        seat: u32,
        local: &Local,
        moves: &mut Vec<Move>,
    ) {
        let known = self.parts.cuts.get(local.cuts);
        for (index, (cut, now)) in spec.cuts.iter().zip(known).enumerate() {
            if cut.first_sender() != actor {
                continue;
            }
            if *now == CutState::Ahead {
                moves.push(Move::silent(Kind::Cut, index as u32, seat));
            }
            if cut.may_heal(*now, spec.timely.is_some()) {
                moves.push(Move::silent(Kind::Heal, index as u32, seat));
            }
        }
    }

    /// A seat after the links of a cut go down or heal.
    pub fn relinked(&mut self, actor: usize, seat: u32, kind: Kind, index: usize) -> u32 {
        let (number, inbox) = *self.parts.seats[actor].get(seat);
        let mut local = *self.parts.locals.get(number);
        let mut inbox = self.parts.inboxes.get(inbox).to_vec();
        let mut cuts = self.parts.cuts.get(local.cuts).to_vec();
        let cut = &self.system.cuts()[index];
        if kind == Kind::Cut {
            inbox.retain(|envelope| !cut.links.contains(&self.parts.flow(*envelope)));
        }
        if cut.has_sender(actor) {
            cuts[index] = if kind == Kind::Cut { CutState::Down(0) } else { CutState::Healed };
        }
        local.cuts = self.parts.cuts.intern(cuts);
        self.forget_obsolete(&mut inbox, local.state);
        self.parts.seat(actor, self.parts.locals.intern(local), self.parts.inboxes.intern(inbox))
    }

    /// The seat after a tick.
    fn ticked(&mut self, spec: &Spec<A, C, G>, actor: usize, seat: u32) -> u32 {
        let (number, inbox) = *self.parts.seats[actor].get(seat);
        let local = *self.parts.locals.get(number);
        let mut clock = self.parts.clocks.get(local.clock).clone();
        clock.tick();
        let cuts = spec.cuts.iter().zip(self.parts.cuts.get(local.cuts));
        let cuts = cuts.map(|(cut, state)| cut.ticked(*state)).collect();
        let (clock, cuts) = (self.parts.clocks.intern(clock), self.parts.cuts.intern(cuts));
        let local = Local { clock, cuts, ..local };
        // At the start there may be messages in flight that nobody will heed.
        let mut inbox = self.parts.inboxes.get(inbox).to_vec();
        self.forget_obsolete(&mut inbox, local.state);
        self.parts.seat(actor, self.parts.locals.intern(local), self.parts.inboxes.intern(inbox))
    }

    /// One move for each choice that the actor has asked for, as often as it is listed.
    pub(super) fn choices(
        &mut self,
        actor: usize,
        seat: u32,
        local: &Local,
        moves: &mut Vec<Move>,
    ) {
        for (key, choices) in self.parts.randoms.get(local.randoms).map.iter() {
            for random in choices {
                let choice = self.parts.choice.intern((key.clone(), random.clone()));
                moves.push(self.step(Kind::Random, choice, actor, seat));
            }
        }
    }

    pub(super) fn loss(&mut self, actor: usize, number: u32, inbox: &[u32], envelope: u32) -> Move {
        let mut left = self.system.order.remove(inbox, envelope);
        self.forget_obsolete(&mut left, self.parts.locals.get(number).state);
        let seat = self.parts.seat(actor, number, self.parts.inboxes.intern(left));
        Move::silent(Kind::Drop, envelope, seat)
    }

    fn deliveries(
        &mut self,
        spec: &Spec<A, C, G>,
        actor: usize,
        number: u32,
        inbox: &[u32],
        envelope: u32,
        moves: &mut Vec<Move>,
    ) {
        let event = Event::Deliver(envelope);
        let effect = self.effect(actor, number, event);
        let joined = self.join(inbox, effect.own, effect.state);
        let is_still = effect.local == number && joined == *inbox;
        let order = self.system.order;
        let left = match spec.timely {
            None => order.remove(&joined, envelope),
            // Gone first, be it ignored: what the actor sends to itself is a new message.
            Some(_) => self.join(&order.remove(inbox, envelope), effect.own, effect.state),
        };
        let is_ignored = is_still && (spec.timely.is_none() || left == *inbox);
        let seat = self.parts.seat(actor, effect.local, self.parts.inboxes.intern(left));
        let delivery = Move::new(Kind::Deliver, envelope, effect, seat);
        moves.push(Move { is_still: is_ignored, ..delivery });
        if spec.faults.duplicates > 0 {
            let seat = self.parts.seat(actor, effect.local, self.parts.inboxes.intern(joined));
            moves.push(Move { is_still, ..Move::new(Kind::Duplicate, envelope, effect, seat) });
        }
    }

    /// A step that takes no message.
    pub(super) fn step(&mut self, kind: Kind, about: u32, actor: usize, seat: u32) -> Move {
        let (number, inbox) = *self.parts.seats[actor].get(seat);
        let event = kind.event(about);
        let effect = self.effect(actor, number, event);
        let clock = self.parts.locals.get(effect.local).clock;
        let inbox = match self.parts.clocks.get(clock) {
            // Nobody will ever read it.
            Clock::Gone => NOTHING,
            _ => {
                let inbox = self.parts.inboxes.get(inbox);
                self.parts.inboxes.intern(self.join(inbox, effect.own, effect.state))
            }
        };
        let after = self.parts.seat(actor, effect.local, inbox);
        let is_still = match self.system.rules {
            Rules::Spec(_) => after == seat,
            Rules::Stateright => effect.is_ignored,
        };
        Move { is_still, ..Move::new(kind, about, effect, after) }
    }

    /// `inbox` with `parcel`, without what an actor in `state` will never heed.
    pub(super) fn join(&mut self, inbox: &[u32], parcel: u32, state: u32) -> Vec<u32> {
        let mut joined = match parcel {
            NOTHING => inbox.to_vec(),
            parcel => {
                let parcel = self.parts.inboxes.get(parcel);
                self.system.order.add(inbox, parcel, |it| self.parts.flow(it))
            }
        };
        self.forget_obsolete(&mut joined, state);
        joined
    }

    fn forget_obsolete(&mut self, inbox: &mut Vec<u32>, state: u32) {
        if matches!(self.system.rules, Rules::Stateright) {
            return;
        }
        inbox.retain(|envelope| self.heed(state, *envelope) != Heed::Forgotten);
    }

    /// What an actor in `state` makes of a message to it. It is asked, whatever the spec says.
    fn heed(&mut self, state: u32, envelope: u32) -> Heed {
        let Planner { system, parts, reactions, heed, calls, .. } = self;
        let key = (state, envelope);
        heed.get(key).unwrap_or_else(|| {
            let _running = calls.enter(Called::Obsolete, &[state, envelope]);
            let answer = if !system.is_obsolete(parts, state, envelope) {
                Heed::Open
            } else if reactions.ignores(system, parts, state, envelope) {
                Heed::Forgotten
            } else {
                Heed::Wrong
            };
            heed.put(key, answer);
            answer
        })
    }
}
