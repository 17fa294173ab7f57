//! The event loop with an actor that is made for it, and Raft with disks in memory: in threads, and
//! under garbage that is authentic.

mod busy;
mod crashes;
mod failing;
mod garbage;
mod impostor;
mod punctual;
mod serves;
mod sessions;
mod slow_disk;
#[path = "../support/mod.rs"]
mod support;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use quorate::node::client::{CallError, Client};
use quorate::node::event_loop::{Counts, Disk, EventLoop, NodeError, Watch};
use quorate::node::transport::{Counters, Members, Notice, Transport};
use quorate::node::wire;
use quorate_models::durable::{Bytes, Change, Damage, Durable, Key};
use quorate_models::number::Index;
use quorate_models::protocol::{Misfit, NewStore, Protocol, Settings};
use quorate_models::raft::protocol::{Node, SESSION_LENGTH};
use quorate_models::raft::{Batch, Server, Timing, specs};
use quorate_models::rules::AllRules;
use quorate_models::service::{
    Answer, Message, MessageOf, Number, Reply, Request, Service, Session, Status,
};
use quorate_models::state_machine::StateMachine;
use serde::{Deserialize, Serialize};
use stateright::actor::{Actor, Id, Out};

const MS: Duration = Duration::from_millis(1);

/// Adds up the numbers it is sent: by clients, by itself, by its timer and by chance. It panics if
/// it starts with [`UNLUCKY`] or is sent that, and if its timer makes two million of the rest.
struct Adder;

const UNLUCKY: u64 = 13;

/// What it says to itself: adds as well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Also(u64);

/// The sum is what it keeps.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
struct Sum(u64);

impl StateMachine for Sum {
    type Command = u64;
    type Output = u64;

    fn apply(&mut self, command: &u64) -> u64 {
        self.0 += command;
        self.0
    }

    fn is_read_only(_: &u64) -> bool {
        false
    }

    fn weight(_: &u64) -> usize {
        8
    }
}

impl Durable for Sum {
    fn changes(&self, _: Option<&Self>) -> Vec<Change> {
        unreachable!("its disk is in memory")
    }

    fn restore(_: Vec<(Key, Bytes)>) -> Result<Self, Damage> {
        unreachable!("its disk is in memory")
    }

    fn name(_: Key) -> String {
        unreachable!("its disk is in memory")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Bell {
    Once,
    Never,
    /// Set by 3,000, and due before what has come meanwhile.
    Punctual,
}

impl Actor for Adder {
    type Msg = MessageOf<Adder>;
    type Timer = Bell;
    type State = Sum;
    type Storage = Sum;
    type Random = u64;

    fn on_start(&self, _: Id, storage: &Option<Sum>, out: &mut Out<Self>) -> Sum {
        assert!(*storage != Some(Sum(UNLUCKY)), "unlucky: {UNLUCKY}");
        out.set_timer(Bell::Once, MS..MS);
        out.set_timer(Bell::Never, MS * 2..MS * 2);
        storage.unwrap_or_default()
    }

    fn on_msg(&self, id: Id, sum: &mut Cow<Sum>, from: Id, said: Self::Msg, out: &mut Out<Self>) {
        match said {
            Message::Request(request) => {
                let answer = Answer::done(sum.to_mut().apply(&request.command));
                out.save(**sum);
                let (session, sequence) = (request.session, request.sequence);
                out.send(from, Message::Reply(Reply { session, sequence, answer }));
                assert!(request.command != UNLUCKY, "unlucky: {}", sum.0);
                if request.command == 1_000 {
                    out.send(id, Message::Peer(Also(1)));
                }
                if request.command == 3_000 {
                    out.set_timer(Bell::Punctual, MS..MS);
                }
                if request.command == 2_000 {
                    out.choose_random("forgotten", vec![7]);
                    out.remove_random("forgotten");
                    out.choose_random("key", vec![3, 3]);
                }
            }
            Message::Peer(Also(number)) => sum.to_mut().0 += number,
            Message::Reply(_) | Message::Order(_) | Message::OrderReply(_) | Message::Read(_) => {}
        }
    }

    fn on_timeout(&self, _: Id, sum: &mut Cow<Sum>, bell: &Bell, out: &mut Out<Self>) {
        out.cancel_timer(Bell::Never);
        sum.to_mut().0 += if *bell == Bell::Once { 1_000_000 } else { 13 };
        if sum.0 == 2_000_000 + UNLUCKY {
            out.save(**sum);
            panic!("unlucky: {}", sum.0);
        }
    }

    fn on_random(&self, _: Id, sum: &mut Cow<Sum>, chosen: &u64, _: &mut Out<Self>) {
        sum.to_mut().0 += chosen;
    }
}

impl Service for Adder {
    type Peer = Also;
    type Machine = Sum;
}

impl Protocol for Adder {
    const NAME: &'static str = "adder";
    const NEW_STORE: NewStore = NewStore::IsAsGood;
    const TIMERS: &'static [(&'static str, Range<Duration>)] = &[];

