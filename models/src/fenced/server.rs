//! What every handler uses: the state, the rules, and what is saved.

use stateright::actor::Id;

use super::rules::Rule;
use super::state::{Image, State, Storage, Store, Writer};
use super::{MachineOf, Params, Server};
use crate::number::Epoch;
use crate::rules::RuleBook;
use crate::service::{Answer, Sequence, Session};
use crate::step::Stored;

/// One handler call of the grantor, of the store, or of a writer.
pub(super) type Step<'a, 's, P> = crate::step::Step<'a, 's, Server<P>>;

impl<P: Params> Server<P> {
    pub fn grantor(&self) -> Id {
        self.members[0]
    }

    pub fn store(&self) -> Id {
        self.members[1]
    }

    pub fn writers(&self) -> &[Id] {
        &self.members[2..]
    }

    /// What is on the disk of this server before it has ever started.
    pub(super) fn first_storage(&self, id: Id) -> Storage<MachineOf<P>> {
        if id == self.grantor() {
            Storage::Grantor(Epoch::ZERO)
        } else if id == self.store() {
            Storage::Store(Store { seen: Epoch::ZERO, image: Image::empty() })
        } else {
            Storage::Writer(Epoch::ZERO)
        }
    }
}

impl<P: Params> Step<'_, '_, P> {
    pub(super) fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    /// The store.
    pub(super) fn store(&self) -> &Store<MachineOf<P>> {
        self.state().store().expect("this is the store")
    }

    /// The store, to change it.
    pub(super) fn store_mut(&mut self) -> &mut Store<MachineOf<P>> {
        match self.state_mut() {
            State::Store(store) => store,
            State::Grantor(_) | State::Writer(_) => unreachable!("this is the store"),
        }
    }

    /// The writer.
    pub(super) fn writer(&self) -> &Writer<MachineOf<P>> {
        self.state().writer().expect("this is a writer")
    }

    /// The writer, to change it.
    pub(super) fn writer_mut(&mut self) -> &mut Writer<MachineOf<P>> {
        match self.state_mut() {
            State::Writer(writer) => writer,
            State::Grantor(_) | State::Store(_) => unreachable!("this is a writer"),
        }
    }

    /// Tells the client what its command returned, if it is the last one of its session.
    pub(super) fn answer_done(&mut self, session: Session, sequence: Sequence) {
        let image = self.writer().image();
        if let Some(last) = image.and_then(|image| image.sessions.last(session))
            && last.sequence == sequence
        {
            let answer = Answer::done(last.output.clone());
            self.answer(session, sequence, answer);
        }
    }
}

impl<P: Params> Stored for Server<P> {
    fn to_save(&self, state: &State<MachineOf<P>>) -> Storage<MachineOf<P>> {
        let mut storage = state.durable();
        let keeps = |rule| self.rules.keeps(rule);
        let (number, is_kept) = match &mut storage {
            Storage::Grantor(epoch) => (epoch, keeps(Rule::EpochSurvivesCrash)),
            Storage::Store(store) => (&mut store.seen, keeps(Rule::FenceSurvivesCrash)),
            Storage::Writer(newest) => (newest, keeps(Rule::GrantSurvivesCrash)),
        };
        if !is_kept {
            *number = Epoch::ZERO;
        }
        storage
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}
