//! A cluster in one thread: what is sent arrives one delay later, in the order in which it was
//! sent, and disks write at once. So what a command costs can be counted.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use quorate_models::consistency::{Consistency, Query};
use quorate_models::kv::{self, Kv, get, put};
use quorate_models::number::Index;
use quorate_models::service::{Answer, Message, MessageOf, Request, Sequence, Service, Session};
use stateright::actor::{Command, Id, Out};

/// How long a message takes while time passes.
const DELAY: Duration = Duration::from_millis(1);

/// How long the cluster has until somebody leads.
const SETTLES: Duration = Duration::from_secs(3);

/// An answer takes less delays.
const PATIENCE: u32 = 20;

/// What one command costs, or one read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How many messages one after the other lead from the client's request to its answer, both
    /// included.
    pub delays: u32,
    /// How many writes to a disk, one after the other, the answer waits for.
    pub waits: u32,
    /// How many messages the servers send each other.
    pub messages: u32,
    /// How often the servers write to their disks.
    pub writes: u32,
}

/// A message on its way.
#[derive(Clone)]
struct Flying<M> {
    from: Id,
    to: Id,
    message: M,
    /// For how many writes it waited.
    waited: u32,
}

/// A cluster, and what it has cost since a request was sent.
#[derive(Clone)]
pub struct Walk<'a, A: Service> {
    servers: &'a [A],
    states: Vec<A::State>,
    /// When which timer of which server fires.
    timers: BTreeMap<(usize, A::Timer), Duration>,
    now: Duration,
    flying: Vec<Flying<MessageOf<A>>>,
    /// By server, for how many writes what it does now has waited.
    waited: Vec<u32>,
    cost: Cost,
    /// The client's last answer.
    answer: Option<Answer<kv::Output>>,
    sequence: Sequence,
    /// How far the client knows the log.
    since: Index,
}

impl<'a, A> Walk<'a, A>
where
    A: Clone + Service<Machine = Kv, Random = ()>,
    A::State: Clone,
{
    /// Servers that start with these disks, and have had time to choose a leader.
    pub fn start(servers: &'a [A], disks: &[Option<A::Storage>]) -> Self {
        let mut walk = Walk {
            servers,
            states: Vec::new(),
            timers: BTreeMap::new(),
            now: Duration::ZERO,
            flying: Vec::new(),
            waited: vec![0; servers.len()],
            cost: Cost::default(),
            answer: None,
            sequence: Sequence(0),
            since: Index::ZERO,
        };
        for (id, server) in servers.iter().enumerate() {
            let mut out = Out::new();
            let state = server.on_start(Id::from(id), &disks[id], &mut out);
            walk.states.push(state);
            walk.carry_out(id, out);
        }
        while walk.now < SETTLES {
            walk.now += DELAY;
            walk.deliver();
        }
        walk
    }

    /// What a command costs, or a read, when it is sent to whom it takes the fewest delays.
    pub fn ask(&mut self, is_read: bool) -> Cost {
        let asked = (0..self.servers.len()).filter_map(|id| {
            let mut other = self.clone();
            other.ask_server(id, is_read).then_some(other)
        });
        *self = asked.min_by_key(|other| other.cost.delays).expect("somebody answers");
        self.cost
    }

    /// Whether that server has the command done. Time stands still meanwhile, so all that is sent
    /// is sent for it.
    fn ask_server(&mut self, to: usize, is_read: bool) -> bool {
        self.sequence.0 += 1;
        self.waited.fill(0);
        self.cost = Cost::default();
        self.answer = None;
        self.request(to, is_read);
        let mut rounds = 0;
        while !self.flying.is_empty() && rounds < PATIENCE {
            rounds += 1;
            self.deliver();
            match self.answer.take() {
                Some(Answer::Done { .. } | Answer::Read { .. }) => self.cost.delays = rounds,
                Some(Answer::Begin { index }) => {
                    self.since = index;
                    self.request(to, is_read);
                }
                _ => {}
            }
        }
        assert!(rounds < PATIENCE, "it comes to an end");
        self.cost.delays > 0
    }

    /// The client's request is on its way.
    fn request(&mut self, to: usize, is_read: bool) {
        let client = Id::from(self.servers.len());
        let (session, sequence, since) = (Session::of(client), self.sequence, self.since);
        let message = if is_read {
            let command = Query { command: get("x"), consistency: Consistency::Linearizable };
            Message::Read(Request { session, sequence, since, command })
        } else {
            let command = put("x", &sequence.0.to_string());
            Message::Request(Request { session, sequence, since, command })
        };
        self.flying.push(Flying { from: client, to: Id::from(to), message, waited: 0 });
    }

    /// All that is on its way arrives, and then what is due fires.
    fn deliver(&mut self) {
        for Flying { from, to, message, waited } in std::mem::take(&mut self.flying) {
            let to = usize::from(to);
            if to < self.servers.len() {
                self.waited[to] = self.waited[to].max(waited);
                self.handle(to, |server, state, out| {
                    server.on_msg(Id::from(to), state, from, message, out);
                });
            } else if let Message::Reply(reply) = message
                && reply.sequence == self.sequence
            {
                self.cost.waits = waited;
                self.answer = Some(reply.answer);
            }
        }
        while let Some(((id, timer), _)) =
            self.timers.iter().find(|(_, due)| **due <= self.now).map(|(k, due)| (k.clone(), *due))
        {
            self.timers.remove(&(id, timer.clone()));
            self.handle(id, |server, state, out| {
                server.on_timeout(Id::from(id), state, &timer, out);
            });
        }
    }

    fn handle(&mut self, id: usize, act: impl FnOnce(&A, &mut Cow<'_, A::State>, &mut Out<A>)) {
        let before = self.states[id].clone();
        let (mut state, mut out) = (Cow::Borrowed(&before), Out::new());
        act(&self.servers[id], &mut state, &mut out);
        self.states[id] = state.into_owned();
        self.carry_out(id, out);
    }

    fn carry_out(&mut self, id: usize, out: Out<A>) {
        for command in out {
            match command {
                Command::Save(_) => {
                    self.cost.writes += 1;
                    self.waited[id] += 1;
                }
                Command::Send(to, message) => {
                    let is_between = usize::from(to) < self.servers.len();
                    self.cost.messages += u32::from(is_between);
                    let (from, waited) = (Id::from(id), self.waited[id]);
                    self.flying.push(Flying { from, to, message, waited });
                }
                Command::SetTimer(timer, range) => {
                    // One server after the other, lest all of them stand at once.
                    let spread = (range.end - range.start) / self.servers.len() as u32;
                    let due = self.now + range.start + spread * id as u32;
                    self.timers.insert((id, timer), due);
                }
                Command::CancelTimer(timer) => {
                    self.timers.remove(&(id, timer));
                }
                Command::ChooseRandom(..) => unreachable!("nothing is drawn at random"),
            }
        }
    }
}
