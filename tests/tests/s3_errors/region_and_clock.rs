//! Buckets of another region, and clocks that differ, as AWS tells of them.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use checkpoint_storage_api::{CheckpointStorage, ErrorKind, ListQuery};
use checkpoint_storage_tests::s3::http::{Answer, Asked, answer, error, with_header};
use checkpoint_storage_tests::s3::{Relay, in_process};

use crate::storage::{Told, all_tell, config, job, open, told};

const REGION_HEADER: &str = "x-amz-bucket-region";

/// Every operation says this where a server answers each request so.
async fn all_tell_of(reply: fn() -> Answer, expected: &Told) {
    let relay = Relay::answering(move |_| reply());
    let server = relay.server(in_process());
    all_tell(&open(config(&server, "checkpoints", &[])).await, expected).await;
}

/// A request that is signed for another region, or sent to one.
#[tokio::test(flavor = "multi_thread")]
async fn the_region_of_a_bucket_that_is_elsewhere_is_named() {
    let expected = told(
        ErrorKind::InvalidConfig,
        &[],
        &["eu-central-1", "`fs.s3a.endpoint.region: eu-central-1`"],
    );
    let moved = || {
        let more = "<Endpoint>checkpoints.s3.eu-central-1.amazonaws.com</Endpoint>\
                    <Bucket>checkpoints</Bucket>";
        let message = "The bucket you are attempting to access must be addressed using the \
                       specified endpoint. Please send all future requests to this endpoint.";
        with_header(error(301, "PermanentRedirect", message, more), REGION_HEADER, "eu-central-1")
    };
    all_tell_of(moved, &expected).await;
    let malformed = || {
        let message = "The authorization header is malformed; the region 'us-east-1' is wrong; \
                       expecting 'eu-central-1'";
        error(400, "AuthorizationHeaderMalformed", message, "<Region>eu-central-1</Region>")
    };
    all_tell_of(malformed, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_that_names_no_region_names_the_keys() {
    let expected =
        told(ErrorKind::InvalidConfig, &[], &["`fs.s3a.endpoint`", "`fs.s3a.endpoint.region`"]);
    all_tell_of(|| error(307, "TemporaryRedirect", "Please re-send.", ""), &expected).await;
    let illegal = || error(400, "IllegalLocationConstraintException", "incompatible", "");
    all_tell_of(illegal, &expected).await;
}

/// Web servers send whoever speaks without TLS to where they speak with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_another_server_names_it() {
    let advice = ["`fs.s3a.endpoint`", "`https://storage.invalid`"];
    let expected = told(ErrorKind::InvalidConfig, &["status 301"], &advice);
    let moved =
        || with_header(answer(301, "text/html", ""), "location", "https://storage.invalid/b/key");
    all_tell_of(moved, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_differs_is_told_with_the_difference() {
    let skewed = || {
        let message = "The difference between the request time and the current time is too large.";
        let more = "<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>";
        let answer = error(403, "RequestTimeTooSkewed", message, more);
        with_header(answer, "date", "Thu, 01 Jan 1970 00:00:00 GMT")
    };
    let expected = told(
        ErrorKind::PermissionDenied,
        &["RequestTimeTooSkewed"],
        &["clock of this machine", "days ahead of the server's"],
    );
    all_tell_of(skewed, &expected).await;
    let expired = || error(403, "RequestExpired", "", "");
    let advice = ["clock of this machine"];
    let expected = told(ErrorKind::PermissionDenied, &["RequestExpired"], &advice);
    all_tell_of(expired, &expected).await;
}

/// When a request was signed, as it says.
fn signed_at(request: &Asked) -> SystemTime {
    let date = request.headers()["x-amz-date"].to_str().expect("ASCII");
    let part = |range| date.get(range).expect("a date");
    let (year, month, day) = (part(0..4), part(4..6), part(6..8));
    let (hours, minutes, seconds) = (part(9..11), part(11..13), part(13..15));
    let date = format!("{year}-{month}-{day}T{hours}:{minutes}:{seconds}Z");
    let date = DateTime::from_str(&date, DateTimeFormat::DateTime).expect("a date");
    date.try_into().expect("a time")
}

/// The SDK signs again by the server's clock, and goes on so.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_differs_is_made_up_for() {
    let relay = Relay::answering(|request| {
        let now = SystemTime::now() + Duration::from_secs(3 * 3600);
        let off = now.duration_since(signed_at(request)).unwrap_or_default();
        let answer = match off > Duration::from_secs(15 * 60) {
            true => error(403, "RequestTimeTooSkewed", "", ""),
            false => answer(
                200,
                "application/xml",
                "<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>\
                 </ListBucketResult>",
            ),
        };
        let date = DateTime::from(now).fmt(DateTimeFormat::HttpDate).expect("a date");
        with_header(answer, "date", &date)
    });
    let storage = open(config(&relay.server(in_process()), "b", &[])).await;
    for requests in [2, 3] {
        assert_eq!(storage.list(&job(), &ListQuery::all()).await.expect("listed"), []);
        assert_eq!(relay.seen().len(), requests);
    }
}
