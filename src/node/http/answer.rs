//! The answers: what each path shows.

use serde_json::json;

use super::request::Refusal;
use super::{Site, Snapshot};
use crate::node::metrics;

/// The page. `/*CLUSTER*/` in it is replaced by what it shows.
const PAGE: &str = include_str!("page.html");

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
/// The version is part of Prometheus' format.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// Lets the page of one node ask the others, which have other ports and so are other sites.
const FOR_EVERY_PAGE: &str = "Access-Control-Allow-Origin: *\r\n";

/// The answer to `GET path`, head and all.
pub(super) fn to(path: &str, site: &Site) -> Vec<u8> {
    match path {
        "/" => {
            // Nothing is fetched from anywhere but the nodes, and nothing else runs.
            let nodes: String =
                site.config.nodes.iter().map(|node| format!(" http://{}", node.address)).collect();
            let policy = format!(
                "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; \
                 script-src 'unsafe-inline'; connect-src{nodes}\r\n"
            );
            write("200 OK", HTML, &policy, &page(site))
        }
        "/status" | "/metrics" => match site.board.latest() {
            None => {
                write("503 Service Unavailable", TEXT, FOR_EVERY_PAGE, "The node is starting.\n")
            }
            Some(latest) if path == "/status" => {
                write("200 OK", JSON, FOR_EVERY_PAGE, &status(site, &latest))
            }
            Some(latest) => {
                let uptime = site.started.elapsed().as_secs_f64();
                let text = metrics::render(&latest.status, &latest.metrics, uptime);
                write("200 OK", PROMETHEUS, "", &text)
            }
        },
        _ => write("404 Not Found", TEXT, "", "There is /, /status and /metrics.\n"),
    }
}

/// The answer to a request that was not understood or is not allowed.
pub(super) fn refusal(line: Refusal) -> Vec<u8> {
    let allow = if line.starts_with("405") { "Allow: GET\r\n" } else { "" };
    write(line, TEXT, allow, &format!("{line}\n"))
}

fn status(site: &Site, latest: &Snapshot) -> String {
    let status = &latest.status;
    let shown = json!({
        "id": site.id,
        "address": site.address.to_string(),
        "role": status.role,
        "term": status.term,
        "leader": status.leader.map(usize::from),
        "commit": status.commit,
        "last": status.last,
        "uptime_seconds": site.started.elapsed().as_secs(),
    });
    format!("{shown}\n")
}

fn page(site: &Site) -> String {
    let nodes = site.config.nodes.iter();
    let nodes: Vec<_> =
        nodes.map(|node| json!({ "id": node.id, "address": node.address.to_string() })).collect();
    let cluster = json!({
        "name": format!("{:016x}", site.config.cluster),
        "protocol": site.config.protocol,
        "self": site.id,
        "nodes": nodes,
    });
    PAGE.replace("/*CLUSTER*/", &cluster.to_string())
}

fn write(line: &str, kind: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {line}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{headers}\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
