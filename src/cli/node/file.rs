//! The cluster's file, read again when it changes: so nodes can come, and move, while others run.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::cli::log::Log;
use crate::node::config::Config;

/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Where servers are, by their numbers.
pub type Places = BTreeMap<u64, SocketAddr>;

/// Looks after the file of `config` from now on, and tells where the servers are whenever it says
/// that anew, to all that wait for it. What node `me` makes of a change is told to `log`.
pub fn follow<const N: usize>(config: Config, me: u64, log: Log) -> [Receiver<Places>; N] {
    let mut senders = Vec::new();
    let receivers = std::array::from_fn(|_| {
        let (sender, receiver) = channel();
        senders.push(sender);
        receiver
    });
    thread::spawn(move || watch(config, me, log, senders));
    receivers
}

fn watch(mut config: Config, me: u64, log: Log, mut senders: Vec<Sender<Places>>) {
    let mut seen = stamp(&config.path);
    loop {
        thread::sleep(LOOK);
        let now = stamp(&config.path);
        if now == seen {
            continue;
        }
        seen = now;
        let read = Config::load(&config.path).map_err(|error| error.to_string());
        match read.and_then(|read| changes(&config, &read, me).map(|lines| (read, lines))) {
            Ok((read, lines)) => {
                let places: Places =
                    read.nodes.iter().map(|node| (node.id, node.address)).collect();
                config.nodes = read.nodes;
                senders.retain(|sender| sender.send(places.clone()).is_ok());
                // The node has stopped if nobody takes them.
                if senders.is_empty() {
                    return;
                }
                lines.iter().for_each(|line| log.info(line, &[]));
            }
            Err(problem) => {
                log.warn(&format!("the changed file is not used: {problem}"), &[]);
            }
        }
    }
}

/// What tells whether the file has changed; `None` if it is not there.
fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let about = path.metadata().ok()?;
    Some((about.modified().ok()?, about.len()))
}

/// What node `me` is told of a file that said `before` and says `after`.
///
/// # Errors
/// Why it goes by what it knows, if the file cannot be meant for a cluster that runs.
fn changes(before: &Config, after: &Config, me: u64) -> Result<Vec<String>, String> {
    let path = after.path.display();
    if after.cluster != before.cluster {
        return Err(format!("{path} is about another cluster, {:016x}", after.cluster));
    }
    let place = |config: &Config, id| config.node(id).ok().map(|node| node.address);
    if place(after, me) != place(before, me) {
        return Err(format!("{path} has this node elsewhere: it moves when it is started again"));
    }
    let numbers = |config: &Config| config.founders().map(|node| node.id).collect::<Vec<_>>();
    if numbers(after) != numbers(before) {
        return Err(format!(
            "{path}: the cluster began with the nodes {:?}, and still does; whoever comes later \
             has joins = true",
            numbers(before)
        ));
    }
    if after.store_ids() != before.store_ids() {
        return Err(format!("{path}: what store_id says of the first stores never changes"));
    }
    let mut lines = Vec::new();
    for node in &after.nodes {
        match place(before, node.id) {
            None => lines.push(format!("node {} is at {}", node.id, node.address)),
            Some(old) if old != node.address => {
                lines.push(format!("node {} has moved to {}", node.id, node.address));
            }
            Some(_) => {}
        }
    }
    let gone = before.nodes.iter().filter(|node| place(after, node.id).is_none());
    lines.extend(gone.map(|node| format!("node {} is heard no more: no file has it", node.id)));
    let rest = |config: &Config| Config { nodes: Vec::new(), ..config.clone() };
    if rest(after) != rest(before) {
        lines.push("the file has other settings: they count when the node is started again".into());
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "cluster = \"00000000000000aa\"\nkey_file = \"cluster.key\"\n";

    fn config(head: &str, nodes: &[(u64, u16, bool)]) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cluster.toml");
        let node = |(id, port, joins): &(u64, u16, bool)| {
            format!(
                "[[node]]\nid = {id}\naddress = \"127.0.0.1:{port}\"\nstore = \"{id}\"\n\
                 joins = {joins}\n"
            )
        };
        let text: String = std::iter::once(head.to_owned()).chain(nodes.iter().map(node)).collect();
        std::fs::write(&path, text).unwrap();
        // The same name for all of them.
        Config {
            path: "cluster.toml".into(),
            key_file: "key".into(),
            ..Config::load(&path).unwrap()
        }
    }

    fn said(head: &str, nodes: &[(u64, u16, bool)]) -> Result<Vec<String>, String> {
        let before = config(HEAD, &[(1, 7001, false), (2, 7002, false), (3, 7003, true)]);
        let mut after = config(head, nodes);
        // Stores lie in folders of their own.
        for node in &mut after.nodes {
            node.store = node.id.to_string().into();
        }
        changes(&before, &after, 1)
    }

    #[test]
    fn nodes_come_and_move_and_go() {
        let (one, two, three) = ((1, 7001, false), (2, 7002, false), (3, 7003, true));
        let lines = |nodes: &[_]| said(HEAD, nodes).unwrap();
        assert_eq!(lines(&[one, two, three]), [""; 0]);
        assert_eq!(lines(&[one, two, three, (4, 7004, true)]), ["node 4 is at 127.0.0.1:7004"]);
        assert_eq!(lines(&[one, (2, 7009, false), three]), ["node 2 has moved to 127.0.0.1:7009"]);
        assert_eq!(lines(&[one, two]), ["node 3 is heard no more: no file has it"]);
        let timers = format!("{HEAD}[timers]\nheartbeat_ms = 60\n");
        let other = "the file has other settings: they count when the node is started again";
        assert_eq!(said(&timers, &[one, two, three]), Ok(vec![other.to_owned()]));
    }

    #[test]
    fn what_cannot_be_meant_changes_nothing() {
        let (one, two, three) = ((1, 7001, false), (2, 7002, false), (3, 7003, true));
        let problem = |head, nodes: &[_]| said(head, nodes).unwrap_err();
        let other = "cluster = \"00000000000000bb\"\nkey_file = \"cluster.key\"\n";
        assert_eq!(
            problem(other, &[one, two, three]),
            "cluster.toml is about another cluster, 00000000000000bb"
        );
        for nodes in [&[(1, 7009, false), two, three][..], &[two, three]] {
            assert!(problem(HEAD, nodes).contains("has this node elsewhere"));
        }
        for nodes in [&[one, two, (3, 7003, false)][..], &[one, two, three, (4, 7004, false)]] {
            assert!(problem(HEAD, nodes).contains("began with the nodes [1, 2], and still does"));
        }
        let (before, mut after) = (config(HEAD, &[one, two]), config(HEAD, &[one, two]));
        after.nodes[1].store_id = Some(7);
        let words = "cluster.toml: what store_id says of the first stores never changes";
        assert_eq!(changes(&before, &after, 1), Err(words.to_owned()));
    }
}
