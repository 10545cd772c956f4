//! Listening on the loopback address, in threads of its own; and a port where nobody listens.

use std::net::SocketAddr;

use hyper::body::{Body, Incoming};
use hyper::service::HttpService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;

use super::http::{self, BoxError};

/// A listener. Ends with all its connections when it is dropped.
pub struct Loopback {
    address: SocketAddr,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl Loopback {
    /// Listens on a free port and hands each connection to `serve`.
    pub fn new<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // Not on the caller's runtime, which may end before this process does.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("loopback")
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        listener.set_nonblocking(true).expect("set");
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            // It fails where a connection ended before it was taken: the next one is as good.
            loop {
                if let Ok((connection, _)) = listener.accept().await {
                    let _ = connection.set_nodelay(true);
                    tokio::spawn(serve(connection));
                }
            }
        });
        Self { address, runtime: Some(runtime) }
    }

    /// Listens on a free port and speaks HTTP/1.1: `service` answers.
    pub fn http<S>(service: S) -> Self
    where
        S: HttpService<
                Incoming,
                Future: Send,
                ResBody: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
            > + Clone
            + Send
            + 'static,
    {
        Self::new(move |connection| http::serve(connection, service.clone()))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets it listen until this process ends.
    pub fn keep(self) -> &'static Self {
        Box::leak(Box::new(self))
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        // Dropping a runtime waits, which is not allowed inside another.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A port that is taken, and where nobody listens for as long as this is kept.
pub struct Nobody(TcpSocket);

impl Nobody {
    /// Takes a free port.
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        Self(socket)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.0.local_addr().expect("bound").port()
    }
}

impl Default for Nobody {
    fn default() -> Self {
        Self::new()
    }
}
