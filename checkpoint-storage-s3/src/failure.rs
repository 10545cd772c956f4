//! What an answer of the server, or none, means to the caller, and what to do about it.

use std::error::Error as StdError;
use std::fmt::Display;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use checkpoint_storage_api::{Error, ErrorKind};

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
    region: Option<String>,
    failed: Failed,
}

/// Where a request failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Failed {
    /// At the server, which said so.
    #[default]
    AtServer,
    /// No connection came about.
    Unconnected,
    /// The answer did not come, or not whole.
    Unanswered,
    /// The server was silent for too long.
    Silent,
    /// For want of credentials.
    WithoutCredentials,
    /// It could not be put together.
    Unsent,
}

impl Cause {
    /// What is behind an error of the SDK.
    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let response = error.raw_response();
        let header = |name| response.and_then(|it| it.headers().get(name)).map(str::to_owned);
        let service = error.as_service_error();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            status: response.map(|response| response.status().as_u16()),
            code: text(service.and_then(|error| error.code())),
            message: match service {
                Some(error) => text(error.message()),
                None => innermost(error),
            },
            request_id: header(REQUEST_ID_HEADER),
            region: header(REGION_HEADER),
            failed: match error {
                SdkError::ServiceError(_) => Failed::AtServer,
                SdkError::ConstructionFailure(_) => Failed::Unsent,
                _ if find::<CredentialsError>(error).is_some() => Failed::WithoutCredentials,
                _ if is_unconnected(error) => Failed::Unconnected,
                SdkError::TimeoutError(_) => Failed::Silent,
                SdkError::DispatchFailure(failure) if failure.is_timeout() => Failed::Silent,
                _ => Failed::Unanswered,
            },
        }
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

    /// That there is no object of a name.
    pub(crate) fn no_object() -> Self {
        Self { status: Some(404), ..Self::default() }
    }

    /// Whether the server refused because something is there already.
    pub(crate) fn is_taken(&self) -> bool {
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
        // An answer to HEAD has no body, and so no code.
        matches!(self.code.as_str(), "NoSuchKey" | "NotFound")
            || self.status == Some(404) && self.code.is_empty()
    }

    /// Whether there is no such multipart upload, any more or at all.
    pub(crate) fn is_no_upload(&self) -> bool {
        self.code == "NoSuchUpload"
    }

    /// What went wrong, without what to do about it.
    pub(crate) fn words(&self) -> String {
        match self.failed {
            Failed::AtServer => self.answer(),
            Failed::Silent => "the server did not answer in time".to_owned(),
            _ => self.message.clone(),
        }
    }

    /// Whether the same request can succeed soon.
    pub(crate) fn is_passing(&self) -> bool {
        match self.failed {
            Failed::AtServer => matches!(self.status, Some(500 | 502..=599)) || is_busy(&self.code),
            Failed::Unanswered | Failed::Silent | Failed::Unconnected => true,
            Failed::WithoutCredentials | Failed::Unsent => false,
        }
    }

    /// The error of `operation` on `subject`, whose URL or name it is.
    pub(crate) fn into_error(self, operation: &'static str, subject: impl Display) -> Error {
        let Meaning { kind, reason, advice } = self.meaning();
        let request = match &self.request_id {
            Some(id) if kind == ErrorKind::Unexpected => format!(" (request {id})"),
            _ => String::new(),
        };
        let error = Error::new(kind, operation, format!("{reason}{request}"))
            .with_subject(subject)
            .with_retryable(self.is_passing() || kind == ErrorKind::NoSpace);
        if advice.is_empty() { error } else { error.with_advice(advice) }
    }

    fn meaning(&self) -> Meaning {
        match self.failed {
            Failed::AtServer => self.answered(),
            Failed::Unconnected => self.unconnected(),
            Failed::Unanswered => Meaning::new(
                ErrorKind::Unavailable,
                format!("the connection to the server broke: {}", self.message),
                "check that the server is up and the network holds",
            ),
            Failed::Silent => Meaning::new(
                ErrorKind::TimedOut,
                "the server did not answer in time",
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

    /// What kept a connection from coming about.
    fn unconnected(&self) -> Meaning {
        let message = self.message.as_str();
        let advice = if message.contains("UnknownIssuer") || message.contains("SelfSigned") {
            "name the authority's certificate in `s3.ca-file`"
        } else if message.contains("certificate") {
            "check the host in `fs.s3a.endpoint` against the server's certificate, and the clock"
        } else if message.contains("InvalidContentType") || message.contains("corrupt message") {
            "the server does not speak TLS there: write `http://` in `fs.s3a.endpoint`, or set \
             `fs.s3a.connection.ssl.enabled: false`"
        } else if message.contains("lookup") || message.contains("dns") {
            "check the host in `fs.s3a.endpoint`, and the bucket's name, which may be part of it: \
             see `fs.s3a.path.style.access`"
        } else {
            "check that the server is up, and `fs.s3a.endpoint` and `fs.s3a.proxy.host`"
        };
        Meaning::new(
            ErrorKind::Unavailable,
            format!("no connection to the server came about: {message}"),
            advice,
        )
    }

    /// What the server's answer says.
    fn answered(&self) -> Meaning {
        use ErrorKind::*;
        let (kind, advice) = match (self.code.as_str(), self.status) {
            ("NoSuchBucket", _) => (
                InvalidConfig,
                "create the bucket, or correct `s3.bucket` and `fs.s3a.endpoint`".to_owned(),
            ),
            ("InvalidAccessKeyId" | "InvalidClientTokenId", _) => (
                PermissionDenied,
                "the server does not know the access key: check `fs.s3a.access-key`".to_owned(),
            ),
            ("SignatureDoesNotMatch", _) => (
                PermissionDenied,
                "the secret does not fit the access key: check `fs.s3a.secret-key`".to_owned(),
            ),
            ("ExpiredToken" | "InvalidToken" | "InvalidTokenId" | "TokenRefreshRequired", _) => (
                PermissionDenied,
                "temporary credentials are only good with their own, current \
                 `fs.s3a.session.token`: renew them"
                    .to_owned(),
            ),
            ("RequestTimeTooSkewed" | "RequestExpired", _) => {
                (PermissionDenied, "set the clock of this machine: the server's differs".to_owned())
            }
            (
                "PermanentRedirect"
                | "TemporaryRedirect"
                | "AuthorizationHeaderMalformed"
                | "IllegalLocationConstraintException",
                _,
            )
            | ("", Some(301 | 307)) => (InvalidConfig, self.right_region()),
            ("AccessDenied" | "AllAccessDisabled" | "Forbidden" | "UnauthorizedAccess", _)
            | ("", Some(401 | 403)) => (
                PermissionDenied,
                "allow s3:ListBucket on the bucket and s3:GetObject, s3:PutObject and \
                 s3:DeleteObject on what is in it"
                    .to_owned(),
            ),
            (
                "KeyTooLongError"
                | "KeyTooLong"
                | "XMinioInvalidObjectName"
                | "XMinioInvalidResourceName"
                | "InvalidURI",
                _,
            ) => (InvalidInput, "use a shorter or plainer job id or namespace".to_owned()),
            ("EntityTooLarge", _) => (InvalidInput, "an object of S3 has at most 5 TiB".to_owned()),
            ("XMinioStorageFull" | "QuotaExceeded" | "StorageFull", _) | (_, Some(507)) => {
                (NoSpace, "free space there or delete old checkpoints".to_owned())
            }
            ("InvalidBucketName", _) => (InvalidConfig, "correct `s3.bucket`".to_owned()),
            ("NoSuchKey" | "NotFound" | "NoSuchVersion", _) | ("", Some(404)) => {
                (NotFound, String::new())
            }
            ("PreconditionFailed", _) | ("", Some(412)) => (AlreadyExists, String::new()),
            ("BadRequest", _) | ("", Some(400)) if !self.message.contains("HTTPS") => {
                (Unexpected, "check `fs.s3a.endpoint` and `fs.s3a.endpoint.region`".to_owned())
            }
            ("BadRequest", _) | ("", Some(400)) => (
                InvalidConfig,
                "the server speaks TLS there: write `https://` in `fs.s3a.endpoint`".to_owned(),
            ),
            _ if self.is_not_implemented() => (Unsupported, "the server cannot do this".to_owned()),
            _ if self.is_passing() => {
                (Unavailable, "the server is busy or fails: try again later".to_owned())
            }
            _ => (Unexpected, String::new()),
        };
        let reason = match kind {
            NotFound => "there is nothing of that name".to_owned(),
            AlreadyExists => "the name is taken; what is there was left as it is".to_owned(),
            _ => self.answer(),
        };
        Meaning { kind, reason, advice }
    }

    fn right_region(&self) -> String {
        match &self.region {
            Some(region) => format!(
                "the bucket is in the region {region}: write `fs.s3a.endpoint.region: {region}`, \
                 with an endpoint of that region or none"
            ),
            None => "the bucket is elsewhere: correct `fs.s3a.endpoint` and \
                     `fs.s3a.endpoint.region`"
                .to_owned(),
        }
    }

    /// The answer in its own words.
    fn answer(&self) -> String {
        let status = self.status.map(|status| format!("status {status}"));
        let parts: Vec<_> = [Some(self.code.clone()), Some(self.message.clone())]
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect();
        match parts.is_empty() {
            true => format!("the server answered with {}", status.unwrap_or_default()),
            false => format!("the server answered: {}", parts.join(": ").trim_end_matches('.')),
        }
    }
}

struct Meaning {
    kind: ErrorKind,
    reason: String,
    advice: String,
}

impl Meaning {
    fn new(kind: ErrorKind, reason: impl Into<String>, advice: &str) -> Self {
        Self { kind, reason: reason.into(), advice: advice.to_owned() }
    }
}

fn is_busy(code: &str) -> bool {
    matches!(
        code,
        "SlowDown"
            | "ServiceUnavailable"
            | "InternalError"
            | "OperationAborted"
            | "RequestTimeout"
            | "ConditionalRequestConflict"
            | "Throttling"
            | "XMinioServerNotInitialized"
    )
}

/// Whether a request failed before any of it was sent.
pub(crate) fn is_unsent(error: &(dyn StdError + 'static)) -> bool {
    find::<CredentialsError>(error).is_some() || is_unconnected(error)
}

fn is_unconnected(error: &(dyn StdError + 'static)) -> bool {
    find::<hyper_util::client::legacy::Error>(error).is_some_and(|error| error.is_connect())
}

/// The first error of a type among an error and what caused it.
fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// The words of what caused an error in the first place.
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn chain<'e>(
    error: &'e (dyn StdError + 'static),
) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn StdError + 'static)| (*error).source())
}
