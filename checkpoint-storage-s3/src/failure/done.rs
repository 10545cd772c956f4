//! Whether a server that answered with an error may have done what it was asked all the same.

use aws_sdk_s3::config::http::HttpResponse;

use super::answer::element;

/// S3 failed within itself, somewhere.
const INTERNAL_ERROR: &str = "InternalError";

/// Whether a request may have been carried out that failed with this answer.
pub(crate) fn answer_leaves_open(response: &HttpResponse) -> bool {
    let body = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
    let code = element(&body, "Code").unwrap_or_default();
    may_be_done(Some(response.status().as_u16()), code)
}

/// Whether an answer of this status and with this code of S3's leaves open what the server did: a
/// success whose body broke off, an error within the server, or one of what stands before it. A
/// server that says itself that it is busy has done nothing.
pub(super) fn may_be_done(status: Option<u16>, code: &str) -> bool {
    match status {
        _ if code == INTERNAL_ERROR => true,
        Some(503) => !is_busy(code),
        Some(status) => matches!(status, 200..=299 | 500 | 502 | 504..=599),
        None => false,
    }
}

/// Whether a code says that the same request can succeed soon.
pub(super) fn is_passing(code: &str) -> bool {
    code == INTERNAL_ERROR || is_busy(code)
}

/// Whether a code says that the server cannot now, and has not begun.
fn is_busy(code: &str) -> bool {
    matches!(
        code,
        "SlowDown"
            | "ServiceUnavailable"
            | "OperationAborted"
            | "RequestTimeout"
            | "ConditionalRequestConflict"
            | "Throttling"
            | "XMinioServerNotInitialized"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::primitives::SdkBody;

    #[test]
    fn only_an_answer_that_settles_it_settles_it() {
        for (status, code, expected) in [
            (200, "", true),
            (200, "InternalError", true),
            (400, "", false),
            (400, "RequestTimeout", false),
            (403, "AccessDenied", false),
            (409, "ConditionalRequestConflict", false),
            (409, "OperationAborted", false),
            (412, "PreconditionFailed", false),
            (500, "InternalError", true),
            (500, "", true),
            (501, "NotImplemented", false),
            (502, "", true),
            (503, "SlowDown", false),
            (503, "ServiceUnavailable", false),
            (503, "InternalError", true),
            // Of a proxy, which may have passed the request on.
            (503, "", true),
            // MinIO's, of a write that some of its disks took.
            (503, "SlowDownWrite", true),
            (504, "", true),
        ] {
            assert_eq!(may_be_done(Some(status), code), expected, "{status} {code}");
            let body = format!("<Error><Code>{code}</Code></Error>");
            let status = status.try_into().expect("a status");
            let response = HttpResponse::new(status, SdkBody::from(body));
            assert_eq!(answer_leaves_open(&response), expected, "{status} {code}");
        }
        let bare = HttpResponse::new(503_u16.try_into().expect("a status"), SdkBody::empty());
        assert!(answer_leaves_open(&bare));
    }

    #[test]
    fn what_is_said_of_one_of_many_objects_has_a_code_alone() {
        assert!(may_be_done(None, "InternalError"));
        assert!(!may_be_done(None, "SlowDown") && !may_be_done(None, "AccessDenied"));
        assert!(is_passing("InternalError") && is_passing("SlowDown"));
        assert!(!is_passing("AccessDenied") && !is_passing(""));
    }
}
