//! A server that passes requests on, except for those that it answers itself.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use checkpoint_storage_tests::s3::S3Server;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

pub(crate) type Asked = Request<Bytes>;
pub(crate) type Answer = Response<Full<Bytes>>;

/// A listener on the loopback address; it ends with the test's runtime.
pub(crate) struct Relay {
    address: String,
    seen: Seen,
}

/// The heads of the requests that came.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Head>>>);

#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

impl Head {
    /// A header's value, empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }
}

impl Seen {
    fn heads(&self) -> MutexGuard<'_, Vec<Head>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Relay {
    /// Stands before `server` and asks `answer` first.
    pub(crate) async fn before(
        server: &S3Server,
        answer: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let upstream: Arc<str> = host_and_port(&server.endpoint).into();
        Self::start(Some(upstream), answer).await
    }

    /// Answers every request by itself.
    pub(crate) async fn answering(
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start(None, move |request| Some(answer(request))).await
    }

    async fn start(
        upstream: Option<Arc<str>>,
        answer: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let seen = Seen::default();
        let (answer, shared) = (Arc::new(answer), seen.clone());
        let address = listen(move |connection| {
            serve(connection, upstream.clone(), Arc::clone(&answer), shared.clone())
        })
        .await;
        Self { address, seen }
    }

    /// The server behind it, reached through it.
    pub(crate) fn server(&self, server: &S3Server) -> S3Server {
        server.through(self.url())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Head> {
        self.seen.heads().clone()
    }

    pub(crate) fn forget(&self) {
        self.seen.heads().clear();
    }
}

/// A URL's host and port.
pub(crate) fn host_and_port(url: &str) -> &str {
    url.split_once("://").expect("a URL").1
}

/// Listens on a free port and hands each connection to `serve`; where it listens.
pub(crate) async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection));
        }
    });
    address
}

/// A port that is taken, and where nobody listens for as long as this is kept.
pub(crate) struct Nobody(TcpSocket);

impl Nobody {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        Self(socket)
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().expect("bound").port()
    }
}

async fn serve(
    connection: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    upstream: Option<Arc<str>>,
    answer: Arc<impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static>,
    seen: Seen,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (upstream, answer, seen) = (upstream.clone(), Arc::clone(&answer), seen.clone());
        async move {
            let (head, body) = request.into_parts();
            seen.heads().push(Head {
                method: head.method.clone(),
                uri: head.uri.clone(),
                headers: head.headers.clone(),
            });
            let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
            let request = Request::from_parts(head, body);
            match (answer(&request), upstream) {
                (Some(answer), _) => Ok(answer),
                (None, Some(upstream)) => pass_on(request, &upstream).await,
                (None, None) => Err(io::ErrorKind::ConnectionReset.into()),
            }
        }
    });
    let http = hyper::server::conn::http1::Builder::new();
    // It fails when the other side is gone.
    let _ = http.serve_connection(TokioIo::new(connection), service).await;
}

/// Has the server carry out a request as it came, `Host` included: the signature covers it.
pub(crate) async fn pass_on(request: Asked, server: &str) -> io::Result<Answer> {
    let stream = TcpStream::connect(server).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(connection);
    let answer = sender.send_request(request.map(Full::new)).await.map_err(io::Error::other)?;
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?;
    Ok(Response::from_parts(head, Full::new(body.to_bytes())))
}

/// An answer of this status and body.
pub(crate) fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let builder = Response::builder().status(status).header(CONTENT_TYPE, content_type);
    builder.body(Full::new(body.into())).expect("an answer")
}

/// An error as S3 tells it, with more elements.
pub(crate) fn error(status: u16, code: &str, message: &str, more: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
         <Message>{message}</Message>{more}<RequestId>4442587FB7D0A2F9</RequestId></Error>"
    );
    answer(status, "application/xml", body)
}

/// The same answer with one header more.
pub(crate) fn with_header(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    answer.headers_mut().insert(name, value.parse().expect("a value"));
    answer
}
