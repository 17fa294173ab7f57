//! Paxos for a single value (Lamport, "Paxos Made Simple"), between Stateright's register clients.
//!
//! Each server is a proposer, an acceptor and a learner in one, and what it would say to itself it
//! does at once. A server proposes once, for the first client that asks it. Messages are neither
//! lost nor doubled, but overtake each other. The space is the one that Stateright's own Paxos
//! example has, so that the counts can be compared with what others publish.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use stateright::Expectation::{Always, Sometimes};
use stateright::actor::register::{RegisterActor, RegisterMsg};
use stateright::actor::{
    Actor, ActorModel, ActorModelState, Id, Network, Out, majority, model_peers,
};
use stateright::semantics::LinearizabilityTester;
use stateright::semantics::register::Register;

const SERVERS: usize = 3;

/// Published of Stateright's example.
pub const STATES_OF_TWO_CLIENTS: u64 = 16_668;

/// States and transitions; Stateright itself counts the initial state among the latter.
pub const COUNTS_OF_THREE_CLIENTS: (u64, u64) = (1_194_428, 2_420_476);

/// Reads the history alone.
pub const LINEARIZABLE: &str = "linearizable";

/// What the clients saw.
pub type History = LinearizabilityTester<Id, Register<char>>;
pub type Paxos = ActorModel<RegisterActor<Server>, (), History>;

/// Three servers, and `clients` that each write and then read.
pub fn model(clients: usize) -> Paxos {
    let servers = (0..SERVERS).map(|id| Server { others: model_peers(id, SERVERS) });
    let client = RegisterActor::Client { put_count: 1, server_count: SERVERS };
    ActorModel::new((), History::new(Register(NOTHING)))
        .actors(servers.map(RegisterActor::Server))
        .actors(std::iter::repeat_n(client, clients))
        .init_network(Network::new_unordered_nonduplicating([]))
        .record_msg_out(RegisterMsg::record_invocations)
        .record_msg_in(RegisterMsg::record_returns)
        .property(Always, LINEARIZABLE, |_, state| state.history.serialized_history().is_some())
        .property(Sometimes, "a written value is read", |_, state| is_read(state))
}

/// What is read before anything is written.
const NOTHING: char = '\0';

/// True if a client is about to be told a value that was written.
fn is_read(state: &ActorModelState<RegisterActor<Server>, History>) -> bool {
    let mut messages = state.network.iter_deliverable().map(|envelope| envelope.msg);
    messages.any(|msg| matches!(msg, RegisterMsg::GetOk(_, value) if *value != NOTHING))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ballot {
    round: u32,
    proposer: Id,
}

/// What a client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Write {
    request: u64,
    client: Id,
    value: char,
}

/// A proposal: the number and the value of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Proposal {
    ballot: Ballot,
    write: Write,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// Phase 1a.
    Prepare(Ballot),
    /// Phase 1b, with the proposal of the highest number that was accepted.
    Promise(Ballot, Option<Proposal>),
    /// Phase 2a.
    Accept(Proposal),
    /// Phase 2b.
    Accepted(Ballot),
    Chosen(Proposal),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    promised: Ballot,
    accepted: Option<Proposal>,
    /// What was accepted last is chosen.
    is_chosen: bool,
    /// What it proposes: at first for its client, then perhaps what others had accepted.
    write: Option<Write>,
    promises: BTreeMap<Id, Option<Proposal>>,
    acceptors: BTreeSet<Id>,
}

#[derive(Clone)]
pub struct Server {
    others: Vec<Id>,
}

impl Server {
    fn majority(&self) -> usize {
        majority(self.others.len() + 1)
    }

    fn tell_others(&self, message: Message, out: &mut Out<Self>) {
        out.broadcast(&self.others, &RegisterMsg::Internal(message));
    }

