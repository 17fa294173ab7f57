//! How etcd is asked over HTTP/1.1: by its JSON gateway, `/v3/kv/put` and `/v3/kv/range`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httparse::{EMPTY_HEADER, Header, Response, Status};
use quorate_models::kv::Command;
use serde::de::IgnoredAny;

use super::session::Answer;
use super::tcp::{ANSWER_MAX, Language};

/// How many headers an answer may have.
const HEADERS_MAX: usize = 32;

/// The longest head of an answer, in bytes.
const HEAD_MAX: usize = 16 << 10;

/// etcd's JSON gateway.
#[derive(Clone, Copy, Debug)]
pub struct Gateway {
    /// Where it is.
    pub host: SocketAddr,
    /// Whether reads are answered by the member that is asked, from what it has, which may be old.
    pub is_stale: bool,
}

impl Language for Gateway {
    fn ask(&self, command: &Command, out: &mut Vec<u8>) {
        let (path, body) = match command {
            Command::Put { key, value } => {
                let (key, value) = (STANDARD.encode(&**key), STANDARD.encode(&**value));
                ("put", format!("{{\"key\":\"{key}\",\"value\":\"{value}\"}}"))
            }
            Command::Get { key } => {
                let (key, is_stale) = (STANDARD.encode(&**key), self.is_stale);
                ("range", format!("{{\"key\":\"{key}\",\"serializable\":{is_stale}}}"))
            }
            _ => unreachable!("a generator puts and gets"),
        };
        let (host, length) = (self.host, body.len());
        let head = format!(
            "POST /v3/kv/{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(body.as_bytes());
    }

    fn answer(&self, _: bool, bytes: &[u8]) -> Result<Option<(usize, Answer)>, String> {
        let mut headers = [EMPTY_HEADER; HEADERS_MAX];
        let mut response = Response::new(&mut headers);
        let head = match response.parse(bytes) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) if bytes.len() <= HEAD_MAX => return Ok(None),
            Ok(Status::Partial) => return Err(format!("a head has more than {HEAD_MAX} bytes")),
            Err(error) => return Err(format!("this is no answer of HTTP/1.1: {error}")),
        };
        let code = response.code.expect("it was read");
        let Some((length, body)) = body(response.headers, &bytes[head..])? else {
            return Ok(None);
        };
        Ok(Some((head + length, judged(code, &body)?)))
    }
}

/// What follows the head: how many bytes it has, and what they say.
type Body<'a> = Option<(usize, Cow<'a, [u8]>)>;

fn body<'a>(headers: &[Header<'_>], bytes: &'a [u8]) -> Result<Body<'a>, String> {
    let value = |name: &str| {
        let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok()
    };
    if value("Transfer-Encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return chunks(bytes);
    }
    let length = value("Content-Length").and_then(|length| length.parse::<usize>().ok());
    let length = length.filter(|length| *length <= ANSWER_MAX);
    let length = length.ok_or("an answer does not say how long it is, or is too long")?;
    Ok(bytes.get(..length).map(|body| (length, body.into())))
}

/// A body in chunks, each with its size before it; the last one is empty.
fn chunks(bytes: &[u8]) -> Result<Body<'_>, String> {
    let (mut at, mut body) = (0, Vec::new());
    loop {
        let size = httparse::parse_chunk_size(&bytes[at..]);
        let Status::Complete((head, size)) = size.map_err(|_| "a chunk has no size")? else {
            return Ok(None);
        };
        if size > ANSWER_MAX as u64 {
            return Err(format!("a chunk has {size} bytes"));
        }
        let begin = at + head;
        let end = begin + size as usize;
        match bytes.get(begin..end + 2) {
            None => return Ok(None),
            Some(chunk) if chunk.ends_with(b"\r\n") => body.extend_from_slice(&bytes[begin..end]),
            Some(_) => return Err("a chunk does not end where it should".to_owned()),
        }
        at = end + 2;
        if size == 0 {
            return Ok(Some((at, body.into())));
        }
    }
}

/// What an answer with this code and body amounts to.
fn judged(code: u16, body: &[u8]) -> Result<Answer, String> {
    let shown = || String::from_utf8_lossy(&body[..body.len().min(200)]).trim().to_owned();
    if code != 200 {
        return Ok(Answer::Failed(format!("HTTP {code}: {}", shown())));
    }
    let fields = serde_json::from_slice::<BTreeMap<Cow<'_, str>, IgnoredAny>>(body);
    match fields {
        Ok(fields) if fields.contains_key("header") => Ok(Answer::Done),
        _ => Err(format!("this is no answer of etcd: {:?}", shown())),
    }
}

#[cfg(test)]
mod tests {
    use quorate_models::kv::{get, put};

    use super::*;

    fn gateway(is_stale: bool) -> Gateway {
        Gateway { host: "127.0.0.1:2379".parse().unwrap(), is_stale }
    }

    fn asked(command: &Command, is_stale: bool) -> String {
        let mut out = Vec::new();
        gateway(is_stale).ask(command, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn answer(bytes: &str) -> Result<Option<(usize, Answer)>, String> {
        gateway(false).answer(true, bytes.as_bytes())
    }

    #[test]
    fn keys_and_values_are_base64_in_json() {
        let put = asked(&put("colour", "blue"), false);
        assert!(put.starts_with("POST /v3/kv/put HTTP/1.1\r\nHost: 127.0.0.1:2379\r\n"), "{put}");
        let body = "{\"key\":\"Y29sb3Vy\",\"value\":\"Ymx1ZQ==\"}";
        assert!(put.ends_with(&format!("Content-Length: {}\r\n\r\n{body}", body.len())), "{put}");
        let get = asked(&get("colour"), true);
        assert!(get.contains("/v3/kv/range ") && get.contains("\"serializable\":true"), "{get}");
    }

    #[test]
    fn an_answer_is_taken_when_all_of_it_is_there() {
        let failed = |why: &str| Answer::Failed(why.to_owned());
        for (bytes, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"header\":{}}", Answer::Done),
            ("HTTP/1.1 503 X\r\ncontent-length: 2\r\n\r\nno", failed("HTTP 503: no")),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                 4\r\n{\"he\r\n9\r\nader\":{}}\r\n0\r\n\r\n",
                Answer::Done,
            ),
        ] {
            for length in 0..bytes.len() {
                assert_eq!(answer(&bytes[..length]), Ok(None), "{length}");
            }
            assert_eq!(answer(&format!("{bytes}HTTP")), Ok(Some((bytes.len(), expected))));
        }
    }

    #[test]
    fn what_is_no_answer_is_told() {
        let ok = |rest: &str| format!("HTTP/1.1 200 OK\r\n{rest}");
        let long = ok(&format!("X: {}", "x".repeat(HEAD_MAX)));
        for (bytes, word) in [
            ("+OK\r\n\r\n".to_owned(), "no answer of HTTP/1.1"),
            (ok("\r\n{}"), "how long"),
            (ok("Content-Length: 99999999\r\n\r\n"), "too long"),
            (ok("Content-Length: 2\r\n\r\n{}"), "no answer of etcd: \"{}\""),
            (ok("Content-Length: 5\r\n\r\nhello"), "no answer of etcd"),
            (ok("Transfer-Encoding: chunked\r\n\r\nx\r\n"), "no size"),
            (ok("Transfer-Encoding: chunked\r\n\r\n1\r\nabc"), "does not end"),
            (ok("Transfer-Encoding: chunked\r\n\r\nfffffff\r\n"), "bytes"),
            (long, "a head has more"),
        ] {
            let told = answer(&bytes).unwrap_err();
            assert!(told.contains(word), "{told}");
        }
    }
}
