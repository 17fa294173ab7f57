//! Who leads: here an oracle says so. Any server may be told to lead at any moment, and any other
//! one may hear of it and follow, whatever it did before.

use stateright::actor::Id;

use super::message::{Elected, Message};
use super::rules::Rule;
use super::server::Step;
use super::{Elections, Params, Timer, discovery, disk};

/// The oracle has this server lead.
pub(super) fn handle_elect<P: Params>(step: &mut Step<P>) {
    step.set_timer(Timer::Elect, step.server.timing.silence.clone());
    if step.process().leading().is_some() || step.observes() {
        return;
    }
    discovery::lead(step);
    send_elected(step);
}

/// Says so again.
pub(super) fn send_elected_again<P: Params>(step: &mut Step<P>) {
    if step.server.elections == Elections::Oracle && step.keeps(Rule::DiscoveryIsSentAgain) {
        send_elected(step);
    }
}

/// Tells those that do not follow yet whom to follow.
pub(super) fn send_elected<P: Params>(step: &mut Step<P>) {
    let Some(own) = step.process().leading() else { return };
    let links: Vec<Id> = own.links.keys().copied().collect();
    let message = Message::Elected(Elected { leadership: own.leadership });
    step.send_to_all(&message, |id| !links.contains(&id));
}

/// The oracle has `from` lead, and this server follow.
pub(super) fn handle_elected<P: Params>(step: &mut Step<P>, from: Id, message: Elected) {
    let own = step.process().following();
    if own.is_some_and(|own| own.leader == from && own.leadership >= message.leadership) {
        return;
    }
    disk::leave(step);
    discovery::follow(step, from, message.leadership);
}
