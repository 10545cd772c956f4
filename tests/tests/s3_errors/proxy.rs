//! Proxies: what goes through them, with and without a login, and what they refuse.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use checkpoint_storage_api::{CheckpointStorage, ErrorKind};
use checkpoint_storage_tests::s3::http::{Answer, answer, pass_on, with_header};
use checkpoint_storage_tests::s3::{Loopback, Nobody, S3Server, in_process};
use hyper::body::Incoming;
use hyper::header::PROXY_AUTHORIZATION;
use hyper::service::service_fn;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

use crate::authority::Authority;
use crate::storage::{TWICE, Told, all_tell, config, job, open, refusal, store, told};

/// A name that only the proxy knows.
const BEHIND: &str = "storage.behind.invalid";

/// A proxy that leads to one server, whatever name it is asked for.
struct Proxy {
    listener: Loopback,
    port: String,
    rules: Arc<Rules>,
}

struct Rules {
    server: String,
    /// What `Proxy-Authorization` must be.
    login: Option<String>,
    /// What every request is refused with.
    refusal: Option<u16>,
    /// Requests in absolute form that were passed on.
    forwarded: AtomicU64,
    /// Tunnels that were opened.
    tunnels: AtomicU64,
}

impl Proxy {
    fn to(server: &S3Server, login: Option<&str>, refusal: Option<u16>) -> Self {
        let rules = Arc::new(Rules {
            server: server.host_and_port().to_owned(),
            login: login.map(str::to_owned),
            refusal,
            forwarded: AtomicU64::new(0),
            tunnels: AtomicU64::new(0),
        });
        let shared = Arc::clone(&rules);
        let listener = Loopback::http(service_fn(move |request| {
            let rules = Arc::clone(&shared);
            async move { rules.serve(request).await }
        }));
        let port = listener.address().port().to_string();
        Self { listener, port, rules }
    }

    fn counts(&self) -> (u64, u64) {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (of(&self.rules.forwarded), of(&self.rules.tunnels))
    }

    fn keys<'a>(&'a self, login: Option<(&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
        let mut keys = vec![
            ("fs.s3a.proxy.host", "127.0.0.1"),
            ("fs.s3a.proxy.port", self.port.as_str()),
            TWICE,
        ];
        if let Some((user, password)) = login {
            keys.push(("fs.s3a.proxy.username", user));
            keys.push(("fs.s3a.proxy.password", password));
        }
        keys
    }
}

