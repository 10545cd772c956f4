//! Servers that lack what AWS's has.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointStorage, ErrorKind, ImportOptions, ListQuery, PipelineState,
};
use checkpoint_storage_tests::s3::http::{Asked, error};
use checkpoint_storage_tests::s3::{IN_PARTS, Relay, S3Server, servers};
use hyper::Method;
use storage_host::ManagedStorage;

use crate::storage::{TWICE, assert_told, config, job, log_of, open, state, store, told};

const CONDITION: &str = "if-none-match";

fn large(checkpoint: i64) -> PipelineState {
    let mut large = state(checkpoint);
    large.states = Some(Bytes::from(vec![7; 6 << 20]));
    large
}

fn is_conditional(request: &Asked) -> bool {
    request.headers().contains_key(CONDITION)
}

/// A server that does not know the condition, as older ones answer.
fn without_conditions(server: &S3Server) -> Relay {
    Relay::before(server, |request| {
        is_conditional(request).then(|| {
            let message = "A header you provided implies functionality that is not implemented";
            error(501, "NotImplemented", message, "<Header>If-None-Match</Header>")
        })
    })
}

async fn listed(storage: &ManagedStorage) -> usize {
    storage.list(&job(), &ListQuery::all()).await.expect("listed").len()
}

/// Whatever is stored is refused a second time under its name.
async fn refuses_what_is_there(storage: &ManagedStorage) {
    for entry in storage.list(&job(), &ListQuery::all()).await.expect("listed") {
        let reader = storage.open_reader(&job(), &entry.name).await.expect("opened");
        let error = storage.import(reader, ImportOptions::default()).await.expect_err("taken");
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        storage.read(&job(), &entry.name).await.expect("as it was");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_conditions_is_found_out_once() {
    for server in servers() {
        let bucket = server.new_bucket();
        let relay = without_conditions(server);
        let storage = open(config(&relay.server(server), &bucket, IN_PARTS)).await;
        for checkpoint in 1..4 {
            store(&storage, checkpoint).await;
        }
        storage.store(large(4)).await.expect("stored");
        assert_eq!(listed(&storage).await, 4);
        let asked = relay.seen().iter().filter(|request| is_conditional(request)).count();
        assert_eq!(asked, 1);
        let warnings: Vec<_> =
            log_of(&bucket).into_iter().filter(|line| line.contains("If-None-Match")).collect();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        refuses_what_is_there(&storage).await;
        assert_eq!(listed(&storage).await, 4);

        // Found out by one in parts.
        relay.forget();
        let storage = open(config(&relay.server(server), &bucket, IN_PARTS)).await;
        storage.store(large(5)).await.expect("stored");
        store(&storage, 6).await;
        let asked = relay.seen().iter().filter(|request| is_conditional(request)).count();
        assert_eq!((asked, listed(&storage).await), (1, 6));
    }
}

/// Before it is known that the server does not keep the condition.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_over_while_a_server_is_found_out() {
    for server in servers() {
        for state in [state(1), large(2)] {
            let bucket = server.new_bucket();
            let plain = open(config(server, &bucket, IN_PARTS)).await;
            plain.store(state).await.expect("stored");
            let relay = without_conditions(server);
            let storage = open(config(&relay.server(server), &bucket, IN_PARTS)).await;
            refuses_what_is_there(&storage).await;
            let unconditional = relay.seen().into_iter().filter(|request| {
                let query = request.uri().query().unwrap_or_default();
                let makes = match *request.method() {
                    Method::PUT => !query.contains("partNumber"),
                    Method::POST => query.contains("uploadId"),
                    _ => false,
                };
                makes && !is_conditional(request)
            });
            assert_eq!(unconditional.count(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_that_is_required_fails_and_one_that_is_off_is_never_sent() {
    for server in servers() {
        let bucket = server.new_bucket();
        let relay = without_conditions(server);
        let on = [IN_PARTS, &[("s3.conditional-put", "on")]].concat();
        let storage = open(config(&relay.server(server), &bucket, &on)).await;
        let expected =
            told(ErrorKind::Unsupported, &["not implemented"], &["`s3.conditional-put: auto`"]);
        for state in [state(1), state(2), large(3)] {
            assert_told(&storage.store(state).await.expect_err("not known"), &expected);
        }
        assert_eq!(listed(&storage).await, 0);

        relay.forget();
        let off = [IN_PARTS, &[("s3.conditional-put", "off")]].concat();
        let storage = open(config(&relay.server(server), &bucket, &off)).await;
        store(&storage, 1).await;
        storage.store(large(2)).await.expect("stored");
        refuses_what_is_there(&storage).await;
        assert!(!relay.seen().iter().any(is_conditional));
        assert_eq!(log_of(&bucket).iter().filter(|line| line.contains("WARN")).count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_tried_again_and_stored_once() {
    for server in servers() {
        let bucket = server.new_bucket();
        let is_first = AtomicBool::new(true);
        let relay = Relay::before(server, move |request| {
            (is_conditional(request) && is_first.swap(false, Ordering::Relaxed)).then(|| {
                let message = "The conditional request cannot succeed due to a conflicting \
                               operation against this resource.";
                error(409, "ConditionalRequestConflict", message, "")
            })
        });
        let storage = open(config(&relay.server(server), &bucket, &[])).await;
        let entry = store(&storage, 1).await;
        storage.read(&job(), &entry.name).await.expect("read");
        assert_eq!(listed(&storage).await, 1);
        let puts = relay.seen().iter().filter(|request| request.method() == Method::PUT).count();
        assert_eq!(puts, 2);
    }
}

fn deletes_many(request: &Asked) -> bool {
    let query = request.uri().query().unwrap_or_default();
    request.method() == Method::POST && query.starts_with("delete")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_deletes_one_by_one_alone_is_asked_so() {
    for server in servers() {
        for (status, code) in [
            (501, "NotImplemented"),
            (400, "MissingContentMD5"),
            (405, "MethodNotAllowed"),
            (400, "InvalidRequest"),
        ] {
            let bucket = server.new_bucket();
            let relay = Relay::before(server, move |request| {
                deletes_many(request).then(|| error(status, code, "", ""))
            });
            let storage = open(config(&relay.server(server), &bucket, &[])).await;
            let mut names = Vec::new();
            for checkpoint in 0..20 {
                names.push(store(&storage, checkpoint).await.name);
            }
            let report = storage.delete_names(&job(), &names).await.expect("a report");
            assert_eq!((report.deleted.len(), report.failed.len()), (20, 0), "{report:?}");
            assert_eq!(listed(&storage).await, 0);
            let refused = relay.seen().iter().filter(|request| deletes_many(request)).count();
            assert_eq!(refused, 1);
        }
    }
}

/// S3 begins its answer to what takes long before it knows how it ends.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_within_a_success_is_no_success() {
    for server in servers() {
        let bucket = server.new_bucket();
        let relay = Relay::before(server, |request| {
            let completes = *request.method() == Method::POST
                && request.uri().query().is_some_and(|query| query.contains("uploadId"));
            completes.then(|| error(200, "InternalError", "We encountered an internal error.", ""))
        });
        let more = [IN_PARTS, &[TWICE]].concat();
        let storage = open(config(&relay.server(server), &bucket, &more)).await;
        let error = storage.store(large(1)).await.expect_err("not stored");
        let expected = told(ErrorKind::Unavailable, &["InternalError"], &["again"]);
        assert_told(&error, &expected.passing().open());
        assert_eq!(listed(&storage).await, 0);
    }
}
