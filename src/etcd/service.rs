//! What each path answers.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::CONTENT_TYPE;
use hyper::{HeaderMap, Method, Response, StatusCode};
use quorate_models::consistency::Freshness;
use quorate_models::kv::etcd::{Answer, Refusal, Request};
use quorate_models::kv::{Command, Output, Text};
use serde_json::json;

use super::access::Access;
use super::json::{self, Asked, Header, respond};
use super::problem::Problem;
use super::{Door, REQUEST_MAX};
use crate::node::board::Board;
use crate::node::http::{self, Answering, Answers};
use crate::node::snapshot::Snapshot;

/// Which etcd's API this is, as far as it goes: clients look at it to find their paths.
const VERSION: &str = "3.4.0";

/// Where it is asked for.
const KV: &str = "/v3/kv/";
const STATUS: &str = "/v3/maintenance/status";

/// What is needed to answer.
#[derive(Clone)]
struct Needs {
    door: Door,
    board: Board<Snapshot>,
    cluster: u64,
    member: u64,
}

/// The paths of etcd's JSON gateway.
pub(super) struct Service {
    needs: Needs,
    access: Access,
}

impl Service {
    /// Of the server `member` of `cluster`, which says on `board` what it does.
    pub fn new(
        door: Door,
        access: Access,
        board: Board<Snapshot>,
        cluster: u64,
        member: u64,
    ) -> Self {
        Service { needs: Needs { door, board, cluster, member }, access }
    }

    /// What a request is for, if it may be.
    fn route(&self, asked: &http::Asked) -> Result<Route, Problem> {
        let (path, head) = (asked.head.uri.path(), &asked.head);
        let is_method = |method: Method, name| {
            if head.method == method { Ok(()) } else { Err(Problem::method(name)) }
        };
        match path {
            "/version" => is_method(Method::GET, "GET").map(|()| Route::Version),
            "/health" => is_method(Method::GET, "GET").map(|()| Route::Health),
            _ => {
                self.access.check(asked.from.ip(), asked.is_plain, &head.headers)?;
                is_method(Method::POST, "POST")?;
                if !is_json(&head.headers) {
                    return Err(Problem::no_json());
                }
                match path.strip_prefix(KV) {
                    Some(name) => Ok(Route::Kv(name.to_owned())),
                    None if path == STATUS => Ok(Route::Status),
                    None => Err(Problem::no_path(path)),
                }
            }
        }
    }
}

/// What is asked for.
enum Route {
    Version,
    Health,
    Status,
    Kv(String),
}

impl Answers for Service {
    fn owns(&self, path: &str) -> bool {
        path == "/version" || path == "/health" || path.starts_with("/v3/")
    }

    fn answer(&self, asked: http::Asked) -> Answering {
        let (route, needs) = (self.route(&asked), self.needs.clone());
        Box::pin(async move {
            let answer = match route {
                Err(problem) => Err(problem),
                Ok(Route::Version) => Ok(version()),
                Ok(Route::Health) => Ok(needs.health().await),
                Ok(Route::Status) => needs.status(asked.body).await,
                Ok(Route::Kv(name)) => needs.kv(&name, asked.body).await,
            };
            answer.unwrap_or_else(Response::from)
        })
    }
}

/// Whether what comes may be JSON: some clients leave out what it is. What a form of a web page
/// sends says that it is something else.
fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|value| {
        let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/json")
    })
}

fn version() -> Response<Full<Bytes>> {
    let quorate = env!("CARGO_PKG_VERSION");
    let shown = json!({ "etcdserver": VERSION, "etcdcluster": VERSION, "quorate": quorate });
    respond(StatusCode::OK, shown.to_string().into())
}

impl Needs {
    async fn kv(&self, name: &str, body: http::Body) -> Result<Response<Full<Bytes>>, Problem> {
        let held = body.read(REQUEST_MAX).await?;
        let Some(asked) = json::read(name, held.as_ref()) else {
            return Err(Problem::no_path(&format!("{KV}{name}")));
        };
        let Asked { request, serializable } = asked?;
        let freshness = if serializable { Freshness::Stale } else { Freshness::Linearizable };
        let answer = match self.ask(request.clone(), freshness).await? {
            Err(Refusal::Unnumbered) => {
                // This is the first read ever of a client of etcd.
                self.ask(Request::Number, Freshness::Linearizable).await??;
                self.ask(request, freshness).await??
            }
            answer => answer?,
        };
        let bytes = held.replace(json::write(self.header(), &answer)).map_err(|error| {
            // It has been done, and there is no room to say so.
            Problem::unavailable(&format!("{error}; the request was carried out"))
        })?;
        Ok(respond(StatusCode::OK, bytes))
    }

    /// What the store answers.
    async fn ask(
        &self,
        request: Request,
        freshness: Freshness,
    ) -> Result<Result<Answer, Refusal>, Problem> {
        match self.door.ask(Command::Etcd(request), freshness).await? {
            Output::Etcd(answer) => Ok(answer),
            Output::Refused(_) => {
                Err(Problem::unsupported("clients of etcd where there is no log"))
            }
            _ => Err(Problem::internal("the store answered something else")),
        }
    }

    /// What this node says of itself.
    async fn status(&self, body: http::Body) -> Result<Response<Full<Bytes>>, Problem> {
        let held = body.read(REQUEST_MAX).await?;
        if !held.as_ref().trim_ascii().is_empty() {
            let empty: serde_json::Map<String, serde_json::Value> =
                serde_json::from_slice(held.as_ref()).map_err(Problem::invalid)?;
            if let Some(field) = empty.keys().next() {
                return Err(Problem::invalid(format!("unknown field {field:?}")));
            }
        }
        let Some(latest) = self.board.latest() else {
            return Err(Problem::unavailable("the node is starting"));
        };
        let mut shown = json!({ "header": self.header(), "version": VERSION });
        let leader = latest.status.leader.map(|leader| usize::from(leader) as u64);
        for (field, value) in [
            ("leader", leader),
            ("raftIndex", self.number("commit")),
            ("raftTerm", self.number("term")),
        ] {
            if let Some(value) = value {
                shown[field] = value.to_string().into();
            }
        }
        Ok(respond(StatusCode::OK, shown.to_string().into()))
    }

    /// Whether the cluster answers a read.
    async fn health(&self) -> Response<Full<Bytes>> {
        let command = Command::Length { key: Text::from("health") };
        match self.door.ask(command, Freshness::Linearizable).await {
            Ok(_) => respond(StatusCode::OK, "{\"health\":\"true\"}".into()),
            Err(_) => respond(StatusCode::SERVICE_UNAVAILABLE, "{\"health\":\"false\"}".into()),
        }
    }

    fn header(&self) -> Header {
        let raft_term = self.number("term").unwrap_or_default();
        Header { cluster_id: self.cluster, member_id: self.member, revision: 0, raft_term }
    }

    /// The number that the node says under `name`, if it has such a one.
    fn number(&self, name: &str) -> Option<u64> {
        let latest = self.board.latest()?;
        latest.status.numbers.iter().find(|number| number.name == name).map(|number| number.value)
    }
}
