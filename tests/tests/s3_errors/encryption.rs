//! Encryption by the server: asked for with every write, and refused by a server without keys.

use checkpoint_storage_api::{CheckpointStorage, ErrorKind};
use checkpoint_storage_tests::s3::http::{answer, header, with_header};
use checkpoint_storage_tests::s3::{IN_PARTS, Keys, Relay, minio};
use hyper::Method;

use crate::storage::{assert_told, config, job, log_of, open, state, store, told};

const ALGORITHM: &str = "x-amz-server-side-encryption";
const KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";

#[tokio::test(flavor = "multi_thread")]
async fn every_write_asks_for_the_encryption_that_is_configured() {
    let Some(server) = minio() else { return };
    let aes: Keys<'_> = &[("fs.s3a.encryption.algorithm", "AES256")];
    let kms: Keys<'_> = &[("fs.s3a.server-side-encryption-algorithm", "SSE-KMS")];
    let key: Keys<'_> =
        &[("fs.s3a.encryption.algorithm", "aws:kms"), ("fs.s3a.encryption.key", "my-key")];
    for (more, algorithm, key) in
        [(&[][..], "", ""), (aes, "AES256", ""), (kms, "aws:kms", ""), (key, "aws:kms", "my-key")]
    {
        // It has no keys of its own: it stores what it is given without them.
        let relay = Relay::before(server, |request| {
            let encrypted = request.headers().contains_key(ALGORITHM);
            let is_write = [Method::PUT, Method::POST].contains(request.method());
            (encrypted && is_write).then(|| {
                let begun = "<InitiateMultipartUploadResult><UploadId>1</UploadId>\
                             </InitiateMultipartUploadResult>";
                with_header(answer(200, "application/xml", begun), "etag", "\"1\"")
            })
        });
        let bucket = server.new_bucket();
        let more = [more, IN_PARTS].concat();
        let storage = open(config(&relay.server(server), &bucket, &more)).await;
        store(&storage, 1).await;
        let mut large = state(2);
        large.states = Some(vec![7; 6 << 20].into());
        let _ = storage.store(large).await;
        let plain = open(config(server, &bucket, &[])).await;
        let entry = store(&plain, 3).await;
        let _ = storage.quarantine(&job(), &entry.name).await;

        let seen = relay.seen();
        let begun = seen.iter().filter(|request| request.uri().query() == Some("uploads"));
        let whole = seen.iter().filter(|request| {
            request.method() == Method::PUT
                && !request.uri().query().unwrap_or_default().contains("partNumber")
        });
        let writes: Vec<_> = begun.chain(whole).collect();
        assert!(writes.len() >= 3, "{writes:?}");
        for write in writes {
            let asked = (header(write, ALGORITHM), header(write, KEY));
            assert_eq!(asked, (algorithm, key), "{write:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_keys_refuses_and_nothing_else_is_concluded() {
    let Some(server) = minio() else { return };
    let bucket = server.new_bucket();
    for algorithm in ["AES256", "SSE-KMS"] {
        let relay = Relay::before(server, |_| None);
        let keys = [("fs.s3a.encryption.algorithm", algorithm)];
        let storage = open(config(&relay.server(server), &bucket, &keys)).await;
        let expected = told(
            ErrorKind::Unsupported,
            &["KMS is not configured"],
            &["`fs.s3a.encryption.algorithm`"],
        );
        for checkpoint in 1..3 {
            let error = storage.store(state(checkpoint)).await.expect_err("no keys");
            assert_told(&error, &expected);
        }
        // The condition was tried without, to no avail: the next store asks for it again.
        let seen = relay.seen();
        let puts = seen.iter().filter(|request| request.method() == Method::PUT);
        let asked: Vec<_> = puts.map(|put| header(put, "if-none-match")).collect();
        assert_eq!(asked, ["*", "", "*", ""]);
        assert_eq!(log_of(&bucket), [""; 0]);
    }
}
