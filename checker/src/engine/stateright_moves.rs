//! What an actor may do next by the rules of Stateright's `ActorModel`.

use super::arrivals::Arrivals;
use super::inbox::Order;
use super::kind::Kind;
use super::moves::{Move, Moves, Time};
use super::parts::{Event, Explorable, History, Local};
use super::planner::Planner;
use stateright::actor::LossyNetwork;

impl<'s, A: Explorable, C, G: History> Planner<'s, A, C, G> {
    /// The moves of a seat. Every one of them is a step, be it to the same state; what a handler
    /// takes for nothing is not among them.
    pub(super) fn stateright_moves(&mut self, actor: usize, seat: u32) -> Moves {
        let (number, inbox) = *self.parts.seats[actor].get(seat);
        let local = *self.parts.locals.get(number);
        let inbox = self.parts.inboxes.get(inbox);
        let is_lossy = self.system.model.lossy_network == LossyNetwork::Yes;
        let is_nobody = actor == self.system.actors();
        let mut moves = Vec::new();
        for envelope in self.system.order.deliverable(inbox, |it| self.parts.flow(it)) {
            if is_lossy {
                moves.push(self.loss(actor, number, inbox, envelope));
            }
            if !is_nobody && !local.crashed {
                moves.extend(self.delivery(actor, number, inbox, envelope));
            }
        }
        if !is_nobody {
            moves.extend(self.own_moves(actor, seat, &local));
        }
        let has_timer = self.parts.timers.get(local.timers).iter().next().is_some();
        let (crashed, time, arrivals) = (local.crashed, Time::default(), Arrivals::default());
        let moves = moves.into();
        Moves { crashed, has_timer, heeds_obsolete: false, moves, time, arrivals }
    }

    /// What it may do without a message.
    fn own_moves(&mut self, actor: usize, seat: u32, local: &Local) -> Vec<Move> {
        let mut moves = Vec::new();
        for timer in self.parts.timers.get(local.timers).iter() {
            let about = self.parts.timer.intern(timer.clone());
            moves.push(self.step(Kind::Timeout(None), about, actor, seat));
        }
        self.choices(actor, seat, local, &mut moves);
        if local.crashed {
            moves.push(self.step(Kind::Recover, 0, actor, seat));
        } else if self.system.model.max_crashes > 0 {
            moves.push(self.step(Kind::Crash, 0, actor, seat));
        }
        moves.retain(|step| !step.is_still);
        moves
    }

    /// An ordered network delivers even what is ignored, or it would block its flow.
    fn delivery(
        &mut self,
        actor: usize,
        number: u32,
        inbox: &[u32],
        envelope: u32,
    ) -> Option<Move> {
        let (order, parts) = (self.system.order, self.parts);
        let event = Event::Deliver(envelope);
        let effect = self.effect(actor, number, event);
        if effect.is_ignored && order != Order::Queues {
            return None;
        }
        let left = match order {
            Order::Set => inbox.to_vec(),
            Order::Bag | Order::Queues => order.remove(inbox, envelope),
        };
        let after = self.join(&left, effect.own, effect.state);
        let seat = parts.seat(actor, effect.local, parts.inboxes.intern(after));
        Some(Move::new(Kind::Deliver, envelope, effect, seat))
    }
}
