//! A protocol that is as little like Raft as one that runs can be: one server keeps everything, and
//! the others say so.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use quorate_models::durable::{Bytes, Change, Damage, Durable, Key};
use quorate_models::kv::{Command, Kv, Output};
use quorate_models::number::Index;
use quorate_models::order::Refusal;
use quorate_models::protocol::{Misfit, NewStore, Protocol, Settings};
use quorate_models::service::{
    Answer, Message, MessageOf, Number, Reply, Request, Service, Status,
};
use quorate_models::session::{Last, Sessions};
use quorate_models::state_machine::StateMachine;
use serde::{Deserialize, Serialize};
use stateright::actor::{Actor, Id, Out};

/// One of its servers. The first is the keeper.
pub struct Register {
    servers: Vec<Id>,
    beat: Range<Duration>,
}

/// The keeper is there, since so many starts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Beat {
    epoch: u64,
}

/// All that was ever asked for, and how often the keeper has started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Journal {
    epoch: u64,
    requests: Vec<Request<Command>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    journal: Journal,
    machine: Kv,
    sessions: Sessions<Output>,
}

impl State {
    fn apply(&mut self, request: &Request<Command>) {
        let output = self.machine.apply(&request.command);
        let last = Last { sequence: request.sequence, index: Index::ZERO, output };
        self.sessions.record(request.session, last);
    }
}

impl Register {
    fn keeper(&self) -> Id {
        self.servers[0]
    }

    fn on_request(
        &self,
        id: Id,
        state: &mut Cow<State>,
        request: Request<Command>,
        out: &mut Out<Self>,
    ) {
        let (session, sequence) = (request.session, request.sequence);
        let answer = if id == self.keeper() {
            self.answer(state, request, out)
        } else {
            Some(Answer::Redirect { leader: Some(self.keeper()) })
        };
        if let Some(answer) = answer {
            let reply = Reply { session, sequence, answer };
            out.send(session.client(), Message::Reply(reply));
        }
    }

    /// Lets a command take effect, unless it has, and says what it returned.
    fn answer(
        &self,
        state: &mut Cow<State>,
        request: Request<Command>,
        out: &mut Out<Self>,
    ) -> Option<Answer<Output>> {
        if !state.sessions.has_done(request.session, request.sequence) {
            let state = state.to_mut();
            state.apply(&request);
            state.journal.requests.push(request.clone());
            out.save(state.journal.clone());
        }
        let last = state.sessions.last(request.session)?;
        (last.sequence == request.sequence).then(|| Answer::done(last.output.clone()))
    }
}

impl Actor for Register {
    type Msg = MessageOf<Self>;
    type Timer = ();
    type State = State;
    type Storage = Journal;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Journal>, out: &mut Out<Self>) -> State {
        let mut state = State { journal: storage.clone().unwrap_or_default(), ..State::default() };
        for request in state.journal.requests.clone() {
            state.apply(&request);
        }
        if id == self.keeper() {
            state.journal.epoch += 1;
            out.save(state.journal.clone());
            out.set_timer((), self.beat.clone());
        }
        state
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<State>,
        _: Id,
        message: Self::Msg,
        out: &mut Out<Self>,
    ) {
        match message {
            Message::Peer(Beat { epoch }) if epoch != state.journal.epoch => {
                state.to_mut().journal.epoch = epoch;
            }
            Message::Request(request) => self.on_request(id, state, request, out),
            Message::Read(request) => self.on_request(id, state, request.plain(), out),
            Message::Order(Request { session, sequence, .. }) => {
                let answer = Answer::done(Err(Refusal::UnknownOrder));
                let reply = Reply { session, sequence, answer };
                out.send(session.client(), Message::OrderReply(reply));
            }
            Message::Peer(_) | Message::Reply(_) | Message::OrderReply(_) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<State>, (): &(), out: &mut Out<Self>) {
        for server in &self.servers[1..] {
            out.send(*server, Message::Peer(Beat { epoch: state.journal.epoch }));
        }
        out.set_timer((), self.beat.clone());
    }
}

impl Service for Register {
    type Peer = Beat;
    type Machine = Kv;
}

impl Protocol for Register {
    const NAME: &'static str = "register";
    const NEW_STORE: NewStore = NewStore::IsAsGood;
    const TIMERS: &'static [(&'static str, Range<Duration>)] =
        &[("beat", Duration::from_millis(20)..Duration::from_millis(20))];

    fn fits(settings: &Settings) -> Result<(), Misfit> {
        let beat = settings.timer::<Self>("beat").start;
        if beat < Duration::from_secs(60) {
            return Ok(());
        }
        Err(Misfit::of_timer("beat", "nobody waits so long".into()))
    }

    fn server(servers: Vec<Id>, settings: &Settings) -> Self {
        Register { servers, beat: settings.timer::<Self>("beat") }
    }

    fn status(&self, id: Id, state: &State) -> Status {
        let number = |name, unit, meaning, value| Number { name, unit, meaning, value };
        let journal = &state.journal;
        let role = if id == self.keeper() { "keeper" } else { "bystander" };
        Status {
            role: role.into(),
            leader: Some(self.keeper()),
            numbers: vec![
                number("epoch", "", "How often the keeper has started.", journal.epoch),
                number("kept", "requests", "What it keeps.", journal.requests.len() as u64),
            ],
            ..Status::default()
        }
    }

    fn gives_up(&self, _: &State) -> Option<String> {
        None
    }
}

impl Durable for Journal {
    fn changes(&self, since: Option<&Self>) -> Vec<Change> {
        let put = |kind, number, value: &[u8]| Change::Put {
            key: Key { kind, number },
            value: Bytes::copy_from_slice(value),
        };
        let old = since.map_or(0, |since| since.requests.len());
        let new = self.requests.iter().enumerate().skip(old).map(|(place, request)| {
            put(1, place as u64, &postcard::to_allocvec(request).expect("plain data"))
        });
        [put(0, 0, &self.epoch.to_le_bytes())].into_iter().chain(new).collect()
    }

    fn restore(records: Vec<(Key, Bytes)>) -> Result<Self, Damage> {
        let damage = |key| Damage { record: Self::name(key), problem: "unreadable".into() };
        let mut journal = Journal::default();
        for (key, value) in records {
            if key.kind == 0 {
                let bytes = value[..].try_into().map_err(|_| damage(key))?;
                journal.epoch = u64::from_le_bytes(bytes);
            } else {
                journal.requests.push(postcard::from_bytes(&value).map_err(|_| damage(key))?);
            }
        }
        Ok(journal)
    }

    fn name(key: Key) -> String {
        if key.kind == 0 { "epoch".into() } else { format!("request {}", key.number) }
    }
}
