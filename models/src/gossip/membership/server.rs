//! What every handler uses: the state, the rules, the gossip that rides on what is sent, and what
//! is saved.

use stateright::actor::Id;

use super::message::{Gossip, Message};
use super::rules::Rule;
use super::state::State;
use super::{Server, gossip};
use crate::number::Incarnation;
use crate::rules::RuleBook;
use crate::step::Stored;

/// One handler call of a member.
pub(super) type Step<'a, 's, R> = crate::step::Step<'a, 's, Server<R>>;

impl<R: RuleBook<Rule>> Step<'_, '_, R> {
    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    /// Sends what `message` makes of the gossip for its receiver.
    pub(super) fn send_with(&mut self, to: Id, message: impl FnOnce(Gossip) -> Message) {
        let gossip = gossip::tell(self, to);
        self.say(to, message(gossip));
    }
}

impl<R: RuleBook<Rule>> Stored for Server<R> {
    fn to_save(&self, state: &State) -> Incarnation {
        state.own
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}
