//! A client that asks for one page.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// The answer to `GET path`; `None` if nobody listens.
///
/// # Panics
/// If the answer is no success.
pub fn get(address: SocketAddr, path: &str) -> Option<String> {
    let (head, body) = answer(address, path)?;
    assert!(head.contains(" 200 "), "{path}: {head}");
    Some(body)
}

/// Head and body of the answer to `GET path`; `None` if nobody listens.
pub fn answer(address: SocketAddr, path: &str) -> Option<(String, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    // HTTP 1.0 has no chunks.
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.to_owned(), body.to_owned()))
}
