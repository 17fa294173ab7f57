//! `quorate status`: what every node of a cluster says of itself.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use super::exit::{self, Code, Failure};
use crate::node::config::Config;

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The longest answer that is read, in bytes.
const ANSWER_MAX: u64 = 64 << 10;

/// Asks every node; exits 0 whether or not they answer.
#[derive(clap::Args)]
pub struct Args {
    /// The cluster's config
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print a JSON list instead of a table
    #[arg(long)]
    json: bool,
}

/// One node as the outside sees it; `None` where it does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its number.
    pub id: u64,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether it answered, properly and in time.
    pub reachable: bool,
    /// The protocol's word for what it is: "leader".
    pub role: Option<String>,
    /// Its term.
    pub term: Option<u64>,
    /// The number of the node that it takes for the leader; also `None` if it knows of none.
    pub leader: Option<u64>,
    /// The last index that it knows to be committed.
    pub commit: Option<u64>,
    /// The index of its last log entry.
    pub last: Option<u64>,
}

/// Prints the status of every node.
pub fn run(args: Args) -> ExitCode {
    exit::report(show(&args))
}

fn show(args: &Args) -> Result<(), Failure> {
    let config = Config::load(&args.config)?;
    let rows = ask_all(config.nodes.iter().map(|node| (node.id, node.address)));
    let text = if args.json {
        serde_json::to_string_pretty(&rows).expect("numbers and text have a JSON form")
    } else {
        table(&rows)
    };
    writeln!(std::io::stdout().lock(), "{text}")
        .map_err(|error| Failure::new(Code::Io, format!("cannot write to the output: {error}")))
}

/// Asks all nodes at once, so that several that are down cost no more than one.
fn ask_all(nodes: impl Iterator<Item = (u64, SocketAddr)>) -> Vec<Row> {
    let asked: Vec<_> =
        nodes.map(|(id, address)| (id, address, thread::spawn(move || ask(address)))).collect();
    let row = |(id, address, answer): (u64, SocketAddr, thread::JoinHandle<Option<Value>>)| {
        let answer = answer.join().ok().flatten();
        let field = |name: &str| answer.as_ref().and_then(|answer| answer.get(name));
        let number = |name: &str| field(name).and_then(Value::as_u64);
        Row {
            id,
            address,
            reachable: answer.is_some(),
            role: field("role").and_then(Value::as_str).map(str::to_owned),
            term: number("term"),
            leader: number("leader"),
            commit: number("commit"),
            last: number("last"),
        }
    };
    asked.into_iter().map(row).collect()
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

/// The rows under each other, for a person.
fn table(rows: &[Row]) -> String {
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |n| n.to_string());
    let mut lines = vec![format!(
        "{:>4}  {:<21}  {:<11}  {:>6}  {:>6}  {:>8}  {:>8}",
        "node", "address", "role", "term", "leader", "commit", "last"
    )];
    for row in rows {
        let role = row.role.as_deref().unwrap_or(if row.reachable { "-" } else { "unreachable" });
        lines.push(format!(
            "{:>4}  {:<21}  {role:<11}  {:>6}  {:>6}  {:>8}  {:>8}",
            row.id,
            row.address.to_string(),
            number(row.term),
            number(row.leader),
            number(row.commit),
            number(row.last)
        ));
    }
    lines.join("\n")
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
