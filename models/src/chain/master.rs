//! The master: who is heard, and which chain there is.

use stateright::actor::{Id, Out};

use super::message::{Message, Ping};
use super::rules::Rule;
use super::server::Step;
use super::state::{State, Storage};
use super::{MachineOf, Params, Server, Timer};
use crate::rules::RuleBook;

/// The master starts: it goes on with the chain on its disk, and gives every server the time to be
/// heard.
pub(super) fn start<P: Params>(
    server: &Server<P>,
    storage: Option<&Storage>,
    out: &mut Out<Server<P>>,
) -> State<MachineOf<P>> {
    let chain = storage.map_or_else(|| server.first_chain(), |storage| storage.chain.clone());
    for id in chain.servers.iter().filter(|_| server.rules.keeps(Rule::SilentIsDead)) {
        out.set_timer(Timer::Dead(*id), server.timing.dead.clone());
    }
    State::Master(Storage { chain })
}

/// A server is there. If it does not know of the newest chain, it is told.
pub(super) fn handle_ping<P: Params>(step: &mut Step<P>, from: Id, ping: Ping) {
    if step.decided().has(from) && step.keeps(Rule::SilentIsDead) {
        step.set_timer(Timer::Dead(from), step.server.timing.dead.clone());
    }
    if ping.chain != step.decided().number && step.keeps(Rule::ChainIsToldAgain) {
        tell_chain(step, from);
    }
}

/// A server was not heard for too long: the next chain lacks it.
pub(super) fn handle_silence<P: Params>(step: &mut Step<P>, silent: Id) {
    let old = step.decided().clone();
    let next = old.without(silent);
    if !step.require(Rule::LastServerStays, !next.servers.is_empty()) {
        return;
    }
    step.decide(next);
    if step.keeps(Rule::ChainIsToldAtOnce) {
        // A server that lives and was taken for dead is told, too.
        old.servers.into_iter().for_each(|server| tell_chain(step, server));
    }
}

fn tell_chain<P: Params>(step: &mut Step<P>, server: Id) {
    let chain = step.decided().clone();
    step.send(server, Message::Chain(chain));
}
