//! The very same Raft actor under Stateright's own runtime: it is an ordinary Stateright actor.
//!
//! `spawn` never returns and keeps its files in the working directory, so it runs in a process and
//! a directory of its own: this program again, told by its environment to be the cluster.

mod support;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::path::Path;
use std::process::{Command as Program, Stdio, exit};
use std::thread;
use std::time::Duration;

use quorate_models::client::{Client, Habits, Tries};
use quorate_models::durable::{Change, Durable, Key};
use quorate_models::kv::{Command, Kv, Output, Text};
use quorate_models::member::Member;
use quorate_models::number::Index;
use quorate_models::raft::log::Payload;
use quorate_models::raft::protocol::{Node, OPTIONS, SESSION_LENGTH, WINDOW};
use quorate_models::raft::state::Storage;
use quorate_models::raft::{Batch, MessageOf, Server, Timing};
use quorate_models::rules::AllRules;
use quorate_models::service::{Answer, Request, Sequence, Session};
use stateright::actor::{Id, spawn};
use support::cluster::{Process, free_ports, wait_for};

/// The environment variable that makes the test named `child` the cluster: its first port.
const FIRST_PORT: &str = "QUORATE_SPAWN_FIRST_PORT";

fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn address(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

/// Three servers, at the first three ports behind `first`.
fn servers(first: u16) -> [Id; 3] {
    [1, 2, 3].map(|number| Id::from(address(first + number)))
}

fn put(key: &str, value: &str) -> Command {
    let (key, value) = (Text::from(key), Text::from(value));
    Command::Put { key, value }
}

fn get(key: &str) -> Command {
    Command::Get { key: key.into() }
}

fn value(text: &str) -> Output {
    Output::Value(Some(text.into()))
}

/// The servers, and a client with a script of two commands.
fn actors(first: u16) -> Vec<(Id, Member<Node>)> {
    let servers = servers(first).to_vec();
    let server = Server {
        servers: servers.clone(),
        timing: Timing { heartbeat: millis(30), election: millis(150)..millis(300) },
        batch: Batch { entries: 16, bytes: 16_384 },
        window: WINDOW,
        options: OPTIONS,
        compaction: None,
        session_length: Some(SESSION_LENGTH),
        knows_stores: false,
        first_stores: BTreeMap::new(),
        rules: AllRules,
    };
    let client = Client {
        servers: servers.clone(),
        script: vec![
            put("script", "begun"),
            Command::Cas { key: "script".into(), old: "begun".into(), new: "done".into() },
        ],
        reads: None,
        retry: millis(100)..millis(200),
        tries: Tries::InOrder,
        begins_anew: false,
        habits: Habits::ALL,
    };
    let mut actors: Vec<_> =
        servers.into_iter().map(|id| (id, Member::Server(server.clone()))).collect();
    actors.push((Id::from(address(first + 4)), Member::Client(client)));
    actors
}

fn encode(message: &MessageOf<Kv>) -> Result<Vec<u8>, String> {
    serde_json::to_vec(message).map_err(|error| error.to_string())
}

fn decode(bytes: &[u8]) -> Result<MessageOf<Kv>, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// A storage is saved as the records that the node would keep.
fn save(storage: &Storage<Kv>) -> Result<Vec<u8>, String> {
    let record = |change| match change {
        Change::Put { key, value } => Ok((key.kind, key.number, value)),
        Change::Remove { key } => Err(format!("nothing is there yet to remove: {key:?}")),
    };
    let records: Result<Vec<_>, _> = storage.changes(None).into_iter().map(record).collect();
    serde_json::to_vec(&records?).map_err(|error| error.to_string())
}

fn load(bytes: &[u8]) -> Result<Storage<Kv>, String> {
    let records: Vec<(u8, u64, Vec<u8>)> =
        serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let records = records
        .into_iter()
        .map(|(kind, number, value)| (Key { kind, number }, value.into()))
        .collect();
    Storage::restore(records).map_err(|damage| damage.to_string())
}

/// Not a test of its own: the cluster, if `FIRST_PORT` is set. It ends when its standard input
/// does, so when the test that started it ends, however that ends.
#[test]
fn child() {
    let Ok(first) = env::var(FIRST_PORT) else {
        return;
    };
    thread::spawn(|| {
        let _ = io::stdin().read(&mut [0]);
        exit(0);
    });
    let first = first.parse().expect("a port");
    // It comes here only if every actor panicked.
    spawn(encode, decode, save, load, actors(first)).expect("the actors run for ever");
}

/// A client outside the cluster, with a socket and nothing else.
struct Caller {
    socket: UdpSocket,
    session: Session,
    sequence: u32,
    servers: [Id; 3],
    target: Id,
}

impl Caller {
    fn new(servers: [Id; 3]) -> Self {
        let socket = UdpSocket::bind(address(0)).expect("a free port");
        socket.set_read_timeout(Some(millis(100))).expect("a timeout");
        let port = socket.local_addr().expect("its address").port();
        // Replies go to the address that the session is.
        let session = Session::of(Id::from(address(port)));
        Caller { socket, session, sequence: 0, servers, target: servers[0] }
    }

    /// Asks until one of the servers answers that the command is done.
    fn ask(&mut self, command: &Command) -> Output {
        self.sequence += 1;
        let mut request = Request {
            session: self.session,
            sequence: Sequence(self.sequence),
            since: Index::ZERO,
            command: command.clone(),
        };
        wait_for("an answer", || {
            let bytes = encode(&MessageOf::<Kv>::Request(request.clone())).expect("a request");
            let target = SocketAddrV4::from(self.target);
            self.socket.send_to(&bytes, target).expect("it is sent");
            match self.hear() {
                Some(Answer::Done { output, .. } | Answer::Read { output, .. }) => {
                    return Some(output);
                }
                Some(Answer::Begin { index }) if request.since == Index::ZERO => {
                    request.since = index;
                }
                Some(Answer::Begin { .. } | Answer::Tag { .. }) => {}
                Some(Answer::Ended { .. }) => panic!("so many commands there are not"),
                Some(Answer::Redirect { leader: Some(leader) }) => self.target = leader,
                Some(Answer::NoMember) => panic!("nobody is removed"),
                Some(Answer::Redirect { leader: None } | Answer::Busy { .. }) | None => {
                    self.try_the_next();
                }
            }
            None
        })
    }

    /// The answer to the latest command, if one comes soon.
    fn hear(&self) -> Option<Answer<Output>> {
        let mut buffer = [0; 65_535];
        loop {
            let length = self.socket.recv(&mut buffer).ok()?;
            let message = decode(&buffer[..length]).expect("a message");
            let MessageOf::<Kv>::Reply(reply) = message else { panic!("no reply: {message:?}") };
            assert_eq!(reply.session, self.session);
            if reply.sequence == Sequence(self.sequence) {
                return Some(reply.answer);
            }
        }
    }

    fn try_the_next(&mut self) {
        let now = self.servers.iter().position(|id| *id == self.target);
        self.target = self.servers[now.map_or(0, |now| (now + 1) % self.servers.len())];
    }
}

/// True if the storage that `server` saved in `directory` has `command` in its log. Not while it
/// is being written: the runtime writes in place.
fn has_saved(directory: &Path, server: Id, command: &Command) -> bool {
    let file = directory.join(format!("{}.storage", SocketAddrV4::from(server)));
    let storage = fs::read(file).ok().and_then(|bytes| load(&bytes).ok());
    storage.is_some_and(|storage| {
        let mut entries = storage.log.behind(Index::ZERO);
        entries.any(|(_, entry)| match &entry.payload {
            Payload::Command(request) => request.command == *command,
            Payload::NoOp | Payload::Config(_) => false,
        })
    })
}

#[test]
fn the_actor_runs_under_stateright() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = free_ports(4);
    let mut program = Program::new(env::current_exe().expect("this program"));
    program
        .args(["--exact", "child", "--nocapture"])
        .env(FIRST_PORT, first.to_string())
        .current_dir(directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let mut cluster = Process(program.spawn().expect("it runs again"));

    let servers = servers(first);
    let mut caller = Caller::new(servers);
    let colour = put("colour", "green");
    assert_eq!(caller.ask(&colour), Output::Stored);
    assert_eq!(caller.ask(&get("colour")), value("green"));
    assert_eq!(caller.ask(&get("taste")), Output::Value(None));
    wait_for("the scripted client", || (caller.ask(&get("script")) == value("done")).then_some(()));
    for server in servers {
        wait_for("every server to save", || {
            has_saved(directory.path(), server, &colour).then_some(())
        });
    }
    let ended = cluster.0.try_wait().expect("a process of ours");
    assert_eq!(ended, None, "it never returns");
}