    /// Phase 1a, for a client.
    fn prepare(&self, id: Id, state: &mut State, write: Write, out: &mut Out<Self>) {
        state.write = Some(write);
        state.promised = Ballot { round: state.promised.round + 1, proposer: id };
        state.promises = BTreeMap::from([(id, state.accepted)]);
        self.tell_others(Message::Prepare(state.promised), out);
    }

    /// Phase 2a, once a majority has promised: proposes what may already be chosen.
    fn promise(
        &self,
        (id, from): (Id, Id),
        state: &mut State,
        accepted: Option<Proposal>,
        out: &mut Out<Self>,
    ) {
        state.promises.insert(from, accepted);
        if state.promises.len() != self.majority() {
            return;
        }
        let highest = state.promises.values().flatten().max_by_key(|proposal| proposal.ballot);
        let write = highest.map(|proposal| proposal.write).or(state.write);
        let write = write.expect("a proposer proposes for somebody");
        let proposal = Proposal { ballot: state.promised, write };
        state.write = Some(write);
        state.accepted = Some(proposal);
        state.acceptors.insert(id);
        self.tell_others(Message::Accept(proposal), out);
    }

    /// Once a majority has accepted, tells the others and the client.
    fn accepted(&self, from: Id, state: &mut State, out: &mut Out<Self>) {
        state.acceptors.insert(from);
        if state.acceptors.len() != self.majority() {
            return;
        }
        state.is_chosen = true;
        let proposal = state.accepted.expect("a proposer accepts its own proposal first");
        self.tell_others(Message::Chosen(proposal), out);
        out.send(proposal.write.client, RegisterMsg::PutOk(proposal.write.request));
    }

    fn on_message(
        &self,
        (id, from): (Id, Id),
        state: &mut Cow<'_, State>,
        message: Message,
        out: &mut Out<Self>,
    ) {
        match message {
            Message::Prepare(ballot) if ballot > state.promised => {
                let promise = Message::Promise(ballot, state.accepted);
                state.to_mut().promised = ballot;
                out.send(from, RegisterMsg::Internal(promise));
            }
            Message::Promise(ballot, accepted) if ballot == state.promised => {
                self.promise((id, from), state.to_mut(), accepted, out);
            }
            Message::Accept(proposal) if proposal.ballot >= state.promised => {
                let state = state.to_mut();
                state.promised = proposal.ballot;
                state.accepted = Some(proposal);
                out.send(from, RegisterMsg::Internal(Message::Accepted(proposal.ballot)));
            }
            Message::Accepted(ballot) if ballot == state.promised => {
                self.accepted(from, state.to_mut(), out);
            }
            Message::Chosen(proposal) => {
                let state = state.to_mut();
                // What it had promised binds nobody who knows the outcome.
                state.promised = proposal.ballot;
                state.accepted = Some(proposal);
                state.is_chosen = true;
            }
            _ => {}
        }
    }
}

impl Actor for Server {
    type Msg = RegisterMsg<u64, char, Message>;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        State {
            promised: Ballot { round: 0, proposer: Id::from(0) },
            accepted: None,
            is_chosen: false,
            write: None,
            promises: BTreeMap::new(),
            acceptors: BTreeSet::new(),
        }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, State>,
        from: Id,
        msg: Self::Msg,
        out: &mut Out<Self>,
    ) {
        match (msg, state.accepted.filter(|_| state.is_chosen)) {
            (RegisterMsg::Get(request), Some(chosen)) => {
                out.send(from, RegisterMsg::GetOk(request, chosen.write.value));
            }
            // Who knows the outcome takes no more part; who does not cannot answer a read.
            (_, Some(_)) | (RegisterMsg::Get(_), None) => {}
            (RegisterMsg::Put(request, value), None) if state.write.is_none() => {
                let write = Write { request, client: from, value };
                self.prepare(id, state.to_mut(), write, out);
            }
            (RegisterMsg::Internal(message), None) => {
                self.on_message((id, from), state, message, out);
            }
            _ => {}
        }
    }
}
