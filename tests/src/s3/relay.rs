//! A server that passes requests on to another, except for those that it answers itself.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;

use super::http::{Answer, Asked, pass_on};
use super::loopback::Loopback;
use super::server::S3Server;

/// The server, which listens until it is dropped.
pub struct Relay {
    listener: Loopback,
    seen: Arc<Mutex<Vec<Asked>>>,
}

impl Relay {
    /// Stands before `server` and asks `answer` first.
    pub fn before(
        server: &S3Server,
        answer: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(server.host_and_port().into()), answer)
    }

    /// Answers every request by itself.
    pub fn answering(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(None, move |request| Some(answer(request)))
    }

    fn start(
        upstream: Option<Arc<str>>,
        answer: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let seen = Arc::default();
        let (answer, shared) = (Arc::new(answer), Arc::clone(&seen));
        let listener = Loopback::http(service_fn(move |request: Request<Incoming>| {
            let (upstream, answer, seen) =
                (upstream.clone(), Arc::clone(&answer), Arc::clone(&shared));
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
                let request = Request::from_parts(head, body);
                lock(&seen).push(request.clone());
                match (answer(&request), upstream) {
                    (Some(answer), _) => Ok(answer),
                    (None, Some(upstream)) => pass_on(request.map(Full::new), &upstream).await,
                    (None, None) => Err(io::ErrorKind::ConnectionReset.into()),
                }
            }
        }));
        Self { listener, seen }
    }

    /// The server behind it, reached through it.
    pub fn server(&self, server: &S3Server) -> S3Server {
        server.through(self.url())
    }

    /// Its URL.
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// The requests that came, in their order.
    pub fn seen(&self) -> Vec<Asked> {
        lock(&self.seen).clone()
    }

    /// Forgets the requests that came so far.
    pub fn forget(&self) {
        lock(&self.seen).clear();
    }
}

fn lock(seen: &Mutex<Vec<Asked>>) -> MutexGuard<'_, Vec<Asked>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
