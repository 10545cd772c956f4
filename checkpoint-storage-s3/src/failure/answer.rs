//! What the server says, by the codes of S3 and of those who speak its protocol.

use std::time::SystemTime;

use checkpoint_storage_api::ErrorKind::{self, *};
use checkpoint_storage_filesystem::ClockDifference;

use super::connection::proxy_login;
use super::{Cause, Meaning, NAME_IS_TAKEN};
use crate::config::Route;

impl Cause {
    pub(super) fn answered(&self, route: &Route) -> Meaning {
        if self.status == Some(407) {
            return proxy_login(route.proxy.as_deref().unwrap_or_default());
        }
        let (kind, advice) = self.kind_and_advice(route);
        let reason = match kind {
            NotFound => "there is nothing of that name".to_owned(),
            AlreadyExists => NAME_IS_TAKEN.to_owned(),
            _ => self.answer(&route.server),
        };
        Meaning { kind, reason, advice }
    }

    fn kind_and_advice(&self, route: &Route) -> (ErrorKind, String) {
        let advised = |kind, advice: &str| (kind, advice.to_owned());
        match (self.code.as_str(), self.status) {
            ("NoSuchBucket", _) => advised(
                InvalidConfig,
                "create the bucket, or correct `s3.bucket` and `fs.s3a.endpoint`",
            ),
            ("InvalidAccessKeyId" | "InvalidClientTokenId" | "NotSignedUp", _) => advised(
                PermissionDenied,
                "the server does not know the access key: check `fs.s3a.access-key` and \
                 `fs.s3a.endpoint`",
            ),
            ("SignatureDoesNotMatch", _) => advised(
                PermissionDenied,
                "the secret does not fit the access key: check `fs.s3a.secret-key`",
            ),
            ("ExpiredToken" | "InvalidToken" | "InvalidTokenId" | "TokenRefreshRequired", _) => {
                advised(
                    PermissionDenied,
                    "temporary keys are only good with their own, current `fs.s3a.session.token`: \
                     renew them; others have none",
                )
            }
            ("RequestTimeTooSkewed" | "RequestExpired", _) => {
                (PermissionDenied, self.right_time(SystemTime::now()))
            }
            (
                "PermanentRedirect"
                | "TemporaryRedirect"
                | "AuthorizationHeaderMalformed"
                | "IllegalLocationConstraintException",
                _,
            )
            | ("", Some(300..=399)) => (InvalidConfig, self.right_place()),
            ("", Some(400)) if self.region.is_some() => (InvalidConfig, self.right_place()),
            ("AccessDenied" | "AllAccessDisabled" | "Forbidden" | "UnauthorizedAccess", _)
            | ("", Some(401 | 403)) => advised(
                PermissionDenied,
                "allow s3:ListBucket and s3:ListBucketMultipartUploads on the bucket, and \
                 s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on what \
                 is in it",
            ),
            (
                "KeyTooLongError"
                | "KeyTooLong"
                | "XMinioInvalidObjectName"
                | "XMinioInvalidResourceName"
                | "InvalidURI",
                _,
            ) => advised(InvalidInput, "use a shorter or plainer job id or namespace"),
            ("EntityTooLarge", _) => advised(InvalidInput, "an object of S3 has at most 5 TiB"),
            ("XMinioStorageFull" | "QuotaExceeded" | "StorageFull", _) | (_, Some(507)) => {
                advised(NoSpace, "free space there or delete old checkpoints")
            }
            ("InvalidBucketName", _) => advised(InvalidConfig, "correct `s3.bucket`"),
            ("NoSuchKey" | "NotFound" | "NoSuchVersion", _) => (NotFound, String::new()),
            ("PreconditionFailed", _) | ("", Some(412)) => (AlreadyExists, String::new()),
            ("BadRequest" | "", Some(400)) if self.may_speak_tls => advised(
                InvalidConfig,
                "the server speaks TLS: write `https://` in `fs.s3a.endpoint`",
            ),
            ("BadRequest" | "", Some(400)) => {
                advised(Unexpected, "check `fs.s3a.endpoint` and `fs.s3a.endpoint.region`")
            }
            (code, _) if self.is_about_encryption(code) => advised(
                if self.is_not_implemented() { Unsupported } else { InvalidConfig },
                "give the server keys to encrypt with, or correct `fs.s3a.encryption.algorithm` and \
                 `fs.s3a.encryption.key`, or leave them out",
            ),
            _ if self.is_not_implemented() => advised(
                Unsupported,
                "the server cannot do all that it is asked for: set `s3.conditional-put: auto` and \
                 `s3.checksum: auto`, and leave `fs.s3a.encryption.algorithm` out",
            ),
            _ if self.is_passing() => {
                let before = route.proxy.as_ref().map_or_else(
                    || "what stands before it".to_owned(),
                    |proxy| format!("the proxy {proxy}"),
                );
                (Unavailable, format!("the server, or {before}, is busy or fails: try again later"))
            }
            _ => (Unexpected, String::new()),
        }
    }

