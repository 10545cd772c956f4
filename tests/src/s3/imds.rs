//! Hands out credentials as a cloud machine's metadata service (IMDSv2) and a container's do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderName};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::json;

use super::loopback::Loopback;

const TTL: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");
const TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const CREDENTIALS: &str = "/latest/meta-data/iam/security-credentials/";
const ROLE: &str = "checkpoints";
const CONTAINER: &str = "/container/credentials";

/// The service, which listens until it is dropped.
pub struct ImdsServer {
    listener: Loopback,
    state: Arc<Mutex<State>>,
}

/// How often it was asked for what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// A session's token.
    pub token: u64,
    /// The name of the machine's role.
    pub role: u64,
    /// The role's credentials.
    pub credentials: u64,
    /// The container's credentials.
    pub container: u64,
    /// What it refused: without the token, or for what it does not have.
    pub refused: u64,
}

struct State {
    access_key: String,
    secret_key: String,
    life_time: Duration,
    /// What the session's token must be.
    token: String,
    /// What comes with the keys; `None` for one that no server knows, another each time.
    session_token: Option<String>,
    /// What a container must show, if anything.
    authorization: Option<String>,
    asked: Asked,
}

impl ImdsServer {
    /// Hands out these keys, each time with another token and for so long from then on.
    pub fn new(access_key: &str, secret_key: &str, life_time: Duration) -> Self {
        let state = Arc::new(Mutex::new(State {
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
            life_time,
            token: format!("hush-{:016x}", fastrand::u64(..)),
            session_token: None,
            authorization: None,
            asked: Asked::default(),
        }));
        let shared = Arc::clone(&state);
        let listener = Loopback::http(service_fn(move |request: Request<Incoming>| {
            let (head, _) = request.into_parts();
            let answer = lock(&shared).answer(&head.method, head.uri.path(), &head.headers);
            std::future::ready(answer)
        }));
        Self { listener, state }
    }

    /// Its URL, for `AWS_EC2_METADATA_SERVICE_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        self.listener.url()
    }

    /// Where a container finds the credentials, for `AWS_CONTAINER_CREDENTIALS_FULL_URI`.
    pub fn container_uri(&self) -> String {
        self.listener.url() + CONTAINER
    }

    /// Hands out other keys from now on.
    pub fn set_keys(&self, access_key: &str, secret_key: &str) {
        let mut state = lock(&self.state);
        state.access_key = access_key.to_owned();
        state.secret_key = secret_key.to_owned();
    }

    /// Hands out this token with the keys from now on.
    pub fn set_session_token(&self, token: &str) {
        lock(&self.state).session_token = Some(token.to_owned());
    }

    /// Hands credentials out for so long from now on.
    pub fn set_life_time(&self, life_time: Duration) {
        lock(&self.state).life_time = life_time;
    }

    /// Asks containers for this, as in `AWS_CONTAINER_AUTHORIZATION_TOKEN`.
    pub fn set_authorization(&self, token: &str) {
        lock(&self.state).authorization = Some(token.to_owned());
    }

    /// How often it was asked so far.
    pub fn asked(&self) -> Asked {
        lock(&self.state).asked
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn answer(
        &mut self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Response<String>, hyper::http::Error> {
        let has = |name: HeaderName, value: &str| headers.get(name).is_some_and(|v| v == value);
        let get = method == Method::GET;
        let (status, body) = if path == "/latest/api/token" && method == Method::PUT {
            let seconds = headers.get(TTL).and_then(|ttl| ttl.to_str().ok()?.parse().ok());
            match seconds {
                // Its longest session takes six hours.
                Some(1..=21600_u32) => {
                    self.asked.token += 1;
                    (StatusCode::OK, self.token.clone())
                }
                _ => (StatusCode::BAD_REQUEST, String::new()),
            }
        } else if path == CONTAINER && get {
            match &self.authorization {
                Some(expected) if !has(AUTHORIZATION, expected) => {
                    (StatusCode::UNAUTHORIZED, String::new())
                }
                _ => {
                    self.asked.container += 1;
                    (StatusCode::OK, self.credentials())
                }
            }
        } else if !has(TOKEN, &self.token) {
            (StatusCode::UNAUTHORIZED, String::new())
        } else if path.trim_end_matches('/') == CREDENTIALS.trim_end_matches('/') && get {
            self.asked.role += 1;
            (StatusCode::OK, ROLE.to_owned())
        } else if path.strip_prefix(CREDENTIALS) == Some(ROLE) && get {
            self.asked.credentials += 1;
            (StatusCode::OK, self.credentials())
        } else {
            (StatusCode::NOT_FOUND, String::new())
        };
        self.asked.refused += u64::from(!status.is_success());
        Response::builder().status(status).header(TTL, "21600").body(body)
    }

    fn credentials(&self) -> String {
        let now = SystemTime::now();
        let text = |time: SystemTime| {
            // Without fractions of a second, as the service does.
            let time = DateTime::from_secs(DateTime::from(time).secs());
            time.fmt(DateTimeFormat::DateTime).expect("a year of four digits")
        };
        let unknown = || format!("hush-{:016x}", fastrand::u64(..));
        json!({
            "Code": "Success",
            "Type": "AWS-HMAC",
            "LastUpdated": text(now),
            "AccessKeyId": self.access_key,
            "SecretAccessKey": self.secret_key,
            "Token": self.session_token.clone().unwrap_or_else(unknown),
            "Expiration": text(now + self.life_time),
        })
        .to_string()
    }
}
