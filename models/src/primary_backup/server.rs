//! What every handler uses: the state, the rules, what is said, and what is saved.

use super::rules::Rule;
use super::state::{Replica, Service, State, Storage};
use super::view::View;
use super::{MachineOf, Params, Server};
use crate::rules::RuleBook;
use crate::service::{Answer, Sequence, Session};
use crate::step::Stored;

/// One handler call of the view service or of a server.
pub(super) type Step<'a, 's, P> = crate::step::Step<'a, 's, Server<P>>;

impl<P: Params> Step<'_, '_, P> {
    pub(super) fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    /// The view service.
    pub(super) fn service(&self) -> &Service {
        self.state().service().expect("this is the view service")
    }

    /// The view service, to change it.
    pub(super) fn service_mut(&mut self) -> &mut Service {
        match self.state_mut() {
            State::Service(service) => service,
            State::Server(_) => unreachable!("this is the view service"),
        }
    }

    /// The server.
    pub(super) fn replica(&self) -> &Replica<MachineOf<P>> {
        self.state().replica().expect("this is a server")
    }

    /// The server, to change it.
    pub(super) fn replica_mut(&mut self) -> &mut Replica<MachineOf<P>> {
        match self.state_mut() {
            State::Service(_) => unreachable!("this is a server"),
            State::Server(replica) => replica,
        }
    }

    /// Tells a client whom to ask: the primary of the view, unless that is this server.
    pub(super) fn redirect(&mut self, session: Session, sequence: Sequence, view: View) {
        let primary = view.primary.map(|primary| primary.id).filter(|id| *id != self.id);
        let leader = primary.filter(|_| self.keeps(Rule::PrimaryIsNamed));
        self.answer(session, sequence, Answer::Redirect { leader });
    }
}

impl<P: Params> Stored for Server<P> {
    fn to_save(&self, state: &State<MachineOf<P>>) -> Storage {
        match state {
            State::Service(service) => {
                let keeps_view = self.rules.keeps(Rule::ViewSurvivesCrash);
                Storage::Service {
                    view: if keeps_view { service.view } else { self.first_view },
                    is_acknowledged: service.is_acknowledged
                        && self.rules.keeps(Rule::AckSurvivesCrash),
                }
            }
            State::Server(replica) => Storage::Server { incarnation: replica.member.incarnation },
        }
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}
