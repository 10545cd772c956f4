//! Keys of the machine's role that expire while a storage is open.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use checkpoint_storage_api::{CheckpointStorage, ErrorKind, JobId, PipelineState, PluginConfig};
use checkpoint_storage_tests::s3::{Asked, ImdsServer};
use checkpoint_storage_tests::storage;
use serde_json::json;

use crate::place::{PROVIDER, Place, block_on};

/// The SDK renews keys between ten and five seconds before they expire.
const LIFE_TIME: Duration = Duration::from_secs(12);
const LIMIT: Duration = Duration::from_secs(60);
/// Tells the child which place it stores on.
const ENDPOINT: &str = "TEST_S3_ENDPOINT";
const BUCKET: &str = "TEST_S3_BUCKET";

/// The first keys may store only one of two jobs, so that it shows when others are used.
#[test]
fn keys_that_expire_are_fetched_again_and_stores_go_on() {
    if let (Ok(endpoint), Ok(bucket)) = (std::env::var(ENDPOINT), std::env::var(BUCKET)) {
        return block_on(store_until_the_keys_have_changed(&endpoint, &bucket));
    }
    let Some(place) = Place::new() else { return };
    let bucket = format!("arn:aws:s3:::{}", place.bucket());
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [bucket] },
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": [format!("{bucket}/seatunnel/checkpoint/early/*")],
            },
        ],
    });
    let first = place.temporary_keys_for(Some(policy.to_string()));
    let second = place.temporary_keys();
    let service = ImdsServer::new(&first.id, &first.secret, LIFE_TIME);
    service.set_session_token(&first.token);

    // This test again, with other environment variables.
    let this = std::env::current_exe().expect("this program");
    let child = Command::new(this)
        .args(["--exact", "refresh::keys_that_expire_are_fetched_again_and_stores_go_on"])
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.endpoint())
        .env(ENDPOINT, &place.server().endpoint)
        .env(BUCKET, place.bucket())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let began = Instant::now();
    while service.asked().credentials == 0 && began.elapsed() < LIMIT {
        std::thread::sleep(Duration::from_millis(20));
    }
    service.set_keys(&second.id, &second.secret);
    service.set_session_token(&second.token);
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    // In one session of the metadata service.
    let asked = Asked { token: 1, role: 2, credentials: 2, ..Asked::default() };
    assert_eq!(service.asked(), asked);
}

/// What the child does: it finds the metadata service by its environment.
async fn store_until_the_keys_have_changed(endpoint: &str, bucket: &str) {
    let config = PluginConfig::from([
        ("s3.bucket", bucket),
        ("fs.s3a.endpoint", endpoint),
        (PROVIDER, "org.apache.hadoop.fs.s3a.InstanceProfileCredentialsProvider"),
    ]);
    let storage = storage::open("s3", config).await;
    let store = async |job: &str, id| {
        let job = JobId::new(job).expect("valid");
        storage.store(PipelineState::new(job, 1, id, &b"states"[..])).await
    };
    let began = Instant::now();
    for id in 1.. {
        store("early", id).await.expect("stores go on");
        match store("late", id).await {
            Ok(_) if id > 1 => break,
            Ok(_) => panic!("the first keys may not store this"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}"),
        }
        assert!(began.elapsed() < LIMIT, "the keys were not fetched again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    storage.close().await.expect("closed");
}
