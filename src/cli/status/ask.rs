//! Asks the nodes of a cluster, over HTTP, how they stand.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use quorate_models::kv::Kv;
use quorate_models::protocol::{Protocol, Said, Visit, majority_follows};
use quorate_models::service::{NO_MEMBER, Part};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::Value;
use stateright::actor::Id;

use super::stores::{self, Stores};
use crate::node::config::Config;

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The longest answer that is read, in bytes.
const ANSWER_MAX: u64 = 64 << 10;

/// A node that has not said for longer how it stands hangs, so what it said last is not believed.
const SILENT: Duration = Duration::from_secs(1);

/// One node as the outside sees it; `None` where it does not answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its number.
    pub id: u64,
    /// Where the others reach it.
    pub address: String,
    /// Whether it answered, properly and in time.
    pub reachable: bool,
    /// The protocol's word for what it is: "leader".
    pub role: Option<String>,
    /// The number of the node that it takes for the leader; `None` also if it knows of none.
    pub leader: Option<u64>,
    /// How far it is, in numbers that its protocol names: "term".
    #[serde(flatten, serialize_with = "as_fields")]
    pub numbers: Vec<(String, u64)>,
    /// By follower, how many entries of its log a leader does not know it to have.
    pub lags: BTreeMap<u64, u64>,
    /// How long its commits took of late, on average and in microseconds.
    pub commit_micros: Option<u64>,
    /// What an operator must hear of.
    pub warnings: Vec<String>,
    /// By its number, the part of each member that it knows of.
    pub members: BTreeMap<u64, Part>,
    /// Those of the members that count for nothing, as far as it knows.
    pub voteless: BTreeSet<u64>,
    /// The messages that it gave up.
    pub messages_lost: Option<u64>,
    /// The messages that were one with the same message, still on its way.
    pub messages_merged: Option<u64>,
    /// The datagrams that it refused because they were not sealed with its key.
    pub datagrams_forged: Option<u64>,
    /// How old what it says is, in milliseconds.
    pub age_ms: Option<u64>,
    /// Which store it has, and which ones are on record by what it knows.
    #[serde(skip)]
    pub(in crate::cli) stores: Option<Stores>,
    /// The cluster of which a node answers in its place.
    #[serde(skip)]
    pub(in crate::cli) stranger: Option<String>,
}

impl Row {
    /// For how long it has not said how it stands, if that is longer than a node takes that does
    /// not hang.
    pub(in crate::cli) fn silence(&self) -> Option<Duration> {
        self.age_ms.map(Duration::from_millis).filter(|age| *age > SILENT)
    }

    /// The number that it names so.
    pub(in crate::cli) fn number(&self, name: &str) -> Option<u64> {
        self.numbers.iter().find(|(other, _)| other == name).map(|(_, value)| *value)
    }

    /// The period for which it has its role; 0 if the protocol has none.
    pub(in crate::cli) fn period(&self) -> u64 {
        self.numbers.first().map_or(0, |(_, value)| *value)
    }

    /// What it says of itself.
    fn said(&self) -> Said {
        Said {
            id: Id::from(self.id as usize),
            role: self.role.clone().unwrap_or_default(),
            leader: self.leader.map(|leader| Id::from(leader as usize)),
            numbers: self.numbers.iter().cloned().collect(),
            members: self
                .members
                .iter()
                .map(|(id, part)| (Id::from(*id as usize), *part))
                .collect(),
        }
    }

    /// Whether it answers and does not hang.
    pub(in crate::cli) fn is_running(&self) -> bool {
        self.reachable && self.silence().is_none()
    }
}

/// Asks all nodes at once, so that several that are down cost no more than one.
pub(in crate::cli) fn ask_all(config: &Config) -> Vec<Row> {
    let cluster = format!("{:016x}", config.cluster);
    let asked: Vec<_> = config
        .nodes
        .iter()
        .map(|node| {
            let place = node.asked_at();
            (node.id, node.address, thread::spawn(move || ask(place)))
        })
        .collect();
    let row = |(id, address, answer): (u64, SocketAddr, thread::JoinHandle<Option<Value>>)| {
        // Where HTTP is on loopback, a node that listens there may be another.
        let is_it = |answer: &Value| answer["id"] == id && answer["cluster"] == *cluster;
        let answer = answer.join().ok().flatten();
        let of = answer.as_ref().and_then(|answer| answer["cluster"].as_str());
        let stranger = of.filter(|other| *other != cluster).map(str::to_owned);
        let answer = answer.filter(is_it);
        let field = |name: &str| answer.as_ref().and_then(|answer| answer.get(name));
        let number = |name: &str| field(name).and_then(Value::as_u64);
        let names = field("numbers").map(read::<Vec<String>>).unwrap_or_default();
        Row {
            id,
            address: address.to_string(),
            reachable: answer.is_some(),
            role: field("role").and_then(Value::as_str).map(str::to_owned),
            leader: number("leader"),
            numbers: names.iter().filter_map(|name| Some((name.clone(), number(name)?))).collect(),
            lags: field("lags").map(read).unwrap_or_default(),
            commit_micros: number("commit_micros"),
            warnings: field("warnings").map(read).unwrap_or_default(),
            members: field("members").map(read).unwrap_or_default(),
            voteless: field("voteless").map(read).unwrap_or_default(),
            messages_lost: number("messages_lost"),
            messages_merged: number("messages_merged"),
            datagrams_forged: number("datagrams_forged"),
            age_ms: number("age_ms"),
            stores: answer.as_ref().and_then(Stores::of),
            stranger,
        }
    };
    asked.into_iter().map(row).collect()
}

