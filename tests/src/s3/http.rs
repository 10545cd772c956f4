//! HTTP/1.1 as the servers of the tests speak it: what they answer, and what they are asked.

use std::error::Error;
use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::service::HttpService;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A request, whole.
pub type Asked = Request<Bytes>;

/// An answer, whole.
pub type Answer = Response<Full<Bytes>>;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// Serves a connection until one side ends it, by an error of the service too.
pub(super) async fn serve<S>(
    connection: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    service: S,
) where
    S: HttpService<Incoming, ResBody: Body<Error: Into<BoxError>> + 'static>,
{
    let http = hyper::server::conn::http1::Builder::new();
    // It fails when the other side is gone.
    let _ = http.serve_connection(TokioIo::new(connection), service).with_upgrades().await;
}

/// Has the server at this host and port carry out a request as it is, `Host` included, since the
/// signature covers it, and waits for the whole answer.
///
/// # Errors
///
/// The connection, or the request's body, broke off.
pub async fn pass_on(
    request: Request<impl Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static>,
    server: &str,
) -> io::Result<Answer> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(io::Error::other)?;
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?;
    Ok(Response::from_parts(head, Full::new(body.to_bytes())))
}

/// An answer of this status and body.
pub fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let builder = Response::builder().status(status).header(CONTENT_TYPE, content_type);
    builder.body(Full::new(body.into())).expect("an answer")
}

/// An error as S3 tells it, with more elements.
pub fn error(status: u16, code: &str, message: &str, more: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
         <Message>{message}</Message>{more}<RequestId>4442587FB7D0A2F9</RequestId></Error>"
    );
    answer(status, "application/xml", body)
}

/// The same answer with one header more.
pub fn with_header(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    answer.headers_mut().insert(name, value.parse().expect("a value"));
    answer
}

/// A header's value, empty if there is none.
pub fn header<'a>(request: &'a Asked, name: &str) -> &'a str {
    request.headers().get(name).map_or("", |value| value.to_str().expect("ASCII"))
}
