//! Multipart uploads that do not end: dropped, killed, cleaned up. And long listings.

use std::process::Stdio;
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use aws_sdk_s3::Client;
use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointName, CheckpointStorage, JobId, ListQuery, PipelineState, ReclaimOptions, ScanKind,
};
use checkpoint_storage_tests::s3::{
    FaultyProxy, IN_PARTS, Keys, Relay, S3Server, S3Setup, Shares, minio,
};
use checkpoint_storage_tests::storage;
use futures_util::StreamExt as _;
use storage_host::ManagedStorage;

async fn open(server: &S3Server, bucket: &str, more: Keys<'_>) -> ManagedStorage {
    storage::open("s3", server.plugin_config_with(bucket, "", more)).await
}

fn job() -> JobId {
    JobId::new("1").expect("valid")
}

/// How many uploads were begun in a bucket and not ended. MinIO shows them without a prefix only.
async fn uploads(client: &Client, bucket: &str) -> usize {
    let listed = client.list_multipart_uploads().bucket(bucket).send().await.expect("listed");
    listed.uploads().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_store_is_aborted_and_nothing_of_it_is_visible() {
    let Some(server) = minio() else { return };
    let bucket = server.new_bucket();
    let (client, storage) = (server.client(), open(server, &bucket, IN_PARTS).await);
    let states = Bytes::from(vec![7; 128 << 20]);
    let mut begun = false;
    for _ in 0..20 {
        let store = storage.store(PipelineState::new(job(), 1, 1, states.clone()));
        tokio::select! {
            stored = store => drop(stored.expect("stored")),
            () = async {
                while uploads(&client, &bucket).await == 0 {
                    tokio::task::yield_now().await;
                }
            } => begun = true,
        }
        if begun {
            break;
        }
    }
    assert!(begun, "no store was caught in the middle");
    storage.close().await.expect("closed");
    assert_eq!(uploads(&client, &bucket).await, 0, "close waits until it is aborted");
    let storage = open(server, &bucket, &[]).await;
    for entry in storage.list(&job(), &ListQuery::all()).await.expect("listed") {
        let read = storage.read(&job(), &entry.name).await.expect("what is visible is whole");
        assert!(read.states == Some(states.clone()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_dropped_before_it_knows_its_upload_is_aborted_too() {
    let Some(server) = minio() else { return };
    let bucket = server.new_bucket();
    let (begins, begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let may_go_on = Mutex::new(may_go_on);
    let relay = Relay::before(server, move |request| {
        if request.method() == "POST" && request.uri().query().is_some_and(|it| it == "uploads") {
            begins.send(()).expect("the test waits");
            may_go_on.lock().expect("not poisoned").recv().expect("the test goes on");
        }
        None
    });
    let storage = open(&relay.server(server), &bucket, IN_PARTS).await;
    let store = storage.store(PipelineState::new(job(), 1, 1, Bytes::from(vec![7; 16 << 20])));
    tokio::select! {
        stored = store => panic!("stored before it could be: {stored:?}"),
        begun = tokio::task::spawn_blocking(move || begun.recv()) => begun.expect("ran").expect("begun"),
    }
    go_on.send(()).expect("the server waits");
    storage.close().await.expect("closed");
    assert_eq!(uploads(&server.client(), &bucket).await, 0, "close waits until it is aborted");
    let seen = relay.seen();
    assert_eq!(seen.iter().filter(|request| request.method() == "DELETE").count(), 1, "{seen:?}");
}

#[tokio::test]
async fn a_killed_store_leaves_what_only_a_clean_up_finds() {
    let Some(server) = minio() else { return };
    let setup = S3Setup::new(server);
    setup.configure("", IN_PARTS);
    let input = setup.folder().join("states");
    std::fs::File::create(&input).and_then(|file| file.set_len(256 << 20)).expect("made");
    let client = server.client();
    let mut store = setup
        .command(["store", "1", "1", "1"])
        .arg(&input)
        .stdout(Stdio::null())
        .spawn()
        .expect("started");
    let began = Instant::now();
    while uploads(&client, &setup.bucket).await == 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "no upload began");
    }
    store.kill().expect("killed");
    assert!(!store.wait().expect("ended").success(), "it was killed too late");

    let storage = open(server, &setup.bucket, &[]).await;
    assert!(storage.list(&job(), &ListQuery::all()).await.expect("listed").is_empty());
    assert!(storage.jobs().await.expect("listed").is_empty());
    let scanned = storage.scan(None).await.expect("scanned");
    let [upload] = &scanned[..] else { panic!("{scanned:?}") };
    assert_eq!(upload.kind, ScanKind::InProgress);
    assert!(upload.path.starts_with("1/") && upload.path.contains("?uploadId="), "{upload:?}");
    assert_eq!(storage.scan(Some(&job())).await.expect("scanned"), scanned);

    let young = storage.reclaim_leftovers(ReclaimOptions::default()).await.expect("looked");
    assert_eq!(young.reclaimed, [] as [String; 0], "a writer may be alive for a day");
    // The server tells its time by the second.
    tokio::time::sleep(Duration::from_millis(2200)).await;
    let old = ReclaimOptions { older_than: Duration::from_secs(1), dry_run: true };
    let would = storage.reclaim_leftovers(old).await.expect("looked");
    assert_eq!(would.reclaimed, std::slice::from_ref(&upload.path));
    assert_eq!(uploads(&client, &setup.bucket).await, 1, "a dry run removes nothing");
    let did = storage.reclaim_leftovers(ReclaimOptions { dry_run: false, ..old }).await;
    assert_eq!(did.expect("reclaimed").reclaimed, would.reclaimed);
    assert_eq!(uploads(&client, &setup.bucket).await, 0);
    assert_eq!(storage.scan(None).await.expect("scanned"), []);
}

/// Lays a checkpoint every ten seconds into the past, of pipeline 1 but for the oldest.
async fn lay(client: &Client, bucket: &str, count: u64, bytes: Bytes) -> Vec<CheckpointName> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("later");
    let now_ms = u64::try_from(now.as_millis()).expect("fits");
    let names: Vec<_> = (0..count)
        .rev()
        .map(|age| CheckpointName {
            timestamp_ms: now_ms - 5_000 - age * 10_000,
            random: 500,
            pipeline_id: if age == count - 1 { 2 } else { 1 },
            checkpoint_id: i64::try_from(count - age).expect("fits"),
        })
        .collect();
    futures_util::stream::iter(&names)
        .for_each_concurrent(16, |name| {
            let key = format!("seatunnel/checkpoint/1/{name}");
            let put = client.put_object().bucket(bucket).key(key).body(bytes.clone().into());
            async move { drop(put.send().await.expect("laid")) }
        })
        .await;
    names
}

#[tokio::test]
async fn the_latest_of_a_long_job_takes_no_longer_than_its_end() {
    let Some(server) = minio() else { return };
    let bucket = server.new_bucket();
    let names = lay(&server.client(), &bucket, 2_100, Bytes::from_static(b"not read")).await;
    let proxy = FaultyProxy::new(server, Shares::default(), 1);
    let storage = open(&proxy.server(), &bucket, &[]).await;
    let mut before = 0;
    let mut requests = || {
        let now = proxy.troubles().requests;
        std::mem::replace(&mut before, now).abs_diff(now)
    };
    let latest = |pipeline| ListQuery::all().of_pipeline(pipeline).newest(1);

    let found = storage.list(&job(), &latest(1)).await.expect("listed");
    assert_eq!(found.iter().map(|entry| entry.name).collect::<Vec<_>>(), names[2_099..]);
    assert_eq!(requests(), 2, "the first page, and the end");

    let found = storage.list(&job(), &latest(2)).await.expect("listed");
    assert_eq!(found.iter().map(|entry| entry.name).collect::<Vec<_>>(), names[..1]);
    assert!(requests() <= 16, "the windows widen");

    assert_eq!(storage.list(&job(), &ListQuery::all()).await.expect("listed").len(), 2_100);
    assert_eq!(requests(), 3, "one for each thousand");
    assert_eq!(storage.jobs().await.expect("listed"), [job()]);
    assert_eq!(requests(), 2, "the jobs, and the first page of each");

    let state = |checkpoint| PipelineState::new(job(), 1, checkpoint, &b"states"[..]);
    storage.store(state(3_000)).await.expect("stored");
    assert_eq!(requests(), 2, "a short listing proves the clock");
    tokio::time::sleep(Duration::from_millis(2)).await;
    storage.store(state(3_001)).await.expect("stored");
    assert_eq!(requests(), 1, "each later store is one request");
    let report = storage.delete_names(&job(), &names).await.expect("deleted");
    assert_eq!((report.deleted.len(), report.failed.len()), (2_100, 0));
    assert_eq!(requests(), 3, "one for each thousand");
}
