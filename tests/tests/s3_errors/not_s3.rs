//! What answers and is no server of S3, and listings that make no sense. A listing that is taken for
//! an empty one lets a job begin anew, and an answer that is taken for an acknowledgement loses a
//! checkpoint.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use checkpoint_storage_api::{CheckpointStorage, ErrorKind, ListQuery};
use checkpoint_storage_tests::s3::http::{Answer, answer};
use checkpoint_storage_tests::s3::{Loopback, Relay, S3Server, in_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::storage::{
    TWICE, Told, all_tell, assert_told, config, job, open, open_for, state, store, told,
};

/// What is said of an answer of something else.
fn foreign() -> Told {
    let advice = ["`fs.s3a.endpoint` is a server that speaks S3"];
    told(ErrorKind::Unavailable, &["is not S3's"], &advice)
}

const HTML: &str = "<!DOCTYPE html><html><head><title>Welcome</title></head><body>hello<p></body>";

/// A server that says this to whoever connects.
fn greeting_with(greeting: &'static [u8]) -> S3Server {
    let listener = Loopback::new(move |mut connection| async move {
        let mut request = [0; 64 << 10];
        let _ = connection.read(&mut request).await;
        let _ = connection.write_all(greeting).await;
    });
    in_process().through(listener.keep().url())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_speak_http_is_told() {
    for greeting in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"\0\0\0\x12binary", b"220 mail ESMTP\r\n"] {
        let server = greeting_with(greeting);
        all_tell(&open(config(&server, "b", &[TWICE])).await, &foreign().open()).await;
    }
    // One that only closes may be about to end or to begin.
    let server = greeting_with(b"");
    let reason = ["the connection to", &server.endpoint, "broke"];
    let expected = told(ErrorKind::Unavailable, &reason, &["server is up"]).passing().open();
    all_tell(&open(config(&server, "b", &[TWICE])).await, &expected).await;
}

/// Web servers and captive portals have a page for everything.
#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_taken_for_an_answer() {
    for status in [200, 403, 404] {
        let relay = Relay::answering(move |_| answer(status, "text/html", HTML));
        let storage = open(config(&relay.server(in_process()), "b", &[TWICE])).await;
        let expected = if status < 300 { foreign().open() } else { foreign() };
        all_tell(&storage, &expected).await;
    }
}

/// It could be taken for a checkpoint that is not there.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_found_by_another_server_is_no_missing_checkpoint() {
    let relay = Relay::answering(|_| answer(404, "text/plain", "404 page not found\n"));
    let storage = open(config(&relay.server(in_process()), "b", &[])).await;
    all_tell(&storage, &foreign()).await;
}

/// A server that answers by itself from some time on.
fn turning(turned: fn() -> Answer) -> (Relay, Arc<AtomicBool>) {
    let has_turned = Arc::new(AtomicBool::new(false));
    let turn = Arc::clone(&has_turned);
    let relay = Relay::before(in_process(), move |_| turn.load(Ordering::Relaxed).then(turned));
    (relay, has_turned)
}

/// After the first store nothing is sent but the checkpoint.
#[tokio::test(flavor = "multi_thread")]
async fn only_an_acknowledgement_of_s3_acknowledges() {
    for turned in [|| answer(200, "text/html", HTML), || answer(200, "text/plain", "ok")] {
        let (relay, has_turned) = turning(turned);
        let (server, bucket) = (relay.server(in_process()), in_process().new_bucket());
        let storage = open(config(&server, &bucket, &[TWICE])).await;
        let entry = store(&storage, 1).await;
        has_turned.store(true, Ordering::Relaxed);
        let error = storage.store(state(2)).await.expect_err("nothing was stored");
        assert_told(&error, &foreign().open());
        let error = storage.read(&job(), &entry.name).await.expect_err("nothing was read");
        assert_told(&error, &foreign());
        has_turned.store(false, Ordering::Relaxed);
        let listed = storage.list(&job(), &ListQuery::all()).await.expect("listed");
        assert_eq!(listed, [entry]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_makes_no_sense_is_no_empty_one() {
    for listing in [
        "",
        "\u{1}\u{2}garbage",
        "{\"status\":\"ok\"}",
        "<Other/>",
        "<ListBucketResult/>",
        "<ListBucketResult><Contents><Key>errors/job/1-",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><Name>b</Name><Contents><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Name>b</Name><Contents><Key>k</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Name>b</Name><KeyCount>many</KeyCount></ListBucketResult>",
    ] {
        let relay = Relay::answering(move |_| answer(200, "application/xml", listing));
        let storage = open(config(&relay.server(in_process()), "b", &[TWICE])).await;
        for error in [
            storage.list(&job(), &ListQuery::all()).await.map(drop).expect_err(listing),
            storage.store(state(1)).await.map(drop).expect_err(listing),
            storage.jobs().await.map(drop).expect_err(listing),
        ] {
            assert_told(&error, &foreign());
        }
    }
    // Its end is lost.
    let short = "<ListBucketResult><Name>b</Name><KeyCount>2</KeyCount><IsTruncated>false\
                 </IsTruncated><Contents><Key>errors/job/1</Key></Contents>";
    let relay = Relay::answering(move |_| answer(200, "application/xml", short));
    let storage = open(config(&relay.server(in_process()), "b", &[TWICE])).await;
    let error = storage.list(&job(), &ListQuery::all()).await.expect_err("it is short");
    let expected = told(ErrorKind::Unavailable, &["ended too early"], &[]).passing();
    assert_told(&error, &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_without_end_ends_with_the_time_out() {
    let page = AtomicU64::new(0);
    let relay = Relay::answering(move |_| {
        let page = page.fetch_add(1, Ordering::Relaxed);
        let body = format!(
            "<ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated>\
             <NextContinuationToken>{page}</NextContinuationToken>\
             <Contents><Key>errors/job/{page:020}</Key><Size>1</Size></Contents>\
             </ListBucketResult>"
        );
        answer(200, "application/xml", body)
    });
    let limit = Duration::from_secs(1);
    let storage = open_for(config(&relay.server(in_process()), "b", &[]), limit).await;
    let begun = Instant::now();
    let error = storage.list(&job(), &ListQuery::all()).await.expect_err("no end");
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert!(begun.elapsed() < 2 * limit, "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_comes_again_and_again_is_told() {
    let body = "<ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated>\
                <NextContinuationToken>1</NextContinuationToken></ListBucketResult>";
    let relay = Relay::answering(move |_| answer(200, "application/xml", body));
    let storage = open(config(&relay.server(in_process()), "b", &[TWICE])).await;
    let error = storage.list(&job(), &ListQuery::all()).await.expect_err("no end");
    let expected = told(ErrorKind::Unavailable, &["is not S3's", "again and again"], &[]);
    assert_told(&error, &expected);
}