    fn fits(_: &Settings) -> Result<(), Misfit> {
        Ok(())
    }

    fn is_punctual(bell: &Bell) -> bool {
        *bell == Bell::Punctual
    }

    fn server(_: Vec<Id>, _: &Settings) -> Self {
        Adder
    }

    fn status(&self, id: Id, sum: &Sum) -> Status {
        let (role, warnings) = ("adder".to_owned(), Vec::new());
        let sum = Number { name: "sum", unit: "", meaning: "What it has added up.", value: sum.0 };
        Status { role, leader: Some(id), numbers: vec![sum], warnings, ..Status::default() }
    }

    fn gives_up(&self, _: &Sum) -> Option<String> {
        None
    }
}

/// A disk in memory, which can break, and hang.
struct Memory<S> {
    kept: Arc<Mutex<Option<S>>>,
    breaks: Arc<AtomicBool>,
    hangs: Arc<AtomicBool>,
}

impl<S> Memory<S> {
    /// One that holds `storage`.
    fn of(storage: Option<S>) -> Self {
        let kept = Arc::new(Mutex::new(storage));
        Memory { kept, breaks: Arc::default(), hangs: Arc::default() }
    }
}

impl<S: Clone + Send + 'static> Disk<S> for Memory<S> {
    type Error = std::io::Error;

    fn commit(&mut self, storage: &S) -> std::io::Result<bool> {
        if self.breaks.load(Ordering::SeqCst) {
            return Err(std::io::Error::other("the disk is full"));
        }
        while self.hangs.load(Ordering::SeqCst) {
            thread::sleep(MS);
        }
        *self.kept.lock().unwrap() = Some(storage.clone());
        Ok(true)
    }
}

#[derive(Clone, Default)]
struct Board {
    stop: Arc<AtomicBool>,
    last: Arc<Mutex<Option<(Status, Counts, Counters)>>>,
    notices: Arc<Mutex<Vec<Notice>>>,
    /// Where servers are, told once.
    servers: Arc<Mutex<Option<BTreeMap<u64, SocketAddr>>>>,
}

impl Watch for Board {
    fn publish(&mut self, status: Status, counts: Counts, transport: Counters) {
        *self.last.lock().unwrap() = Some((status, counts, transport));
    }

    fn notice(&mut self, notice: Notice) {
        self.notices.lock().unwrap().push(notice);
    }

