//! A server: it says that it is there, and takes its place in the newest chain.

use stateright::actor::Out;

use super::message::{Message, Ping};
use super::rules::Rule;
use super::server::Step;
use super::state::{Chain, Replica, State, Storage};
use super::{MachineOf, Params, Server, Timer, hop};
use crate::rules::RuleBook;

/// A server starts. If it has started before, all that it had in memory is lost.
pub(super) fn start<P: Params>(
    server: &Server<P>,
    storage: Option<&Storage>,
    out: &mut Out<Server<P>>,
) -> State<MachineOf<P>> {
    if !server.rules.require(Rule::RestartIsDeath, storage.is_none()) {
        return State::Retired;
    }
    let chain = server.first_chain();
    if storage.is_none() {
        out.save(Storage { chain: chain.clone() });
    }
    let interval = server.timing.ping;
    out.set_timer(Timer::Ping, interval..interval);
    State::Server(Replica::new(chain))
}

/// A server says that it is there, and sends again what is not acknowledged.
pub(super) fn handle_ping_timeout<P: Params>(step: &mut Step<P>) {
    if step.keeps(Rule::PingsGoOn) {
        let interval = step.server.timing.ping;
        step.set_timer(Timer::Ping, interval..interval);
    }
    let (master, chain) = (step.server.master(), step.replica().chain.number);
    step.send(master, Message::Ping(Ping { chain }));
    if step.keeps(Rule::SentUntilAcked) {
        hop::send_again(step);
    }
}

/// Takes the place that a newer chain gives this server.
pub(super) fn handle_chain<P: Params>(step: &mut Step<P>, chain: Chain) {
    let is_newer = chain.number > step.replica().chain.number;
    if chain == step.replica().chain || !step.require(Rule::ChainsOnlyRise, is_newer) {
        return;
    }
    if !chain.has(step.id) && !step.keeps(Rule::OutsidersPing) {
        step.cancel_timer(Timer::Ping);
    }
    step.replica_mut().chain = chain;
    if step.is_tail() {
        if step.keeps(Rule::TailDeathCommits) {
            hop::commit(step);
        }
    } else if step.keeps(Rule::NewSuccessorGetsSent) {
        hop::send_again(step);
    }
}