    fn is_about_encryption(&self, code: &str) -> bool {
        code.starts_with("KMS.")
            || code.starts_with("InvalidEncryption")
            || code.starts_with("ServerSideEncryption")
            || self.message.contains("KMS")
    }

    fn right_place(&self) -> String {
        match (&self.region, self.location.as_deref().and_then(server_of)) {
            (Some(region), _) => format!(
                "the bucket is in the region {region}: write `fs.s3a.endpoint.region: {region}`, \
                 with an endpoint of that region or none"
            ),
            (None, Some(server)) if self.code.is_empty() => format!(
                "the server sends requests on: correct `fs.s3a.endpoint`, maybe to `{server}`"
            ),
            _ => "the bucket is elsewhere: correct `fs.s3a.endpoint` and `fs.s3a.endpoint.region`"
                .to_owned(),
        }
    }

    fn right_time(&self, now: SystemTime) -> String {
        let difference = self.date.map(|date| ClockDifference::between(now, date));
        match difference.filter(|difference| difference.is_notable()) {
            Some(difference) => format!("set the clock of this machine: it is {difference}"),
            None => "set the clock of this machine: the server's differs".to_owned(),
        }
    }

    /// The answer in its own words.
    fn answer(&self, server: &str) -> String {
        let said = self.said();
        match (self.code.as_str(), self.status) {
            ("", Some(status)) => format!("{server} answered with status {status}, {said}"),
            (code, _) if said.is_empty() => format!("{server} answered: {code}"),
            (code, _) => format!("{server} answered: {code}: {said}"),
        }
    }
}

/// The region that the body of an answer names.
pub(super) fn region_in(body: &str) -> Option<String> {
    let region = element(body, "Region")?;
    let is_region = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (!region.is_empty() && region.chars().all(is_region)).then(|| region.to_owned())
}

/// The text of the first element of that name in a small document of XML.
pub(super) fn element<'b>(body: &'b str, name: &str) -> Option<&'b str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

/// The server that a URL names; without its path, which tells nothing.
fn server_of(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?.as_str().rsplit('@').next()?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_code_or_else_a_status_decides() {
        let route = Route { server: "http://minio:9000".to_owned(), ..Route::default() };
        for (code, status, kind, advice) in [
            ("NoSuchBucket", 404, InvalidConfig, "`s3.bucket`"),
            ("NoSuchKey", 404, NotFound, ""),
            ("", 412, AlreadyExists, ""),
            ("", 403, PermissionDenied, "s3:ListBucket"),
            ("", 407, PermissionDenied, "`fs.s3a.proxy.username`"),
            ("", 400, Unexpected, "`fs.s3a.endpoint.region`"),
            ("KMS.NotFoundException", 400, InvalidConfig, "`fs.s3a.encryption.key`"),
            ("NotImplemented", 501, Unsupported, "`s3.conditional-put: auto`"),
            ("XMinioStorageFull", 507, NoSpace, "free space"),
            ("SlowDown", 503, Unavailable, "try again"),
            ("", 502, Unavailable, "try again"),
            ("Unheard", 418, Unexpected, ""),
        ] {
            let cause = Cause { code: code.to_owned(), status: Some(status), ..Cause::default() };
            let meaning = cause.answered(&route);
            assert_eq!(meaning.kind, kind, "{code} {status}");
            assert!(meaning.advice.contains(advice), "{code} {status}: {}", meaning.advice);
        }
        // The answer to a HEAD has no body, and so no code.
        let region = Some("eu-central-1".to_owned());
        let elsewhere = Cause { status: Some(400), region, ..Cause::default() }.answered(&route);
        assert_eq!(elsewhere.kind, InvalidConfig);
        assert!(elsewhere.advice.contains("eu-central-1"), "{}", elsewhere.advice);
    }

    #[test]
    fn a_clock_that_is_off_is_told_by_how_much() {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(100_000);
        let cause = Cause { date: Some(date), ..Cause::default() };
        let told = cause.right_time(date + Duration::from_secs(1000));
        assert!(told.ends_with("it is 16 minutes ahead of the server's"), "{told}");
        for unknown in [cause.right_time(date), Cause::default().right_time(date)] {
            assert!(unknown.ends_with("the server's differs"), "{unknown}");
        }
    }

    #[test]
    fn a_region_is_taken_from_a_body_only_if_it_is_one() {
        for (body, region) in [
            ("<Error><Region>eu-central-1</Region></Error>", Some("eu-central-1")),
            ("<Region></Region>", None),
            ("<Region>a b\n</Region>", None),
            ("<Region>eu", None),
            ("", None),
        ] {
            assert_eq!(region_in(body).as_deref(), region, "{body}");
        }
    }

    #[test]
    fn a_server_is_named_without_what_else_is_in_a_url() {
        for (url, server) in [
            ("https://minio:9000/b/key?x", Some("https://minio:9000")),
            ("https://user:hush@minio/", Some("https://minio")),
            ("/elsewhere", None),
            ("", None),
        ] {
            assert_eq!(server_of(url).as_deref(), server, "{url}");
        }
    }
}
