//! The nodes in a cluster's file: where each is reached, where it listens, and what must fit
//! together so that each can send to all others.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{IDS, parse_hex};

/// One node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its number, at least 1.
    pub id: u64,
    /// Where the others and the clients reach it over UDP. All nodes of a cluster have addresses of
    /// one family, and all or none have loopback addresses.
    pub address: SocketAddr,
    /// Where it listens for UDP: its `address`, unless the file names another, behind a port that
    /// is forwarded, say.
    pub bind: SocketAddr,
    /// Where it serves HTTP: the port of its `address` on the loopback interface, unless the file
    /// names another place.
    pub http: SocketAddr,
    /// The file that holds its memory.
    pub store: PathBuf,
    /// The number of the store with which the cluster began, of a founder of which the file says
    /// it. Never 0.
    pub store_id: Option<u64>,
    /// Whether it came after the cluster began: it is no member until an operator adds it.
    pub joins: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenNode {
    id: u64,
    address: String,
    bind: Option<String>,
    http: Option<String>,
    store: PathBuf,
    store_id: Option<String>,
    #[serde(default)]
    joins: bool,
}

/// A field, and what is wrong with it.
pub(super) type Wrong = (String, String);

/// Finds the addresses that `host:port` stands for.
pub(super) type LookUp<'a> = &'a dyn Fn(&str) -> io::Result<Vec<SocketAddr>>;

/// Asks the operating system, which may ask the network.
pub(super) fn look_up(place: &str) -> io::Result<Vec<SocketAddr>> {
    Ok(place.to_socket_addrs()?.collect())
}

impl Node {
    /// This node, listening for UDP on `bind`.
    ///
    /// # Errors
    /// In words, if what it sends from there could not reach the others.
    pub fn bound_to(mut self, bind: SocketAddr) -> Result<Self, String> {
        let (bind, address) = (canonical(bind), self.address);
        if bind.port() == 0 {
            return Err(format!("{bind} has port 0"));
        }
        if let Some(problem) = cannot_reach(bind, address) {
            return Err(format!("{bind} does not fit the address {address}: {problem}"));
        }
        self.bind = bind;
        Ok(self)
    }

    /// Where to ask for its HTTP. Another machine reaches that only if the file has opened it.
    #[must_use]
    pub fn asked_at(&self) -> SocketAddr {
        if self.http.ip().is_unspecified() {
            return SocketAddr::new(self.address.ip(), self.http.port());
        }
        self.http
    }
}

/// Validates what the file says of the nodes, and sorts them by number. Files are relative to
/// `folder`.
pub(super) fn all(
    folder: &Path,
    written: &[WrittenNode],
    look_up: LookUp,
) -> Result<Vec<Node>, Wrong> {
    let found =
        written.iter().map(|node| addresses(node, look_up)).collect::<Result<Vec<_>, _>>()?;
    // A name may have addresses of both families: the one that all nodes have is meant.
    let families: [fn(&SocketAddr) -> bool; 2] = [SocketAddr::is_ipv4, SocketAddr::is_ipv6];
    let shared = families.into_iter().find(|is| found.iter().all(|all| all.iter().any(is)));
    let mut nodes = Vec::new();
    for (node, found) in written.iter().zip(&found) {
        let address = found.iter().find(|address| shared.is_none_or(|is| is(address)));
        let address = *address.expect("a name without addresses was refused");
        nodes.push(
            validate(folder, node, address)
                .map_err(|(field, problem)| (format!("node {}: {field}", node.id), problem))?,
        );
    }
    if nodes.is_empty() {
        return Err(("node".into(), "there is none".into()));
    }
    if nodes.iter().all(|node| node.joins) {
        return Err(("node".into(), "each of them joins, and none is there to be joined".into()));
    }
    nodes.sort_by_key(|node| node.id);
    distinct(&nodes, "id", |node| Some(node.id.to_string()))?;
    distinct(&nodes, "address", |node| Some(node.address.to_string()))?;
    distinct(&nodes, "store", |node| Some(node.store.display().to_string()))?;
    distinct(&nodes, "store_id", |node| node.store_id.map(|id| format!("{id:016x}")))?;
    let first = &nodes[0];
    for node in &nodes[1..] {
        if let Some(problem) = cannot_reach(first.address, node.address) {
            let problem = format!(
                "node {} has {} and node {} has {}: {problem}",
                first.id, first.address, node.id, node.address
            );
            return Err(("node: address".into(), problem));
        }
    }
    Ok(nodes)
}

