//! Servers that are not there, or do not answer.

use std::time::{Duration, Instant};

use checkpoint_storage_api::{CheckpointStorage, ErrorKind, ListQuery, Outcome};
use checkpoint_storage_tests::s3::http::answer;
use checkpoint_storage_tests::s3::{Loopback, Nobody, Relay, S3Server, in_process};
use hyper::Method;
use tokio::io::AsyncReadExt;

use crate::storage::{TWICE, all_tell, assert_told, config, job, open, open_for, state, told};

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_listens_it_ends_after_all_attempts_within_seconds() {
    let nobody = Nobody::new();
    let url = format!("http://127.0.0.1:{}", nobody.port());
    let server = in_process().through(&url);
    let reason = ["cannot connect to", &url, "refused"];
    let expected = told(ErrorKind::Unavailable, &reason, &["`fs.s3a.endpoint`"]).passing();
    let storage = open(config(&server, "b", &[])).await;
    let begun = Instant::now();
    assert_told(&storage.store(state(1)).await.expect_err("nobody listens"), &expected);
    // The default `operation-timeout` is 30 seconds.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    all_tell(&open(config(&server, "b", &[TWICE])).await, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_known_is_named() {
    // No part of a name is that long: it is not even looked for.
    let host = format!("{}.invalid", "a".repeat(64));
    let server = in_process().through(format!("http://{host}:9000"));
    let reason = format!("cannot find the host of http://{host}:9000");
    let advice = ["correct the host in `fs.s3a.endpoint`"];
    let expected = told(ErrorKind::Unavailable, &[&reason], &advice).passing();
    all_tell(&open(config(&server, "b", &[TWICE])).await, &expected).await;
    // The bucket makes a name of its own.
    let reason = format!("cannot find the host of http://b.{host}:9000");
    let advice = ["`fs.s3a.path.style.access: true`"];
    let expected = told(ErrorKind::Unavailable, &[&reason], &advice).passing();
    let in_host = [TWICE, ("fs.s3a.path.style.access", "false")];
    all_tell(&open(config(&server, "b", &in_host)).await, &expected).await;
}

/// Listens, reads, and never answers.
fn silent() -> S3Server {
    let listener = Loopback::new(|mut connection| async move {
        let mut sink = [0; 4096];
        while connection.read(&mut sink).await.is_ok_and(|len| len > 0) {}
    });
    in_process().through(listener.keep().url())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_waited_for_as_long_as_configured() {
    let server = silent();
    let patience = ("fs.s3a.connection.timeout", "300");
    let storage = open(config(&server, "b", &[TWICE, patience])).await;
    let reason = [&server.endpoint, "did not answer in time"];
    let advice = ["`fs.s3a.connection.timeout`", "`operation-timeout`"];
    // What was sent may have been deleted.
    let expected = told(ErrorKind::TimedOut, &reason, &advice).passing().open();
    all_tell(&storage, &expected).await;

    let limit = Duration::from_secs(1);
    let storage = open_for(config(&server, "b", &[]), limit).await;
    let begun = Instant::now();
    let error = storage.list(&job(), &ListQuery::all()).await.expect_err("no answer");
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::TimedOut, Outcome::NotApplied));
    let advice = error.advice().unwrap_or_default();
    assert!(error.is_retryable() && advice.contains("operation-timeout"), "{error}");
    assert!(begun.elapsed() < 2 * limit, "{:?}", begun.elapsed());
}

/// What was sent may have been stored, and what is there does not tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_answer_is_lost_says_that_its_outcome_is_unknown() {
    let server = in_process();
    let bucket = server.new_bucket();
    let relay = Relay::before(server, |request| {
        let is_put = *request.method() == Method::PUT;
        is_put.then(|| answer(504, "text/html", "<html>gateway time-out</html>"))
    });
    let storage = open(config(&relay.server(server), &bucket, &[TWICE])).await;
    let error = storage.store(state(1)).await.expect_err("no answer");
    let expected = told(ErrorKind::Unavailable, &["status 504"], &["again"]).passing().open();
    assert_told(&error, &expected);
}
