//! What clients are told that do not get what they ask for, as grpc-gateway says it.

use std::fmt::Display;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use quorate_models::kv::{KEY_MAX, READ_MAX, VALUE_MAX, etcd::Refusal};
use serde_json::json;

use super::REQUEST_MAX;
use super::json::respond;
use crate::node::client::CallError;
use crate::node::http::BodyError;

/// The codes of gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Code {
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// Why a client does not get what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    status: StatusCode,
    code: Code,
    message: String,
    header: Option<(HeaderName, &'static str)>,
}

impl Problem {
    fn new(status: StatusCode, code: Code, message: impl Display) -> Self {
        Problem { status, code, message: message.to_string(), header: None }
    }

    fn with(self, name: HeaderName, value: &'static str) -> Self {
        Problem { header: Some((name, value)), ..self }
    }

    /// The request cannot be meant.
    pub fn invalid(message: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::InvalidArgument, message)
    }

    /// A key is empty.
    pub fn no_key() -> Self {
        Self::invalid("etcdserver: key is not provided")
    }

    /// A key or a value is over its limit.
    pub fn too_large() -> Self {
        Self::invalid(format!(
            "etcdserver: request is too large; a key has {KEY_MAX} bytes at most, a value \
             {VALUE_MAX}"
        ))
    }

    /// etcd has this, and quorate has not.
    pub fn unsupported(what: &str) -> Self {
        let message = format!("quorate does not support {what}; nothing was done");
        Self::new(StatusCode::NOT_IMPLEMENTED, Code::Unimplemented, message)
    }

    /// There is nothing at this path.
    pub fn no_path(path: &str) -> Self {
        let message = format!("quorate has no {path}");
        Self::new(StatusCode::NOT_FOUND, Code::Unimplemented, message)
    }

    /// The path is asked for with `allowed` only.
    pub fn method(allowed: &'static str) -> Self {
        let message = format!("the method is {allowed}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::Unimplemented, message).with(ALLOW, allowed)
    }

    /// The request says that it is something else than JSON.
    pub fn no_json() -> Self {
        let message = "the request needs the header Content-Type: application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::InvalidArgument, message)
    }

    /// Who asks may not.
    pub fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, Code::PermissionDenied, message)
    }

    /// Who asks has not said the password.
    pub fn stranger() -> Self {
        let message = "etcdserver: authentication failed, invalid user ID or password";
        Self::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, message)
            .with(WWW_AUTHENTICATE, "Basic realm=\"quorate\"")
    }

    /// Who asks has said too many wrong ones.
    pub fn guesses() -> Self {
        let message = "too many wrong passwords; try again in a second";
        Self::new(StatusCode::TOO_MANY_REQUESTS, Code::ResourceExhausted, message)
            .with(RETRY_AFTER, "1")
    }

    /// There is no room for it now.
    pub fn unavailable(message: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, message)
            .with(RETRY_AFTER, "1")
    }

    /// The thread that asks the cluster has ended. What it was asking may have taken effect.
    pub fn over() -> Self {
        let message = "the gateway has ended; the request may have taken effect, or may still";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, message)
    }

    /// An error of ours.
    pub fn internal(message: &str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, message)
    }

    /// The cluster has not answered.
    pub fn unanswered(error: &CallError, only_reads: bool) -> Self {
        let message = match error {
            CallError::Encode(error) => return Self::invalid(format!("{error}; nothing was done")),
            CallError::Ended => error.to_string(),
            _ if only_reads => format!("{error}; nothing was read, and it can be asked again"),
            _ => format!("{error}; the request may have taken effect, or may still"),
        };
        Self::new(StatusCode::GATEWAY_TIMEOUT, Code::DeadlineExceeded, message)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let revision = |message| Self::new(StatusCode::BAD_REQUEST, Code::OutOfRange, message);
        match refusal {
            Refusal::Future => revision("etcdserver: mvcc: required revision is a future revision"),
            // quorate keeps no history.
            Refusal::Compacted => {
                revision("etcdserver: mvcc: required revision has been compacted")
            }
            Refusal::Unnumbered => Self::unavailable("revisions are not numbered yet"),
            Refusal::TooLong => {
                let message = format!(
                    "the answer would have more than {READ_MAX} bytes; nothing was done; ask with \
                     a limit, and go on behind the last key"
                );
                Self::new(StatusCode::TOO_MANY_REQUESTS, Code::ResourceExhausted, message)
            }
        }
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let message = format!("{error}; nothing was done");
        match error {
            BodyError::NoRoom => Self::unavailable(&message),
            BodyError::Broken(_) => Self::invalid(message),
            BodyError::Late(_) => {
                Self::new(StatusCode::REQUEST_TIMEOUT, Code::InvalidArgument, message)
            }
            BodyError::TooLong(_) => {
                debug_assert!(message.contains(&REQUEST_MAX.to_string()));
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::InvalidArgument, message)
            }
        }
    }
}

impl From<Problem> for Response<Full<Bytes>> {
    fn from(problem: Problem) -> Self {
        let Problem { status, code, message, header } = problem;
        let body = json!({ "error": message, "code": code as u8, "message": message });
        let mut response = respond(status, body.to_string().into());
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