impl Rules {
    async fn serve(&self, mut request: Request<Incoming>) -> io::Result<Answer> {
        let shown = request.headers_mut().remove(PROXY_AUTHORIZATION);
        if let Some(login) = &self.login
            && shown.is_none_or(|shown| shown != login.as_str())
        {
            let answer = answer(407, "text/html", "<html>who are you?</html>");
            return Ok(with_header(answer, "proxy-authenticate", "Basic realm=\"x\""));
        }
        if let Some(status) = self.refusal {
            return Ok(answer(status, "text/html", "<html>not there</html>"));
        }
        if request.method() == Method::CONNECT {
            assert!(request.uri().host() == Some(BEHIND), "{}", request.uri());
            self.tunnels.fetch_add(1, Ordering::Relaxed);
            let mut server = TcpStream::connect(&self.server).await?;
            tokio::spawn(async move {
                let tunnel = hyper::upgrade::on(request).await.expect("a tunnel");
                let _ = copy_bidirectional(&mut TokioIo::new(tunnel), &mut server).await;
            });
            return Ok(answer(200, "", ""));
        }
        assert_eq!(request.uri().host(), Some(BEHIND), "absolute form");
        self.forwarded.fetch_add(1, Ordering::Relaxed);
        let path = request.uri().path_and_query().expect("a path").as_str();
        *request.uri_mut() = path.parse().expect("a path");
        pass_on(request, &self.server).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_goes_through_the_proxy() {
    let server = in_process();
    let bucket = server.new_bucket();
    let behind = server.through(format!("http://{BEHIND}:9000"));
    let proxy = Proxy::to(server, None, None);
    let storage = open(config(&behind, &bucket, &proxy.keys(None))).await;
    let entry = store(&storage, 1).await;
    storage.read(&job(), &entry.name).await.expect("read");
    let (forwarded, tunnels) = proxy.counts();
    assert!(forwarded >= 3 && tunnels == 0, "{forwarded} {tunnels}");
}

fn unknown() -> Told {
    told(
        ErrorKind::PermissionDenied,
        &["proxy"],
        &["`fs.s3a.proxy.username`", "`fs.s3a.proxy.password`"],
    )
}

/// Any character can stand in a password.
#[tokio::test(flavor = "multi_thread")]
async fn the_login_is_shown_as_it_is_configured() {
    let server = in_process();
    let bucket = server.new_bucket();
    let behind = server.through(format!("http://{BEHIND}:9000"));
    for (user, password) in [("user", "hush-hush"), ("us er@x", "hush/@:%41?#ü ")] {
        let login = base64::prelude::BASE64_STANDARD.encode(format!("{user}:{password}"));
        let proxy = Proxy::to(server, Some(&format!("Basic {login}")), None);
        let keys = proxy.keys(Some((user, password)));
        store(&open(config(&behind, &bucket, &keys)).await, 1).await;
        assert!(proxy.counts().0 > 0);
        for wrong in [None, Some((user, "hush-wrong"))] {
            all_tell(&open(config(&behind, &bucket, &proxy.keys(wrong))).await, &unknown()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_goes_through_a_tunnel() {
    let server = in_process();
    let bucket = server.new_bucket();
    let authority = Authority::new();
    let tls = authority.before(server, BEHIND, true);
    let behind = server.through(format!("https://{BEHIND}"));
    let file = authority.file();
    let login = base64::prelude::BASE64_STANDARD.encode("user:hush/@:%41");
    let proxy = Proxy::to(&tls, Some(&format!("Basic {login}")), None);
    let keys = |login| {
        let mut keys = proxy.keys(login);
        keys.push(("s3.ca-file", file));
        config(&behind, &bucket, &keys)
    };
    let storage = open(keys(Some(("user", "hush/@:%41")))).await;
    let entry = store(&storage, 1).await;
    storage.read(&job(), &entry.name).await.expect("read");
    let (forwarded, tunnels) = proxy.counts();
    assert!(forwarded == 0 && tunnels > 0, "{forwarded} {tunnels}");
    all_tell(&open(keys(None)).await, &unknown()).await;
    all_tell(&open(keys(Some(("user", "hush-wrong")))).await, &unknown()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_leads_nowhere_is_told_apart_from_the_server() {
    let server = in_process();
    for scheme in ["http", "https"] {
        let behind = server.through(format!("{scheme}://{BEHIND}"));
        for refusal in [403, 502] {
            let proxy = Proxy::to(server, None, Some(refusal));
            let url = proxy.listener.url();
            let advice = ["`fs.s3a.endpoint`", url.as_str()];
            let expected = match (scheme, refusal) {
                // It answers in the server's place.
                ("http", 403) => {
                    told(ErrorKind::Unavailable, &["is not S3's", "status 403"], &advice)
                }
                ("http", _) => {
                    told(ErrorKind::Unavailable, &["status 502"], &[&url]).passing().open()
                }
                (_, _) => {
                    let advice = ["`fs.s3a.endpoint`", "`fs.s3a.proxy.host`"];
                    told(ErrorKind::Unavailable, &["the proxy", &url, BEHIND], &advice).passing()
                }
            };
            all_tell(&open(config(&behind, "b", &proxy.keys(None))).await, &expected).await;
        }
        let nobody = Nobody::new();
        let port = nobody.port().to_string();
        let keys = [("fs.s3a.proxy.host", "localhost"), ("fs.s3a.proxy.port", &port), TWICE];
        let expected = told(
            ErrorKind::Unavailable,
            &["cannot connect to the proxy http://localhost:", &port, "refused"],
            &["`fs.s3a.proxy.host`", "`fs.s3a.proxy.port`"],
        );
        all_tell(&open(config(&behind, "b", &keys)).await, &expected.passing()).await;
    }
}

/// It would be taken for no proxy at all, or for a host of that name.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_no_host_is_refused_when_it_is_opened() {
    for host in ["http://proxy", "proxy:3128", "user:hush@proxy", "a b"] {
        let error = refusal(config(in_process(), "b", &[("fs.s3a.proxy.host", host)])).await;
        assert_eq!(error.kind(), storage_host::ErrorKind::Config, "{error}");
        for part in ["`fs.s3a.proxy.host`", "`fs.s3a.proxy.port`"] {
            assert!(error.to_string().contains(part), "no `{part}` in {error}");
        }
        assert!(!error.to_string().contains("hush"), "a secret is shown");
    }
}
