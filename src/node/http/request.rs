//! Reads the head of a request and writes an answer, within bounds.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// How long a client has for its request, and as long again to take the answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The most bytes in a request's head.
const HEAD: usize = 8 << 10;

/// How much of a body nobody wants is read, so that the client gets to read the answer.
const BODY: usize = 64 << 10;

/// Why a request is not answered with what it asked for: a status line.
pub(super) type Refusal = &'static str;

/// What a client wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Without the query.
    pub(super) path: String,
    /// The method is HEAD: as GET, but without the body.
    pub(super) head_only: bool,
}

/// Reads a request.
pub(super) fn read(stream: &mut TcpStream) -> io::Result<Result<Request, Refusal>> {
    let deadline = Instant::now() + PATIENCE;
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !is_complete(&head) {
        if head.len() >= HEAD {
            return Ok(Err("431 Request Header Fields Too Large"));
        }
        match read_before(stream, deadline, &mut chunk) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => head.extend(&chunk[..count]),
            Err(error) if is_late(&error) => return Ok(Err("408 Request Timeout")),
            Err(error) => return Err(error),
        }
    }
    Ok(parse(&head))
}

/// Writes `answer` and closes the connection.
pub(super) fn reply(mut stream: TcpStream, answer: &[u8]) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(answer)?;
    stream.shutdown(Shutdown::Write)?;
    // To close a socket that holds unread bytes would reset the connection, and the answer with it.
    let deadline = Instant::now() + PATIENCE;
    let (mut chunk, mut left) = ([0; 1024], BODY);
    while left > 0 {
        match read_before(&mut stream, deadline, &mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(count) => left = left.saturating_sub(count),
        }
    }
    Ok(())
}

fn read_before(stream: &mut TcpStream, deadline: Instant, chunk: &mut [u8]) -> io::Result<usize> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    stream.set_read_timeout(Some(left))?;
    stream.read(chunk)
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

fn is_complete(head: &[u8]) -> bool {
    head.windows(4).any(|end| end == b"\r\n\r\n")
}

fn parse(head: &[u8]) -> Result<Request, Refusal> {
    const BAD: Refusal = "400 Bad Request";
    let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
    let line = str::from_utf8(line).map_err(|_| BAD)?;
    let [method, target, version] = line.split(' ').collect::<Vec<_>>()[..] else {
        return Err(BAD);
    };
    if !version.starts_with("HTTP/1.") || !target.starts_with('/') {
        return Err(BAD);
    }
    let head_only = match method {
        "GET" => false,
        "HEAD" => true,
        _ => return Err("405 Method Not Allowed"),
    };
    let path = target.split('?').next().unwrap_or_default().to_owned();
    Ok(Request { path, head_only })
}

#[cfg(test)]
mod tests {
    use super::{Request, parse};

    #[test]
    fn a_request_line_is_understood_or_refused() {
        let asked = |line: &str| parse(format!("{line}\r\nHost: x\r\n\r\n").as_bytes());
        let request = |path: &str, head_only| Ok(Request { path: path.into(), head_only });
        assert_eq!(asked("GET /status HTTP/1.1"), request("/status", false));
        assert_eq!(asked("GET /?a=/b HTTP/1.0"), request("/", false));
        assert_eq!(asked("HEAD /metrics HTTP/1.1"), request("/metrics", true));
        for other in ["POST / HTTP/1.1", "head / HTTP/1.1"] {
            assert_eq!(asked(other), Err("405 Method Not Allowed"));
        }
        for bad in ["", "GET", "GET /", "GET  / HTTP/1.1", "GET status HTTP/1.1", "GET / HTTP/2"] {
            assert_eq!(asked(bad), Err("400 Bad Request"), "{bad}");
        }
        assert_eq!(parse(b"\xff\xfe\r\n\r\n"), Err("400 Bad Request"));
    }
}
