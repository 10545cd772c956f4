//! Serves a connection: each request as its fate will have it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::EXPECT;
use hyper::service::service_fn;
use hyper::{Method, Request};
use tokio::net::TcpStream;

use super::Dice;
use super::fate::{self, Fate};
use super::line::{Line, Scissors};
use crate::s3::http::{self, Answer, pass_on};

/// Serves a connection until one side ends it.
pub(super) async fn serve(connection: TcpStream, server: Arc<str>, dice: Arc<Dice>) {
    let scissors = Arc::new(Scissors::new());
    let line = Line::new(connection, Arc::clone(&scissors));
    let service = service_fn(move |request| {
        let (server, dice, scissors) =
            (Arc::clone(&server), Arc::clone(&dice), Arc::clone(&scissors));
        async move { answer(request, &server, &dice, &scissors).await }
    });
    http::serve(line, service).await;
}

/// The answer to a request; an error ends its connection.
async fn answer(
    request: Request<Incoming>,
    server: &str,
    dice: &Dice,
    scissors: &Scissors,
) -> io::Result<Answer> {
    let fate = dice.roll(fate::Request {
        writes: ![Method::GET, Method::HEAD].contains(request.method()),
        has_body: !request.body().is_end_stream(),
    });
    match fate {
        Fate::PassedOn => pass_on(request, server).await,
        Fate::Refused => refuse(request).await,
        Fate::ResetBefore => {
            scissors.reset();
            Err(cut())
        }
        Fate::ResetInside => {
            scissors.reset();
            let left = request.body().size_hint().exact().map_or(1, |size| size / 2);
            let request = request.map(|body| Beginning { body, left });
            // The server gives up too: it never sees the end.
            pass_on(request, server).await.and(Err(cut()))
        }
        Fate::ResetAfter { bytes } => {
            let answer = pass_on(request, server).await?;
            scissors.reset_after(bytes);
            Ok(answer)
        }
        Fate::Unanswered => pass_on(request, server).await.and(Err(cut())),
    }
}

/// Answers `503 SlowDown` as S3 does.
async fn refuse(request: Request<Incoming>) -> io::Result<Answer> {
    // Who waits for leave to send a body is refused before; who sends it already must not find
    // the connection closed on it.
    if !request.headers().contains_key(EXPECT) {
        request.into_body().collect().await.map_err(io::Error::other)?;
    }
    Ok(http::error(503, "SlowDown", "Please reduce your request rate.", ""))
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
