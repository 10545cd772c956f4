//! Moving a checkpoint aside, where there is no rename.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use checkpoint_storage_api::{CheckpointName, CheckpointStorage, ErrorKind, ListQuery, Outcome};
use checkpoint_storage_filesystem::naming;
use checkpoint_storage_tests::s3::http::answer;
use checkpoint_storage_tests::s3::{Relay, S3Server, servers};
use hyper::Method;

use crate::storage::{NAMESPACE, TWICE, config, job, open, some_name, store};

fn key(name: impl std::fmt::Display) -> String {
    format!("{NAMESPACE}/job/{name}")
}

async fn bytes(server: &S3Server, bucket: &str, key: &str) -> Vec<u8> {
    let object = server.client().get_object().bucket(bucket).key(key).send().await.expect("there");
    object.body.collect().await.expect("whole").to_vec()
}

async fn put(server: &S3Server, bucket: &str, key: &str, bytes: &'static [u8]) {
    let put = server.client().put_object().bucket(bucket).key(key).body(bytes.to_vec().into());
    put.send().await.expect("stored");
}

fn aside(name: &CheckpointName) -> String {
    key(naming::quarantined(name))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_moved_aside_is_whole_and_gone_from_where_it_was() {
    for server in servers() {
        let bucket = server.new_bucket();
        let storage = open(config(server, &bucket, &[])).await;
        let name = store(&storage, 1).await.name;
        let before = bytes(server, &bucket, &key(name)).await;
        let to = storage.quarantine(&job(), &name).await.expect("moved");
        assert_eq!(to, format!("s3a://{bucket}/{}", aside(&name)));
        assert_eq!(server.keys(&bucket).await, [aside(&name)]);
        assert_eq!(bytes(server, &bucket, &aside(&name)).await, before);
        assert_eq!(storage.list(&job(), &ListQuery::all()).await.expect("listed"), []);
        assert_eq!(storage.jobs().await.expect("listed"), []);
        for missing in [name, some_name(9)] {
            let error = storage.quarantine(&job(), &missing).await.expect_err("gone");
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_moved_aside_before_is_never_replaced() {
    for server in servers() {
        let bucket = server.new_bucket();
        let storage = open(config(server, &bucket, &[])).await;
        let name = store(&storage, 1).await.name;
        put(server, &bucket, &aside(&name), b"moved aside before").await;
        let error = storage.quarantine(&job(), &name).await.expect_err("taken");
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::AlreadyExists, Outcome::NotApplied)
        );
        assert_eq!(bytes(server, &bucket, &aside(&name)).await, b"moved aside before");
        storage.read(&job(), &name).await.expect("still there");
    }
}

/// The copy was made, and the original not deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_broke_off_is_taken_up() {
    for server in servers() {
        let bucket = server.new_bucket();
        let is_broken = Arc::new(AtomicBool::new(true));
        let broken = Arc::clone(&is_broken);
        let relay = Relay::before(server, move |request| {
            let refuses = *request.method() == Method::DELETE && broken.load(Ordering::Relaxed);
            refuses.then(|| answer(503, "text/html", ""))
        });
        let storage = open(config(&relay.server(server), &bucket, &[TWICE])).await;
        let name = store(&storage, 1).await.name;
        let error = storage.quarantine(&job(), &name).await.expect_err("not deleted");
        assert_eq!((error.operation(), error.kind()), ("quarantine", ErrorKind::Unavailable));
        assert!(error.is_retryable() && error.subject().ends_with(&key(name)), "{error}");
        assert!(error.advice().is_some_and(|advice| advice.contains("do it again")), "{error}");
        assert_eq!(server.keys(&bucket).await, [key(name), aside(&name)]);
        is_broken.store(false, Ordering::Relaxed);
        storage.quarantine(&job(), &name).await.expect("moved");
        assert_eq!(server.keys(&bucket).await, [aside(&name)]);
    }
}
