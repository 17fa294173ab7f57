//! The answers: what each path shows.

use std::collections::BTreeMap;

use serde_json::json;

use super::Site;
use super::request::Refusal;
use crate::node::config::Config;
use crate::node::metrics::{self, About};
use crate::node::snapshot::Snapshot;

/// The page. `/*CLUSTER*/` in it is replaced by what it shows.
const PAGE: &str = include_str!("page.html");

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
/// The version is part of Prometheus' format.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// Lets the page of one node ask the others, which have other ports and so are other sites.
const FOR_EVERY_PAGE: &str = "Access-Control-Allow-Origin: *\r\n";

/// What goes back to a client.
pub(super) struct Answer {
    /// The status line and the headers, with the empty line that ends them.
    pub(super) head: Vec<u8>,
    body: String,
}

impl Answer {
    /// Head and body.
    pub(super) fn whole(mut self) -> Vec<u8> {
        self.head.extend_from_slice(self.body.as_bytes());
        self.head
    }
}

/// The answer to `GET path`.
pub(super) fn to(path: &str, site: &Site) -> Answer {
    match path {
        "/" => {
            // Nodes may have come since this one started.
            let config = Config::load(&site.config.path).unwrap_or_else(|_| site.config.clone());
            // Nothing is fetched from anywhere but the nodes, and nothing else runs.
            let nodes = config.nodes.iter();
            let nodes: String = nodes.map(|node| format!(" http://{}", node.asked_at())).collect();
            let policy = format!(
                "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; \
                 script-src 'unsafe-inline'; connect-src{nodes}\r\n"
            );
            write("200 OK", HTML, &policy, page(&config, site.id))
        }
        "/status" | "/metrics" => match site.board.latest() {
            None => {
                let seconds = site.started.elapsed().as_secs();
                let text = format!("The node has been starting for {seconds} s.\n");
                write("503 Service Unavailable", TEXT, FOR_EVERY_PAGE, text)
            }
            Some(latest) if path == "/status" => {
                write("200 OK", JSON, FOR_EVERY_PAGE, status(site, &latest))
            }
            Some(latest) => write("200 OK", PROMETHEUS, "", metrics::render(&latest, &about(site))),
        },
        _ => write("404 Not Found", TEXT, "", "There is /, /status and /metrics.\n".into()),
    }
}

/// The answer to a request that was not understood or is not allowed.
pub(super) fn refusal(line: Refusal) -> Answer {
    let allow = if line.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    write(line, TEXT, allow, format!("{line}\n"))
}

fn about(site: &Site) -> About {
    let store = site.config.node(site.id).ok().and_then(|node| node.store.metadata().ok());
    let (uptime, store_bytes) = (site.started.elapsed(), store.map(|store| store.len()));
    About { id: site.id, uptime, store_bytes }
}

fn status(site: &Site, latest: &Snapshot) -> String {
    let Snapshot { at, status, counts, transport, commit_lately, redis } = latest;
    let address = site.config.node(site.id).ok().map(|node| node.address.to_string());
    let numbers = status.numbers.iter();
    let members: BTreeMap<_, _> =
        status.members.iter().map(|(id, part)| (usize::from(*id), part)).collect();
    let lags: BTreeMap<_, _> =
        status.lags.iter().map(|(id, lag)| (usize::from(*id), lag)).collect();
    let stores = status.stores.as_ref();
    let recorded: BTreeMap<_, _> = stores
        .into_iter()
        .flat_map(|stores| &stores.recorded)
        .map(|(id, store)| (usize::from(*id), hex(*store)))
        .collect();
    let mut shown = json!({
        "cluster": hex(site.config.cluster),
        "id": site.id,
        "address": address,
        "role": status.role,
        "leader": status.leader.map(usize::from),
        // Those of the protocol, in its order; each stands under its name.
        "numbers": numbers.clone().map(|number| number.name).collect::<Vec<_>>(),
        "warnings": status.warnings,
        "members": members,
        // A leader says it of its followers.
        "lags": lags,
        "commit_micros": commit_lately.map(|took| took.as_micros() as u64),
        "voteless": status.voteless.iter().map(|id| usize::from(*id)).collect::<Vec<_>>(),
        "store": stores.map(|stores| hex(stores.own)),
        "stores_recorded": recorded,
        "stores_as_of": stores.map(|stores| stores.as_of),
        "messages_sent": counts.sends,
        "messages_merged": transport.merged,
        "messages_lost": transport.lost(),
        "datagrams_forged": transport.reject_forged,
        // If it serves Redis clients.
        "redis": redis.as_deref(),
        "uptime_seconds": site.started.elapsed().as_secs(),
        // All of the above is so old. The clock is one that nobody sets.
        "age_ms": at.elapsed().as_millis() as u64,
    });
    for number in numbers {
        shown[number.name] = number.value.into();
    }
    format!("{shown}\n")
}

/// A number that is drawn at random, which is too large for a number of JSON.
fn hex(number: u64) -> String {
    format!("{number:016x}")
}

fn page(config: &Config, id: u64) -> String {
    let nodes = config.nodes.iter();
    let nodes: Vec<_> = nodes
        .map(|node| {
            let (address, http) = (node.address.to_string(), node.asked_at().to_string());
            json!({ "id": node.id, "address": address, "http": http })
        })
        .collect();
    let cluster = json!({
        "name": format!("{:016x}", config.cluster),
        "protocol": config.protocol,
        "self": id,
        "nodes": nodes,
    });
    PAGE.replace("/*CLUSTER*/", &cluster.to_string())
}

fn write(line: &str, kind: &str, headers: &str, body: String) -> Answer {
    let head = format!(
        "HTTP/1.1 {line}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{headers}\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    Answer { head: head.into_bytes(), body }
}
