//! The answers: what each path shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::json;
use tokio::task::spawn_blocking;

use super::Site;
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
const FOR_EVERY_PAGE: Header = (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));

type Header = (HeaderName, HeaderValue);

/// The answer to a request.
pub(super) async fn to(head: &Parts, site: &Arc<Site>) -> Response<Full<Bytes>> {
    if ![Method::GET, Method::HEAD].contains(&head.method) {
        let allow = (ALLOW, HeaderValue::from_static("GET, HEAD"));
        let line = format!("{}\n", StatusCode::METHOD_NOT_ALLOWED);
        return write(StatusCode::METHOD_NOT_ALLOWED, TEXT, Some(allow), line);
    }
    match head.uri.path() {
        "/" => {
            let site = Arc::clone(site);
            // It reads a file, and may look up names.
            let page = spawn_blocking(move || front(&site)).await;
            page.unwrap_or_else(|_| write(StatusCode::INTERNAL_SERVER_ERROR, TEXT, None, "".into()))
        }
        path @ ("/status" | "/metrics") => match site.board.latest() {
            None => {
                let seconds = site.started.elapsed().as_secs();
                let text = format!("The node has been starting for {seconds} s.\n");
                write(StatusCode::SERVICE_UNAVAILABLE, TEXT, Some(FOR_EVERY_PAGE), text)
            }
            Some(latest) if path == "/status" => {
                write(StatusCode::OK, JSON, Some(FOR_EVERY_PAGE), status(site, &latest))
            }
            Some(latest) => {
                write(StatusCode::OK, PROMETHEUS, None, metrics::render(&latest, &about(site)))
            }
        },
        _ => {
            let text = "There is /, /status and /metrics.\n";
            write(StatusCode::NOT_FOUND, TEXT, None, text.into())
        }
    }
}

/// The page.
fn front(site: &Site) -> Response<Full<Bytes>> {
    // Nodes may have come since this one started.
    let config = Config::load(&site.config.path).unwrap_or_else(|_| site.config.clone());
    // Nothing is fetched from anywhere but the nodes, and nothing else runs.
    let nodes = config.nodes.iter();
    let nodes: String = nodes.map(|node| format!(" http://{}", node.asked_at())).collect();
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
         connect-src{nodes}"
    );
    let policy = HeaderValue::try_from(policy).expect("addresses are plain text");
    let policy = (CONTENT_SECURITY_POLICY, policy);
    write(StatusCode::OK, HTML, Some(policy), page(&config, site.id))
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

fn write(
    status: StatusCode,
    kind: &'static str,
    header: Option<Header>,
    body: String,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.extend(header);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