/// By follower, how many entries the leader does not know it to have that leads by what `rows` say.
/// One that was cut off may still take itself for leader, in a period that is over.
pub(in crate::cli) fn lags(rows: &[Row]) -> BTreeMap<u64, u64> {
    let leads = rows.iter().filter(|row| row.is_running() && row.leader == Some(row.id));
    leads.max_by_key(|row| row.period()).map(|row| row.lags.clone()).unwrap_or_default()
}

/// Each number as a field of its own.
fn as_fields<S: Serializer>(numbers: &[(String, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(numbers.iter().map(|(name, value)| (name, value)))
}

/// What a field holds; nothing, if that is something else.
fn read<T: DeserializeOwned + Default>(field: &Value) -> T {
    T::deserialize(field).unwrap_or_default()
}

/// What is known of why the cluster does not serve, by the word of its protocol, unless it does.
pub(in crate::cli) fn not_serving(config: &Config, rows: &[Row]) -> Option<String> {
    let mut parts = vec![serves(config, rows).err()?];
    for row in rows {
        if let Some(stranger) = &row.stranger {
            parts.push(format!("in place of node {} one of cluster {stranger} does", row.id));
        }
        if let Some(silence) = row.silence() {
            parts.push(format!("node {} has been silent for {} s", row.id, silence.as_secs()));
        }
        if row.role.as_deref() == Some(NO_MEMBER) {
            parts.push(format!("node {} is no member of the cluster", row.id));
        }
    }
    let strangers: BTreeSet<u64> = rows
        .iter()
        .filter_map(|row| row.leader)
        .filter(|leader| config.node(*leader).is_err())
        .collect();
    for leader in strangers {
        parts.push(format!("node {leader} leads, which {} does not have", config.path.display()));
    }
    let is_hidden = |id| {
        let node = config.node(id).ok();
        node.is_some_and(|node| node.http.ip().is_loopback() && !node.address.ip().is_loopback())
    };
    let hidden: Vec<_> = rows
        .iter()
        .filter(|row| !row.reachable && is_hidden(row.id))
        .map(|row| row.id.to_string())
        .collect();
    if !hidden.is_empty() {
        parts.push(format!(
            "HTTP of node {} is open on its own machine alone, unless the config says http = ...",
            hidden.join(", ")
        ));
    }
    parts.extend(stores::lost(&config.path, rows));
    Some(parts.join("; "))
}

/// Asks the protocol of `config` whether the cluster serves. Of one that is not known here, a
/// majority must follow a leader.
fn serves(config: &Config, rows: &[Row]) -> Result<(), String> {
    struct Serves(usize, Vec<Said>);
    impl Visit for Serves {
        type Output = Result<(), String>;
        fn visit<P: Protocol<Machine = Kv>>(self) -> Self::Output {
            P::serves(self.0, &self.1)
        }
    }
    let said = running(rows);
    let founders = config.founders().count();
    let asked = Serves(founders, said.clone());
    quorate_models::named(&config.protocol, asked)
        .unwrap_or_else(|| majority_follows(founders, &said))
}

/// The fault that the cluster would not survive although it serves, by the word of its protocol.
pub(in crate::cli) fn at_risk(config: &Config, rows: &[Row]) -> Option<String> {
    struct AtRisk(Vec<Said>);
    impl Visit for AtRisk {
        type Output = Option<String>;
        fn visit<P: Protocol<Machine = Kv>>(self) -> Self::Output {
            P::at_risk(&self.0)
        }
    }
    quorate_models::named(&config.protocol, AtRisk(running(rows))).flatten()
}

/// What the nodes say that answer and do not hang.
fn running(rows: &[Row]) -> Vec<Said> {
    rows.iter().filter(|row| row.is_running()).map(Row::said).collect()
}

/// The answer of the node at `address` to `GET /status`, if it gives a proper one in time.
fn ask(address: SocketAddr) -> Option<Value> {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let request = format!("GET /status HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut part = [0; 4_096];
    while (answer.len() as u64) < ANSWER_MAX {
        let left = deadline.checked_duration_since(Instant::now()).filter(|d| !d.is_zero())?;
        stream.set_read_timeout(Some(left)).ok()?;
        match stream.read(&mut part).ok()? {
            0 => break,
            length => answer.extend_from_slice(&part[..length]),
        }
    }
    body(std::str::from_utf8(&answer).ok()?)
}

/// The JSON in an HTTP answer, if that reports success. Between its outermost braces, so that it
/// does not matter whether the body came in chunks: a status is far smaller than one.
fn body(answer: &str) -> Option<Value> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    if head.split_whitespace().nth(1) != Some("200") {
        return None;
    }
    let (start, end) = (body.find('{')?, body.rfind('}')?);
    serde_json::from_str(body.get(start..=end)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_found_whole_or_in_chunks_and_only_in_a_good_answer() {
        let json = r#"{"role":"leader","term":3}"#;
        let plain = format!("HTTP/1.1 200 OK\r\nA: b\r\n\r\n{json}");
        let chunked = format!("HTTP/1.1 200 OK\r\n\r\n1a\r\n{json}\r\n0\r\n\r\n");
        for answer in [plain, chunked] {
            assert_eq!(body(&answer).unwrap()["term"], 3);
        }
        for bad in ["", "HTTP/1.1 200 OK\r\n\r\n}{", "HTTP/1.1 404 X\r\n\r\n{}", "\r\n\r\n{}"] {
            assert_eq!(body(bad), None);
        }
    }
}