/// Every address that a node's place stands for, at least one.
fn addresses(node: &WrittenNode, look_up: LookUp) -> Result<Vec<SocketAddr>, Wrong> {
    let wrong = |problem| Err((format!("node {}: address", node.id), problem));
    let place = node.address.as_str();
    if let Ok(address) = place.parse() {
        return Ok(vec![canonical(address)]);
    }
    let named = place.rsplit_once(':').filter(|(host, port)| {
        !host.is_empty() && !host.contains([':', '[', ']', ' ']) && port.parse::<u16>().is_ok()
    });
    let Some((host, _)) = named else {
        return wrong(format!("{place:?} is not an IP address or a name with a port"));
    };
    match look_up(place) {
        Ok(found) if found.is_empty() => wrong(format!("the name {host:?} has no address")),
        Ok(found) => Ok(found.into_iter().map(canonical).collect()),
        Err(error) => wrong(format!("the name {host:?} cannot be looked up: {error}")),
    }
}

fn validate(folder: &Path, node: &WrittenNode, address: SocketAddr) -> Result<Node, Wrong> {
    let wrong = |field: &str, problem: String| Err((field.to_owned(), problem));
    let id = node.id;
    if id == 0 || id >= IDS {
        return wrong("id", format!("it must be at least 1 and below {IDS}"));
    }
    if address.port() == 0 {
        return wrong("address", format!("{address} has port 0"));
    }
    let ip = address.ip();
    if ip.is_unspecified() || ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST) {
        let problem = format!("{address} is not where one node is reached; bind may be 0.0.0.0");
        return wrong("address", problem);
    }
    if node.store.as_os_str().is_empty() {
        return wrong("store", "it is empty".into());
    }
    let http = match &node.http {
        Some(http) => listener(http).map_err(|problem| ("http".to_owned(), problem))?,
        None => SocketAddr::new(loopback(ip), address.port()),
    };
    let store_id = store_id(node).map_err(|problem| ("store_id".to_owned(), problem))?;
    let (store, joins) = (folder.join(&node.store), node.joins);
    let validated = Node { id, address, bind: address, http, store, store_id, joins };
    let Some(bind) = &node.bind else {
        return Ok(validated);
    };
    listener(bind)
        .and_then(|bind| validated.bound_to(bind))
        .map_err(|problem| ("bind".to_owned(), problem))
}

/// The number of the store with which a founder begins.
fn store_id(node: &WrittenNode) -> Result<Option<u64>, String> {
    let Some(text) = &node.store_id else { return Ok(None) };
    if node.joins {
        return Err("the node joins, and only the stores of founders are known before".into());
    }
    match parse_hex(text) {
        None => Err(format!("{text:?} is not 16 hex digits")),
        Some(0) => Err("no store has the number 0".into()),
        number => Ok(number),
    }
}

/// The loopback address of this machine that goes with `ip`: itself, if it is one.
fn loopback(ip: IpAddr) -> IpAddr {
    match ip {
        ip if ip.is_loopback() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

fn listener(text: &str) -> Result<SocketAddr, String> {
    match text.parse().map(canonical) {
        Ok(address) if address.port() == 0 => Err(format!("{address} has port 0")),
        Ok(address) => Ok(address),
        Err(_) => Err(format!("{text:?} is not an IP address with a port")),
    }
}

/// An IPv4 address that is written as an IPv6 one, as IPv4.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::from((ip, address.port())),
        IpAddr::V6(_) => address,
    }
}

/// Why a socket that is bound to one of these could not send to the other, if that is so.
fn cannot_reach(one: SocketAddr, other: SocketAddr) -> Option<&'static str> {
    if one.is_ipv4() != other.is_ipv4() {
        return Some("one is an IPv4 and one an IPv6 address, and neither can send to the other");
    }
    // What is bound to all of a machine's addresses sends from whichever the way begins at.
    let bound_to_all = one.ip().is_unspecified();
    (!bound_to_all && one.ip().is_loopback() != other.ip().is_loopback())
        .then_some("one is a loopback address, which other machines cannot reach")
}

/// Checks that no two nodes have the same `field`, of those that have it.
fn distinct(
    nodes: &[Node],
    field: &str,
    of: impl Fn(&Node) -> Option<String>,
) -> Result<(), Wrong> {
    let mut seen = BTreeMap::new();
    for (node, value) in nodes.iter().filter_map(|node| Some((node, of(node)?))) {
        if let Some(other) = seen.insert(value.clone(), node.id) {
            let problem = match field {
                // Their numbers do not tell these two apart.
                "id" => format!("two nodes have the number {value}"),
                _ => format!("nodes {other} and {} both have {value}", node.id),
            };
            return Err((format!("node: {field}"), problem));
        }
    }
    Ok(())
}