    fn servers(&mut self) -> Option<BTreeMap<u64, SocketAddr>> {
        self.servers.lock().unwrap().take()
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

impl Board {
    fn wait_for(&self, condition: impl Fn(&Status, &Counts) -> bool) {
        let limit = Instant::now() + Duration::from_secs(5);
        while !self.last.lock().unwrap().as_ref().is_some_and(|(s, c, _)| condition(s, c)) {
            assert!(Instant::now() < limit, "{:?}", self.last.lock().unwrap());
            thread::sleep(MS);
        }
    }
}

/// How many bytes of requests a node in a thread holds.
const HOLDS: usize = 4 << 20;

/// A node in a thread, stopped when dropped.
struct Running<S> {
    board: Board,
    kept: Arc<Mutex<Option<S>>>,
    breaks: Arc<AtomicBool>,
    hangs: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<Result<(), NodeError>>>,
}

impl<S: Clone + Send + 'static> Running<S> {
    fn start<A>(actor: A, members: &Members, id: u64, storage: Option<S>) -> Self
    where
        A: Protocol + Actor<Storage = S>,
    {
        let (board, disk) = (Board::default(), Memory::of(storage.clone()));
        let Memory { kept, breaks, hangs } = &disk;
        let (kept, breaks, hangs) = (kept.clone(), breaks.clone(), hangs.clone());
        let (members, watch) = (members.clone(), board.clone());
        let thread = thread::spawn(move || {
            let transport = Transport::server(&members, id)?;
            EventLoop::start(actor, transport, disk, &storage, watch)?.holding(HOLDS).run()
        });
        Running { board, kept, breaks, hangs, thread: Some(thread) }
    }

    fn stop(mut self) -> (Result<(), NodeError>, Option<S>) {
        self.board.stop.store(true, Ordering::SeqCst);
        let ended = self.thread.take().expect("running").join().expect("no panic");
        (ended, self.kept.lock().unwrap().clone())
    }
}

impl<S> Drop for Running<S> {
    fn drop(&mut self) {
        self.board.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn members(count: usize) -> Members {
    let addresses: Vec<SocketAddr> = support::free_addresses(count);
    Members { cluster: 1, key: [7; 32], servers: (1..).zip(addresses).collect(), datagram: 1_200 }
}

#[test]
fn messages_timers_choices_and_messages_to_itself_reach_the_actor() {
    let members = members(1);
    let node = Running::start(Adder, &members, 1, Some(Sum(5)));
    node.board.wait_for(|status, _| status.number("sum") == Some(1_000_005));
    let mut client = Client::<Sum>::open(&members).unwrap();
    let second = Duration::from_secs(1);
    assert_eq!(client.call(1, second).unwrap(), 1_000_006);
    assert_eq!(client.call(1_000, second).unwrap(), 1_001_006);
    node.board.wait_for(|status, _| status.number("sum") == Some(1_001_007));
    assert_eq!(client.call(2_000, second).unwrap(), 1_003_007);
    node.board.wait_for(|status, _| status.number("sum") == Some(1_003_010));
    let counts = node.board.last.lock().unwrap().as_ref().unwrap().1;
    assert_eq!((counts.timeouts, counts.choices, counts.saves, counts.messages), (1, 1, 3, 4));
    let (ended, kept) = node.stop();
    assert!(ended.is_ok());
    assert_eq!(kept, Some(Sum(1_003_007)), "what was saved");
}

#[test]
fn the_saves_of_a_batch_are_one_commit() {
    let members = members(1);
    let mut senders: Vec<_> = (0..20).map(|_| Transport::client(&members).unwrap()).collect();
    let node_transport = Transport::server(&members, 1).unwrap();
    for sender in &mut senders {
        let session = Session::of(sender.id());
        let sequence = quorate_models::service::Sequence(1);
        let add = MessageOf::<Adder>::Request(Request {
            session,
            sequence,
            since: Index::ZERO,
            command: 1,
        });
        sender.send(Id::from(1), wire::encode(&add).unwrap());
        sender.flush().unwrap();
    }
    let (board, disk) = (Board::default(), Memory::of(None));
    let kept = disk.kept.clone();
    let mut node = EventLoop::start(Adder, node_transport, disk, &None, board.clone()).unwrap();
    let counts = || board.last.lock().unwrap().as_ref().unwrap().1;
    // A step may end before the transport has handed over what lay in the socket.
    while counts().messages == 0 {
        node.step().unwrap();
    }
    assert_eq!((counts().saves, counts().commits.count()), (20, 1));
    // Its timer may have fired before, and added a million.
    assert_eq!(kept.lock().unwrap().as_ref().map(|sum| sum.0 % 1_000_000), Some(20));
    for sender in &mut senders {
        assert_eq!(sender.poll(Instant::now() + Duration::from_secs(1)).unwrap().len(), 1);
    }
}

#[test]
fn a_node_that_cannot_save_stops_and_says_nothing() {
    let members = members(1);
    let node = Running::start(Adder, &members, 1, None);
    let mut client = Client::<Sum>::open(&members).unwrap();
    assert!(client.call(1, Duration::from_secs(1)).is_ok());
    node.breaks.store(true, Ordering::SeqCst);
    assert!(matches!(client.call(1, MS * 200), Err(CallError::Unknown(_))));
    let (ended, kept) = node.stop();
    let error = ended.expect_err("it stopped by itself").to_string();
    assert_eq!(error, "cannot save: the disk is full");
    assert_ne!(kept, None);
}

fn raft(members: &Members) -> Node {
    let servers = members.servers.keys().map(|&id| Id::from(id as usize)).collect();
    Server {
        timing: Timing { heartbeat: MS * 30, election: MS * 120..MS * 240 },
        batch: Batch { entries: 64, bytes: 1 << 20 },
        session_length: Some(SESSION_LENGTH),
        ..specs::server(servers, AllRules)
    }
}
