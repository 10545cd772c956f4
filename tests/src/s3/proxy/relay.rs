//! How a request is passed on: as it came, `Host` included, since the signature covers it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_TYPE, EXPECT};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Dice;
use super::fate::{self, Fate};
use super::line::{Line, Scissors};

type Outgoing = BoxBody<Bytes, io::Error>;

/// Serves a connection until one side ends it.
pub(super) async fn serve(connection: TcpStream, server: Arc<str>, dice: Arc<Dice>) {
    let scissors = Arc::new(Scissors::new());
    let line = Line::new(connection, Arc::clone(&scissors));
    let service = service_fn(move |request| {
        let (server, dice, scissors) =
            (Arc::clone(&server), Arc::clone(&dice), Arc::clone(&scissors));
        async move { answer(request, &server, &dice, &scissors).await }
    });
    let http = hyper::server::conn::http1::Builder::new();
    // An error is how a connection is cut.
    let _ = http.serve_connection(TokioIo::new(line), service).await;
}

/// The answer to a request; an error ends its connection.
async fn answer(
    request: Request<Incoming>,
    server: &str,
    dice: &Dice,
    scissors: &Scissors,
) -> io::Result<Response<Full<Bytes>>> {
    let fate = dice.roll(fate::Request {
        writes: ![Method::GET, Method::HEAD].contains(request.method()),
        has_body: !request.body().is_end_stream(),
    });
    match fate {
        Fate::PassedOn => pass_on(request.map(whole), server).await,
        Fate::Refused => refuse(request).await,
        Fate::ResetBefore => {
            scissors.reset();
            Err(cut())
        }
        Fate::ResetInside => {
            scissors.reset();
            let left = request.body().size_hint().exact().map_or(1, |size| size / 2);
            let request = request.map(|body| Beginning { body, left }.boxed());
            // The server gives up too: it never sees the end.
            pass_on(request, server).await.and(Err(cut()))
        }
        Fate::ResetAfter { bytes } => {
            let answer = pass_on(request.map(whole), server).await?;
            scissors.reset_after(bytes);
            Ok(answer)
        }
        Fate::Unanswered => pass_on(request.map(whole), server).await.and(Err(cut())),
    }
}

/// Has the server carry out a request and waits for the whole answer.
async fn pass_on(request: Request<Outgoing>, server: &str) -> io::Result<Response<Full<Bytes>>> {
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

/// Answers `503 SlowDown` as S3 does.
async fn refuse(request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    // Who waits for leave to send a body is refused before; who sends it already must not find
    // the connection closed on it.
    if !request.headers().contains_key(EXPECT) {
        request.into_body().collect().await.map_err(io::Error::other)?;
    }
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                <Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message>\
                </Error>";
    let answer = Response::builder()
        .status(StatusCode::SERVICE_UNAVAILABLE)
        .header(CONTENT_TYPE, "text/xml");
    answer.body(Full::from(body)).map_err(io::Error::other)
}

fn whole(body: Incoming) -> Outgoing {
    body.map_err(io::Error::other).boxed()
}

fn cut() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

/// The first bytes of a body, then an error.
struct Beginning {
    body: Incoming,
    left: u64,
}

impl Body for Beginning {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(Some(Err(cut())));
        }
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else {
            return Poll::Ready(Some(Err(cut())));
        };
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let frame = frame.map_err(io::Error::other)?;
        let frame = frame.map_data(|data| data.slice(..data.len().min(left)));
        self.left -= frame.data_ref().map_or(0, |data| data.len() as u64);
        Poll::Ready(Some(Ok(frame)))
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
