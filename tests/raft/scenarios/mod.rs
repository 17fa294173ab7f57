//! Scenarios of Raft: scripts of steps, with what comes of them beside them.
//!
//! Each text of this folder is one. What a script says of its steps is explained in
//! `quorate_checker::scenario`. What is `given`:
//!
//! | line | meaning |
//! |---|---|
//! | `given servers 3` | so many servers |
//! | `given founders 2` | the first two of them are the cluster's first members |
//! | `given client put x 1, get x` | one more client, with this script |
//! | `given pre-vote`, `given check-quorum` | an option of all servers |
//! | `given window 3`, `given batch 9` | appends in flight to a follower, entries of an append |
//! | `given snapshots 130` | servers take snapshots, each when the entries since weigh so much |
//! | `given kept 127` | so much of what a snapshot stands for stays in the log, or nothing |
//! | `given operator add 3, promote 3` | one more operator, which asks S1 for this |
//! | `given no OwnTermCommits` | a rule is suspended |
//!
//! An operator asks for `transfer 2`, `add 2`, `promote 2`, `remove 2` and `replace 1 2 3`, all at
//! once.
//!
//! Faults and timeouts have no bounds: a script is one.
//!
//! `QUORATE_BLESS=1 cargo test --test raft scenarios` writes the results as they are. Commit what
//! that changes only if you can say why.

mod etcd;
mod mistakes;
mod traces;

use std::fs;
use std::path::{Path, PathBuf};

use quorate_checker::scenario::{Mistake, Script};
use quorate_checker::spec::Faults;
use quorate_models::client::Tries;
use quorate_models::kv::{Command, Kv, get, put};
use quorate_models::member;
use quorate_models::number::Index;
use quorate_models::operator::Operator;
use quorate_models::order::{Change, Order};
use quorate_models::raft::compaction::Compaction;
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::snapshot::EACH;
use quorate_models::raft::specs::{self, BASIC, Bounds, RaftSpec};
use quorate_models::raft::state::{Progress, Role, ServerState};
use quorate_models::raft::transfer::Transfer;
use quorate_models::raft::{Options, State};
use quorate_models::rules::AllBut;
use quorate_models::system::{clients_mut, servers_mut, with_operator};
use stateright::actor::Id;

const WITHOUT_END: u8 = u8::MAX;

