//! One connection, from its first request to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;

use super::body::Body;
use super::{Site, answer};

/// The most bytes in a request's head.
const HEAD: usize = 8 << 10;

/// How much of what nobody wants is read, so that the client gets to read the answer.
const UNWANTED: usize = 64 << 10;

/// For how long.
const LINGER: Duration = Duration::from_secs(2);

/// The first byte of whoever speaks TLS: it begins a handshake.
const HANDSHAKE: u8 = 22;

/// What is said to one that comes when there are too many, and to one whose request does not come
/// in time.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n\
                      Connection: close\r\n\r\n";
const LATE: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\
                      Connection: close\r\n\r\n";

/// A request.
pub struct Asked {
    /// Who asks.
    pub from: SocketAddr,
    /// It came as plain text, although the node has TLS.
    pub is_plain: bool,
    /// What is asked for.
    pub head: Parts,
    /// What comes behind it.
    pub body: Body,
}

/// Says that there are too many.
pub(super) fn refuse(stream: &TcpStream) {
    // What fits into the system's buffer, of a connection that is new, is all of it.
    let _ = stream.try_write(FULL);
}

/// Serves a client until it goes, or breaks a rule.
pub(super) async fn serve(stream: TcpStream, from: SocketAddr, site: Arc<Site>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Some(tls) = &site.settings.tls else { return talk(stream, from, false, site).await };
    let (head, mut first) = (site.settings.head, [0]);
    let begun = timeout(head, stream.peek(&mut first)).await;
    if first != [HANDSHAKE] {
        if let Ok(Ok(1..)) = begun {
            talk(stream, from, true, site).await;
        }
    } else if let Ok(Ok(stream)) = timeout(head, tls.acceptor().accept(stream)).await {
        talk(stream, from, false, site).await;
    }
}

async fn talk<S>(stream: S, from: SocketAddr, is_plain: bool, site: Arc<Site>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let settings = &site.settings;
    let mut io = TimeoutStream::new(stream);
    io.set_write_timeout(Some(settings.stall));
    let service = service_fn(|request: Request<Incoming>| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(respond(request, from, is_plain, &site).await) }
    });
    let mut connection = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.head)
        .max_buf_size(HEAD)
        .half_close(true)
        .title_case_headers(true)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(Box::pin(io)), service);
    let ended = (&mut connection).await;
    let parts = connection.into_parts();
    let mut io = parts.io.into_inner();
    // One that has begun a request is told why it gets no answer.
    if ended.is_err_and(|error| error.is_timeout()) && !parts.read_buf.is_empty() {
        let _ = io.write_all(LATE).await;
        let _ = io.shutdown().await;
    }
    // To close a socket that holds unread bytes would reset the connection, and the answer with it.
    let _ = timeout(LINGER, async {
        let (mut chunk, mut left) = ([0; 1024], UNWANTED);
        while left > 0 {
            match io.read(&mut chunk).await {
                Ok(0) | Err(_) => break,
                Ok(count) => left = left.saturating_sub(count),
            }
        }
    })
    .await;
}

async fn respond(
    request: Request<Incoming>,
    from: SocketAddr,
    is_plain: bool,
    site: &Arc<Site>,
) -> Response<Full<Bytes>> {
    let (head, incoming) = request.into_parts();
    let mut response = match &site.more {
        Some(more) if more.owns(head.uri.path()) => {
            let body = Body::new(incoming, site.settings.body, Arc::clone(&site.memory));
            return more.answer(Asked { from, is_plain, head, body }).await;
        }
        _ => answer::to(&head, site).await,
    };
    if !hyper::body::Body::is_end_stream(&incoming) {
        // Nobody reads it, so where the next request begins is not known.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
