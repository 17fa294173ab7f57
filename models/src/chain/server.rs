//! What every handler uses: the state, the rules, what is said, and what is saved.

use stateright::actor::Id;

use super::rules::Rule;
use super::state::{Chain, Replica, State, Storage};
use super::{MachineOf, Params, Server};
use crate::rules::RuleBook;
use crate::service::{Answer, Sequence, Session};
use crate::step::Stored;

/// One handler call of the master or of a server.
pub(super) type Step<'a, 's, P> = crate::step::Step<'a, 's, Server<P>>;

impl<P: Params> Server<P> {
    /// The master.
    pub fn master(&self) -> Id {
        self.members[0]
    }

    /// The chain in which all begin: all servers.
    pub fn first_chain(&self) -> Chain {
        Chain::first(&self.members[1..])
    }
}

impl<P: Params> Step<'_, '_, P> {
    pub(super) fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    /// The chain of the master.
    pub(super) fn decided(&self) -> &Chain {
        self.state().master().expect("this is the master")
    }

    /// This chain is the master's decision.
    pub(super) fn decide(&mut self, chain: Chain) {
        self.save();
        match self.state_mut() {
            State::Master(decided) => decided.chain = chain,
            State::Server(_) | State::Retired => unreachable!("this is the master"),
        }
    }

    /// The server.
    pub(super) fn replica(&self) -> &Replica<MachineOf<P>> {
        self.state().replica().expect("this is a server")
    }

    /// The server, to change it.
    pub(super) fn replica_mut(&mut self) -> &mut Replica<MachineOf<P>> {
        match self.state_mut() {
            State::Server(replica) => replica,
            State::Master(_) | State::Retired => unreachable!("this is a server"),
        }
    }

    /// True if this server is the last of its chain.
    pub(super) fn is_tail(&self) -> bool {
        self.replica().chain.tail() == Some(self.id)
    }

    /// Tells a client whom to ask, if it is not this server.
    pub(super) fn redirect(&mut self, session: Session, sequence: Sequence, to: Option<Id>) {
        let named = to.filter(|id| *id != self.id && self.keeps(Rule::HeadIsNamed));
        self.answer(session, sequence, Answer::Redirect { leader: named });
    }

    /// Tells the client what its command returned, if it is the last one of its session.
    pub(super) fn answer_done(&mut self, session: Session, sequence: Sequence) {
        if let Some(last) = self.replica().sessions.last(session)
            && last.sequence == sequence
        {
            let answer = Answer::done(last.output.clone());
            self.answer(session, sequence, answer);
        }
    }
}

impl<P: Params> Stored for Server<P> {
    fn to_save(&self, state: &State<MachineOf<P>>) -> Storage {
        let decided = state.master().filter(|_| self.rules.keeps(Rule::ChainSurvivesCrash));
        Storage { chain: decided.cloned().unwrap_or_else(|| self.first_chain()) }
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}