#[test]
fn scenarios_come_to_what_they_say() {
    let blesses = std::env::var_os("QUORATE_BLESS").is_some();
    let mut wrong = Vec::new();
    for path in texts() {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a text");
        match played(&text) {
            Err(mistake) => wrong.push(format!("{name}, {mistake}")),
            Ok(now) if now == text => {}
            Ok(now) if blesses => fs::write(&path, now).expect("a file that can be written"),
            Ok(now) => wrong.push(format!("{name}\n{}", difference(&text, &now))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The texts of this folder, in the order of their names.
fn texts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/raft/scenarios");
    let entries = fs::read_dir(folder).expect("the folder of the scenarios");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    paths
}

/// The text of a script with its results as they are.
fn played(text: &str) -> Result<String, Mistake> {
    let script = Script::parse(text)?;
    Ok(script.play(&spec(&script)?, shown)?.text)
}

/// What is given, as a spec.
fn spec(script: &Script) -> Result<RaftSpec, Mistake> {
    let (mut servers, mut window, mut batch) = (3, 1, 1);
    let (mut founders, mut snapshots, mut keep) = (None, None, 0);
    let (mut clients, mut suspended, mut options) = (Vec::new(), Vec::new(), BASIC);
    let mut operators = Vec::new();
    for (line, given) in script.given() {
        let wrong = || Mistake::new(*line, format!("nothing that can be given: {given:?}"));
        let number = |text: &str| text.parse::<usize>().map_err(|_| wrong());
        match given.split_once(' ').unwrap_or((given, "")) {
            ("servers", count) => servers = number(count)?,
            ("founders", count) => founders = Some(number(count)?),
            ("snapshots", bytes) => snapshots = Some(number(bytes)?),
            ("window", count) => window = number(count)?,
            ("batch", count) => batch = number(count)?,
            ("pre-vote", "") => options.pre_vote = true,
            ("check-quorum", "") => options.check_quorum = true,
            ("kept", bytes) => keep = number(bytes)?,
            ("client", commands) => {
                let commands = commands.split(", ").map(command).collect::<Option<Vec<_>>>();
                clients.push(commands.ok_or_else(wrong)?);
            }
            ("operator", orders) => {
                let orders = orders.split(", ").map(order).collect::<Option<Vec<_>>>();
                operators.push(asking_the_first(orders.ok_or_else(wrong)?));
            }
            ("no", name) => {
                let rule = Rule::ALL.iter().find(|rule| format!("{rule:?}") == name);
                suspended.push(*rule.ok_or_else(wrong)?);
            }
            _ => return Err(wrong()),
        }
    }
    let mut spec = within(servers, &clients, options, AllBut(suspended), window, batch);
    for server in servers_mut(&mut spec) {
        server.servers.truncate(founders.unwrap_or(servers));
        server.compaction =
            snapshots.map(|floor| Compaction { floor, keep, piece: usize::MAX, ..EACH });
    }
    Ok(operators.into_iter().fold(spec, with_operator))
}

/// An operator that asks the first server for all of `orders` at once.
fn asking_the_first(orders: Vec<Order>) -> Operator {
    let orders = orders.into_iter().map(|order| (Id::from(0), order)).collect();
    Operator { orders, waits: false }
}

fn order(words: &str) -> Option<Order> {
    let (verb, servers) = words.split_once(' ')?;
    let ids = servers.split(' ').map(|number| number.parse::<usize>().ok()?.checked_sub(1));
    let ids = ids.map(|id| id.map(Id::from)).collect::<Option<Vec<Id>>>()?;
    Some(match (verb, &ids[..]) {
        ("transfer", &[to]) => Order::Transfer { to },
        ("add", &[id]) => Order::Change(Change::Add { id }),
        ("promote", &[id]) => Order::Change(Change::Promote { id }),
        ("remove", &[id]) => Order::Change(Change::Remove { id }),
        ("replace", _) => Order::Change(Change::Replace { voters: ids.into_iter().collect() }),
        _ => return None,
    })
}

fn command(words: &str) -> Option<Command> {
    match words.split(' ').collect::<Vec<_>>()[..] {
        ["put", key, value] => Some(put(key, value)),
        ["get", key] => Some(get(key)),
        _ => None,
    }
}

fn within(
    servers: usize,
    clients: &[Vec<Command>],
    options: Options,
    rules: AllBut<Rule>,
    window: usize,
    batch: usize,
) -> RaftSpec {
    let scripts: Vec<&[Command]> = clients.iter().map(Vec::as_slice).collect();
    let faults = Faults {
        crashes: WITHOUT_END,
        down_at_once: WITHOUT_END,
        drops: WITHOUT_END,
        duplicates: WITHOUT_END,
        ..Faults::NONE
    };
    let bounds = Bounds {
        servers,
        scripts: &scripts,
        elections: WITHOUT_END,
        heartbeats: WITHOUT_END,
        retries: WITHOUT_END,
        faults,
        options,
    };
    let mut spec = specs::raft("scenario", rules, bounds, &[]);
    for client in clients_mut(&mut spec) {
        client.tries = Tries::InOrder;
    }
    for server in servers_mut(&mut spec) {
        server.window = window;
        server.batch.entries = batch;
        server.batch.bytes = usize::MAX;
    }
    spec
}

/// What a scenario shows of a member.
fn shown(state: &State<Kv>) -> String {
    match state {
        member::State::Server(server) => of_server(server),
        member::State::Client(client) => {
            format!("asks {:?}, was told {:?}", client.target, client.answers)
        }
        member::State::Operator => "has given its orders".to_owned(),
    }
}

fn of_server(server: &ServerState<Kv>) -> String {
    let role = match &server.role {
        Role::Follower { leader: Some(leader) } => format!("follows {leader:?} in"),
        Role::Follower { leader: None } => "follows nobody in".to_owned(),
        Role::TakenOut { leader } => format!("is taken out by {leader:?} in"),
        Role::PreCandidate { votes } => format!("asks, welcome to {votes:?}, in"),
        Role::Candidate { votes } => format!("stands, with votes of {votes:?}, in"),
        Role::Leader { .. } => "leads".to_owned(),
    };
    let vote = server.storage.voted_for.map_or(String::new(), |to| format!(", voted for {to:?}"));
    let mut text = format!(
        "{role} term {:?}{vote}, commit {:?}, log {:?}",
        server.term(),
        server.commit,
        server.log()
    );
    let (since, config) = server.configs.latest();
    if since > Index::ZERO {
        text += &format!(", members {config:?} since {since:?}");
    }
    if let Some(snapshot) = &server.storage.snapshot {
        text += &format!(", snapshot to {:?}", snapshot.last);
    }
    if let Role::Leader { followers, transfer, .. } = &server.role {
        if let Some(Transfer { to, .. }) = transfer {
            text += &format!("; hands over to {to:?}");
        }
        for (id, known) in followers {
            text += &format!("; {id:?} {}", of_progress(known));
        }
    }
    text
}

fn of_progress(known: &Progress) -> String {
    let Progress { next, matched, in_flight, .. } = known;
    let flight =
        if in_flight.is_empty() { String::new() } else { format!(" in flight {in_flight:?}") };
    let lost = if known.is_lost { " lost" } else { "" };
    format!("matched {matched:?} next {next:?}{flight}{lost}")
}

/// The lines that are gone and those that are new, with the numbers that they had or have.
fn difference(text: &str, now: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (text.lines().collect(), now.lines().collect());
    // How many lines the rests from two lines on have in common, in order.
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for (i, j) in (0..old.len()).rev().flat_map(|i| (0..new.len()).rev().map(move |j| (i, j))) {
        let without_one = common[i + 1][j].max(common[i][j + 1]);
        common[i][j] = if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { without_one };
    }
    let (mut i, mut j, mut lines) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && common[i + 1][j] >= common[i][j + 1] {
            lines += &format!("{:>5} - {}\n", i + 1, old[i]);
            i += 1;
        } else {
            lines += &format!("{:>5} + {}\n", j + 1, new[j]);
            j += 1;
        }
    }
    lines
}
