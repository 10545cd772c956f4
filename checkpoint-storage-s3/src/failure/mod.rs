//! What an answer of the server, or none, means to the caller, and what to do about it.
//!
//! - `answer`: what the server says
//! - `connection`: why no answer came
//! - `done`: whether a server that answered with an error may have done it all the same
//! - `page`: answers that no server of S3 gives
//! - `sources`, `words`: what is behind an error, and how it is told

mod answer;
mod connection;
mod done;
mod page;
mod sources;
#[cfg(test)]
mod tests;
mod words;

use std::error::Error as StdError;
use std::fmt::Display;
use std::time::SystemTime;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use checkpoint_storage_api::{Error, ErrorKind, Outcome};

use self::connection::Obstacle;
use self::page::{PageError, is_page};
use self::sources::find;
use crate::clock;
use crate::config::Route;

pub(crate) use self::connection::is_unsent;
pub(crate) use self::done::answer_leaves_open;
pub(crate) use self::page::NoPages;
pub(crate) use self::sources::innermost;
pub(crate) use self::words::one_line;

/// The reason of [`ErrorKind::AlreadyExists`].
pub(crate) const NAME_IS_TAKEN: &str = "the name is taken; what is there was left as it is";
/// Tells the region of a bucket that another server is asked for.
const REGION_HEADER: &str = "x-amz-bucket-region";
const REQUEST_ID_HEADER: &str = "x-amz-request-id";

/// What is known of a request that failed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cause {
    /// The status of the answer, if there was one.
    pub(crate) status: Option<u16>,
    /// S3's own name of what went wrong.
    pub(crate) code: String,
    /// The server's words, or those of what failed within this process.
    message: String,
    request_id: Option<String>,
    /// The bucket's region, where it is not the one that was asked.
    region: Option<String>,
    /// Where the server sends requests on to.
    location: Option<String>,
    /// The server's clock.
    date: Option<SystemTime>,
    /// Whether it says that it speaks TLS, as servers written in Go do, or may do so.
    may_speak_tls: bool,
    failed: Failed,
    /// Whether it is a 404 and nothing else: no page, no words.
    is_bare_404: bool,
    /// Whether an attempt before this one may have been carried out.
    is_left_open: bool,
    /// What had been done before, where that is to be told.
    before: &'static str,
}

/// Where a request failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Failed {
    /// At the server, which said so.
    #[default]
    AtServer,
    /// No connection came about.
    Unconnected(Obstacle),
    /// The answer did not come, or not whole.
    Unanswered,
    /// An answer came that no server of S3 gives.
    Foreign,
    /// The server was silent for too long.
    Silent,
    /// For want of credentials.
    WithoutCredentials,
    /// It could not be put together.
    Unsent,
}

/// What an answer holds, where that is nothing of S3's.
fn kind_of(response: &HttpResponse) -> String {
    let content_type = response.headers().get("content-type").unwrap_or_default();
    match response.body().bytes() {
        _ if is_page(response) => PageError.to_string(),
        Some([]) => "without a body".to_owned(),
        _ if content_type.is_empty() => "of an unknown type".to_owned(),
        _ => format!("of type {}", content_type.split(';').next().unwrap_or_default().trim()),
    }
}

impl Cause {
    /// What is behind an error of the SDK.
    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let mut cause = error.raw_response().map(Self::of_response).unwrap_or_default();
        match error.as_service_error() {
            Some(error) if error.code().is_some() => {
                cause.code = error.code().unwrap_or_default().to_owned();
                cause.message = error.message().unwrap_or_default().to_owned();
            }
            Some(_) => {}
            None => cause.message = innermost(error),
        }
        cause.failed = match error {
            SdkError::ServiceError(_) if cause.is_foreign(error.raw_response()) => Failed::Foreign,
            SdkError::ServiceError(_) => Failed::AtServer,
            SdkError::ConstructionFailure(_) => Failed::Unsent,
            _ if find::<CredentialsError>(error).is_some() => Failed::WithoutCredentials,
            _ if find::<PageError>(error).is_some() => Failed::Foreign,
            SdkError::TimeoutError(_) => Failed::Silent,
            _ => connection::failed(error),
        };
        // What is no HTTP is mostly TLS.
        cause.may_speak_tls |= cause.failed == Failed::Foreign && cause.status.is_none();
        cause
    }

    /// What the head of an answer tells, and what the SDK passes over of its body. The body itself
    /// is never told: a server may send back what it was sent.
    fn of_response(response: &HttpResponse) -> Self {
        let header = |name| response.headers().get(name).map(str::to_owned);
        let body = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
        Self {
            status: Some(response.status().as_u16()),
            message: kind_of(response),
            may_speak_tls: body.contains("HTTPS server"),
            request_id: header(REQUEST_ID_HEADER),
            region: header(REGION_HEADER).or_else(|| answer::region_in(&body)),
            location: header("location"),
            date: clock::time_of(response),
            is_bare_404: response.status().as_u16() == 404 && body.is_empty() && !is_page(response),
            ..Self::default()
        }
    }

    /// Whether an answer without an error of S3's is of something else than S3. A server that fails
    /// may answer by what stands before it.
    fn is_foreign(&self, response: Option<&HttpResponse>) -> bool {
        let Some(response) = response.filter(|_| self.code.is_empty()) else { return false };
        match response.status().as_u16() {
            200..=299 => true,
            300..=399 | 407 | 500..=599 => false,
            // What S3 says is missing it names, but in answer to HEAD: see `is_no_object_by_head`.
            404 => true,
            _ => is_page(response),
        }
    }

    /// What kept a request from being put together.
    pub(crate) fn unsent(error: &(dyn StdError + 'static)) -> Self {
        Self { message: innermost(error), failed: Failed::Unsent, ..Self::default() }
    }

    /// What a body that broke off tells.
    pub(crate) fn of_body(error: &(dyn StdError + 'static)) -> Self {
        Self { message: innermost(error), failed: Failed::Unanswered, ..Self::default() }
    }

    /// What an answer tells that ended too early, or lacks what it must have.
    pub(crate) fn broken_off() -> Self {
        let message = "the answer ended too early".to_owned();
        Self { message, failed: Failed::Unanswered, ..Self::default() }
    }

    /// What an answer tells that no server of S3 gives; what it is instead.
    pub(crate) fn foreign(what: &str) -> Self {
        Self { message: what.to_owned(), failed: Failed::Foreign, ..Self::default() }
    }

    /// What the server says of one of many objects.
    pub(crate) fn of_key(code: String, message: String) -> Self {
        Self { code, message, ..Self::default() }
    }

    /// Whether a server of another kind than AWS's takes the request as a whole for a wrong one.
    pub(crate) fn is_foreign_request(&self) -> bool {
        self.is_not_implemented()
            || matches!(
                self.code.as_str(),
                "MissingContentMD5"
                    | "InvalidRequest"
                    | "InvalidDigest"
                    | "MethodNotAllowed"
                    | "MalformedXML"
                    | "InvalidArgument"
            )
            || self.status == Some(405)
    }

    /// The same, after `before` was done.
    pub(crate) fn after(self, before: &'static str) -> Self {
        Self { before, ..self }
    }

    /// The same, where an attempt before it may have been carried out if `is_open`.
    pub(crate) fn left_open(self, is_open: bool) -> Self {
        Self { is_left_open: self.is_left_open || is_open, ..self }
    }

    /// Whether the server refused for what is there, or is there no more.
    pub(crate) fn is_precondition_failed(&self) -> bool {
        self.status == Some(412)
    }

    /// Whether another writer of the same object was under way: to be tried again.
    pub(crate) fn is_conflict(&self) -> bool {
        self.status == Some(409) && self.code == "ConditionalRequestConflict"
    }

    /// Whether the server does not know what it was asked for.
    pub(crate) fn is_not_implemented(&self) -> bool {
        self.status == Some(501) || self.code == "NotImplemented"
    }

    /// Whether there is no object of that key, in a bucket that is there.
    pub(crate) fn is_no_object(&self) -> bool {
        matches!(self.code.as_str(), "NoSuchKey" | "NotFound")
    }

    /// The same of a request by HEAD, whose answer has no body and so no code.
    pub(crate) fn is_no_object_by_head(&self) -> bool {
        self.is_no_object() || self.is_bare_404
    }

    /// Whether there is no such multipart upload, any more or at all.
    pub(crate) fn is_no_upload(&self) -> bool {
        self.code == "NoSuchUpload"
    }

    /// Whether the same request can succeed soon.
    pub(crate) fn is_passing(&self) -> bool {
        match self.failed {
            Failed::AtServer => {
                matches!(self.status, Some(408 | 429 | 500 | 502..=599))
                    || done::is_passing(&self.code)
            }
            Failed::Unconnected(obstacle) => obstacle.is_passing(),
            Failed::Unanswered | Failed::Silent => true,
            // Something before the server that has no way to it may find one.
            Failed::Foreign => self.is_bare_404,
            Failed::WithoutCredentials | Failed::Unsent => false,
        }
    }

    /// Whether the server may have done what it was asked all the same.
    pub(crate) fn leaves_open(&self) -> bool {
        self.is_left_open
            || match self.failed {
                Failed::AtServer => done::may_be_done(self.status, &self.code),
                Failed::Unanswered | Failed::Silent => true,
                Failed::Foreign => self.status.is_none_or(|status| status < 300),
                Failed::Unconnected(_) | Failed::WithoutCredentials | Failed::Unsent => false,
            }
    }

    /// The error of `operation`, which changes something, on `subject`: it says where it is not
    /// known whether the change was made.
    pub(crate) fn into_error_of_change(
        self,
        operation: &'static str,
        subject: impl Display,
        route: &Route,
    ) -> Error {
        let is_open = self.leaves_open();
        let error = self.into_error(operation, subject, route);
        if is_open { error.with_outcome(Outcome::Unknown) } else { error }
    }

    /// The error of `operation` on `subject`, whose URL or name it is.
    pub(crate) fn into_error(
        self,
        operation: &'static str,
        subject: impl Display,
        route: &Route,
    ) -> Error {
        let Meaning { kind, reason, advice } = self.meaning(route);
        let request = match &self.request_id {
            Some(id) if kind == ErrorKind::Unexpected => format!(" (request {id})"),
            _ => String::new(),
        };
        let before = match self.before {
            "" => String::new(),
            before => format!("{before}: "),
        };
        let error = Error::new(kind, operation, format!("{before}{reason}{request}"))
            .with_subject(subject)
            .with_retryable(self.is_passing() || kind == ErrorKind::NoSpace);
        if advice.is_empty() { error } else { error.with_advice(advice) }
    }

    fn meaning(&self, route: &Route) -> Meaning {
        let server = &route.server;
        match self.failed {
            Failed::AtServer => self.answered(route),
            Failed::Unconnected(obstacle) => obstacle.meaning(&self.message, route),
            Failed::Unanswered => Meaning::new(
                ErrorKind::Unavailable,
                format!("the connection to {server} broke: {}", self.message),
                "check that the server is up and the network holds",
            ),
            Failed::Foreign => self.foreign_meaning(route),
            Failed::Silent => Meaning::new(
                ErrorKind::TimedOut,
                format!("{server} did not answer in time"),
                "check that the server is up, or raise `fs.s3a.connection.timeout` and \
                 `operation-timeout`",
            ),
            Failed::WithoutCredentials => Meaning::new(
                ErrorKind::PermissionDenied,
                format!("no credentials could be had: {}", self.message),
                "check `fs.s3a.aws.credentials.provider` and what the provider reads",
            ),
            Failed::Unsent => Meaning::new(
                ErrorKind::InvalidInput,
                format!("the request cannot be made: {}", self.message),
                "",
            ),
        }
    }

    fn foreign_meaning(&self, route: &Route) -> Meaning {
        let status = self.status.map(|status| format!("status {status}, ")).unwrap_or_default();
        let server = &route.server;
        let reason = format!("the answer of {server} is not S3's: {status}{}", self.said());
        let mut advice = "check that `fs.s3a.endpoint` is a server that speaks S3".to_owned();
        if let Some(proxy) = &route.proxy {
            advice += &format!(", and that the proxy {proxy} lets it through");
        } else if self.may_speak_tls && server.starts_with("http://") {
            advice += "; if it speaks TLS, write `https://`";
        }
        Meaning { kind: ErrorKind::Unavailable, reason, advice }
    }

    fn said(&self) -> String {
        one_line(&self.message)
    }
}

/// What a failure means.
struct Meaning {
    kind: ErrorKind,
    reason: String,
    advice: String,
}

impl Meaning {
    fn new(kind: ErrorKind, reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), advice: advice.into() }
    }
}
